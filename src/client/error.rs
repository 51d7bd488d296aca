//! Why a client cannot be built. What goes wrong on the way of a request is an exchange's error instead.

use std::path::PathBuf;

/// A target or a setting that no request could be sent with.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The base URL does not parse.
    #[error(
        "`{url}` is not a URL: {why}; write it whole, such as https://scim.example.com/scim/v2"
    )]
    NotAUrl {
        /// As given, without user-info.
        url: String,
        /// The parser's words.
        why: String,
    },
    /// Neither http nor https.
    #[error("the base URL begins with `{scheme}:`; only https and http can be tested")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// `https://user:password@host/`.
    #[error(
        "the base URL contains a user name or password; put credentials into `[auth]` of scimproof.toml"
    )]
    UserInfo,
    /// `?...` or `#...` in the base URL.
    #[error(
        "the base URL ends in `{part}`; give it without query and fragment (Entra's tenant flags are flavours here)"
    )]
    QueryOrFragment {
        /// The part that must go.
        part: String,
    },
    /// Plain http to a host that is not loopback.
    #[error(
        "`{url}` is plain http to another host, so credentials and people's data would travel in the clear; \
         use https, or pass --allow-insecure-http if the network is trusted"
    )]
    InsecureHttp {
        /// The URL.
        url: String,
    },
    /// The CA file cannot be read or holds no certificate.
    #[error("the CA file {} cannot be used: {why}", .path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A credential that cannot be put into a header.
    #[error("the credential {name} cannot be sent: {why}")]
    Credential {
        /// Which (a variable's or key's name, never the value).
        name: String,
        /// What is wrong.
        why: String,
    },
    /// The HTTP or TLS machinery could not start.
    #[error("the HTTP client could not be started: {0}")]
    Build(String),
}
