//! Everything that was made is removed; what can't be removed is deactivated and listed by its id.
//!
//! Only resources that showed a token of the run are touched. Used at the end of a case, at the end of a run, and by
//! `scimproof cleanup` for what a journal says.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::address::unsafe_id;
use super::context::Shared;
use super::journal::{FindBy, JournalError, unfinished};
use super::ledger::{Entry, Standing};
use super::record::{Heard, Outgoing, Wire};
use super::resource::id_of;
use crate::client::{Client, Received, Request};
use crate::results::ExchangeId;
use crate::scim::{encode_path_segment, escape_filter_literal, named};
use crate::suite::model::Credential;

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// How often a DELETE is tried where the target stumbles (no answer, 5xx).
const TRIES: u32 = 3;
/// The pause before a further try, times the number of tries so far.
const PAUSE: Duration = Duration::from_millis(200);

/// What became of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Removal {
    /// It is gone, or never was.
    Gone,
    /// It is not the run's: nothing was written on it.
    NotOurs,
    /// It is still there; in words: `deactivated`, `DELETE answered 405`.
    Left(String),
}

/// How clean-up sends: within a case (recorded), or for itself.
pub(super) trait Carrier: Send {
    /// Sends one request of clean-up.
    fn carry(
        &mut self,
        method: &str,
        target: &str,
        body: Option<Value>,
        credential: &Credential,
    ) -> impl Future<Output = Answered> + Send;
}

/// What clean-up needs of an answer.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    status: Option<u16>,
    json: Option<Arc<Value>>,
}

impl Answered {
    fn shows(&self, tokens: &[String]) -> bool {
        let text = self
            .json
            .as_ref()
            .map(|json| json.to_string().to_ascii_lowercase())
            .unwrap_or_default();
        tokens.iter().any(|token| text.contains(token.as_str()))
    }

    fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

struct InCase<'a> {
    wire: &'a mut Wire,
    deadline: Option<Instant>,
}

impl Carrier for InCase<'_> {
    async fn carry(
        &mut self,
        method: &str,
        target: &str,
        body: Option<Value>,
        credential: &Credential,
    ) -> Answered {
        let out = Outgoing {
            step: "cleanup".to_owned(),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers(body.is_some()),
            body: body.map(|body| body.to_string().into_bytes()),
            credential: credential.clone(),
        };
        let heard: Heard = self.wire.send(out, self.deadline).await;
        Answered {
            status: heard.status(),
            json: heard.received.json,
        }
    }
}

/// Sends without a record.
struct Alone<'a> {
    client: &'a Client,
    deadline: Option<Instant>,
}

impl Carrier for Alone<'_> {
    async fn carry(
        &mut self,
        method: &str,
        target: &str,
        body: Option<Value>,
        credential: &Credential,
    ) -> Answered {
        let request = Request {
            id: ExchangeId(0),
            step: "cleanup".to_owned(),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers(body.is_some()),
            body: body.map(|body| body.to_string().into_bytes()),
            credential: credential.clone(),
            operation: super::address::operation(method, target),
        };
        let received: Received = self.client.send(request, self.deadline).await;
        Answered {
            status: received.status,
            json: received.json,
        }
    }
}

fn headers(with_body: bool) -> Vec<(String, String)> {
    let mut all = vec![(
        "Accept".to_owned(),
        "application/scim+json, application/json".to_owned(),
    )];
    if with_body {
        all.push((
            "Content-Type".to_owned(),
            "application/scim+json".to_owned(),
        ));
    }
    all
}

/// Removes what a case made, the latest first, so that groups go before their members.
pub(super) async fn case(shared: &Shared, wire: &mut Wire, number: usize) {
    let deadline = shared.cleanup_deadline();
    let mut carrier = InCase { wire, deadline };
    for entry in shared.ledger.of_case(number).into_iter().rev() {
        if entry.standing != Standing::Left {
            settle_entry(shared, &mut carrier, entry).await;
        }
    }
}

/// Removes what cases that broke off left, and looks whether DELETE meant it. Returns what could not be removed.
pub(super) async fn run(shared: &Shared) -> Vec<String> {
    let client = shared.context.client.clone();
    let mut carrier = Alone {
        client: &client,
        deadline: shared.cleanup_deadline(),
    };
    for entry in shared.ledger.all().into_iter().rev() {
        if matches!(
            entry.standing,
            Standing::Sent | Standing::Made | Standing::Confirmed | Standing::Doubted
        ) {
            settle_entry(shared, &mut carrier, entry).await;
        }
    }
    trust_or_verify(shared, &mut carrier).await;
    shared
        .ledger
        .all()
        .into_iter()
        .filter(|entry| matches!(entry.standing, Standing::Left | Standing::Foreign))
        .map(|entry| {
            let what = match (&entry.resource, &entry.find) {
                (Some(id), None) => format!("{}/{id}", entry.endpoint),
                (Some(id), _) if entry.standing == Standing::Left => {
                    format!("{}/{id}", entry.endpoint)
                }
                (_, Some(find)) => format!("{}?{}={}", entry.endpoint, find.attribute, find.value),
                (None, None) => entry.endpoint.clone(),
            };
            if entry.note.is_empty() {
                what
            } else {
                format!("{what} ({})", entry.note)
            }
        })
        .collect()
}

async fn settle_entry(shared: &Shared, carrier: &mut impl Carrier, entry: Entry) {
    let confirmed = entry.standing == Standing::Confirmed;
    let removal = remove(carrier, &Wanted::of(&entry), confirmed).await;
    match removal {
        Removal::Gone if entry.resource.is_some() => shared.ledger.deleted(entry.id),
        Removal::Gone => shared.ledger.gone(entry.id),
        Removal::NotOurs => {
            shared.ledger.looked_at(entry.id, false);
            shared.ledger.note(
                entry.id,
                "GET shows nothing there that this run sent, so it was left alone",
            );
        }
        Removal::Left(note) => shared.ledger.left(entry.id, &note),
    }
}

/// A resource to remove.
#[derive(Debug, Clone)]
struct Wanted {
    endpoint: String,
    id: Option<String>,
    tokens: Vec<String>,
    find: Option<FindBy>,
    credential: Credential,
    /// A GET of the id showed something else already.
    foreign: bool,
}

impl Wanted {
    fn of(entry: &Entry) -> Self {
        Self {
            endpoint: entry.endpoint.clone(),
            id: entry.resource.clone(),
            tokens: entry.tokens.clone(),
            find: entry.find.clone(),
            credential: entry.credential.clone(),
            foreign: entry.standing == Standing::Foreign,
        }
    }
}

/// Removes one resource: by its id where it shows our token, else by the token.
async fn remove(carrier: &mut impl Carrier, wanted: &Wanted, confirmed: bool) -> Removal {
    let by_id = match wanted
        .id
        .as_deref()
        .filter(|id| unsafe_id(id).is_none() && !wanted.foreign)
    {
        None => None,
        Some(id) if confirmed => Some(delete(carrier, wanted, id).await),
        Some(id) => match look(carrier, wanted, id).await {
            Look::Ours => Some(delete(carrier, wanted, id).await),
            Look::Nobody => Some(Removal::Gone),
            Look::SomebodyElse => None,
            Look::Unknown(why) => Some(Removal::Left(why)),
        },
    };
    if let Some(removal) = by_id {
        return removal;
    }
    let Some(find) = &wanted.find else {
        return match wanted.id {
            Some(_) => Removal::NotOurs,
            // Nothing in it could be looked for: such a body was meant to be refused.
            None => Removal::Left("sent without a name to find it by; no id came back".to_owned()),
        };
    };
    let filter = format!(
        "{} eq \"{}\"",
        find.attribute,
        escape_filter_literal(&find.value)
    );
    let target = format!(
        "{}?filter={}",
        wanted.endpoint,
        encode_path_segment(&filter)
    );
    let answered = carrier
        .carry("GET", &target, None, &wanted.credential)
        .await;
    let found: Vec<String> = answered
        .json
        .as_ref()
        .and_then(|json| named(json, "Resources"))
        .and_then(Value::as_array)
        .map(|resources| {
            resources
                .iter()
                .filter(|resource| {
                    let text = resource.to_string().to_ascii_lowercase();
                    wanted
                        .tokens
                        .iter()
                        .any(|token| text.contains(token.as_str()))
                })
                .filter_map(id_of)
                .filter(|id| unsafe_id(id).is_none())
                .collect()
        })
        .unwrap_or_default();
    if found.is_empty() {
        return match answered.status {
            Some(200 | 404) if wanted.id.is_some() => Removal::NotOurs,
            Some(200 | 404) => Removal::Gone,
            Some(status) => Removal::Left(format!("looking for it answered {status}")),
            None => Removal::Left("looking for it brought no answer".to_owned()),
        };
    }
    let mut worst = Removal::Gone;
    for id in found {
        // The list only says where to look; the resource itself must show the token before anything is written on it.
        let removal = match look(carrier, wanted, &id).await {
            Look::Ours => delete(carrier, wanted, &id).await,
            Look::Nobody | Look::SomebodyElse => Removal::Gone,
            Look::Unknown(why) => Removal::Left(why),
        };
        if removal != Removal::Gone {
            worst = removal;
        }
    }
    worst
}

enum Look {
    Ours,
    Nobody,
    SomebodyElse,
    Unknown(String),
}

async fn look(carrier: &mut impl Carrier, wanted: &Wanted, id: &str) -> Look {
    let answered = carrier
        .carry("GET", &path(wanted, id), None, &wanted.credential)
        .await;
    match answered.status {
        Some(200) if answered.shows(&wanted.tokens) => Look::Ours,
        Some(200) => Look::SomebodyElse,
        Some(404 | 410) => Look::Nobody,
        Some(status) => Look::Unknown(format!("reading it answered {status}")),
        None => Look::Unknown("reading it brought no answer".to_owned()),
    }
}

/// Deletes a resource that is known to be ours.
async fn delete(carrier: &mut impl Carrier, wanted: &Wanted, id: &str) -> Removal {
    let mut why = String::new();
    for attempt in 1..=TRIES {
        let answered = carrier
            .carry("DELETE", &path(wanted, id), None, &wanted.credential)
            .await;
        match answered.status {
            Some(200..300 | 404 | 410) => return Removal::Gone,
            Some(status) if status < 500 || status == 501 => {
                why = format!("DELETE answered {status}");
                break;
            }
            Some(status) => why = format!("DELETE answered {status}"),
            None => why = "DELETE brought no answer".to_owned(),
        }
        if attempt < TRIES {
            tokio::time::sleep(PAUSE * attempt).await;
        }
        // It may have arrived all the same, and the id may be somebody else's by now.
        match look(carrier, wanted, id).await {
            Look::Ours => {}
            Look::Nobody | Look::SomebodyElse => return Removal::Gone,
            Look::Unknown(_) if attempt == TRIES => return Removal::Left(why),
            Look::Unknown(_) => {}
        }
    }
    deactivate(carrier, wanted, id, why).await
}

/// Where DELETE is refused, a person at least loses access.
async fn deactivate(carrier: &mut impl Carrier, wanted: &Wanted, id: &str, why: String) -> Removal {
    if !wanted.endpoint.eq_ignore_ascii_case("/Users") {
        return Removal::Left(why);
    }
    let target = path(wanted, id);
    let patch = json!({
        "schemas": [PATCH_OP],
        "Operations": [{ "op": "replace", "path": "active", "value": false }]
    });
    let patched = carrier
        .carry("PATCH", &target, Some(patch), &wanted.credential)
        .await;
    let mut now = carrier
        .carry("GET", &target, None, &wanted.credential)
        .await;
    if !is_inactive(&now)
        && !patched.is_success()
        && now.shows(&wanted.tokens)
        && let Some(Value::Object(mut whole)) = now.json.as_deref().cloned()
    {
        whole.insert("active".to_owned(), Value::Bool(false));
        carrier
            .carry(
                "PUT",
                &target,
                Some(Value::Object(whole)),
                &wanted.credential,
            )
            .await;
        now = carrier
            .carry("GET", &target, None, &wanted.credential)
            .await;
    }
    match now.status {
        Some(404 | 410) => Removal::Gone,
        _ if is_inactive(&now) => Removal::Left(format!("{why}; deactivated")),
        _ => Removal::Left(format!("{why}; still active")),
    }
}

fn is_inactive(answered: &Answered) -> bool {
    answered
        .json
        .as_ref()
        .and_then(|json| named(json, "active"))
        .is_some_and(|active| {
            active == &Value::Bool(false)
                || active
                    .as_str()
                    .is_some_and(|text| text.eq_ignore_ascii_case("false"))
        })
}

fn path(wanted: &Wanted, id: &str) -> String {
    format!("{}/{}", wanted.endpoint, encode_path_segment(id))
}

/// Looks at the first resource of each endpoint that DELETE took; where it is still there, at all of them.
///
/// A DELETE that deactivates (RFC 7644 section 3.6 allows it where the resource is 404 afterwards) leaves nobody active; one
/// that does nothing does, and those people must at least be listed.
async fn trust_or_verify(shared: &Shared, carrier: &mut impl Carrier) {
    let deleted: Vec<Entry> = shared
        .ledger
        .all()
        .into_iter()
        .filter(Entry::was_deleted)
        .collect();
    let mut seen: Vec<String> = Vec::new();
    let mut doubted: Vec<String> = Vec::new();
    for entry in &deleted {
        if seen.contains(&entry.endpoint) {
            continue;
        }
        seen.push(entry.endpoint.clone());
        let wanted = Wanted::of(entry);
        if let Some(id) = &wanted.id
            && matches!(look(carrier, &wanted, id).await, Look::Ours)
        {
            doubted.push(entry.endpoint.clone());
        }
    }
    for entry in deleted
        .iter()
        .filter(|entry| doubted.contains(&entry.endpoint))
    {
        let wanted = Wanted::of(entry);
        let Some(id) = &wanted.id else { continue };
        let now = carrier
            .carry("GET", &path(&wanted, id), None, &wanted.credential)
            .await;
        if now.status != Some(200) || !now.shows(&wanted.tokens) {
            continue;
        }
        let why = "still there after DELETE".to_owned();
        if is_inactive(&now) {
            shared.ledger.left(entry.id, &format!("{why}; deactivated"));
        } else {
            match deactivate(carrier, &wanted, id, why).await {
                Removal::Left(note) => shared.ledger.left(entry.id, &note),
                Removal::Gone | Removal::NotOurs => {}
            }
        }
    }
}

/// What `scimproof cleanup` did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CleanedUp {
    /// Runs whose journal was found.
    pub runs: usize,
    /// Resources that were removed, or were gone already.
    pub removed: Vec<String>,
    /// Resources that are still there, with the reason.
    pub left: Vec<String>,
}

/// Finishes what interrupted runs against this target left, from their journals.
///
/// # Errors
/// Where a journal can't be read or written.
pub async fn cleanup(
    client: &Client,
    state_dir: &Path,
    deadline: Option<Instant>,
) -> Result<CleanedUp, JournalError> {
    let mut done = CleanedUp::default();
    let mut carrier = Alone { client, deadline };
    for mut journal in unfinished(state_dir, client.base_url().as_str())? {
        done.runs += 1;
        let mut left = false;
        for one in journal.left.clone().into_iter().rev() {
            let wanted = Wanted {
                endpoint: one.endpoint.clone(),
                id: one.id.clone(),
                tokens: one.tokens.clone(),
                find: one.find.clone(),
                credential: Credential::Target,
                foreign: false,
            };
            let name = match (&one.id, &one.find) {
                (Some(id), _) => format!("{}/{id}", one.endpoint),
                (None, Some(find)) => format!("{}?{}={}", one.endpoint, find.attribute, find.value),
                (None, None) => one.endpoint.clone(),
            };
            // The DELETE may be the last thing that an earlier run did: nothing is confirmed until it is seen.
            match remove(&mut carrier, &wanted, false).await {
                Removal::Gone | Removal::NotOurs => {
                    journal.done(one.entry)?;
                    done.removed.push(name);
                }
                Removal::Left(note) => {
                    left = true;
                    done.left.push(format!("{name} ({note})"));
                }
            }
        }
        if !left {
            journal.remove()?;
        }
    }
    Ok(done)
}
