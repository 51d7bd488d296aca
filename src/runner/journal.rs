//! The run's memory on disk: what it is about to make and what it made, so that `scimproof cleanup` can finish after
//! a `kill -9`.
//!
//! One file a run, in a folder keyed by the target's origin and base path; locked while the run lives; a line of JSON
//! for each event, written before the request that it announces. A torn last line is what a kill leaves and is passed
//! over. Names that the run made up stand in it, credentials never do.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::names::{RunTag, fnv64};

/// Why the journal cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("cannot write the journal {}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// How a resource is found again by a value of its own when its id is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindBy {
    /// The attribute to filter by: `userName`, `displayName`, `externalId`.
    pub attribute: String,
    /// The value that was sent. It carries a token of the run.
    pub value: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line {
    /// First line of the file.
    Run { run: String, base: String },
    /// A resource is about to be made.
    Sent {
        entry: u64,
        endpoint: String,
        tokens: Vec<String>,
        find: Option<FindBy>,
        /// Made under the second credential, in the other tenant.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        other_tenant: bool,
    },
    /// It was made, under this id; or a write on an id that was done with may have brought it back.
    Made { entry: u64, id: String },
    /// A DELETE of it was answered with success; nobody has looked.
    Deleted { entry: u64 },
    /// It was refused, or a GET showed that it is gone: nothing to remove.
    Done { entry: u64 },
}

/// A resource that a run may have left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// Number within its journal.
    pub entry: u64,
    /// `/Users`.
    pub endpoint: String,
    /// The tokens that it carries; a resource that shows none of them is somebody else's.
    pub tokens: Vec<String>,
    /// How it is found where the id is not known.
    pub find: Option<FindBy>,
    /// Its id, where the answer to the POST arrived.
    pub id: Option<String>,
    /// A DELETE of it was answered with success; nobody has looked.
    pub deleted: bool,
    /// It was made under the second credential, in the other tenant.
    pub other_tenant: bool,
}

/// The journal of the run that is alive.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

/// The journal of a run that is not alive any more, held locked.
#[derive(Debug)]
pub struct Unfinished {
    /// Where it stands.
    pub path: PathBuf,
    /// The run that wrote it, where its first line survived.
    pub run: Option<RunTag>,
    /// What may still be there, in order of making.
    pub left: Vec<LeftBehind>,
    /// The endpoints at which the run made something with the target's credential, each with the attribute that names
    /// what is there.
    pub endpoints: BTreeMap<String, String>,
    /// How long ago its last line was written; zero where the system does not say.
    pub age: Duration,
    file: File,
}

/// The folder that holds the journals of all targets, from the environment's words (the XDG base directories).
#[must_use]
pub fn state_dir(env: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name: &str| {
        env(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_STATE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local").join("state")))
        .or_else(|| set("LOCALAPPDATA"))
        .map(|base| base.join("scimproof"))
}

/// The folder of a target's journals: its host for people, a hash of origin and base path for exactness.
fn folder(state: &Path, base_url: &str) -> PathBuf {
    let base = base_url.trim_end_matches('/');
    let host: String = base
        .split_once("://")
        .map_or(base, |(_, rest)| rest)
        .split('/')
        .next()
        .unwrap_or_default()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') {
                c
            } else {
                '_'
            }
        })
        .take(60)
        .collect();
    state.join(format!("{host}-{:016x}", fnv64(base.as_bytes())))
}

impl Journal {
    /// Begins the journal of a run against a base URL and locks it until the run ends.
    ///
    /// # Errors
    /// Where the folder or the file cannot be made.
    pub fn begin(state: &Path, base_url: &str, run: &RunTag) -> Result<Self, JournalError> {
        let folder = folder(state, base_url);
        fs::create_dir_all(&folder).map_err(|source| JournalError::Io {
            path: folder.clone(),
            source,
        })?;
        let path = folder.join(format!("{run}.journal"));
        let wrong = |source| JournalError::Io {
            path: path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        options.create_new(true).append(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(&path).map_err(wrong)?;
        file.lock().map_err(wrong)?;
        let journal = Self {
            path: path.clone(),
            file: Mutex::new(file),
        };
        journal.write(&Line::Run {
            run: run.to_string(),
            base: base_url.to_owned(),
        })?;
        Ok(journal)
    }

    /// A resource is about to be made. Call before the POST.
    ///
    /// # Errors
    /// Where it cannot be written: then the POST must not be sent.
    pub fn sent(
        &self,
        entry: u64,
        endpoint: &str,
        tokens: &[String],
        find: Option<&FindBy>,
        other_tenant: bool,
    ) -> Result<(), JournalError> {
        self.write(&Line::Sent {
            entry,
            endpoint: endpoint.to_owned(),
            tokens: tokens.to_vec(),
            find: find.cloned(),
            other_tenant,
        })
    }

    /// It was made, under this id.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn made(&self, entry: u64, id: &str) -> Result<(), JournalError> {
        self.write(&Line::Made {
            entry,
            id: id.to_owned(),
        })
    }

    /// A DELETE of it was answered with success.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn deleted(&self, entry: u64) -> Result<(), JournalError> {
        self.write(&Line::Deleted { entry })
    }

    /// It was refused, or a GET showed that it is gone.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn done(&self, entry: u64) -> Result<(), JournalError> {
        self.write(&Line::Done { entry })
    }

    /// Where it stands.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run ended and left nothing: the file goes.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn remove(&self) -> Result<(), JournalError> {
        remove(&self.path)
    }

    fn write(&self, line: &Line) -> Result<(), JournalError> {
        let wrong = |source| JournalError::Io {
            path: self.path.clone(),
            source,
        };
        let mut text = serde_json::to_vec(line).map_err(|e| wrong(io::Error::other(e)))?;
        text.push(b'\n');
        // One write for the whole line: a kill tears at most the last one.
        self.file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(&text)
            .map_err(wrong)
    }
}

impl Unfinished {
    /// Everything was removed: the file goes.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn remove(self) -> Result<(), JournalError> {
        remove(&self.path)
    }

    /// This resource is gone. Written down at once, so that a cleanup may be interrupted too.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn done(&mut self, entry: u64) -> Result<(), JournalError> {
        self.write(&Line::Done { entry })
    }

    /// It was found under this id.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn made(&mut self, entry: u64, id: &str) -> Result<(), JournalError> {
        self.write(&Line::Made {
            entry,
            id: id.to_owned(),
        })
    }

    fn write(&mut self, line: &Line) -> Result<(), JournalError> {
        let wrong = |source| JournalError::Io {
            path: self.path.clone(),
            source,
        };
        // Begins with a line end, since the last line may be torn.
        let mut text = b"\n".to_vec();
        text.extend(serde_json::to_vec(line).map_err(|e| wrong(io::Error::other(e)))?);
        text.push(b'\n');
        self.file.write_all(&text).map_err(wrong)
    }
}

/// The journals of a target that no living run holds, each locked from here on, oldest name first.
///
/// # Errors
/// Where a file or the folder cannot be read. A folder that is not there is a target without leftovers.
pub fn unfinished(state: &Path, base_url: &str) -> Result<Vec<Unfinished>, JournalError> {
    let folder = folder(state, base_url);
    let wrong = |path: &Path, source| JournalError::Io {
        path: path.to_owned(),
        source,
    };
    let listing = match fs::read_dir(&folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(&folder, error)),
    };
    let mut paths = Vec::new();
    for file in listing {
        let path = file.map_err(|error| wrong(&folder, error))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "journal")
        {
            paths.push(path);
        }
    }
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let mut file = match OpenOptions::new().read(true).append(true).open(&path) {
            Ok(file) => file,
            // A run that just ended took its journal away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(wrong(&path, error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => continue,
            Err(TryLockError::Error(error)) => return Err(wrong(&path, error)),
        }
        let age = file
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|written| written.elapsed().ok())
            .unwrap_or_default();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| wrong(&path, error))?;
        let told = read(&String::from_utf8_lossy(&bytes));
        found.push(Unfinished {
            path,
            run: told.run,
            left: told.left,
            endpoints: told.endpoints,
            age,
            file,
        });
    }
    Ok(found)
}

/// What a journal's text tells.
#[derive(Debug, Default)]
struct Told {
    run: Option<RunTag>,
    left: Vec<LeftBehind>,
    endpoints: BTreeMap<String, String>,
}

/// What a journal's text says is still there. Lines that are torn or unknown are passed over.
fn read(text: &str) -> Told {
    let mut told = Told::default();
    let mut all: BTreeMap<u64, (LeftBehind, bool)> = BTreeMap::new();
    for line in text.lines() {
        match serde_json::from_str::<Line>(line) {
            Ok(Line::Run { run: tag, .. }) => told.run = RunTag::parse(&tag),
            Ok(Line::Sent {
                entry,
                endpoint,
                tokens,
                find,
                other_tenant,
            }) => {
                let left = LeftBehind {
                    entry,
                    endpoint,
                    tokens,
                    find,
                    id: None,
                    deleted: false,
                    other_tenant,
                };
                all.insert(entry, (left, true));
            }
            Ok(Line::Made { entry, id }) => {
                if let Some((known, open)) = all.get_mut(&entry) {
                    if let Some(find) = known.find.as_ref().filter(|_| !known.other_tenant) {
                        told.endpoints
                            .insert(known.endpoint.clone(), find.attribute.clone());
                    }
                    known.id = Some(id);
                    known.deleted = false;
                    *open = true;
                }
            }
            Ok(Line::Deleted { entry }) => {
                if let Some((known, _)) = all.get_mut(&entry) {
                    known.deleted = true;
                }
            }
            Ok(Line::Done { entry }) => {
                if let Some((_, open)) = all.get_mut(&entry) {
                    *open = false;
                }
            }
            Err(_) => {}
        }
    }
    told.left = all
        .into_values()
        .filter(|(_, open)| *open)
        .map(|(left, _)| left)
        .collect();
    told
}

fn remove(path: &Path) -> Result<(), JournalError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(JournalError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "http://127.0.0.1:8080/scim/v2";

    fn tag() -> RunTag {
        RunTag::parse("spk3f9x2").expect("a tag")
    }

    fn begin(state: &Path) -> Journal {
        let journal = Journal::begin(state, BASE, &tag()).expect("begins");
        let tokens = ["spk3f9x2-001-001".to_owned()];
        let find = FindBy {
            attribute: "userName".into(),
            value: "spk3f9x2-001-001@example.com".into(),
        };
        journal
            .sent(1, "/Users", &tokens, Some(&find), false)
            .expect("writes");
        journal
            .sent(2, "/Users", &tokens, None, false)
            .expect("writes");
        journal
            .sent(3, "/Groups", &tokens, None, true)
            .expect("writes");
        journal.made(1, "u-1").expect("writes");
        journal.made(2, "u-2").expect("writes");
        journal.done(2).expect("writes");
        journal
    }

    #[test]
    fn what_was_made_is_found_after_the_run_died() {
        let state = tempfile::tempdir().expect("a folder");
        let journal = begin(state.path());
        assert!(
            unfinished(state.path(), BASE).expect("reads").is_empty(),
            "the run is alive"
        );
        drop(journal);

        let mut all = unfinished(state.path(), &format!("{BASE}/")).expect("reads");
        assert_eq!(all.len(), 1);
        let mut one = all.remove(0);
        assert_eq!(one.run, Some(tag()));
        let ids: Vec<_> = one
            .left
            .iter()
            .map(|left| (left.entry, left.id.as_deref()))
            .collect();
        assert_eq!(ids, [(1, Some("u-1")), (3, None)]);
        assert_eq!(
            one.left
                .iter()
                .map(|left| left.other_tenant)
                .collect::<Vec<_>>(),
            [false, true]
        );
        assert_eq!(
            one.endpoints,
            BTreeMap::from([("/Users".to_owned(), "userName".to_owned())])
        );
        assert_eq!(
            one.left[0]
                .find
                .as_ref()
                .map(|find| find.attribute.as_str()),
            Some("userName")
        );

        one.done(1).expect("writes");
        drop(one);
        let mut all = unfinished(state.path(), BASE).expect("reads");
        assert_eq!(all[0].left.len(), 1);
        all.remove(0).remove().expect("removes");
        assert!(unfinished(state.path(), BASE).expect("reads").is_empty());
    }

    #[test]
    fn what_a_delete_took_or_a_write_brought_back_is_looked_at() {
        let state = tempfile::tempdir().expect("a folder");
        let journal = begin(state.path());
        journal.deleted(1).expect("writes");
        journal.made(2, "u-2").expect("writes");
        journal.done(3).expect("writes");
        drop(journal);
        let one = unfinished(state.path(), BASE).expect("reads").remove(0);
        let left: Vec<_> = one
            .left
            .iter()
            .map(|left| (left.entry, left.deleted))
            .collect();
        assert_eq!(left, [(1, true), (2, false)]);
    }

    #[test]
    fn a_torn_line_loses_nothing_else() {
        let state = tempfile::tempdir().expect("a folder");
        let path = begin(state.path()).path().to_owned();
        let whole = fs::read(&path).expect("reads");
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).expect("writes");
            let complete = String::from_utf8_lossy(&whole[..cut]).matches('\n').count();
            let mut all = unfinished(state.path(), BASE).expect("reads");
            let one = &mut all[0];
            let sent = complete.saturating_sub(1).min(3);
            assert!(
                one.left.len() >= sent.min(2),
                "cut at {cut}: {:?}",
                one.left
            );
            let before = one.left.len();
            one.done(1).expect("writes");
            drop(all);
            let after = unfinished(state.path(), BASE).expect("reads")[0].left.len();
            assert_eq!(after, before.saturating_sub(1), "cut at {cut}");
        }
    }

    #[test]
    fn targets_do_not_share_a_journal() {
        let state = tempfile::tempdir().expect("a folder");
        drop(begin(state.path()));
        assert!(
            unfinished(state.path(), "http://127.0.0.1:8080/scim")
                .expect("reads")
                .is_empty()
        );
        assert!(
            unfinished(state.path(), "http://127.0.0.1:8081/scim/v2")
                .expect("reads")
                .is_empty()
        );
        let journal = Journal::begin(state.path(), BASE, &RunTag::fresh()).expect("a second run");
        assert_eq!(
            unfinished(state.path(), BASE).expect("reads").len(),
            1,
            "only the dead one"
        );
        journal.remove().expect("removes");
    }

    #[test]
    fn the_folder_comes_from_the_environment() {
        let env = |words: &'static [(&str, &str)]| {
            state_dir(|name| {
                words
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, v)| (*v).to_owned())
            })
        };
        assert_eq!(
            env(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]),
            Some("/s/scimproof".into())
        );
        assert_eq!(
            env(&[("XDG_STATE_HOME", ""), ("HOME", "/h")]),
            Some("/h/.local/state/scimproof".into())
        );
        assert_eq!(env(&[]), None);
    }
}
