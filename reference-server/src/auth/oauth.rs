//! Tokens for OAuth clients: the client credentials grant (RFC 6749 section 4.4), just enough of it
//! to try out clients that fetch their tokens and renew them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Credentials, Held, Token, among, new_secret};

/// How many issued tokens are good at a time; the oldest one goes first.
const MOST: usize = 1_000;

/// A token that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    secret: String,
    lifetime: Duration,
}

impl Grant {
    /// The answer (RFC 6749 section 5.1).
    pub fn body(&self) -> Value {
        json!({
            "access_token": self.secret,
            "token_type": "Bearer",
            "expires_in": self.lifetime.as_secs(),
        })
    }
}

/// Why no token is issued (RFC 6749 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The request lacks something, or gives it twice.
    InvalidRequest,
    /// The client is not known or its secret is wrong.
    InvalidClient,
    /// Another grant than client credentials is asked for.
    UnsupportedGrantType,
}

impl Refusal {
    /// The keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
        }
    }

    /// The status code.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::InvalidRequest | Self::UnsupportedGrantType => 400,
        }
    }
}

impl Credentials {
    /// Whether there are clients that may fetch tokens.
    pub fn issues_tokens(&self) -> bool {
        !self.clients.is_empty()
    }

    /// Issues a token to a client.
    ///
    /// # Errors
    /// When the client is not known, its secret is wrong or the grant type is another one.
    pub fn issue(&self, id: &str, secret: &str, grant_type: &str) -> Result<Grant, Refusal> {
        let client = among(&self.clients, id, secret).ok_or(Refusal::InvalidClient)?;
        if grant_type != "client_credentials" {
            return Err(Refusal::UnsupportedGrantType);
        }
        let issued = Grant {
            secret: new_secret(),
            lifetime: self.lifetime,
        };
        let now = Instant::now();
        let mut tokens = self.writing();
        tokens.retain(|held| held.is_good(now));
        let issued_before = tokens.iter().filter(|held| held.expires.is_some()).count();
        if issued_before >= MOST
            && let Some(oldest) = tokens.iter().position(|held| held.expires.is_some())
        {
            tokens.remove(oldest);
        }
        tokens.push(Held {
            token: Token {
                label: format!("oauth:{client}"),
                secret: issued.secret.clone(),
                user_name: None,
            },
            expires: Some(now + self.lifetime),
        });
        Ok(issued)
    }
}
