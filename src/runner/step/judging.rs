//! What a step expects of its answer, with the values of its moment filled in, and what the answer is by it.

use super::super::body::BodyError;
use super::super::case::Play;
use super::super::checks::Part;
use super::super::record::Heard;
use super::super::resource::usable_id;
use super::super::strangers;
use crate::expect::{Judged, Ruling, evaluate, evaluate_as_one};
use crate::suite::fill;
use crate::suite::model::{Also, Expect, Send};

/// What is expected of an answer, filled in.
pub(super) struct Wanted {
    expect: Expect,
    also: Vec<(Also, Expect)>,
}

impl Play {
    pub(super) fn wanted(&self, send: &Send) -> Result<Wanted, BodyError> {
        self.wanted_at(send, &send.id)
    }

    fn wanted_at(&self, send: &Send, step: &str) -> Result<Wanted, BodyError> {
        let scope = self.scope(step);
        let mut also = Vec::new();
        for one in &send.also {
            also.push((one.clone(), fill::expect(&one.expect, &scope)?));
        }
        Ok(Wanted {
            expect: fill::expect(&send.expect, &scope)?,
            also,
        })
    }

    /// What an answer within a burst is, by what is expected of each.
    pub(in crate::runner) fn judged_at(
        &self,
        send: &Send,
        step: &str,
        heard: &Heard,
    ) -> Result<Vec<Part>, BodyError> {
        Ok(self.judge(send, &self.wanted_at(send, step)?, heard))
    }

    pub(super) fn judge(&self, send: &Send, wanted: &Wanted, heard: &Heard) -> Vec<Part> {
        let (answer, view, schema) = (heard.answer(), self.view(), &self.shared.context.schema);
        let severity = send.severity.unwrap_or(self.checks.severity());
        let mut parts: Vec<Part> = evaluate(&wanted.expect, &answer, &view, schema)
            .into_iter()
            .map(|judged| Part::new(format!("{}.{}", send.id, judged.what), judged, severity))
            .collect();
        for (also, expect) in &wanted.also {
            let judged = evaluate_as_one(&also.id, expect, &answer, &view, schema);
            if let Some(row) = send.rows.iter().find(|row| row.slug == also.id) {
                let mut part = self.checks.part_of(row);
                part.ruling = judged.ruling;
                parts.push(part);
                continue;
            }
            let mut part = Part::new(
                format!("{}.{}", send.id, also.id),
                judged,
                also.severity.unwrap_or(severity),
            );
            part.refs.clone_from(&also.refs);
            part.hint.clone_from(&also.hint);
            parts.push(part);
        }
        if send.makes.is_some()
            && heard.is_success()
            && let Err(why) = usable_id(heard)
        {
            let id = format!("{}.body.id", send.id);
            if !parts.iter().any(|part| part.id == id && !part.is_held()) {
                let judged = Judged::broken("body.id", why, "an id that can be part of a URL", "");
                parts.retain(|part| part.id != id);
                parts.push(Part::new(id, judged, severity));
            }
        }
        parts
    }

    /// Adds the parts as checks. Returns the first failed check.
    pub(super) fn conclude(
        &mut self,
        send: &Send,
        parts: Vec<Part>,
        first: &[Part],
        heard: &Heard,
    ) -> Option<String> {
        let status_id = format!("{}.status", send.id);
        let root = parts
            .iter()
            .find(|part| part.id == status_id && !part.is_held())
            .filter(|_| another_kind(heard, &send.expect.status))
            .map(|_| self.checks.whole_id(&status_id));
        let reads = Self::only_reads(&send.method, &send.target);
        let mut failed = None;
        for part in parts {
            let secret = part.id.ends_with(".text")
                || send.also.iter().any(|also| {
                    format!("{}.{}", send.id, also.id) == part.id
                        && !also.expect.lacks_text.is_empty()
                });
            let cause = if part.is_held() || part.id == status_id || secret {
                None
            } else if root.is_some() {
                root.clone()
            } else if reads && hangs_on_state(&part) {
                self.refused_write.clone()
            } else {
                None
            };
            let early = first
                .iter()
                .find(|early| early.id == part.id && !early.is_held());
            match (cause, early) {
                (Some(cause), _) => {
                    let reason = match &part.ruling {
                        Ruling::Broken { message, .. } => message.clone(),
                        Ruling::Held { .. } => String::new(),
                    };
                    let reason = strangers::scrub(&reason, &heard.private);
                    self.checks
                        .add_errored(part, reason, Some(cause), Some(heard));
                }
                (None, Some(early)) if part.is_held() => self.checks.add_late(early.clone(), heard),
                (None, _) => {
                    let id = self.checks.add(part, Some(heard));
                    failed = failed.or(id);
                }
            }
        }
        if let Some(name) = &send.makes
            && (!heard.is_success() || usable_id(heard).is_err())
        {
            let declined = heard.status().is_some_and(|status| status >= 300)
                && failed.as_ref().is_none_or(|id| !self.checks.matters(id));
            if declined {
                self.declined.insert(name.clone());
            }
            self.missing_now(name, failed.clone());
        }
        failed
    }
}

/// Whether waiting, or a write that was refused, can be behind this: not headers, not the form of an error.
pub(super) fn hangs_on_state(part: &Part) -> bool {
    let what = part.id.split_once('.').map_or("", |(_, what)| what);
    !(what.starts_with("header.") || what == "error" || what == "text")
}

/// Whether the status is of another kind than all that were allowed, so that the body says something else altogether.
fn another_kind(heard: &Heard, allowed: &[u16]) -> bool {
    match heard.status() {
        None => true,
        Some(status) => !allowed.iter().any(|allowed| allowed / 100 == status / 100),
    }
}
