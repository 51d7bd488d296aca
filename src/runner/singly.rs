//! Which row of a packed request did the target refuse? Each is sent alone, after what every request must hold anyway.
//!
//! Sent only after a refusal, once a row. A row that is refused alone is the finding, and the refused request hangs on it;
//! where every row is taken alone, the packed request stays the finding.

use super::case::Play;
use super::record::Heard;
use super::resource::usable_id;
use super::step::note_sent;
use crate::expect::{Judged, Ruling, evaluate_as_one};
use crate::results::Severity;
use crate::scim::encode_path_segment;
use crate::suite::fill;
use crate::suite::model::{Expect, MappedRow, Send, Single};

impl Play {
    /// Plays the rows of a refused request one by one. `refused` is the failed check.
    pub(super) async fn one_by_one(&mut self, packed: &Send, refused: &str) {
        let mut culprits: Vec<(String, String)> = Vec::new();
        for single in &packed.singly {
            if self.ends() {
                break;
            }
            let Some((answer, read)) = self.alone(single).await else {
                continue;
            };
            match (&single.row, answer.is_success()) {
                (None, true) => {}
                (None, false) => return,
                (Some((id, severity)), false) => {
                    let name = name_of(packed, id);
                    let failed = self.refused_alone(id, *severity, &name, &answer);
                    culprits.extend(failed.map(|failed| (failed, name)));
                }
                (Some((id, _)), true) => self.arrived_alone(packed, id, single, read),
            }
        }
        if let Some((first, _)) = culprits.first() {
            let names: Vec<&str> = culprits.iter().map(|(_, name)| name.as_str()).collect();
            let why = format!("sent one by one, the target refuses {}", names.join(", "));
            self.checks.explained_by(refused, first, &why);
            self.refused_write = Some(first.clone());
        }
    }

    /// Sends one row; after a success the resource is read. `None` where nothing could be sent.
    async fn alone(&mut self, single: &Single) -> Option<(Heard, Option<Heard>)> {
        let ready = self.prepare(&single.send).ok()?;
        let licence = self.license(&ready.out).await.ok()?;
        let deadline = self.shared.context.deadline;
        let answer = self.wire.send(ready.out.clone(), deadline).await;
        self.last_write = Some(std::time::Instant::now());
        self.settle_creations(&licence, ready.out.body.as_ref(), &answer);
        self.touched();
        if !answer.is_success() {
            return Some((answer, None));
        }
        let on = licence.on.first().copied();
        let target = match on {
            Some(at) => {
                note_sent(&mut self.resources[at].sent, &ready);
                self.target_of(at)
            }
            None => usable_id(&answer)
                .ok()
                .map(|id| format!("{}/{}", ready.out.target, encode_path_segment(&id))),
        };
        let read = match target {
            Some(target) => Some(self.read("verify", &target).await),
            None => None,
        };
        if let (Some(at), Some(read)) = (on, &read) {
            self.learn(at, read);
        }
        Some((answer, read))
    }

    fn refused_alone(
        &mut self,
        id: &str,
        severity: Severity,
        name: &str,
        answer: &Heard,
    ) -> Option<String> {
        let mut part = self.checks.part(id, Some(severity));
        let came = answer
            .status()
            .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        part.ruling = Ruling::Broken {
            severity: None,
            message: format!(
                "the target refuses the whole request because of {name}: alone it is answered {came}"
            ),
            expected: "the attribute is stored, or ignored".to_owned(),
            actual: answer.text().chars().take(600).collect(),
        };
        part.hint = format!("Store {name} or ignore it; never refuse a person for it.");
        self.checks.add(part, Some(answer))
    }

    fn arrived_alone(&mut self, packed: &Send, id: &str, single: &Single, read: Option<Heard>) {
        let Some(row) = row_of(packed, id) else {
            return;
        };
        let mut part = self.checks.part_of(row);
        let wanted = Expect {
            status: vec![200],
            body: vec![(single.path.clone(), single.value.clone())],
            ..Expect::default()
        };
        let scope = self.scope(&single.send.id);
        match (read, fill::expect(&wanted, &scope)) {
            (Some(read), Ok(wanted)) => {
                let Judged { ruling, .. } = evaluate_as_one(
                    id,
                    &wanted,
                    &read.answer(),
                    &self.view(),
                    &self.shared.context.schema,
                );
                part.ruling = ruling;
                self.checks.add(part, Some(&read));
            }
            _ => self.checks.add_errored(
                part,
                "what was made of it could not be read".to_owned(),
                None,
                None,
            ),
        }
    }
}

/// The row of a check id: the packed request judges it, or (on create) the GET that follows has it under the same id.
fn row_of<'s>(packed: &'s Send, id: &str) -> Option<&'s MappedRow> {
    packed.rows.iter().find(|row| row.id == id)
}

fn name_of(packed: &Send, id: &str) -> String {
    row_of(packed, id).map_or_else(|| id.to_owned(), |row| row.path.clone())
}
