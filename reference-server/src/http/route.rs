//! Which endpoint a path means.

use super::query::decoded;
use crate::protocol::error::{Result, ScimError, ScimType};
use crate::protocol::schema::{Registry, ResourceType};

/// An endpoint (RFC 7644 section 3.2).
#[derive(Debug, Clone)]
pub(super) enum Endpoint<'t> {
    Root,
    Search(Option<&'t ResourceType>),
    Collection(&'t ResourceType),
    Resource(&'t ResourceType, String),
    ServiceProviderConfig,
    ResourceTypes(Option<String>),
    Schemas(Option<String>),
    Me,
    Bulk,
}

impl Endpoint<'_> {
    /// The methods that the endpoint takes, as an `Allow` header lists them.
    pub(super) fn allowed(&self) -> &'static str {
        match self {
            Self::Root
            | Self::ServiceProviderConfig
            | Self::ResourceTypes(_)
            | Self::Schemas(_) => "GET",
            Self::Search(_) | Self::Bulk => "POST",
            Self::Collection(_) => "GET, POST",
            Self::Resource(..) | Self::Me => "GET, PUT, PATCH, DELETE",
        }
    }
}

/// Finds the endpoint of a path. `slashes` passes over empty segments.
///
/// # Errors
/// 404 when there is none, `invalidVers` when the path asks for another protocol version.
pub(super) fn endpoint<'t>(
    registry: &'t Registry,
    base: &str,
    path: &str,
    slashes: bool,
) -> Result<Endpoint<'t>> {
    let nowhere = || {
        ScimError::not_found(format!(
            "there is no SCIM endpoint at this path; the base URL ends in '{base}'"
        ))
    };
    let rest = below(base, path)?.ok_or_else(nowhere)?;
    let mut segments = Vec::new();
    for segment in rest.split('/').skip(1) {
        if !(slashes && segment.is_empty()) {
            segments.push(decoded(segment, false).ok_or_else(nowhere)?);
        }
    }
    let kind = |segment: &str| registry.at(segment).ok_or_else(nowhere);
    let texts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match texts.as_slice() {
        [] => Ok(Endpoint::Root),
        ["ServiceProviderConfig"] => Ok(Endpoint::ServiceProviderConfig),
        ["ResourceTypes"] => Ok(Endpoint::ResourceTypes(None)),
        ["ResourceTypes", name] => Ok(Endpoint::ResourceTypes(Some((*name).to_owned()))),
        ["Schemas"] => Ok(Endpoint::Schemas(None)),
        ["Schemas", urn] => Ok(Endpoint::Schemas(Some((*urn).to_owned()))),
        ["Me"] => Ok(Endpoint::Me),
        ["Bulk"] => Ok(Endpoint::Bulk),
        [".search"] => Ok(Endpoint::Search(None)),
        [collection] => kind(collection).map(Endpoint::Collection),
        [collection, ".search"] => kind(collection).map(|kind| Endpoint::Search(Some(kind))),
        [collection, id] if !id.is_empty() => {
            kind(collection).map(|kind| Endpoint::Resource(kind, (*id).to_owned()))
        }
        _ => Err(nowhere()),
    }
}

/// The path below the base, with the version segment of the base or without any
/// (RFC 7644 section 3.13).
fn below<'p>(base: &str, path: &'p str) -> Result<Option<&'p str>> {
    let under = |base: &str| {
        path.strip_prefix(base)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some(rest) = under(base) {
        return Ok(Some(rest));
    }
    let Some((parent, version)) = base.rsplit_once('/').filter(|(_, last)| is_version(last)) else {
        return Ok(None);
    };
    let Some(rest) = under(parent) else {
        return Ok(None);
    };
    let first = rest
        .split('/')
        .find(|segment| !segment.is_empty())
        .unwrap_or_default();
    if is_version(first) {
        return Err(ScimError::bad(
            ScimType::InvalidVers,
            format!("this server speaks {version} of the protocol"),
        ));
    }
    Ok(Some(rest))
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
