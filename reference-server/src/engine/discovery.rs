//! `/ServiceProviderConfig`, `/ResourceTypes` and `/Schemas` (RFC 7644 section 4).

use serde_json::{Value, json};

use super::Engine;
use crate::protocol::LIST_RESPONSE;
use crate::protocol::error::{Result, ScimError};
use crate::protocol::schema::Registry;

impl Engine {
    /// What this server offers. `schemes` are the authentication schemes.
    pub fn service_provider_config(&self, schemes: Vec<Value>) -> Value {
        let offered = &self.behaviour;
        let limit = |supported: bool, limit: usize| if supported { limit } else { 0 };
        let mut config = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": {"supported": offered.patch},
            "bulk": {
                "supported": offered.bulk,
                "maxOperations": limit(offered.bulk, offered.bulk_operations),
                "maxPayloadSize": limit(offered.bulk, offered.bulk_payload),
            },
            "filter": {"supported": offered.filter, "maxResults": limit(offered.filter, offered.max_page)},
            "changePassword": {"supported": offered.password_changes},
            "sort": {"supported": offered.sort},
            "etag": {"supported": offered.etags && offered.declares_etags},
            "authenticationSchemes": schemes,
        });
        if offered.cursor_paging {
            config["pagination"] = json!({
                "cursor": true,
                "index": offered.index_paging,
                "defaultPaginationMethod": if offered.cursor_by_default || !offered.index_paging { "cursor" } else { "index" },
                "defaultPageSize": offered.default_page,
                "maxPageSize": offered.max_page,
                "cursorTimeout": offered.cursor_timeout.as_secs().max(1),
            });
        }
        config["meta"] = json!({"resourceType": "ServiceProviderConfig", "location": format!("{}/ServiceProviderConfig", self.base_url)});
        config
    }

    /// The list of resource types.
    pub fn resource_types(&self) -> Value {
        let kinds = self
            .registry
            .types
            .iter()
            .map(|kind| self.resource_type_of(kind));
        list(kinds.collect())
    }

    /// One resource type, by its name.
    ///
    /// # Errors
    /// 404 when there is none of this name.
    pub fn resource_type(&self, name: &str) -> Result<Value> {
        let found = self.registry.types.iter().find(|kind| kind.name == name);
        found
            .map(|kind| self.resource_type_of(kind))
            .ok_or_else(|| ScimError::not_found("there is no resource type of this name"))
    }

    fn resource_type_of(&self, kind: &crate::protocol::schema::ResourceType) -> Value {
        let mut value = Registry::describe(kind);
        if self.behaviour.listing.relative {
            value["endpoint"] = json!(kind.endpoint.trim_start_matches('/'));
        }
        value["meta"] = json!({"resourceType": "ResourceType", "location": self.listed_at("ResourceTypes", &kind.name)});
        value
    }

    fn listed_at(&self, list: &str, id: &str) -> String {
        if self.behaviour.listing.relative {
            return format!("{list}/{id}");
        }
        format!("{}/{list}/{id}", self.base_url)
    }

    /// The list of schemas.
    pub fn schemas(&self) -> Value {
        list(
            self.registry
                .schemas
                .iter()
                .map(|schema| self.schema_of(schema))
                .collect(),
        )
    }

    /// One schema, by its URN.
    ///
    /// # Errors
    /// 404 when there is none with this URN.
    pub fn schema(&self, urn: &str) -> Result<Value> {
        self.registry
            .schema(urn)
            .map(|schema| self.schema_of(schema))
            .ok_or_else(|| ScimError::not_found("there is no schema with this URI"))
    }

    fn schema_of(&self, schema: &crate::protocol::schema::Schema) -> Value {
        let mut value = schema.source.clone();
        value["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:Schema"]);
        let listing = self.behaviour.listing;
        if let Some(attributes) = value.get_mut("attributes").and_then(Value::as_array_mut) {
            if listing.common
                && self
                    .registry
                    .types
                    .iter()
                    .any(|kind| kind.schema.id == schema.id)
            {
                attributes.extend(Registry::common_listed());
            }
            if listing.terse {
                attributes.iter_mut().for_each(shorten);
            }
        }
        value["meta"] =
            json!({"resourceType": "Schema", "location": self.listed_at("Schemas", &schema.id)});
        value
    }
}

/// Leaves out what is so by default, as RFC 7643 section 8.7 does (section 2.2).
fn shorten(attribute: &mut Value) {
    let defaults = [
        ("caseExact", json!(false)),
        ("uniqueness", json!("none")),
        ("canonicalValues", json!([])),
    ];
    let Some(object) = attribute.as_object_mut() else {
        return;
    };
    object.retain(|name, value| {
        !defaults
            .iter()
            .any(|(of, default)| name == of && value == default)
    });
    let subs = object
        .get_mut("subAttributes")
        .and_then(Value::as_array_mut);
    subs.into_iter().flatten().for_each(shorten);
}

fn list(resources: Vec<Value>) -> Value {
    json!({
        "schemas": [LIST_RESPONSE],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}
