//! Whether a case says which features it uses: one that does not would blame a target for what its policy leaves out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::model::{Given, Send, Step};
use super::super::tree::Spot;
use super::Builder;
use crate::data::bodies;

/// What of a case matters here.
pub(super) struct Uses<'c> {
    pub(super) given: &'c [Given],
    pub(super) steps: &'c [Step],
    pub(super) uses: &'c [String],
    pub(super) needs: &'c [String],
    pub(super) when: &'c BTreeMap<String, Value>,
}

impl Builder<'_, '_> {
    pub(super) fn says_what_it_uses(&mut self, spot: Spot, case: &Uses<'_>) {
        if case.touches_groups() && !case.says(&["groups", "group-updates", "roles"]) {
            self.problem(
                spot,
                "the case makes or asks for groups: say `uses: [groups]`, so that targets without groups are not blamed",
            );
        }
        // RFC 7644 section 3.5 demands PUT of everybody, so that an rfc case needs no excuse; PATCH is for `needs`.
        if self.profile.is_some_and(|profile| profile.id == "rfc") {
            return;
        }
        if case.writes("/Users/") && !case.says(&["updates", "deactivation", "passwords", "roles"])
        {
            self.problem(
                spot,
                "the case changes users: say `uses` with updates, deactivation, passwords or roles, so that targets without it are not blamed",
            );
        }
        if case.writes("/Groups/") && !case.says(&["group-updates"]) {
            self.problem(
                spot,
                "the case changes groups: say `uses: [group-updates]`, so that targets without it are not blamed",
            );
        }
    }
}

impl Uses<'_> {
    fn says(&self, words: &[&str]) -> bool {
        let about = self.when.get("not_offered").and_then(Value::as_str);
        self.uses
            .iter()
            .chain(self.needs)
            .map(String::as_str)
            .chain(about)
            .any(|word| words.contains(&word))
    }

    fn sends(&self) -> impl Iterator<Item = &Send> {
        self.steps.iter().flat_map(|step| match step {
            Step::Send(send) => std::slice::from_ref(&**send),
            Step::Together(sends) => sends.as_slice(),
            Step::Walk(_) => &[],
        })
    }

    fn writes(&self, below: &str) -> bool {
        self.sends().any(|send| {
            matches!(send.method.as_str(), "PUT" | "PATCH") && send.target.starts_with(below)
        })
    }

    /// Whether the case meets the endpoint of groups, which a target may lack (RFC 7644 section 3.2).
    fn touches_groups(&self) -> bool {
        let of_group = |fixture: &str| bodies::find(fixture).is_some_and(bodies::is_group);
        let to_groups = |target: &str| {
            target
                .strip_prefix("/Groups")
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        let walks = self
            .steps
            .iter()
            .any(|step| matches!(step, Step::Walk(walk) if to_groups(&walk.target)));
        walks
            || self.given.iter().any(|given| of_group(&given.fixture))
            || self.sends().any(|send| to_groups(&send.target))
    }
}
