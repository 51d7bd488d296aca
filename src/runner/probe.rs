//! What a target can do, found out by GETs alone; and why it can't be tested, in one sentence with what to try.
//!
//! Declarations decide only what `rfc` cases run. A target that answers like a broken SCIM server is tested and fails; only
//! what does not answer, refuses the credential, or is no SCIM endpoint at all ends here (exit 3).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use super::address::operation;
use crate::client::{Client, OWN_AGENT, Received, Request};
use crate::results::{ExchangeId, Policy, Stop, StopReason, TargetFacts};
use crate::scim::{SchemaView, named};
use crate::suite::model::Credential;

/// Where SCIM endpoints commonly live below what people take for the base URL.
const USUAL_BASES: [&str; 5] = ["/scim/v2", "/v2", "/scim", "/api/scim/v2", "/api/scim"];

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What was found out.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Base URL, capabilities, number of users, notes.
    pub facts: TargetFacts,
    /// What is known of attributes, the target's own schemas included.
    pub schema: Arc<SchemaView>,
    /// /ServiceProviderConfig, where it was served.
    pub service_provider_config: Option<Arc<Value>>,
    /// /ResourceTypes, where it was served.
    pub resource_types: Option<Arc<Value>>,
    /// /Schemas, where it was served.
    pub schemas: Option<Arc<Value>>,
    /// All that was sent and received, for the rules.
    pub received: Vec<Received>,
}

/// Finds out what a target can do, until the deadline.
///
/// # Errors
/// Why it can't be tested.
pub async fn probe(
    client: &Client,
    policy: Policy,
    name: Option<String>,
    deadline: Option<Instant>,
) -> Result<Probe, Stop> {
    let mut asking = Asking {
        client,
        deadline,
        received: Vec::new(),
    };
    let users = asking.get("/Users?startIndex=1&count=1").await;
    if let Some(stop) = unreachable(&users) {
        return Err(stop);
    }
    let config = asking.get("/ServiceProviderConfig").await;
    let types = asking.get("/ResourceTypes").await;
    let schemas = asking.get("/Schemas").await;
    if let Some(stop) = asking.untestable(&users, [&config, &types, &schemas]).await {
        return Err(stop);
    }
    let mut notes = Vec::new();
    let mut document = |received: &Received, path: &str| {
        let json = received
            .json
            .clone()
            .filter(|_| received.status == Some(200));
        // A list without its envelope is a finding, once; what it says holds all the same.
        if path != "/ServiceProviderConfig" && json.as_deref().is_some_and(Value::is_array) {
            notes.push(format!("{path} answers with a bare array, read as a list."));
            return json.map(|list| Arc::new(serde_json::json!({ "Resources": *list })));
        }
        let json = json.filter(|json| json.is_object());
        if json.is_none() {
            notes.push(match received.status {
                Some(200) => format!("{path} answers 200 without a JSON object."),
                Some(status) => format!("{path} answers {status}."),
                None => format!("{path} brought no answer."),
            });
        }
        json
    };
    let service_provider_config = document(&config, "/ServiceProviderConfig");
    let resource_types = document(&types, "/ResourceTypes");
    let schemas = document(&schemas, "/Schemas");
    let mut capabilities = BTreeMap::new();
    if let Some(config) = &service_provider_config {
        declared(config, &mut capabilities);
    }
    asking
        .offered(
            resource_types.as_deref(),
            schemas.as_deref(),
            &mut capabilities,
        )
        .await;
    let existing_users = users
        .json
        .as_ref()
        .and_then(|json| named(json, "totalResults"))
        .and_then(Value::as_u64);
    if users.status != Some(200) {
        notes.push(format!(
            "GET /Users?startIndex=1&count=1 answers {}.",
            users
                .status
                .map_or_else(|| "nothing".to_owned(), |status| status.to_string())
        ));
    }
    let documents: Vec<Value> = schemas.as_deref().into_iter().flat_map(members).collect();
    let schema = if documents.is_empty() {
        SchemaView::standard().clone()
    } else {
        SchemaView::with_target(&documents)
    };
    Ok(Probe {
        facts: TargetFacts {
            base_url: client.base_url().to_string(),
            name,
            capabilities,
            policy,
            existing_users,
            notes,
        },
        schema: Arc::new(schema),
        service_provider_config,
        resource_types,
        schemas,
        received: asking.received,
    })
}

/// The largest `maxOperations` that a suite goes beyond: more would be a load test.
const EXCEEDABLE: u64 = 1000;

struct Asking<'a> {
    client: &'a Client,
    deadline: Option<Instant>,
    received: Vec<Received>,
}

impl Asking<'_> {
    async fn get(&mut self, target: &str) -> Received {
        let request = Request {
            id: ExchangeId(u32::try_from(self.received.len() + 1).unwrap_or(u32::MAX)),
            step: "probe".to_owned(),
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: vec![
                ("Accept".to_owned(), "application/scim+json".to_owned()),
                ("User-Agent".to_owned(), OWN_AGENT.to_owned()),
            ],
            body: None,
            credential: Credential::Target,
            operation: operation("GET", target),
        };
        let received = self.client.send(&request, self.deadline).await;
        self.received.push(received.clone());
        received
    }

    /// Why an endpoint that answers is none that could be tested.
    async fn untestable(&mut self, users: &Received, discovery: [&Received; 3]) -> Option<Stop> {
        let all = || std::iter::once(users).chain(discovery);
        // Where the discovery endpoints speak SCIM the base URL is right, and a page at /Users is a defect to report: some
        // frameworks answer their own failures so.
        if is_html(users) && !discovery.into_iter().any(speaks_scim) {
            let what = match users.status {
                Some(401 | 403) => {
                    "an HTML page refuses the request: a proxy, firewall or log-in page stands in front of the endpoint"
                }
                _ => "an HTML page answers, not SCIM",
            };
            return Some(
                self.elsewhere(&format!("At {}/Users {what}", self.client.base_url()))
                    .await,
            );
        }
        match users.status {
            Some(401) => {
                return Some(untestable(
                    "The credential was refused (GET /Users answered 401): check the token, whether it has expired, and whether it belongs to this tenant."
                        .to_owned(),
                ));
            }
            Some(403) => {
                return Some(untestable(
                    "The credential is not allowed to read users (GET /Users answered 403): give it the right to read and write users and groups."
                        .to_owned(),
                ));
            }
            Some(429) => {
                return Some(untestable(
                    "The target lets nothing through: GET /Users was answered 429 (too many requests) until waiting was no use. Try later, with --rate, or with a higher limit there."
                        .to_owned(),
                ));
            }
            Some(300..=399) => {
                let to = users
                    .headers
                    .iter()
                    .find(|(name, _)| name == "location")
                    .map(|(_, value)| format!(" to {}", short(value)))
                    .unwrap_or_default();
                return Some(untestable(format!(
                    "GET /Users is redirected{to}, and redirects are not followed: give the base URL that it leads to."
                )));
            }
            _ => {}
        }
        if all().all(|received| matches!(received.status, Some(404 | 405 | 410))) {
            return Some(
                self.elsewhere(&format!(
                    "Nothing at {} is SCIM: every path answers 404",
                    self.client.base_url()
                ))
                .await,
            );
        }
        if all().all(|received| received.status.is_some_and(|status| status >= 500)) {
            return Some(untestable(format!(
                "Every request is answered with a server error ({}): look at the target's log.",
                users.status.unwrap_or_default()
            )));
        }
        if all().all(|received| received.json.is_none()) {
            return Some(
                self.elsewhere(&format!(
                    "Nothing at {} answers with JSON",
                    self.client.base_url()
                ))
                .await,
            );
        }
        None
    }

    /// Looks where SCIM may live instead, below the same base.
    async fn elsewhere(&mut self, what: &str) -> Stop {
        for base in USUAL_BASES {
            let received = self.get(&format!("{base}/ServiceProviderConfig")).await;
            let scim = received.status == Some(200)
                && received
                    .json
                    .as_ref()
                    .is_some_and(|json| named(json, "patch").is_some());
            if scim {
                return untestable(format!("{what}; try {}{base}.", self.client.base_url()));
            }
        }
        untestable(format!(
            "{what}; check the base URL, which often ends in /scim/v2 or /v2 ({}{} and the like have none either).",
            self.client.base_url(),
            USUAL_BASES[0]
        ))
    }

    /// What the lists of types and schemas, or else a look, say.
    async fn offered(
        &mut self,
        types: Option<&Value>,
        schemas: Option<&Value>,
        capabilities: &mut BTreeMap<String, bool>,
    ) {
        let types: Vec<Value> = types.into_iter().flat_map(members).collect();
        let endpoint = |wanted: &str| {
            types.iter().any(|one| {
                named(one, "endpoint")
                    .and_then(Value::as_str)
                    .is_some_and(|endpoint| {
                        endpoint
                            .rsplit('/')
                            .next()
                            .is_some_and(|last| last.eq_ignore_ascii_case(wanted))
                    })
            })
        };
        let groups = if types.is_empty() {
            self.get("/Groups?startIndex=1&count=1").await.status == Some(200)
        } else {
            endpoint("Groups")
        };
        capabilities.insert("groups".to_owned(), groups);
        let has_enterprise = |text: String| {
            text.to_ascii_lowercase()
                .contains(&ENTERPRISE.to_ascii_lowercase())
        };
        let enterprise = types.iter().any(|one| has_enterprise(one.to_string()))
            || schemas.is_some_and(|schemas| {
                members(schemas).iter().any(|schema| {
                    named(schema, "id")
                        .and_then(Value::as_str)
                        .is_some_and(|id| id.eq_ignore_ascii_case(ENTERPRISE))
                })
            });
        capabilities.insert("enterprise".to_owned(), enterprise);
        // Filters are often offered for equality alone; what needs more to be shown, such as paging through what a run made,
        // is no finding about something else then.
        let refused = self
            .get("/Users?filter=userName%20co%20%22zz-scimproof-zz%22&count=1")
            .await
            .status
            .is_some_and(|status| (400..500).contains(&status) || status == 501);
        let offered = capabilities.get("filter") != Some(&false);
        capabilities.insert("contains".to_owned(), offered && !refused);
        let me = self.get("/Me").await;
        capabilities.insert("me".to_owned(), me.status == Some(200));
    }
}

/// What /ServiceProviderConfig declares (RFC 7643 section 5, RFC 9865 section 4).
fn declared(config: &Value, capabilities: &mut BTreeMap<String, bool>) {
    let supported = |name: &str| {
        named(config, name)
            .and_then(|part| named(part, "supported"))
            .map(|value| match value {
                Value::String(text) => text.eq_ignore_ascii_case("true"),
                other => other.as_bool().unwrap_or(false),
            })
    };
    for name in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        if let Some(supported) = supported(name) {
            capabilities.insert(name.to_owned(), supported);
        }
    }
    let operations = named(config, "bulk").and_then(|bulk| named(bulk, "maxOperations"));
    let testable = operations
        .and_then(Value::as_u64)
        .is_some_and(|most| (1..=EXCEEDABLE).contains(&most));
    capabilities.insert(
        "bulk-limit".to_owned(),
        testable && supported("bulk") == Some(true),
    );
    // POST .search is a query like any other (RFC 7644 section 3.4.3): there where filters are.
    if let Some(filter) = supported("filter") {
        capabilities.insert("search".to_owned(), filter);
    }
    let paging = named(config, "pagination");
    let pages = |name: &str| {
        paging
            .and_then(|paging| named(paging, name))
            .and_then(Value::as_bool)
    };
    capabilities.insert("cursor".to_owned(), pages("cursor").unwrap_or(false));
    capabilities.insert("index".to_owned(), pages("index").unwrap_or(true));
}

/// The elements of a ListResponse, or of what came in its place.
fn members(document: &Value) -> Vec<Value> {
    match named(document, "Resources") {
        Some(Value::Array(items)) => items.clone(),
        _ => document.as_array().cloned().unwrap_or_default(),
    }
}

fn unreachable(received: &Received) -> Option<Stop> {
    if received.status.is_some() {
        return None;
    }
    let error = received.exchange.error.as_ref()?;
    // The client's sentence says what to try already.
    let message = error.message.trim_end_matches('.');
    let end = if message.ends_with('?') { "" } else { "." };
    Some(untestable(format!(
        "The target can't be tested: {message}{end}"
    )))
}

/// Whether this is a document of a SCIM service provider: a ListResponse, or a ServiceProviderConfig.
fn speaks_scim(received: &Received) -> bool {
    received.status == Some(200)
        && received.json.as_ref().is_some_and(|json| {
            ["Resources", "patch"]
                .iter()
                .any(|name| named(json, name).is_some())
        })
}

fn is_html(received: &Received) -> bool {
    let declared = received
        .headers
        .iter()
        .any(|(name, value)| name == "content-type" && value.to_ascii_lowercase().contains("html"));
    let start: Vec<u8> = received
        .body
        .iter()
        .copied()
        .skip_while(u8::is_ascii_whitespace)
        .take(9)
        .collect();
    let start = String::from_utf8_lossy(&start).to_ascii_lowercase();
    received.json.is_none()
        && (declared || start.starts_with("<!doctype") || start.starts_with("<html"))
}

fn untestable(message: String) -> Stop {
    Stop {
        reason: StopReason::Untestable,
        message,
    }
}

/// Foreign text, short and without control characters.
fn short(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect()
}
