//! Calls the engine for a request.

use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderName, Method};
use serde_json::Value;

use super::answer::Answer;
use super::hooks::Incoming;
use super::route::Endpoint;
use super::{Server, json, json_type, query};
use crate::auth::Caller;
use crate::engine::{Condition, Patched, Query};
use crate::protocol::Object;
use crate::protocol::error::{Result, ScimError};
use crate::protocol::projection::Wanted;
use crate::protocol::schema::{ResourceType, slots};

impl Server {
    pub(super) fn dispatch(
        &self,
        request: &Incoming,
        endpoint: Endpoint<'_>,
        caller: &Caller,
    ) -> Result<Answer> {
        let method = &request.method;
        let allowed = endpoint.allowed();
        if !allowed.split(", ").any(|name| name == method.as_str()) {
            return Ok(Answer::not_allowed(allowed));
        }
        match endpoint {
            Endpoint::ServiceProviderConfig => self.discovery(
                request,
                Ok(self
                    .engine
                    .service_provider_config(self.credentials.schemes())),
            ),
            Endpoint::ResourceTypes(None) => {
                self.discovery(request, Ok(self.engine.resource_types()))
            }
            Endpoint::ResourceTypes(Some(name)) => {
                self.discovery(request, self.engine.resource_type(&name))
            }
            Endpoint::Schemas(None) => self.discovery(request, Ok(self.engine.schemas())),
            Endpoint::Schemas(Some(urn)) => self.discovery(request, self.engine.schema(&urn)),
            Endpoint::Root => self.list(request, None),
            Endpoint::Search(kind) => {
                let body = self.object(request)?;
                Ok(Answer::json(
                    200,
                    self.engine.list(kind, &query::from_body(&body)?)?.text,
                ))
            }
            Endpoint::Collection(kind) if method == Method::POST => {
                let wanted = self.wanted(request)?;
                let body = self.object(request)?;
                Ok(Answer::resource(
                    201,
                    self.engine.create(kind, body, &wanted)?,
                ))
            }
            Endpoint::Collection(kind) => self.list(request, Some(kind)),
            Endpoint::Resource(kind, id) => self.resource(request, kind, &id),
            Endpoint::Me => self.me(request, caller),
            Endpoint::Bulk => self.bulk(request),
        }
    }

    fn resource(&self, request: &Incoming, kind: &ResourceType, id: &str) -> Result<Answer> {
        let condition = self.condition(request);
        match request.method {
            Method::GET => {
                let shown = self.engine.read(kind, id, &self.wanted(request)?)?;
                let known = shown
                    .version
                    .as_deref()
                    .zip(condition.if_none_match.as_deref());
                if let Some((version, _)) =
                    known.filter(|(version, header)| Condition::lists(header, version))
                {
                    return Ok(Answer::empty(304).with(ETAG, version));
                }
                Ok(Answer::resource(200, shown))
            }
            Method::PUT => {
                let wanted = self.wanted(request)?;
                Ok(Answer::resource(
                    200,
                    self.engine
                        .replace(kind, id, self.object(request)?, &condition, &wanted)?,
                ))
            }
            Method::PATCH => {
                if !self.engine.behaviour().patch {
                    return Err(ScimError::new(501, "PATCH is not offered"));
                }
                let wanted = self.wanted(request)?;
                Ok(
                    match self.engine.patch(
                        kind,
                        id,
                        &self.object(request)?,
                        &condition,
                        &wanted,
                    )? {
                        Patched::Resource(shown) => Answer::resource(200, shown),
                        Patched::NoContent(Some(version)) => {
                            Answer::empty(204).with(ETAG, &version)
                        }
                        Patched::NoContent(None) => Answer::empty(204),
                    },
                )
            }
            _ => {
                self.engine.delete(kind, id, &condition)?;
                Ok(Answer::empty(204))
            }
        }
    }

    fn bulk(&self, request: &Incoming) -> Result<Answer> {
        let behaviour = self.engine.behaviour();
        if !behaviour.bulk {
            return Err(ScimError::new(501, "bulk requests are not offered"));
        }
        let (length, most) = (request.body.len(), behaviour.bulk_payload);
        if length > most {
            let detail = format!("{length} bytes exceed maxPayloadSize ({most})");
            return Err(ScimError::new(413, detail));
        }
        Ok(Answer::json(
            200,
            self.engine.bulk(&self.object(request)?)?.to_string(),
        ))
    }

    /// `/Me` is the user of the token, where it stands for one (RFC 7644 section 3.11).
    fn me(&self, request: &Incoming, caller: &Caller) -> Result<Answer> {
        let kind = self.engine.registry().kind(slots::USER);
        let Some(name) = &caller.user_name else {
            return Err(ScimError::new(
                501,
                "the credentials stand for no user, so there is no /Me",
            ));
        };
        let id = self
            .engine
            .user_named(kind, name)
            .ok_or_else(|| ScimError::not_found("the user of these credentials does not exist"))?;
        let answer = self.resource(request, kind, &id)?;
        let location = format!("{}{}/{id}", self.engine.base_url(), kind.endpoint);
        Ok(answer.with(axum::http::header::LOCATION, &location))
    }

    fn list(&self, request: &Incoming, kind: Option<&ResourceType>) -> Result<Answer> {
        let query = query::from_uri(request.query.as_deref())?;
        Ok(Answer::json(200, self.engine.list(kind, &query)?.text))
    }

    /// Discovery answers take no query; a filter is refused, lest somebody believe that it worked
    /// (RFC 7644 section 4).
    fn discovery(&self, request: &Incoming, value: Result<Value>) -> Result<Answer> {
        let query = query::from_uri(request.query.as_deref()).unwrap_or_else(|_| Query::default());
        if query.filter.is_some() {
            return Err(ScimError::new(403, "discovery endpoints take no filter"));
        }
        Ok(Answer::json(200, value?.to_string()))
    }

    fn wanted(&self, request: &Incoming) -> Result<Wanted> {
        let wanted = match request.query.as_deref() {
            None => Wanted::default(),
            raw => query::from_uri(raw)?.wanted,
        };
        Ok(wanted)
    }

    fn condition(&self, request: &Incoming) -> Condition {
        if !self.engine.behaviour().etags {
            return Condition::default();
        }
        let header = |name: HeaderName| {
            let values: Vec<&str> = request
                .headers
                .get_all(name)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .collect();
            (!values.is_empty()).then(|| values.join(","))
        };
        Condition {
            if_match: header(IF_MATCH),
            if_none_match: header(IF_NONE_MATCH),
        }
    }

    /// The body as a JSON object.
    fn object(&self, request: &Incoming) -> Result<Object> {
        json_type(
            &request.headers,
            self.engine.behaviour().leniency.missing_content_type,
            self.engine.behaviour().plain_json,
        )?;
        match json::read(&request.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(ScimError::syntax("the body must be a JSON object")),
            Err(error) if error.is_data() => Err(ScimError::syntax(error.to_string())),
            Err(error) => Err(ScimError::syntax(format!(
                "the body is not JSON: line {}, column {}",
                error.line(),
                error.column()
            ))),
        }
    }
}
