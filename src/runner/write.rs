//! The way of a write: licence, journal, request, and what the answer says was made.

use std::sync::Arc;

use super::body::find_by;
use super::case::Play;
use super::guard::{self, Need};
use super::ledger::{EntryId, Standing};
use super::payload::Payload;
use super::record::{Heard, Outgoing};
use super::resource::{id_of, usable_id};
use crate::suite::model::Credential;

/// Why a write did not go out.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) why: String,
    /// The failed check behind it.
    pub(super) cause: Option<String>,
}

/// A write that may go out: what it would make is in the journal already.
#[derive(Debug)]
pub(super) struct Licence {
    pub(super) made: Vec<(EntryId, guard::Creation)>,
    /// Places of the case's resources that it is aimed at.
    pub(super) on: Vec<usize>,
}

impl Play {
    /// Sends anything that is not a read, if it may go out. Returns what was announced, in order.
    pub(super) async fn write(&mut self, out: Outgoing) -> Result<(Heard, Vec<EntryId>), Refused> {
        let licence = self.license(&out).await?;
        let deadline = self.shared.context.deadline;
        let body = out.body.clone();
        self.last_write = Some(std::time::Instant::now());
        let heard = self.wire.send(out, deadline).await;
        self.last_write = Some(std::time::Instant::now());
        let made = licence.made.iter().map(|(entry, _)| *entry).collect();
        self.settle_creations(&licence, body.as_ref(), &heard);
        self.touched();
        Ok((heard, made))
    }

    /// Looks whether a write may go out, and writes into the journal what it would make.
    pub(super) async fn license(&mut self, out: &Outgoing) -> Result<Licence, Refused> {
        let target = self.below_base(&out.target);
        let write = guard::look(
            &out.method,
            &target,
            out.body.as_ref(),
            &self.shared.ledger,
            &self.names,
        )
        .map_err(|why| Refused { why, cause: None })?;
        for need in &write.needs {
            match need {
                Need::Nothing => {}
                Need::Confirm(entry) => self.confirm(*entry).await?,
                Need::Nobody {
                    path,
                    entry,
                    made_up,
                } => {
                    self.nobody(path, *entry, *made_up).await?;
                    // An update may bring back what was gone.
                    if let Some(entry) = entry {
                        self.shared.ledger.doubted(*entry);
                    }
                }
            }
        }
        let tag = self.names.tag().clone();
        let mut made = Vec::new();
        for creation in write.creates {
            let credential = match out.credential {
                Credential::OtherTenant => Credential::OtherTenant,
                _ => Credential::Target,
            };
            let entry = self
                .shared
                .ledger
                .announce(
                    self.number,
                    &creation.endpoint,
                    guard::tokens(&creation.body, &tag),
                    find_by(&creation.body, &tag),
                    credential,
                )
                .map_err(|error| Refused {
                    why: error.to_string(),
                    cause: None,
                })?;
            made.push((entry, creation));
        }
        let on = self
            .resources
            .iter()
            .enumerate()
            .filter(|(_, resource)| {
                write.on.iter().any(|(endpoint, id)| {
                    resource.endpoint == *endpoint && resource.id.as_deref() == Some(id)
                })
            })
            .map(|(at, _)| at)
            .collect();
        Ok(Licence { made, on })
    }

    /// What was announced either got an id, or was refused, or stays to be looked for.
    pub(super) fn settle_creations(
        &mut self,
        licence: &Licence,
        sent: Option<&Payload>,
        heard: &Heard,
    ) {
        let ledger = &self.shared.ledger;
        let refused = heard
            .status()
            .is_some_and(|status| (300..500).contains(&status));
        let in_bulk = licence
            .made
            .iter()
            .any(|(_, made)| made.operation.is_some());
        let sent = sent.filter(|_| in_bulk).and_then(Payload::said);
        let bulk = match (sent, &heard.received.json) {
            (Some(sent), Some(answer)) => guard::bulk_results(sent, answer),
            _ => Vec::new(),
        };
        for (entry, creation) in &licence.made {
            if refused {
                ledger.gone(*entry);
                continue;
            }
            if let Some(place) = creation.operation {
                match bulk.iter().find(|(at, _)| *at == place) {
                    Some((_, Some(id))) if super::address::unsafe_id(id).is_none() => {
                        ledger.made(*entry, id)
                    }
                    Some((_, None)) => ledger.gone(*entry),
                    _ => {}
                }
                continue;
            }
            if heard.is_success() {
                let id = usable_id(heard).ok().or_else(|| creation.id.clone());
                if let Some(id) = id {
                    ledger.made(*entry, &id);
                }
            }
        }
    }

    /// A write may touch any resource, whatever it is aimed at: none is known to be as it was.
    pub(super) fn touched(&mut self) {
        for resource in &mut self.resources {
            resource.stale = true;
        }
    }

    async fn confirm(&mut self, entry: EntryId) -> Result<(), Refused> {
        if let Some(at) = self
            .resources
            .iter()
            .position(|resource| resource.entry == Some(entry))
        {
            if let Some(cause) = self.resources[at].broken_by.clone() {
                return Err(not_ours(Some(cause)));
            }
            return match self.baseline(at).await {
                Ok(Some(late)) => {
                    self.checks.add_late(late.0, &late.1);
                    Ok(())
                }
                Ok(None) => Ok(()),
                Err(cause) => Err(not_ours(Some(cause))),
            };
        }
        let Some(known) = self.shared.ledger.get(entry) else {
            return Err(not_ours(None));
        };
        let Some(id) = known.resource.clone() else {
            return Err(not_ours(None));
        };
        let heard = self
            .read(
                "verify",
                &format!(
                    "{}/{}",
                    known.endpoint,
                    crate::scim::encode_path_segment(&id)
                ),
            )
            .await;
        let ours = heard.status() == Some(200) && known.is_shown_in(&heard.text());
        if heard.status() == Some(200) {
            self.shared.ledger.looked_at(entry, ours);
        }
        if ours { Ok(()) } else { Err(not_ours(None)) }
    }

    async fn nobody(
        &mut self,
        path: &str,
        entry: Option<EntryId>,
        made_up: bool,
    ) -> Result<(), Refused> {
        let heard = self.read("verify", path).await;
        let entry = entry.and_then(|entry| self.shared.ledger.get(entry));
        match heard.status() {
            Some(200)
                if entry
                    .as_ref()
                    .is_some_and(|entry| entry.is_shown_in(&heard.text())) =>
            {
                Ok(())
            }
            Some(404 | 410) => Ok(()),
            Some(400 | 422) if made_up => Ok(()),
            status => Err(Refused {
                why: format!(
                    "GET {path} answered {}, so it is not certain that this is nobody's; nothing is written there",
                    status.map_or_else(|| "nothing".to_owned(), |status| status.to_string())
                ),
                cause: None,
            }),
        }
    }

    /// Path and query below the base URL, also of an absolute URL.
    fn below_base(&self, target: &str) -> String {
        let base = self.shared.context.client.base_url().as_str();
        match target.strip_prefix(base) {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => rest.to_owned(),
            _ => target.to_owned(),
        }
    }

    /// Reads a path as this profile reads.
    pub(super) async fn read(&mut self, step: &str, target: &str) -> Heard {
        let out = Outgoing {
            step: step.to_owned(),
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: super::body::headers(&self.planned.profile, false, &[]),
            body: None,
            credential: Credential::Target,
        };
        let deadline = self.shared.context.deadline;
        self.wire.send(out, deadline).await
    }

    /// Takes a GET of a resource for its first known state, where it has none, and for the proof that it is ours.
    pub(super) fn learn(&mut self, at: usize, heard: &Heard) -> bool {
        let Some(json) = heard.received.json.clone() else {
            return false;
        };
        if heard.status() != Some(200) || !json.is_object() {
            return false;
        }
        let resource = &mut self.resources[at];
        let Some(entry) = resource
            .entry
            .and_then(|entry| self.shared.ledger.get(entry))
        else {
            return false;
        };
        let confirmed = entry.standing == Standing::Confirmed;
        // The id must be the one that was asked for, or the proof is worth nothing.
        let same = id_of(&json).is_none_or(|id| resource.id.as_deref() == Some(id.as_str()));
        if !confirmed {
            let ours = same && entry.is_shown_in(&heard.text());
            self.shared.ledger.looked_at(entry.id, ours);
            if !ours {
                return false;
            }
        }
        resource.state = Some(Arc::clone(&json));
        resource.shown = Some(json);
        resource.stale = false;
        true
    }
}

fn not_ours(cause: Option<String>) -> Refused {
    Refused {
        why: "a GET of the resource did not show what this run sent, so nothing is written on it"
            .to_owned(),
        cause,
    }
}
