//! Removing one resource: looked at first, deleted, looked at again, and deactivated where DELETE does not remove it.

use std::time::Duration;

use serde_json::{Value, json};

use super::carrier::{Answered, Carrier};
use super::search::{self, Mark};
use crate::runner::address::unsafe_id;
use crate::runner::journal::{FindBy, LeftBehind};
use crate::runner::ledger::{Entry, Standing};
use crate::scim::encode_path_segment;
use crate::suite::model::Credential;

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// How often a request is tried where the target stumbles (no answer, 5xx).
const TRIES: u32 = 3;
/// The pause before a further try, times the number of tries so far.
const PAUSE: Duration = Duration::from_millis(200);

/// How much is asked before something counts as removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// At the end of a case: an answer is believed, and what is doubtful waits for the end of the run.
    Quick,
    /// A GET must show that it is gone.
    Sure,
}

/// What became of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Removal {
    /// It was there and is gone.
    Gone,
    /// There was nothing of the run's to remove.
    Nothing,
    /// Somebody else's is there: nothing was written on it.
    NotOurs,
    /// It could not be found out, for now.
    Unsure(String),
    /// It is still there.
    Left {
        /// In words: `DELETE answered 405; deactivated`.
        why: String,
        /// A person whose access is closed.
        closed: bool,
        /// Its id, where it is known.
        id: Option<String>,
    },
}

impl Removal {
    fn left(id: &str, why: impl Into<String>) -> Self {
        Self::Left {
            why: why.into(),
            closed: false,
            id: Some(id.to_owned()),
        }
    }
}

/// A resource to remove.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) endpoint: String,
    pub(super) id: Option<String>,
    pub(super) mark: Mark,
    pub(super) find: Option<FindBy>,
    pub(super) credential: Credential,
    /// A GET of the id showed something else already.
    pub(super) foreign: bool,
    /// A GET of the id showed that it is the run's.
    pub(super) confirmed: bool,
}

impl Wanted {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            endpoint: entry.endpoint.clone(),
            id: entry.resource.clone(),
            mark: Mark::Tokens(entry.tokens.clone()),
            find: entry.find.clone(),
            credential: entry.credential.clone(),
            foreign: entry.standing == Standing::Foreign,
            confirmed: entry.standing == Standing::Confirmed,
        }
    }

    /// The DELETE may be the last thing that the dead run did: nothing is confirmed until it is seen.
    pub(super) fn behind(left: &LeftBehind) -> Self {
        Self {
            endpoint: left.endpoint.clone(),
            id: left.id.clone(),
            mark: Mark::Tokens(left.tokens.clone()),
            find: left.find.clone(),
            credential: if left.other_tenant {
                Credential::OtherTenant
            } else {
                Credential::Target
            },
            foreign: false,
            confirmed: false,
        }
    }

    fn path(&self, id: &str) -> String {
        format!("{}/{}", self.endpoint, encode_path_segment(id))
    }
}

/// Removes one resource: by its id where it shows the run's mark, else by its name.
pub(super) async fn remove(carrier: &mut impl Carrier, wanted: &Wanted, care: Care) -> Removal {
    let id = wanted
        .id
        .as_deref()
        .filter(|id| unsafe_id(id).is_none() && !wanted.foreign);
    if let Some(id) = id {
        if wanted.confirmed {
            return delete(carrier, wanted, id, care).await;
        }
        match look(carrier, wanted, id, care).await {
            Look::Ours(_) => return delete(carrier, wanted, id, care).await,
            Look::Nobody if care == Care::Quick => return Removal::Nothing,
            Look::Unknown(why) => return Removal::Unsure(why),
            // The answer may have named a wrong id: the name says more.
            Look::Nobody | Look::SomebodyElse => {}
        }
    }
    by_name(carrier, wanted, care, id.is_some()).await
}

/// Removes what carries the resource's name, wherever it is.
async fn by_name(
    carrier: &mut impl Carrier,
    wanted: &Wanted,
    care: Care,
    looked_by_id: bool,
) -> Removal {
    let Some(find) = &wanted.find else {
        return match (&wanted.id, looked_by_id) {
            (Some(_), _) => Removal::NotOurs,
            // Nothing in it could be looked for: such a body was meant to be refused.
            (None, _) => Removal::Left {
                why: "sent without a name to find it by; no id came back".to_owned(),
                closed: false,
                id: None,
            },
        };
    };
    let found = match search::by_name(carrier, wanted, find, care).await {
        Ok(found) => found,
        Err(why) => return Removal::Unsure(why),
    };
    if found.is_empty() {
        return if wanted.id.is_some() {
            Removal::NotOurs
        } else {
            Removal::Nothing
        };
    }
    let mut worst = Removal::Nothing;
    for id in found {
        // The list only says where to look; the resource itself must show the mark before anything is written on it.
        let removal = match look(carrier, wanted, &id, care).await {
            Look::Ours(_) => delete(carrier, wanted, &id, care).await,
            Look::Nobody | Look::SomebodyElse => continue,
            Look::Unknown(why) => Removal::Unsure(format!("reading {id}: {why}")),
        };
        if !matches!(worst, Removal::Left { .. } | Removal::Unsure(_)) {
            worst = removal;
        }
    }
    worst
}

/// What a GET of an id shows.
#[derive(Debug)]
pub(super) enum Look {
    Ours(Answered),
    Nobody,
    SomebodyElse,
    Unknown(String),
}

/// Reads a resource, again where the target stumbles and care is taken.
pub(super) async fn look(
    carrier: &mut impl Carrier,
    wanted: &Wanted,
    id: &str,
    care: Care,
) -> Look {
    let answered = insist(carrier, "GET", &wanted.path(id), None, wanted, care).await;
    match answered.status {
        Some(200)
            if answered
                .json
                .as_ref()
                .is_some_and(|json| wanted.mark.is_in(json)) =>
        {
            Look::Ours(answered)
        }
        Some(200) => Look::SomebodyElse,
        Some(404 | 410) => Look::Nobody,
        Some(status) => Look::Unknown(format!("reading it answered {status}")),
        None => Look::Unknown("reading it brought no answer".to_owned()),
    }
}

/// Sends something that may be sent twice.
async fn insist(
    carrier: &mut impl Carrier,
    method: &str,
    target: &str,
    body: Option<&Value>,
    wanted: &Wanted,
    care: Care,
) -> Answered {
    let mut attempt = 1;
    loop {
        let answered = carrier
            .carry(method, target, body.cloned(), &wanted.credential)
            .await;
        if care == Care::Quick || !answered.stumbled() || attempt == TRIES {
            return answered;
        }
        tokio::time::sleep(PAUSE * attempt).await;
        attempt += 1;
    }
}

/// Deletes a resource that is known to be ours.
async fn delete(carrier: &mut impl Carrier, wanted: &Wanted, id: &str, care: Care) -> Removal {
    let mut why = String::new();
    let mut again = false;
    for attempt in 1..=TRIES {
        let answered = carrier
            .carry("DELETE", &wanted.path(id), None, &wanted.credential)
            .await;
        let believed = match answered.status {
            Some(200..300 | 404 | 410) if care == Care::Quick => return Removal::Gone,
            Some(200..300 | 404 | 410) => true,
            Some(status) if !answered.stumbled() => {
                why = format!("DELETE answered {status}");
                break;
            }
            Some(status) => {
                why = format!("DELETE answered {status}");
                false
            }
            None => {
                why = "DELETE brought no answer".to_owned();
                false
            }
        };
        if !believed && attempt < TRIES {
            tokio::time::sleep(PAUSE * attempt).await;
        }
        // It may have arrived all the same, and the id may be somebody else's by now.
        match look(carrier, wanted, id, care).await {
            Look::Nobody | Look::SomebodyElse => return Removal::Gone,
            Look::Ours(now) if believed => {
                why = "still there after DELETE".to_owned();
                if now.active() == Some(false) || again {
                    break;
                }
                // A read may lag behind the write, and a DELETE may have been lost inside of the target.
                again = true;
                tokio::time::sleep(PAUSE).await;
            }
            Look::Ours(_) => {}
            Look::Unknown(reading) if believed => {
                return Removal::Unsure(format!("DELETE was accepted, but {reading}"));
            }
            Look::Unknown(_) if attempt == TRIES => return Removal::left(id, why),
            Look::Unknown(_) => {}
        }
    }
    deactivate(carrier, wanted, id, care, why).await
}

/// Where DELETE does not remove, a person at least loses access.
pub(super) async fn deactivate(
    carrier: &mut impl Carrier,
    wanted: &Wanted,
    id: &str,
    care: Care,
    why: String,
) -> Removal {
    if !wanted.endpoint.eq_ignore_ascii_case("/Users") {
        return Removal::left(id, why);
    }
    let closed = |why: &str| Removal::Left {
        why: format!("{why}; deactivated"),
        closed: true,
        id: Some(id.to_owned()),
    };
    let mut now = match look(carrier, wanted, id, care).await {
        Look::Ours(now) => now,
        Look::Nobody | Look::SomebodyElse => return Removal::Gone,
        Look::Unknown(reading) => return Removal::left(id, format!("{why}; {reading}")),
    };
    for way in [Way::Patch, Way::Put] {
        if now.active() == Some(false) {
            return closed(&why);
        }
        let (method, body) = match way {
            Way::Patch => ("PATCH", switched_off()),
            Way::Put => ("PUT", replaced_by(&now)),
        };
        let wrote = insist(
            carrier,
            method,
            &wanted.path(id),
            Some(&body),
            wanted,
            Care::Sure,
        )
        .await;
        now = match look(carrier, wanted, id, Care::Sure).await {
            Look::Ours(now) => now,
            Look::Nobody | Look::SomebodyElse => return Removal::Gone,
            Look::Unknown(reading) => return Removal::left(id, format!("{why}; {reading}")),
        };
        if wrote.is_success() && now.active().is_none() {
            return Removal::Left {
                why: format!("{why}; deactivation was accepted, and active is not shown any more"),
                closed: true,
                id: Some(id.to_owned()),
            };
        }
    }
    if now.active() == Some(false) {
        return closed(&why);
    }
    Removal::left(id, format!("{why}; still active"))
}

/// How a person is deactivated.
#[derive(Clone, Copy)]
enum Way {
    Patch,
    Put,
}

fn switched_off() -> Value {
    json!({
        "schemas": [PATCH_OP],
        "Operations": [{ "op": "replace", "path": "active", "value": false }]
    })
}

/// The person as the target shows it, without what is the target's to say (RFC 7643 section 3.1, `readOnly`).
fn replaced_by(now: &Answered) -> Value {
    let mut whole = match now.json.as_deref() {
        Some(Value::Object(members)) => members.clone(),
        _ => serde_json::Map::new(),
    };
    whole.retain(|name, _| {
        !["id", "meta", "groups", "active"]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own))
    });
    whole.insert("active".to_owned(), Value::Bool(false));
    Value::Object(whole)
}
