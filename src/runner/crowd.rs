//! Crowds: people made in numbers, as a first synchronisation makes them, several at a time. All of a crowd are one check.

use std::time::Instant;

use super::burst::per_second;
use super::case::Play;
use super::checks::Part;
use super::record::{Heard, Outgoing};
use super::states::Written;
use super::write::Licence;
use crate::expect::Ruling;
use crate::results::Load;
use crate::suite::model::{Change, Credential, Given};

/// One of a crowd that is being made.
struct Making<'a> {
    given: &'a Given,
    endpoint: &'static str,
    out: Outgoing,
    licence: Licence,
}

impl Play {
    /// Makes a crowd. Returns the failed check, where it failed.
    pub(super) async fn crowd(&mut self, crowd: &[Given]) -> Option<String> {
        let first = crowd.first()?;
        let name = first.crowd.clone().unwrap_or_default();
        let step = format!("given.{name}");
        let began = Instant::now();
        let mut load = Load {
            step: step.clone(),
            requests: crowd.len() as u64,
            answered: 0,
            asked_per_second: None,
            sustained_per_second: 0.0,
            refused: 0,
            refused_blindly: 0,
            longest_pause_s: 0,
        };
        let mut last: Option<Heard> = None;
        let mut failed = None;
        for some in crowd.chunks(self.shared.context.jobs.max(1)) {
            if self.ends() {
                break;
            }
            match self.some_of(&step, some, &mut load).await {
                Ok(heard) => last = heard.or(last),
                Err(check) => {
                    failed = Some(check);
                    break;
                }
            }
        }
        for given in crowd {
            if !self.resources.iter().any(|known| known.name == given.name) {
                self.missing_now(&given.name, failed.clone().flatten());
            }
        }
        if let Some(failed) = failed {
            return Some(failed.unwrap_or_else(|| self.checks.whole_id(&step)));
        }
        load.sustained_per_second = per_second(load.answered, began.elapsed(), None);
        let mut part = self.checks.part(&step, None);
        // The pace stands among the loads of the report: a check says the same in every run.
        part.ruling = Ruling::Held {
            note: String::new(),
        };
        self.checks.add(part, last.as_ref());
        self.load.push(load);
        None
    }

    /// Makes some of a crowd at the same time. Returns the last answer, or the failed check.
    async fn some_of(
        &mut self,
        step: &str,
        some: &[Given],
        load: &mut Load,
    ) -> Result<Option<Heard>, Option<String>> {
        let mut making = Vec::new();
        for given in some {
            let request = self.given_request(given);
            let (out, endpoint) = request.map_err(|error| {
                let part = self.checks.part(step, None);
                self.checks.add_errored(part, error.to_string(), None, None);
                None
            })?;
            let licence = self.license(&out).await.map_err(|refused| {
                let part = self.checks.part(step, None);
                self.checks
                    .add_errored(part, refused.why, refused.cause, None);
                None
            })?;
            making.push(Making {
                given,
                endpoint,
                out,
                licence,
            });
        }
        let deadline = self.shared.context.deadline;
        let all = making.iter().map(|one| one.out.clone()).collect();
        let heard = self.wire.send_together(all, deadline).await;
        self.last_write = Some(Instant::now());
        let mut wrong: Option<(Ruling, Heard)> = None;
        let mut last = None;
        for (one, heard) in making.into_iter().zip(heard) {
            self.settle_creations(&one.licence, one.out.body.as_ref(), &heard);
            load.refused += u64::from(heard.received.exchange.throttled);
            if let Some(ruling) = self.not_set_up(&one.given.name, one.endpoint, &heard) {
                wrong.get_or_insert((ruling, heard));
                continue;
            }
            load.answered += 1;
            let made = one.licence.made.first().map(|(entry, _)| *entry);
            let at =
                self.name_resource(&one.given.name, one.endpoint, &heard, one.out.said(), step);
            self.resources[at].crowd.clone_from(&one.given.crowd);
            self.resources[at].entry = made.or(self.resources[at].entry);
            self.resources[at].origin = format!("{step}.read");
            if !self.resources[at]
                .known()
                .is_some_and(|shown| shown.is_object())
                && let Err(failed) = self.baseline(at).await
            {
                return Err(Some(failed));
            }
            last = Some(heard);
        }
        match wrong {
            None => Ok(last),
            Some((ruling, heard)) => {
                let mut part = self.checks.part(step, None);
                part.ruling = ruling;
                Err(self.checks.add(part, Some(&heard)))
            }
        }
    }

    /// At the end of the case: nobody of a crowd may have changed.
    pub(super) async fn crowd_unharmed(&mut self, name: &str, crowd: &[usize]) {
        let id = format!("end.state.{name}");
        let untouched = Change::Paths(Vec::new());
        let nothing = Written::nothing();
        let mut last = None;
        for some in crowd.chunks(self.shared.context.jobs.max(1)) {
            if self.ends() {
                return;
            }
            let concerned: Vec<(usize, Outgoing)> = some
                .iter()
                .filter_map(|at| Some((*at, self.reading(&self.target_of(*at)?))))
                .collect();
            let all = concerned.iter().map(|(_, out)| out.clone()).collect();
            let deadline = self.shared.context.deadline;
            let heard = self.wire.send_together(all, deadline).await;
            for ((at, _), heard) in concerned.into_iter().zip(heard) {
                let before = self.resources[at].known().cloned().unwrap_or_default();
                let parts = self.compare(at, &before, &untouched, &heard, &nothing);
                if parts.iter().any(|one| !one.is_held()) {
                    return self.bystander(at, &id).await;
                }
                if self.resources[at].state.is_none() {
                    self.learn(at, &heard);
                }
                last = Some(heard);
            }
        }
        let part: Part = self.checks.part(&id, None);
        self.checks.add(part, last.as_ref());
    }

    fn reading(&self, target: &str) -> Outgoing {
        Outgoing {
            step: "verify".to_owned(),
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: super::body::headers(&self.planned.profile, false, &[]),
            body: None,
            credential: Credential::Target,
        }
    }
}
