//! Who may use the server: bearer tokens, which may come and go while it runs, and basic
//! credentials, all compared in constant time (RFC 7644 section 2).

mod oauth;

pub use oauth::{Grant, Refusal};

use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::Rng;
use serde_json::{Value, json};
use subtle::{Choice, ConstantTimeEq};

/// A bearer token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// A name for people, never the secret.
    pub label: String,
    /// The secret.
    pub secret: String,
    /// The user whom `/Me` means, where the token stands for one.
    pub user_name: Option<String>,
}

/// Why a request is not let in; both are answered with 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// No credentials were sent.
    Missing,
    /// Credentials were sent that are not good.
    Wrong,
}

/// Who is asking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The label of the token or the name of the basic user.
    pub label: String,
    /// The user whom `/Me` means.
    pub user_name: Option<String>,
}

/// A token as it is listed for people: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The label.
    pub label: String,
    /// The user whom `/Me` means.
    pub user_name: Option<String>,
    /// How long it is still good, where it ends.
    pub remaining: Option<Duration>,
}

/// There is a token of this label already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is a token of this label already")]
pub struct LabelTaken;

#[derive(Debug)]
struct Held {
    token: Token,
    expires: Option<Instant>,
}

impl Held {
    fn is_good(&self, at: Instant) -> bool {
        self.expires.is_none_or(|expires| at < expires)
    }
}

/// The credentials that are good. Without any, everybody is let in.
#[derive(Debug, Default)]
pub struct Credentials {
    tokens: RwLock<Vec<Held>>,
    basic: Vec<(String, String)>,
    clients: Vec<(String, String)>,
    lifetime: Duration,
    guarded: bool,
}

impl Credentials {
    /// Credentials of tokens and of basic user names with their passwords.
    pub fn new(tokens: Vec<Token>, basic: Vec<(String, String)>) -> Self {
        let guarded = !tokens.is_empty() || !basic.is_empty();
        let held = |token| Held {
            token,
            expires: None,
        };
        Self {
            tokens: RwLock::new(tokens.into_iter().map(held).collect()),
            basic,
            guarded,
            ..Self::default()
        }
    }

    /// Lets OAuth clients, given by their ids and secrets, fetch tokens that are good for
    /// `lifetime`.
    #[must_use]
    pub fn with_clients(mut self, clients: Vec<(String, String)>, lifetime: Duration) -> Self {
        self.guarded |= !clients.is_empty();
        self.clients = clients;
        self.lifetime = lifetime;
        self
    }

    /// Adds a token while the server runs.
    ///
    /// # Errors
    /// When its label is taken.
    pub fn add(&self, token: Token) -> Result<(), LabelTaken> {
        let mut tokens = self.writing();
        if tokens.iter().any(|held| held.token.label == token.label) {
            return Err(LabelTaken);
        }
        tokens.push(Held {
            token,
            expires: None,
        });
        Ok(())
    }

    /// Revokes all tokens of a label; says how many there were.
    pub fn revoke(&self, label: &str) -> usize {
        let mut tokens = self.writing();
        let before = tokens.len();
        tokens.retain(|held| held.token.label != label);
        before - tokens.len()
    }

    /// Puts another secret in place of that of a label; the old one is no longer good. Says whether
    /// there is such a token.
    pub fn rotate(&self, label: &str, secret: String) -> bool {
        let mut tokens = self.writing();
        let found = tokens
            .iter_mut()
            .find(|held| held.token.label == label && held.expires.is_none());
        match found {
            Some(held) => {
                held.token.secret = secret;
                true
            }
            None => false,
        }
    }

    /// The tokens that are good, in the order in which they came.
    pub fn listed(&self) -> Vec<Listed> {
        let now = Instant::now();
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let good = tokens.iter().filter(|held| held.is_good(now));
        good.map(|held| Listed {
            label: held.token.label.clone(),
            user_name: held.token.user_name.clone(),
            remaining: held.expires.map(|expires| expires - now),
        })
        .collect()
    }

    fn writing(&self) -> RwLockWriteGuard<'_, Vec<Held>> {
        self.tokens.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges an `Authorization` header.
    ///
    /// # Errors
    /// When it is missing or wrong.
    pub fn check(&self, header: Option<&str>) -> Result<Caller, Denied> {
        if !self.guarded {
            return Ok(Caller::default());
        }
        let (scheme, secret) = header
            .ok_or(Denied::Missing)?
            .split_once(' ')
            .ok_or(Denied::Wrong)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            self.bearer(secret.trim()).ok_or(Denied::Wrong)
        } else if scheme.eq_ignore_ascii_case("basic") {
            self.basic(secret.trim()).ok_or(Denied::Wrong)
        } else {
            Err(Denied::Wrong)
        }
    }

    fn bearer(&self, secret: &str) -> Option<Caller> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        // All tokens are compared, so that time does not tell which one came close.
        let mut found = None;
        for held in tokens.iter() {
            if bool::from(same(&held.token.secret, secret)) {
                found = Some(held);
            }
        }
        found
            .filter(|held| held.is_good(Instant::now()))
            .map(|held| Caller {
                label: held.token.label.clone(),
                user_name: held.token.user_name.clone(),
            })
    }

    fn basic(&self, encoded: &str) -> Option<Caller> {
        let (name, password) = pair(encoded)?;
        among(&self.basic, &name, &password).map(|known| Caller {
            label: known.to_owned(),
            user_name: Some(known.to_owned()),
        })
    }

    /// The `WWW-Authenticate` headers of a 401.
    pub fn challenges(&self, denied: Denied) -> Vec<String> {
        let mut challenges = vec![match denied {
            Denied::Missing => "Bearer realm=\"scim\"".to_owned(),
            Denied::Wrong => "Bearer realm=\"scim\", error=\"invalid_token\"".to_owned(),
        }];
        if !self.basic.is_empty() {
            challenges.push("Basic realm=\"scim\", charset=\"UTF-8\"".to_owned());
        }
        challenges
    }

    /// The `authenticationSchemes` of the service provider configuration.
    pub fn schemes(&self) -> Vec<Value> {
        let mut schemes = vec![json!({
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A bearer token in the Authorization header",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        })];
        if !self.basic.is_empty() {
            schemes.push(json!({
                "type": "httpbasic",
                "name": "HTTP Basic",
                "description": "A user name and password in the Authorization header",
                "specUri": "https://www.rfc-editor.org/info/rfc7617",
            }));
        }
        if !self.clients.is_empty() {
            schemes.push(json!({
                "type": "oauth2",
                "name": "OAuth 2.0 client credentials",
                "description": "A bearer token from the token endpoint, for a client id and secret",
                "specUri": "https://www.rfc-editor.org/info/rfc6749",
            }));
        }
        schemes
    }
}

/// A new secret that nobody can guess.
pub(crate) fn new_secret() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The two halves of basic credentials (RFC 7617 section 2).
pub(crate) fn pair(encoded: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// The name among these pairs that goes with the secret; all are compared, as for tokens.
fn among<'a>(pairs: &'a [(String, String)], name: &str, secret: &str) -> Option<&'a str> {
    let mut found = None;
    for (known, good) in pairs {
        if bool::from(same(known, name) & same(good, secret)) {
            found = Some(known.as_str());
        }
    }
    found
}

fn same(left: &str, right: &str) -> Choice {
    left.as_bytes().ct_eq(right.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_good_credentials_open() {
        let token = |label: &str, secret: &str| Token {
            label: label.to_owned(),
            secret: secret.to_owned(),
            user_name: None,
        };
        let credentials = Credentials::new(
            vec![token("one", "s1"), token("two", "s2")],
            vec![("amara".to_owned(), "pw:1".to_owned())],
        );
        for (header, right) in [
            (Some("Bearer s1"), true),
            (Some("bearer s2"), true),
            (Some("Basic YW1hcmE6cHc6MQ=="), true),
            (Some("Bearer s3"), false),
            (Some("s1"), false),
            (Some("Bearer"), false),
            (Some("Basic czE="), false),
            (Some("Digest s1"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(credentials.check(header).is_ok(), right, "{header:?}");
        }
        assert_eq!(credentials.revoke("one"), 1);
        assert_eq!(credentials.check(Some("Bearer s1")), Err(Denied::Wrong));
        assert_eq!(credentials.add(token("three", "s3")), Ok(()));
        assert!(credentials.check(Some("Bearer s3")).is_ok());
        assert_eq!(credentials.add(token("three", "s4")), Err(LabelTaken));
        assert!(credentials.rotate("three", "s5".to_owned()));
        assert_eq!(credentials.check(Some("Bearer s3")), Err(Denied::Wrong));
        assert!(credentials.check(Some("Bearer s5")).is_ok());
        assert!(!credentials.rotate("four", "s6".to_owned()));
        assert_eq!(credentials.check(Some("Bearer s6")), Err(Denied::Wrong));
        let single = Credentials::new(vec![token("one", "s1")], Vec::new());
        single.revoke("one");
        assert!(
            single.check(None).is_err(),
            "a server whose last token is revoked stays closed"
        );
    }
}
