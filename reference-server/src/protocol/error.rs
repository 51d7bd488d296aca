//! The SCIM error: an HTTP status, the keyword of the error table and a sentence for people.
//!
//! Every layer below `http/` reports failure with this one type; `http/` alone turns it into a
//! body (RFC 7644 section 3.12).

use std::fmt;

use serde_json::{Value, json};

/// The `scimType` keywords of RFC 7644 table 9 and RFC 9865 section 2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScimType {
    /// The filter is malformed, or the attribute and operator do not go together.
    InvalidFilter,
    /// The filter yields more than the provider is willing to process.
    TooMany,
    /// A value is already taken.
    Uniqueness,
    /// The change is against the mutability of its target.
    Mutability,
    /// The structure of the body is wrong.
    InvalidSyntax,
    /// The path of a PATCH operation is malformed or names nothing known.
    InvalidPath,
    /// The path of a PATCH operation gave nothing to operate on.
    NoTarget,
    /// A required value is missing, or a value does not fit its type.
    InvalidValue,
    /// The protocol version is not supported.
    InvalidVers,
    /// The request would put sensitive data into a URI.
    Sensitive,
    /// The cursor is not one that this provider issued for this query (RFC 9865).
    InvalidCursor,
    /// The cursor was valid once (RFC 9865).
    ExpiredCursor,
    /// The count does not fit the cursor's query or the page limit (RFC 9865).
    InvalidCount,
}

impl ScimType {
    /// The keyword as it stands on the wire.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

/// A request that could not be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimError {
    /// The HTTP status code.
    pub status: u16,
    /// The keyword, where the error table has one.
    pub scim_type: Option<ScimType>,
    /// What went wrong and how to mend it, for a person.
    pub detail: String,
}

/// What every operation of the protocol returns.
pub type Result<T> = std::result::Result<T, ScimError>;

impl ScimError {
    /// An error without a keyword.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: None,
            detail: detail.into(),
        }
    }

    /// A 400 with its keyword.
    pub fn bad(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self {
            status: 400,
            scim_type: Some(scim_type),
            detail: detail.into(),
        }
    }

    /// The body is not what the operation takes.
    pub fn syntax(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::InvalidSyntax, detail)
    }

    /// A value does not fit its attribute.
    pub fn value(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::InvalidValue, detail)
    }

    /// A filter that cannot be served.
    pub fn filter(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::InvalidFilter, detail)
    }

    /// A path that cannot be served.
    pub fn path(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::InvalidPath, detail)
    }

    /// A change that mutability forbids.
    pub fn mutability(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::Mutability, detail)
    }

    /// A path that selects nothing.
    pub fn no_target(detail: impl Into<String>) -> Self {
        Self::bad(ScimType::NoTarget, detail)
    }

    /// A value that is taken (RFC 7644 section 3.3: 409).
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Self {
            status: 409,
            scim_type: Some(ScimType::Uniqueness),
            detail: detail.into(),
        }
    }

    /// The error as a message body (RFC 7644 section 3.12).
    pub fn body(&self) -> Value {
        let mut body = json!({"schemas": [super::ERROR], "status": self.status.to_string()});
        if let Some(kind) = self.scim_type {
            body["scimType"] = json!(kind.keyword());
        }
        body["detail"] = json!(self.detail);
        body
    }

    /// Nothing at this address.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, detail)
    }
}

impl fmt::Display for ScimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scim_type {
            Some(kind) => write!(f, "{} {}: {}", self.status, kind.keyword(), self.detail),
            None => write!(f, "{}: {}", self.status, self.detail),
        }
    }
}

impl std::error::Error for ScimError {}
