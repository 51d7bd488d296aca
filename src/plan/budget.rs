//! What a plan costs the target: how many requests, and how many resources at once.

use super::{Plan, PlannedCase};
use crate::data::bodies;
use crate::suite::model::{Send, SendBody, Step, Walk};

/// What is asked of the target before the first case: configuration, resource types, schemas, users.
const PROBING: u64 = 4;

/// The most that is on the target at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Footprint {
    /// Users.
    pub users: u64,
    /// Groups.
    pub groups: u64,
}

impl Plan {
    /// About how many requests the run will send, where nothing fails: for each case a POST and a GET for each given
    /// resource, its steps, a GET for each resource that may have changed, and the removal of what it made.
    pub fn requests_estimate(&self) -> u64 {
        PROBING
            + self
                .to_play()
                .map(PlannedCase::requests_estimate)
                .sum::<u64>()
    }

    /// The most users and groups of ours at once with so many cases side by side. Cases that run alone count alone.
    pub fn footprint(&self, jobs: usize) -> Footprint {
        let of = |exclusive: bool| -> Vec<Footprint> {
            self.to_play()
                .filter(|planned| planned.runs_alone() == exclusive)
                .map(PlannedCase::footprint)
                .collect()
        };
        let most = |counts: Vec<u64>, jobs: usize| -> u64 {
            let mut counts = counts;
            counts.sort_unstable_by(|a, b| b.cmp(a));
            counts.into_iter().take(jobs.max(1)).sum()
        };
        let (shared, alone) = (of(false), of(true));
        let users = |all: &[Footprint]| all.iter().map(|one| one.users).collect::<Vec<_>>();
        let groups = |all: &[Footprint]| all.iter().map(|one| one.groups).collect::<Vec<_>>();
        Footprint {
            users: most(users(&shared), jobs).max(most(users(&alone), 1)),
            groups: most(groups(&shared), jobs).max(most(groups(&alone), 1)),
        }
    }
}

impl PlannedCase {
    fn requests_estimate(&self) -> u64 {
        let given = self.case.given.len();
        let sends: Vec<&Send> = self.sends().collect();
        let sent: usize = sends
            .iter()
            .map(|send| send.burst.as_ref().map_or(1, |burst| burst.times as usize))
            .sum();
        let made = sends.iter().filter(|send| send.makes.is_some()).count();
        let changed: usize = sends
            .iter()
            .filter_map(|send| send.changes.as_ref())
            .map(|changes| changes.of.len())
            .sum();
        let walks = self.walks().map(pages).sum::<u64>();
        // The GET before the first write on what the case made (docs/architecture.md, ownership).
        let seen = made;
        // What no step names is read at the end: it must not have changed.
        let bystanders = given.saturating_sub(changed.min(given));
        (2 * given + sent + seen + changed + bystanders + given + made) as u64 + walks
    }

    fn footprint(&self) -> Footprint {
        let mut footprint = Footprint::default();
        let given = self.case.given.iter().map(|given| is_group(&given.fixture));
        let made = self
            .sends()
            .filter(|send| send.makes.is_some())
            .map(|send| match &send.body {
                SendBody::Fixture { fixture, .. } => is_group(fixture),
                _ => send.target.starts_with("/Groups"),
            });
        for group in given.chain(made) {
            if group {
                footprint.groups += 1;
            } else {
                footprint.users += 1;
            }
        }
        footprint
    }

    fn sends(&self) -> impl Iterator<Item = &Send> {
        self.case
            .steps
            .iter()
            .flat_map(|step| match step {
                Step::Send(send) => std::slice::from_ref(&**send),
                Step::Together(sends) => sends.as_slice(),
                Step::Walk(_) => &[],
            })
            .filter(|send| self.plays(&send.only))
    }

    fn walks(&self) -> impl Iterator<Item = &Walk> {
        self.case.steps.iter().filter_map(|step| match step {
            Step::Walk(walk) if self.plays(&walk.only) => Some(&**walk),
            _ => None,
        })
    }
}

/// The pages of our own resources; a tenant with other people in it has more.
fn pages(walk: &Walk) -> u64 {
    (walk.has.len() as u64).div_ceil(u64::from(walk.count.max(1))) + 1 + u64::from(walk.beyond)
}

fn is_group(fixture: &str) -> bool {
    bodies::find(fixture).is_some_and(bodies::is_group)
}
