//! The ledger: every resource that the run made or tried to make. It is the licence to write.
//!
//! An entry begins before the POST (so that a lost answer is not a lost resource) and is confirmed when a GET of the id
//! showed a token that was sent. Only confirmed entries are ever written on. Shared by all cases of a run.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::suite::model::Credential;

use super::journal::{FindBy, Journal, JournalError};

/// An entry's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EntryId(u64);

/// How far an entry is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The POST went out, or is about to; no answer with an id came.
    Sent,
    /// An answer named an id; nobody has looked yet.
    Made,
    /// A GET of the id showed a token that was sent.
    Confirmed,
    /// It was confirmed, and a step's DELETE succeeded since: whose the id is now, a GET must say.
    Doubted,
    /// A GET of the id showed something else: somebody else's, never touched.
    Foreign,
    /// Removed, or never made.
    Gone,
    /// Could not be removed.
    Left,
}

/// One resource of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its number.
    pub(super) id: EntryId,
    /// The case that made it, by its place in the plan.
    pub(super) case: usize,
    /// `/Users`, as the POST wrote it.
    pub(super) endpoint: String,
    /// The target's id.
    pub(super) resource: Option<String>,
    /// The tokens that were sent in it.
    pub(super) tokens: Vec<String>,
    /// How it is found where the id is not known.
    pub(super) find: Option<FindBy>,
    /// The credential under which it was made.
    pub(super) credential: Credential,
    /// How far it is known.
    pub(super) standing: Standing,
    /// For `Left`: what became of it, such as `deactivated`.
    pub(super) note: String,
}

/// The note of an entry that a DELETE took.
const DELETED: &str = "deleted";

impl Entry {
    /// A DELETE took it, as far as its answer says.
    #[must_use]
    pub(super) fn was_deleted(&self) -> bool {
        self.standing == Standing::Gone && self.note == DELETED
    }

    /// Whether a body shows a token that was sent in this entry.
    #[must_use]
    pub(super) fn is_shown_in(&self, body: &str) -> bool {
        let lower = body.to_ascii_lowercase();
        self.tokens
            .iter()
            .any(|token| lower.contains(token.as_str()))
    }
}

/// All entries of a run.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Mutex<Vec<Entry>>,
    journal: Option<Journal>,
}

impl Ledger {
    /// An empty ledger; with a journal, each entry is written there first.
    #[must_use]
    pub(super) fn new(journal: Option<Journal>) -> Self {
        Self {
            entries: Mutex::default(),
            journal,
        }
    }

    /// A resource is about to be made.
    ///
    /// # Errors
    /// Where the journal cannot be written: then the POST must not be sent.
    pub(super) fn announce(
        &self,
        case: usize,
        endpoint: &str,
        tokens: Vec<String>,
        find: Option<FindBy>,
        credential: Credential,
    ) -> Result<EntryId, JournalError> {
        let mut entries = self.lock();
        let id = EntryId(entries.len() as u64);
        if let Some(journal) = &self.journal {
            journal.sent(
                id.0,
                endpoint,
                &tokens,
                find.as_ref(),
                credential == Credential::OtherTenant,
            )?;
        }
        entries.push(Entry {
            id,
            case,
            endpoint: endpoint.to_owned(),
            resource: None,
            tokens,
            find,
            credential,
            standing: Standing::Sent,
            note: String::new(),
        });
        Ok(id)
    }

    /// The answer named this id.
    pub(super) fn made(&self, id: EntryId, resource: &str) {
        if let Some(journal) = &self.journal {
            // The token is in the journal already: without this line the resource is found by it.
            let _ = journal.made(id.0, resource);
        }
        self.change(id, |entry| {
            entry.resource = Some(resource.to_owned());
            entry.standing = Standing::Made;
        });
    }

    /// A GET showed whether it is ours.
    pub(super) fn looked_at(&self, id: EntryId, ours: bool) {
        self.change(id, |entry| {
            entry.standing = if ours {
                Standing::Confirmed
            } else {
                Standing::Foreign
            };
        });
    }

    /// It was never made, or is gone.
    pub(super) fn gone(&self, id: EntryId) {
        if let Some(journal) = &self.journal {
            // A line that is missing only makes `cleanup` ask once more.
            let _ = journal.done(id.0);
        }
        self.change(id, |entry| entry.standing = Standing::Gone);
    }

    /// Whether it is there, and whose the id is, is not known any more: a step's DELETE of it succeeded and nobody has
    /// looked yet, or a write on the id of what was gone may bring it back.
    pub(super) fn doubted(&self, id: EntryId) {
        let was = self.get(id);
        if let (Some(journal), Some(resource)) =
            (&self.journal, was.and_then(|entry| entry.resource))
        {
            // A line that is missing leaves it to the search for the run's tag.
            let _ = journal.made(id.0, &resource);
        }
        self.change(id, |entry| entry.standing = Standing::Doubted);
    }

    /// It was there, and a DELETE took it, as far as its answer says.
    pub(super) fn deleted(&self, id: EntryId) {
        if let Some(journal) = &self.journal {
            // A line that is missing only makes `cleanup` try once more.
            let _ = journal.deleted(id.0);
        }
        self.change(id, |entry| {
            entry.standing = Standing::Gone;
            entry.note = DELETED.to_owned();
        });
    }

    /// What is worth saying of it.
    pub(super) fn note(&self, id: EntryId, note: &str) {
        self.change(id, |entry| entry.note = note.to_owned());
    }

    /// It could not be removed.
    pub(super) fn left(&self, id: EntryId, note: &str) {
        self.change(id, |entry| {
            entry.standing = Standing::Left;
            entry.note = note.to_owned();
        });
    }

    /// The entry as it stands.
    #[must_use]
    pub(super) fn get(&self, id: EntryId) -> Option<Entry> {
        self.lock().iter().find(|entry| entry.id == id).cloned()
    }

    /// The entry of this endpoint and id. A later one is nearer: servers may use an id again.
    #[must_use]
    pub(super) fn find(&self, endpoint: &str, resource: &str) -> Option<Entry> {
        self.lock()
            .iter()
            .rev()
            .find(|entry| entry.endpoint == endpoint && entry.resource.as_deref() == Some(resource))
            .cloned()
    }

    /// Whether this id is the run's now, as a GET confirmed. One that was deleted may be somebody else's by now.
    #[must_use]
    pub(super) fn holds(&self, resource: &str) -> bool {
        self.lock().iter().any(|entry| {
            matches!(entry.standing, Standing::Confirmed | Standing::Left)
                && entry.resource.as_deref() == Some(resource)
        })
    }

    /// Whether an answer to the run named this id as that of something it made, and no GET showed otherwise. Enough to
    /// count by; no licence, neither to write nor to repeat what stands there.
    #[must_use]
    pub(super) fn is_own(&self, resource: &str) -> bool {
        self.lock().iter().any(|entry| {
            entry.standing != Standing::Foreign && entry.resource.as_deref() == Some(resource)
        })
    }

    /// What a case made and what is not gone, in order of making.
    #[must_use]
    pub(super) fn of_case(&self, case: usize) -> Vec<Entry> {
        self.lock()
            .iter()
            .filter(|entry| entry.case == case && entry.standing != Standing::Gone)
            .cloned()
            .collect()
    }

    /// All entries, by case and in order of making within it.
    #[must_use]
    pub(super) fn all(&self) -> Vec<Entry> {
        let mut all = self.lock().clone();
        all.sort_by_key(|entry| (entry.case, entry.id));
        all
    }

    /// The journal, where one is kept.
    #[must_use]
    pub(super) fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    fn change(&self, id: EntryId, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.lock().iter_mut().find(|entry| entry.id == id) {
            change(entry);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        // A case that panicked must not take the others' clean-up with it.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announce(ledger: &Ledger, case: usize, token: &str) -> EntryId {
        ledger
            .announce(
                case,
                "/Users",
                vec![token.to_owned()],
                None,
                Credential::Target,
            )
            .expect("no journal to fail")
    }

    #[test]
    fn only_what_a_get_confirmed_is_own() {
        let ledger = Ledger::new(None);
        let (ours, foreign, lost) = (
            announce(&ledger, 0, "t-1"),
            announce(&ledger, 0, "t-2"),
            announce(&ledger, 1, "t-3"),
        );
        ledger.made(ours, "1");
        ledger.made(foreign, "2");
        assert!(ledger.is_own("1"), "an answer named it");
        assert!(!ledger.holds("1"), "and nobody has seen it yet");
        ledger.looked_at(ours, true);
        ledger.looked_at(foreign, false);
        assert!(ledger.is_own("1") && ledger.holds("1"));
        assert!(!ledger.is_own("2") && !ledger.holds("2"));
        assert_eq!(
            ledger.find("/Users", "2").map(|e| e.standing),
            Some(Standing::Foreign)
        );
        assert_eq!(ledger.find("/Groups", "1"), None, "ids are per endpoint");
        for leaves in [Ledger::doubted, Ledger::deleted] {
            leaves(&ledger, ours);
            assert!(ledger.is_own("1"), "stale lists still show it");
            assert!(!ledger.holds("1"), "it may be somebody else's by now");
        }
        assert_eq!(ledger.of_case(0).len(), 1);
        assert_eq!(ledger.of_case(1)[0].id, lost);
    }

    #[test]
    fn a_token_is_seen_in_whatever_case() {
        let ledger = Ledger::new(None);
        let id = announce(&ledger, 0, "spk3f9x2-000-001");
        let entry = ledger.get(id).expect("there");
        assert!(entry.is_shown_in(r#"{"userName":"SPK3F9X2-000-001@x"}"#));
        assert!(!entry.is_shown_in(r#"{"userName":"spk3f9x2-000-002"}"#));
    }
}
