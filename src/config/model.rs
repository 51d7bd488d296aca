//! The typed form of `scimproof.toml`, after interpolation and validation.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Secret;
use crate::data::mappings::{self, Change, ChangeError, Mapping};
use crate::results::Policy;

/// Everything the configuration says. `Config::default()` is what holds without a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// `[target]`.
    pub target: TargetConfig,
    /// `[auth]`.
    pub auth: Auth,
    /// `[auth.revoked]`: a credential that must be refused.
    pub revoked: Option<Auth>,
    /// `[auth.other_tenant]`: a credential that must see nothing of ours.
    pub other_tenant: Option<Auth>,
    /// `[policy]`.
    pub policy: Policy,
    /// `[flavours]`: profile -> the flavours that its verdict is made of.
    pub flavours: BTreeMap<String, Vec<String>>,
    /// `[mapping.PROFILE]`: profile -> what it adds, changes or takes away, in file order; checked against the default table.
    pub mapping: BTreeMap<String, Vec<Change>>,
    /// `[mapping] whole`: attributes that the tables don't name are not mapped at all.
    pub whole_mapping: bool,
    /// `[run]`: defaults of the command line's flags.
    pub run: RunDefaults,
    /// `[access_check]`.
    pub access_check: Option<AccessCheck>,
    /// `[tls] ca_file`: PEM file with further roots.
    pub ca_file: Option<PathBuf>,
    /// What is allowed but unwise, such as a secret written into the file. One sentence each, with its place.
    pub warnings: Vec<String>,
}

impl Config {
    /// The mapping tables of all profiles that have one, with what the configuration changes.
    ///
    /// # Errors
    /// Changes that cannot be made; a configuration that was read from a file has none.
    pub fn mappings(&self) -> Result<Vec<Mapping>, Vec<ChangeError>> {
        mappings::all()
            .iter()
            .map(|table| match self.mapping.get(&table.profile) {
                Some(changes) => table.changed(changes, self.whole_mapping),
                None => Ok(table.clone()),
            })
            .collect()
    }
}

/// `[target]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetConfig {
    /// Base URL.
    pub url: Option<String>,
    /// A name for reports.
    pub name: Option<String>,
}

/// How requests authenticate.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Bearer`.
    Bearer(Secret),
    /// `Authorization: Basic` (RFC 7617).
    Basic {
        /// User name; not treated as secret.
        username: String,
        /// Password.
        password: Secret,
    },
    /// A header of the target's own.
    Header {
        /// Its name.
        name: String,
        /// Its whole value.
        value: Secret,
    },
    /// A bearer token from a token endpoint, by client credentials (RFC 6749 section 4.4).
    OAuth2(OAuth2),
}

/// OAuth 2.0 client credentials.
#[derive(Debug, Clone, PartialEq)]
pub struct OAuth2 {
    /// The token endpoint.
    pub token_url: String,
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: Secret,
    /// Space-separated scopes.
    pub scope: Option<String>,
    /// Further form fields such as `audience` or `resource`.
    pub extra: BTreeMap<String, String>,
    /// Where the client's credentials travel.
    pub placement: SecretPlacement,
}

/// Where the client's credentials travel (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SecretPlacement {
    /// In an `Authorization: Basic` header, which every server must support.
    #[default]
    Basic,
    /// In the form body.
    Body,
}

/// `[run]`: defaults for flags that were not given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunDefaults {
    /// Profiles.
    pub profiles: Vec<String>,
    /// Cases at a time.
    pub jobs: Option<u16>,
    /// Requests per second.
    pub rate: Option<f64>,
    /// Seconds for one exchange.
    pub timeout_s: Option<f64>,
    /// Seconds for the whole run.
    pub deadline_s: Option<f64>,
    /// Seconds in which reads may still be stale.
    pub settle_s: Option<f64>,
    /// `blocker`, `violation` or `warning`.
    pub fail_on: Option<String>,
    /// Patterns of cases to leave out.
    pub skip: Vec<String>,
    /// Most resources at once.
    pub max_resources: Option<u64>,
    /// The known-failures file, relative to the configuration.
    pub known_failures: Option<PathBuf>,
    /// Send credentials over plain http to a host that is not loopback.
    pub allow_insecure_http: bool,
}

/// `[access_check]`: a request to the application itself that proves whether a person gets in.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessCheck {
    /// HTTP method.
    pub method: String,
    /// Absolute URL, with `{{userName}}`, `{{id}}`, `{{email}}` filled in.
    pub url: String,
    /// Headers, values interpolated; each value is a secret.
    pub headers: Vec<(String, Secret)>,
    /// Body, with the same words filled in.
    pub body: Option<String>,
    /// Status while the person is active.
    pub active: Vec<u16>,
    /// Status after deactivation.
    pub inactive: Vec<u16>,
}
