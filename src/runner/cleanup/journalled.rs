//! `scimproof cleanup`: finishes what dead runs left, from their journals alone.
//!
//! A journal says what was about to be made, what was, and which DELETE was answered; none of it is believed. Each
//! resource is read before and after, by its id or by its name, and at the end the lists are searched for the run's tag,
//! since a request that was on its way when the run died may be carried out afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::carrier::{Alone, Told};
use super::removal::{Care, Look, Removal, Wanted, look, remove};
use super::search::{self, Mark};
use crate::client::Client;
use crate::runner::journal::{JournalError, LeftBehind, Unfinished, unfinished};
use crate::runner::names::RunTag;
use crate::suite::model::Credential;

/// Reads side by side of what a DELETE took: there may be thousands.
const SIDE_BY_SIDE: usize = 8;

/// A request that was on its way when the run died has been carried out so long after it, or never will be.
const ON_ITS_WAY: Duration = Duration::from_secs(3);

/// Before something that could not be removed is tried once more.
const SECOND_TRY: Duration = Duration::from_secs(1);

/// What `scimproof cleanup` did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CleanedUp {
    /// Runs whose journal was found.
    pub runs: usize,
    /// Resources that were there and are removed.
    pub removed: Vec<String>,
    /// Resources that are still there, or may be, with the reason.
    pub left: Vec<String>,
    /// Why nothing could be found out: no answer at all, or the credential is refused throughout.
    pub unreachable: Option<String>,
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
    let told = Told::default();
    let mut done = CleanedUp::default();
    for journal in unfinished(state_dir, client.base_url().as_str())? {
        done.runs += 1;
        let carrier = Alone {
            client,
            deadline,
            told: &told,
        };
        let mut finishing = Finishing {
            carrier,
            journal,
            removed: Vec::new(),
            left: BTreeMap::new(),
            strays: BTreeMap::new(),
            given_up: Vec::new(),
        };
        finishing.all().await?;
        finishing.into_report(&mut done)?;
    }
    done.unreachable = told.unreachable().map(str::to_owned);
    Ok(done)
}

/// One dead run, being finished.
struct Finishing<'a> {
    carrier: Alone<'a>,
    journal: Unfinished,
    removed: Vec<String>,
    /// By entry: what is still there, why, and whether it is a person without access.
    left: BTreeMap<u64, (LeftBehind, String, bool)>,
    /// By address: what carries the run's tag, is in no entry, and could not be removed.
    strays: BTreeMap<String, String>,
    /// What is somebody else's by now, or can't be told from it: named once, since nothing more can be done.
    given_up: Vec<String>,
}

impl Finishing<'_> {
    async fn all(&mut self) -> Result<(), JournalError> {
        let open = self.after_delete().await?;
        let mut never_seen = Vec::new();
        for one in open.into_iter().rev() {
            if let Some(one) = self.one(one).await? {
                never_seen.push(one);
            }
        }
        self.sweep().await;
        if !never_seen.is_empty() {
            if let Some(rest) = ON_ITS_WAY.checked_sub(self.journal.age) {
                tokio::time::sleep(rest).await;
                for one in &never_seen {
                    self.one(one.clone()).await?;
                }
                self.sweep().await;
            }
            for one in never_seen {
                if !self.left.contains_key(&one.entry) {
                    self.journal.done(one.entry)?;
                }
            }
        }
        self.second_try().await
    }

    /// Reads what a DELETE took, as far as its answer said. Returns what is open, in order of making.
    async fn after_delete(&mut self) -> Result<Vec<LeftBehind>, JournalError> {
        let (deleted, mut open): (Vec<_>, Vec<_>) = self
            .journal
            .left
            .clone()
            .into_iter()
            .partition(|one| one.deleted && one.id.is_some());
        for some in deleted.chunks(SIDE_BY_SIDE) {
            let looks = join_all(some.iter().map(|one| {
                let mut carrier = self.carrier.clone();
                async move {
                    let id = one.id.as_deref().unwrap_or_default();
                    look(&mut carrier, &Wanted::behind(one), id, Care::Sure).await
                }
            }))
            .await;
            for (one, look) in some.iter().zip(looks) {
                match look {
                    Look::Ours(_) | Look::Unknown(_) => open.push(one.clone()),
                    Look::Nobody | Look::SomebodyElse => self.journal.done(one.entry)?,
                }
            }
        }
        open.sort_by_key(|one| one.entry);
        Ok(open)
    }

    /// Removes one entry's resource. Returns the entry where nothing of it was seen anywhere and no id is known: its
    /// request may still be on its way.
    async fn one(&mut self, mut one: LeftBehind) -> Result<Option<LeftBehind>, JournalError> {
        let removal = remove(&mut self.carrier, &Wanted::behind(&one), Care::Sure).await;
        match removal {
            Removal::Nothing if one.id.is_none() => return Ok(Some(one)),
            Removal::Gone => {
                self.removed.push(name_of(&one));
                self.finished(one.entry)?;
            }
            Removal::Nothing => self.finished(one.entry)?,
            Removal::NotOurs => {
                if one.tokens.is_empty() {
                    self.given_up.push(format!(
                        "{} (GET shows nothing there that proves whose it is, so it was left alone)",
                        name_of(&one)
                    ));
                }
                self.finished(one.entry)?;
            }
            Removal::Unsure(why) => {
                self.left.insert(one.entry, (one, why, false));
            }
            Removal::Left { why, closed, id } => {
                // Found by its name: from here on it is known, and listed, by its id.
                if let Some(id) = id.filter(|id| one.id.as_ref() != Some(id)) {
                    self.journal.made(one.entry, &id)?;
                    one.id = Some(id);
                }
                self.left.insert(one.entry, (one, why, closed));
            }
        }
        Ok(None)
    }

    fn finished(&mut self, entry: u64) -> Result<(), JournalError> {
        self.left.remove(&entry);
        self.journal.done(entry)
    }

    /// Looks for the run's tag in what lists show.
    async fn sweep(&mut self) {
        let Some(tag) = self.journal.run.clone() else {
            return;
        };
        for (endpoint, attribute) in &self.journal.endpoints.clone() {
            let found = search::by_tag(&mut self.carrier, endpoint, attribute, &tag).await;
            for id in found.unwrap_or_default() {
                self.stray(endpoint, &id, &tag).await;
            }
        }
    }

    /// Something with the run's tag that a list shows.
    async fn stray(&mut self, endpoint: &str, id: &str, tag: &RunTag) {
        let address = format!("{endpoint}/{id}");
        let in_hand = self
            .left
            .values()
            .any(|(one, ..)| one.endpoint == endpoint && one.id.as_deref() == Some(id));
        if in_hand || self.strays.contains_key(&address) {
            return;
        }
        let wanted = Wanted {
            endpoint: endpoint.to_owned(),
            id: Some(id.to_owned()),
            mark: Mark::Run(tag.clone()),
            find: None,
            credential: Credential::Target,
            foreign: false,
            confirmed: false,
        };
        match remove(&mut self.carrier, &wanted, Care::Sure).await {
            Removal::Gone => self.removed.push(address),
            Removal::Nothing | Removal::NotOurs => {}
            Removal::Unsure(why) | Removal::Left { why, .. } => {
                self.strays.insert(address, why);
            }
        }
    }

    /// A slow DELETE may be done by now, and a target that stumbled may stand again.
    async fn second_try(&mut self) -> Result<(), JournalError> {
        let again: Vec<LeftBehind> = self
            .left
            .values()
            .filter(|(_, _, closed)| !closed)
            .map(|(one, ..)| one.clone())
            .collect();
        if again.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(SECOND_TRY).await;
        for one in again.into_iter().rev() {
            if let Some(one) = self.one(one).await? {
                self.finished(one.entry)?;
            }
        }
        Ok(())
    }

    /// Adds to what was done, and puts the journal away where nothing is left of it.
    fn into_report(self, done: &mut CleanedUp) -> Result<(), JournalError> {
        done.removed.extend(self.removed);
        let is_finished = self.left.is_empty() && self.strays.is_empty();
        let named: BTreeSet<String> = self
            .left
            .values()
            .map(|(one, why, _)| format!("{} ({why})", name_of(one)))
            .chain(
                self.strays
                    .iter()
                    .map(|(address, why)| format!("{address} ({why})")),
            )
            .chain(self.given_up)
            .collect();
        done.left.extend(named);
        if is_finished {
            self.journal.remove()?;
        }
        Ok(())
    }
}

/// `/Users/7`, or how it is found where no id is known.
fn name_of(one: &LeftBehind) -> String {
    match (&one.id, &one.find) {
        (Some(id), _) => format!("{}/{id}", one.endpoint),
        (None, Some(find)) => format!("{}?{}={}", one.endpoint, find.attribute, find.value),
        (None, None) => one.endpoint.clone(),
    }
}
