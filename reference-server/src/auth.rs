//! Who may use the server: bearer tokens and basic credentials, compared in constant time
//! (RFC 7644 section 2).

use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

/// The credentials that are good. Without any, everybody is let in.
#[derive(Debug, Default)]
pub struct Credentials {
    tokens: RwLock<Vec<Token>>,
    basic: Vec<(String, String)>,
    guarded: bool,
}

impl Credentials {
    /// Credentials of tokens and of basic user names with their passwords.
    pub fn new(tokens: Vec<Token>, basic: Vec<(String, String)>) -> Self {
        let guarded = !tokens.is_empty() || !basic.is_empty();
        Self {
            tokens: RwLock::new(tokens),
            basic,
            guarded,
        }
    }

    /// Adds a token while the server runs.
    pub fn add(&self, token: Token) {
        self.tokens
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(token);
    }

    /// Revokes all tokens of a label; says how many there were.
    pub fn revoke(&self, label: &str) -> usize {
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        let before = tokens.len();
        tokens.retain(|token| token.label != label);
        before - tokens.len()
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
        for token in tokens.iter() {
            if bool::from(same(&token.secret, secret)) {
                found = Some(Caller {
                    label: token.label.clone(),
                    user_name: token.user_name.clone(),
                });
            }
        }
        found
    }

    fn basic(&self, encoded: &str) -> Option<Caller> {
        let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (name, password) = decoded.split_once(':')?;
        let mut found = None;
        for (known, secret) in &self.basic {
            if bool::from(same(known, name) & same(secret, password)) {
                found = Some(Caller {
                    label: known.clone(),
                    user_name: Some(known.clone()),
                });
            }
        }
        found
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
        schemes
    }
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
        credentials.add(token("three", "s3"));
        assert!(credentials.check(Some("Bearer s3")).is_ok());
        let single = Credentials::new(vec![token("one", "s1")], Vec::new());
        single.revoke("one");
        assert!(
            single.check(None).is_err(),
            "a server whose last token is revoked stays closed"
        );
    }
}
