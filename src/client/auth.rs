//! Which header a request authenticates with: the target's credential, none, or deliberately another one.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

use super::oauth::TokenSource;
use super::{ClientError, Redactor};
use crate::config::{Auth, Secret};
use crate::suite::model::Credential;

/// Sent where a wrong credential is asked for and the target has none that could be imitated.
const WRONG_TOKEN: &str = "scimproof-wrong-credential-5f1d9c8e7b6a4033";

/// An authentication header, ready to send.
#[derive(Clone)]
pub(super) struct AuthHeader {
    /// Field name.
    pub(super) name: String,
    /// Field value; marked sensitive, so that nothing logs it and HTTP/2 does not index it.
    pub(super) value: HeaderValue,
    /// The value as it is recorded.
    pub(super) shown: String,
}

/// One configured way to authenticate.
enum Source {
    Nothing,
    Fixed(AuthHeader),
    Token(Box<TokenSource>),
}

/// What a token endpoint is reached with.
#[derive(Clone, Copy, Default)]
pub(super) struct Network<'a> {
    /// Plain http to other hosts is allowed.
    pub(super) allow_insecure_http: bool,
    /// Further roots.
    pub(super) ca_file: Option<&'a Path>,
}

/// All credentials of a run.
pub(super) struct Credentials {
    target: Source,
    revoked: Option<Source>,
    other_tenant: Option<Source>,
    kind: Kind,
}

/// The form of the target's credential, for a wrong one of the same form.
enum Kind {
    Bearer { jwt: Option<Secret> },
    Basic,
    Header { name: String },
}

impl Credentials {
    /// Builds the headers once and registers every secret.
    pub(super) fn new(
        target: &Auth,
        revoked: Option<&Auth>,
        other_tenant: Option<&Auth>,
        network: Network<'_>,
        redactor: &Redactor,
    ) -> Result<Self, ClientError> {
        let kind = match target {
            Auth::None | Auth::OAuth2(_) => Kind::Bearer { jwt: None },
            Auth::Bearer(token) => Kind::Bearer {
                jwt: tampered_jwt(token),
            },
            Auth::Basic { .. } => Kind::Basic,
            Auth::Header { name, .. } => Kind::Header { name: name.clone() },
        };
        if let Kind::Bearer {
            jwt: Some(tampered),
        } = &kind
        {
            redactor.add(tampered);
        }
        let source = |auth: &Auth| source(auth, network, redactor);
        Ok(Self {
            target: source(target)?,
            revoked: revoked.map(source).transpose()?,
            other_tenant: other_tenant.map(source).transpose()?,
            kind,
        })
    }

    /// Whether the configuration gives this credential.
    pub(super) fn has(&self, credential: &Credential) -> bool {
        match credential {
            Credential::Target
            | Credential::None
            | Credential::Wrong
            | Credential::Literal(_)
            | Credential::Application => true,
            Credential::Revoked => self.revoked.is_some(),
            Credential::OtherTenant => self.other_tenant.is_some(),
        }
    }

    /// The header to send, if any.
    ///
    /// # Errors
    /// A sentence that says why there is none: not configured, no token from the token endpoint, not a header value.
    pub(super) async fn header(
        &self,
        credential: &Credential,
        redactor: &Redactor,
    ) -> Result<Option<AuthHeader>, String> {
        match credential {
            // The application itself is never shown a credential of the SCIM endpoint.
            Credential::None | Credential::Application => Ok(None),
            Credential::Literal(text) => {
                let value = sensitive(text)
                    .map_err(|why| format!("the credential `{text}` cannot be sent: {why}"))?;
                // A suite's literal is public by nature, but it may repeat a secret.
                Ok(Some(AuthHeader {
                    name: "Authorization".to_owned(),
                    value,
                    shown: redactor.text(text).into_owned(),
                }))
            }
            Credential::Wrong => self.wrong().map(Some),
            Credential::Target => from_source(&self.target, redactor).await,
            Credential::Revoked => match &self.revoked {
                Some(source) => from_source(source, redactor).await,
                None => Err("no revoked credential is configured (`[auth.revoked]`)".to_owned()),
            },
            Credential::OtherTenant => match &self.other_tenant {
                Some(source) => from_source(source, redactor).await,
                None => Err(
                    "no credential of another tenant is configured (`[auth.other_tenant]`)"
                        .to_owned(),
                ),
            },
        }
    }

    /// A well-formed credential of the target's kind that is wrong.
    fn wrong(&self) -> Result<AuthHeader, String> {
        let (name, value, shown) = match &self.kind {
            Kind::Bearer {
                jwt: Some(tampered),
            } => (
                "Authorization",
                format!("Bearer {}", tampered.expose()),
                format!("Bearer ${}", tampered.label()),
            ),
            Kind::Bearer { jwt: None } => (
                "Authorization",
                format!("Bearer {WRONG_TOKEN}"),
                format!("Bearer {WRONG_TOKEN}"),
            ),
            // Another user name as well: a wrong password for the real one may lock the account.
            Kind::Basic => {
                let value = format!(
                    "Basic {}",
                    STANDARD.encode(format!("scimproof-nobody:{WRONG_TOKEN}"))
                );
                ("Authorization", value.clone(), value)
            }
            Kind::Header { name } => (
                name.as_str(),
                WRONG_TOKEN.to_owned(),
                WRONG_TOKEN.to_owned(),
            ),
        };
        Ok(AuthHeader {
            name: name.to_owned(),
            value: sensitive(&value)?,
            shown,
        })
    }
}

fn source(auth: &Auth, network: Network<'_>, redactor: &Redactor) -> Result<Source, ClientError> {
    let unsendable = |name: &str| {
        let name = format!("${name}");
        move |why: String| ClientError::Credential {
            name: name.clone(),
            why,
        }
    };
    Ok(match auth {
        Auth::None => Source::Nothing,
        Auth::Bearer(token) => {
            redactor.add(token);
            let value = sensitive(&format!("Bearer {}", token.expose()))
                .map_err(unsendable(token.label()))?;
            Source::Fixed(AuthHeader {
                name: "Authorization".to_owned(),
                value,
                shown: format!("Bearer ${}", token.label()),
            })
        }
        Auth::Basic { username, password } => {
            if username.contains(':') {
                return Err(ClientError::Credential {
                    name: "`username`".to_owned(),
                    why: "a Basic user name must not contain a colon (RFC 7617 section 2)"
                        .to_owned(),
                });
            }
            let pair = STANDARD.encode(format!("{username}:{}", password.expose()));
            redactor.add(password);
            redactor.add_value(&pair, "SCIM_BASIC");
            let value =
                sensitive(&format!("Basic {pair}")).map_err(unsendable(password.label()))?;
            Source::Fixed(AuthHeader {
                name: "Authorization".to_owned(),
                value,
                shown: "Basic $SCIM_BASIC".to_owned(),
            })
        }
        Auth::Header { name, value } => {
            redactor.add(value);
            redactor.add_header(name);
            reqwest::header::HeaderName::try_from(name.as_str()).map_err(|_| {
                ClientError::Credential {
                    name: format!("header `{name}`"),
                    why: "this is not a header name".to_owned(),
                }
            })?;
            let sent = sensitive(value.expose()).map_err(unsendable(value.label()))?;
            Source::Fixed(AuthHeader {
                name: name.clone(),
                value: sent,
                shown: format!("${}", value.label()),
            })
        }
        Auth::OAuth2(settings) => {
            redactor.add(&settings.client_secret);
            Source::Token(Box::new(TokenSource::new(
                settings.clone(),
                network.allow_insecure_http,
                network.ca_file,
            )?))
        }
    })
}

async fn from_source(source: &Source, redactor: &Redactor) -> Result<Option<AuthHeader>, String> {
    match source {
        Source::Nothing => Ok(None),
        Source::Fixed(header) => Ok(Some(header.clone())),
        Source::Token(tokens) => {
            let token = tokens.token(redactor).await?;
            let value = sensitive(&format!("Bearer {}", token.expose()))
                .map_err(|why| format!("the access token cannot be sent: {why}"))?;
            Ok(Some(AuthHeader {
                name: "Authorization".to_owned(),
                value,
                shown: format!("Bearer ${}", token.label()),
            }))
        }
    }
}

/// A header value that nothing logs.
fn sensitive(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        "it has a line break or another character that no header may have".to_owned()
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A JWT with another signature: it shows whether the signature is checked at all.
fn tampered_jwt(token: &Secret) -> Option<Secret> {
    let (signed, signature) = token.expose().rsplit_once('.')?;
    let is_jwt =
        signed.starts_with("eyJ") && signed.matches('.').count() == 1 && signature.len() >= 8;
    is_jwt.then(|| {
        let other: String = signature
            .chars()
            .map(|c| match c {
                'A'..='Y' | 'a'..='y' | '0'..='8' => {
                    char::from_u32(u32::from(c) + 1).unwrap_or('x')
                }
                'Z' => 'A',
                'z' => 'a',
                '9' => '0',
                other => other,
            })
            .collect();
        Secret::new(format!("{signed}.{other}"), "SCIM_TAMPERED_TOKEN")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signature_of_a_jwt_is_changed() {
        let token = Secret::new("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlOQ", "T");
        let tampered = tampered_jwt(&token).expect("a JWT");
        let (head, signature) = tampered.expose().rsplit_once('.').expect("three parts");
        assert_eq!(head, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0");
        assert_ne!(signature, "c2lnbmF0dXJlOQ");
        assert_eq!(signature.len(), "c2lnbmF0dXJlOQ".len());
        assert!(tampered_jwt(&Secret::new("plain-token.with.dots-in-it", "T")).is_none());
        assert!(tampered_jwt(&Secret::new("plain", "T")).is_none());
    }

    #[test]
    fn secrets_that_no_header_can_carry_are_an_error_that_does_not_show_them() {
        let auth = Auth::Bearer(Secret::new("abc\ndef", "SCIM_TOKEN"));
        let error = Credentials::new(&auth, None, None, Network::default(), &Redactor::new())
            .err()
            .expect("an error")
            .to_string();
        assert!(
            error.contains("$SCIM_TOKEN") && error.contains("line break"),
            "{error}"
        );
        assert!(!error.contains("def"), "{error}");
    }
}
