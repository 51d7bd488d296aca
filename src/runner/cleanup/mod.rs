//! Everything that was made is removed; what can't be removed is deactivated and listed by its id.
//!
//! Only resources that show a mark of the run are touched. Used at the end of a case, at the end of a run, and by
//! `scimproof cleanup` for what a journal says. No answer to a DELETE is the last word: a GET is, and what lists still
//! show with the run's tag is looked at too.

mod carrier;
mod journalled;
mod removal;
mod search;

use std::collections::BTreeMap;

pub use self::journalled::{CleanedUp, cleanup};

use self::carrier::{Alone, Carrier, InCase, Told};
use self::removal::{Care, Look, Removal, Wanted, deactivate, look, remove};
use self::search::Mark;
use super::address::unsafe_id;
use super::context::Shared;
use super::ledger::{Entry, Standing};
use super::record::Wire;
use crate::suite::model::Credential;

/// So many elements of a list that a GET does not find, and the list is believed to show what is gone: its own finding.
const MOST_IN_VAIN: u32 = 20;

/// Removes what a case made, the latest first, so that groups go before their members.
pub(super) async fn case(shared: &Shared, wire: &mut Wire, number: usize) {
    let deadline = shared.cleanup_deadline();
    let mut carrier = InCase { wire, deadline };
    for entry in shared.ledger.of_case(number).into_iter().rev() {
        if entry.standing != Standing::Left {
            settle_entry(shared, &mut carrier, entry, Care::Quick).await;
        }
    }
}

/// Removes what cases that broke off left, and looks whether DELETE meant it. Returns what could not be removed.
pub(super) async fn run(shared: &Shared) -> Vec<String> {
    let client = shared.context.client.clone();
    let told = Told::default();
    let mut carrier = Alone {
        client: &client,
        deadline: shared.cleanup_deadline(),
        told: &told,
    };
    for entry in shared.ledger.all().into_iter().rev() {
        if matches!(
            entry.standing,
            Standing::Sent | Standing::Made | Standing::Confirmed | Standing::Doubted
        ) {
            settle_entry(shared, &mut carrier, entry, Care::Sure).await;
        }
    }
    trust_or_verify(shared, &mut carrier).await;
    let unknown = sweep(shared, &mut carrier).await;
    let mut left: Vec<String> = shared
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
        .collect();
    left.extend(unknown);
    left
}

async fn settle_entry(shared: &Shared, carrier: &mut impl Carrier, entry: Entry, care: Care) {
    let ledger = &shared.ledger;
    match remove(carrier, &Wanted::of(&entry), care).await {
        Removal::Gone if entry.resource.is_some() && care == Care::Quick => {
            ledger.deleted(entry.id);
        }
        Removal::Gone | Removal::Nothing => ledger.gone(entry.id),
        Removal::NotOurs => {
            ledger.looked_at(entry.id, false);
            ledger.note(
                entry.id,
                "GET shows nothing there that this run sent, so it was left alone",
            );
        }
        // At the end of the run it is asked once more.
        Removal::Unsure(_) if care == Care::Quick => {}
        Removal::Unsure(why) => ledger.left(entry.id, &why),
        Removal::Left { why, id, .. } => {
            if let Some(id) = id.filter(|id| entry.resource.as_ref() != Some(id)) {
                ledger.made(entry.id, &id);
            }
            ledger.left(entry.id, &why);
        }
    }
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
            && matches!(look(carrier, &wanted, id, Care::Sure).await, Look::Ours(_))
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
        let why = "still there after DELETE".to_owned();
        if let Removal::Left { why, .. } = deactivate(carrier, &wanted, id, Care::Sure, why).await {
            shared.ledger.left(entry.id, &why);
        }
    }
}

/// Looks for the run's tag in what the lists of the target still show: what was stored though it was refused, what came
/// after its search, what one DELETE of many did not take. Returns what could not be removed and is not in the ledger.
async fn sweep(shared: &Shared, carrier: &mut impl Carrier) -> Vec<String> {
    let tag = &shared.context.tag;
    let mut left = Vec::new();
    for (endpoint, attribute) in endpoints(&shared.ledger.all()) {
        let Ok(found) = search::by_tag(carrier, &endpoint, &attribute, tag).await else {
            continue;
        };
        let mut vain = 0;
        for id in found {
            if vain == MOST_IN_VAIN {
                break;
            }
            let entry = shared.ledger.find(&endpoint, &id);
            if entry
                .as_ref()
                .is_some_and(|entry| matches!(entry.standing, Standing::Left | Standing::Foreign))
            {
                continue;
            }
            let wanted = Wanted {
                endpoint: endpoint.clone(),
                id: Some(id.clone()),
                mark: Mark::Run(tag.clone()),
                find: None,
                credential: Credential::Target,
                foreign: false,
                confirmed: false,
            };
            let why = match remove(carrier, &wanted, Care::Sure).await {
                Removal::Left { why, .. } | Removal::Unsure(why) => why,
                Removal::Gone => continue,
                Removal::Nothing | Removal::NotOurs => {
                    vain += 1;
                    continue;
                }
            };
            match entry {
                Some(entry) => shared.ledger.left(entry.id, &why),
                None => left.push(format!("{endpoint}/{id} ({why})")),
            }
        }
    }
    left
}

/// The endpoints at which something was made, or may have been, each with the attribute that names what is there.
fn endpoints(entries: &[Entry]) -> BTreeMap<String, String> {
    entries
        .iter()
        .filter(|entry| entry.credential == Credential::Target)
        .filter(|entry| {
            entry
                .resource
                .as_deref()
                .is_some_and(|id| unsafe_id(id).is_none())
        })
        .filter_map(|entry| {
            Some((
                entry.endpoint.clone(),
                entry.find.as_ref()?.attribute.clone(),
            ))
        })
        .collect()
}
