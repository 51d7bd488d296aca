//! Access tokens by OAuth 2.0 client credentials (RFC 6749 section 4.4): fetched once for all who wait, renewed in time.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::classify::classify;
use super::transport::{Peer, ReadBody, Roots, build, read_body};
use super::{ClientError, Redactor};
use crate::config::{OAuth2, Secret, SecretPlacement};

/// A token answer is small; more than this is not one.
const LARGEST_ANSWER: usize = 1 << 20;
/// How long a token endpoint may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// A token is renewed this long before it ends, or at half its life where that is shorter.
const RENEW_BEFORE: Duration = Duration::from_secs(30);
/// The life of a token whose answer does not say (`expires_in` is only RECOMMENDED).
const LIFE_IF_UNSAID: Duration = Duration::from_secs(300);
/// After a failure nobody asks again for this long, so that a run against a dead endpoint ends soon.
const FAILURE_HOLDS: Duration = Duration::from_secs(5);
/// The shell variable that stands for a token.
const LABEL: &str = "SCIM_ACCESS_TOKEN";

/// Holds the current token.
pub(super) struct TokenSource {
    settings: OAuth2,
    url: reqwest::Url,
    // The token endpoint is another host than the target: its own roots, proxy and pool.
    http: reqwest::Client,
    current: Mutex<Option<Held>>,
}

struct Held {
    outcome: Result<Secret, String>,
    until: Instant,
}

impl TokenSource {
    /// Checks the token endpoint's URL; nothing is sent yet.
    pub(super) fn new(
        settings: OAuth2,
        allow_insecure_http: bool,
        ca_file: Option<&Path>,
    ) -> Result<Self, ClientError> {
        let credential = |why: String| ClientError::Credential {
            name: "`token_url`".to_owned(),
            why,
        };
        let url = reqwest::Url::parse(&settings.token_url)
            .map_err(|e| credential(format!("it is not a URL: {e}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(credential("it contains a user name or password".to_owned()));
        }
        match url.scheme() {
            "https" => {}
            "http" if allow_insecure_http || super::base_url::is_loopback(&url) => {}
            "http" => {
                return Err(credential(
                    "it is plain http, so the client secret would travel in the clear".to_owned(),
                ));
            }
            other => return Err(credential(format!("it begins with `{other}:`"))),
        }
        let http = build(Peer::of(&url), Roots::of_file(ca_file), PATIENCE)?;
        Ok(Self {
            settings,
            url,
            http,
            current: Mutex::new(None),
        })
    }

    /// The current token. All callers wait for one fetch.
    ///
    /// # Errors
    /// A sentence on why there is no token.
    pub(super) async fn token(&self, redactor: &Redactor) -> Result<Secret, String> {
        let mut current = self.current.lock().await;
        if let Some(held) = current.as_ref().filter(|held| Instant::now() < held.until) {
            return held.outcome.clone();
        }
        let fetched = match tokio::time::timeout(PATIENCE, self.fetch()).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!("it did not answer within {} s", PATIENCE.as_secs())),
        };
        let (outcome, life) = match fetched {
            Ok((token, life)) => {
                redactor.add(&token);
                (Ok(token), life.saturating_sub(RENEW_BEFORE).max(life / 2))
            }
            Err(why) => {
                let why = redactor.text(&why).into_owned();
                (
                    Err(format!(
                        "no access token from the token endpoint {}: {why}",
                        self.url
                    )),
                    FAILURE_HOLDS,
                )
            }
        };
        *current = Some(Held {
            outcome: outcome.clone(),
            until: Instant::now() + life,
        });
        outcome
    }

    async fn fetch(&self) -> Result<(Secret, Duration), String> {
        let mut form = vec![("grant_type", "client_credentials")];
        if let Some(scope) = &self.settings.scope {
            form.push(("scope", scope));
        }
        form.extend(
            self.settings
                .extra
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str())),
        );
        let secret = self.settings.client_secret.expose();
        let mut request = self
            .http
            .post(self.url.clone())
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded");
        match self.settings.placement {
            // RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined.
            SecretPlacement::Basic => {
                request = request.basic_auth(
                    form_encode(&self.settings.client_id),
                    Some(form_encode(secret)),
                );
            }
            SecretPlacement::Body => {
                form.push(("client_id", &self.settings.client_id));
                form.push(("client_secret", secret));
            }
        }
        let body = form
            .iter()
            .map(|(k, v)| format!("{}={}", form_encode(k), form_encode(v)))
            .collect::<Vec<_>>()
            .join("&");
        let peer = self
            .url
            .host_str()
            .unwrap_or("the token endpoint")
            .to_owned();
        let mut response = request
            .body(body)
            .send()
            .await
            .map_err(|e| classify(&e, &peer).message)?;
        let status = response.status().as_u16();
        let mut read = ReadBody::default();
        read_body(&mut response, LARGEST_ANSWER, &mut read)
            .await
            .map_err(|e| classify(&e, &peer).message)?;
        if read.over_limit {
            return Err("its answer is longer than 1 MiB".to_owned());
        }
        token_of(status, &read.bytes)
    }
}

/// `application/x-www-form-urlencoded` (RFC 6749 appendix B).
fn form_encode(text: &str) -> String {
    reqwest::Url::parse_with_params("http://form.invalid/", [("", text)])
        .ok()
        .and_then(|url| url.query().map(|q| q.trim_start_matches('=').to_owned()))
        .unwrap_or_default()
}

/// Reads a token answer (RFC 6749 sections 5.1 and 5.2).
fn token_of(status: u16, body: &[u8]) -> Result<(Secret, Duration), String> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| {
        let html = body.trim_ascii_start().starts_with(b"<");
        let what = if html {
            "an HTML page"
        } else if body.is_empty() {
            "nothing"
        } else {
            "no JSON"
        };
        format!("it answered {status} with {what} instead of a token; check `token_url`")
    })?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    if let Some(error) = text("error") {
        let more = text("error_description")
            .map(|d| format!(" ({d})"))
            .unwrap_or_default();
        return Err(format!(
            "it answered {status} with the error `{}`{}",
            shorten(error),
            shorten(&more)
        ));
    }
    if !(200..300).contains(&status) {
        return Err(format!("it answered {status}"));
    }
    let token = match answer.get("access_token") {
        Some(Value::String(token)) if !token.is_empty() => token,
        Some(_) => return Err("its `access_token` is not a string with content".to_owned()),
        None => return Err("its answer has no `access_token`".to_owned()),
    };
    // The type is REQUIRED and compared without case; an absent one is taken as Bearer, since many leave it out.
    if let Some(kind) = text("token_type").filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(format!(
            "its token has the type `{}`, and only Bearer can be sent",
            shorten(kind)
        ));
    }
    let life = match answer.get("expires_in") {
        Some(Value::Number(n)) => n.as_f64(),
        // Some servers quote the number.
        Some(Value::String(s)) => s.trim().parse().ok(),
        _ => None,
    };
    let life = life
        .filter(|s| *s > 0.0)
        .and_then(|s| Duration::try_from_secs_f64(s.min(86_400.0)).ok());
    Ok((
        Secret::new(token.clone(), LABEL),
        life.unwrap_or(LIFE_IF_UNSAID),
    ))
}

/// Foreign text in a sentence: short, and without control characters.
fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_encoding() {
        assert_eq!(form_encode("a b+c&d=ü"), "a+b%2Bc%26d%3D%C3%BC");
        assert_eq!(form_encode(""), "");
        assert_eq!(form_encode("=x"), "%3Dx");
    }

    #[test]
    fn token_answers() {
        let ok: &[(&str, u64)] = &[
            (
                r#"{"access_token":"t1","token_type":"Bearer","expires_in":3600}"#,
                3600,
            ),
            (
                r#"{"access_token":"t1","token_type":"bearer","expires_in":"120"}"#,
                120,
            ),
            (r#"{"access_token":"t1"}"#, 300),
            (r#"{"access_token":"t1","expires_in":-1}"#, 300),
            (r#"{"access_token":"t1","expires_in":1e300}"#, 86_400),
        ];
        for (body, life) in ok {
            let (token, got) = token_of(200, body.as_bytes()).expect(body);
            assert_eq!((token.expose(), got.as_secs()), ("t1", *life), "{body}");
        }
        let bad: &[(u16, &str, &str)] = &[
            (200, "<html>login</html>", "an HTML page"),
            (200, "", "nothing"),
            (200, "oops", "no JSON"),
            (200, "[]", "no `access_token`"),
            (200, r#"{"access_token":17}"#, "not a string"),
            (200, r#"{"access_token":""}"#, "not a string with content"),
            (200, r#"{"access_token":"t","token_type":"mac"}"#, "`mac`"),
            (
                401,
                r#"{"error":"invalid_client","error_description":"no such client"}"#,
                "no such client",
            ),
            (200, r#"{"error":"slow\u001b[31m"}"#, "`slow[31m`"),
            (503, r#"{}"#, "answered 503"),
        ];
        for (status, body, part) in bad {
            let why = token_of(*status, body.as_bytes()).expect_err(body);
            assert!(why.contains(part), "{body}: {why}");
        }
    }
}
