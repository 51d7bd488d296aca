//! Deliberate defects. The correct server never loads one; each plugs into the seams that
//! [`crate::engine::hooks`] and [`crate::http::hooks`] leave open.
//!
//! A fault is a row: its name, whom it bites, and the twists that make it. The files are topics.
//! Where a fault mimics an observed defect, `fixtures/defects.tsv` says what it is and where it was
//! seen.

mod access;
mod active;
mod answers;
mod beside;
mod choosing;
mod claims;
mod declared;
mod deletion;
mod demands;
mod discovery;
mod duplicates;
mod errors;
mod filters;
mod groups;
mod http;
mod ids;
mod jobs;
mod later;
mod lists;
mod load;
mod members;
mod memory;
mod meta;
mod names;
mod nth;
mod oddities;
mod paging;
mod patch;
mod paths;
mod put;
mod refusals;
mod returns;
mod state;
mod tenants;
mod times;
mod timing;
mod traces;
mod twist;
mod users;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use crate::engine::Behaviour;
use crate::engine::hooks::Hooks;
use crate::http::hooks::Intercept;
use twist::{Plugged, Twist};

/// What a fault is.
#[derive(Debug, Clone, Copy)]
pub struct FaultInfo {
    /// The name, as given to `--fault`.
    pub name: &'static str,
    /// A title for people.
    pub title: &'static str,
    /// What the server does wrong.
    pub what: &'static str,
    /// The entry of the list of observed defects that it mimics.
    pub defect: Option<u16>,
    /// The profiles whose provider it bites.
    pub breaks: &'static [&'static str],
    /// Where the defect was seen or which rule it breaks.
    pub source: &'static str,
    twists: fn() -> Vec<Twist>,
}

/// What is plugged into the seams of a server.
#[derive(Clone, Default)]
pub(crate) struct Seams {
    pub(crate) engine: Option<Arc<dyn Hooks>>,
    pub(crate) http: Option<Arc<dyn Intercept>>,
}

const OKTA: &[&str] = &["okta"];
const ENTRA: &[&str] = &["entra"];
const JUMPCLOUD: &[&str] = &["jumpcloud"];
const RFC: &[&str] = &["rfc"];
const ENTRA_RFC: &[&str] = &["entra", "rfc"];
const OKTA_RFC: &[&str] = &["okta", "rfc"];
const OKTA_ENTRA: &[&str] = &["okta", "entra"];
const OKTA_ENTRA_RFC: &[&str] = &["okta", "entra", "rfc"];
const PROVIDERS: &[&str] = &["okta", "entra", "jumpcloud"];
const ALL: &[&str] = &["okta", "entra", "jumpcloud", "rfc"];

static FAULTS: LazyLock<Vec<FaultInfo>> = LazyLock::new(|| {
    [
        access::faults(),
        discovery::faults(),
        declared::faults(),
        users::faults(),
        duplicates::faults(),
        filters::faults(),
        paging::faults(),
        active::faults(),
        patch::faults(),
        paths::faults(),
        put::faults(),
        deletion::faults(),
        groups::faults(),
        members::faults(),
        meta::faults(),
        errors::faults(),
        http::faults(),
        state::faults(),
        timing::faults(),
        nth::faults(),
        answers::faults(),
        demands::faults(),
        ids::faults(),
        lists::faults(),
        refusals::faults(),
        returns::faults(),
        traces::faults(),
        load::faults(),
        tenants::faults(),
        claims::faults(),
        times::faults(),
        names::faults(),
        beside::faults(),
        choosing::faults(),
        jobs::faults(),
        oddities::faults(),
        later::faults(),
    ]
    .concat()
});

/// All faults.
pub fn faults() -> &'static [FaultInfo] {
    &FAULTS
}

/// The seams of the faults of these names; those that are a free choice gone wrong change it.
///
/// # Errors
/// The first name that no fault has.
pub(crate) fn seams(names: &[String], behaviour: &mut Behaviour) -> Result<Seams, String> {
    let mut twists = Vec::new();
    for name in names {
        let fault = faults()
            .iter()
            .find(|fault| fault.name == name)
            .ok_or_else(|| name.clone())?;
        for twist in (fault.twists)() {
            match twist {
                Twist::Behave(change) => change(behaviour),
                other => twists.push(other),
            }
        }
    }
    if twists.is_empty() {
        return Ok(Seams::default());
    }
    let plugged = Arc::new(Plugged::new(twists));
    Ok(Seams {
        engine: Some(plugged.clone()),
        http: Some(plugged),
    })
}

/// Number, title, what is wrong, source.
type Observed = HashMap<u16, (&'static str, &'static str, &'static str)>;

static OBSERVED: LazyLock<Observed> = LazyLock::new(|| {
    let text = include_str!("../../../fixtures/defects.tsv");
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.split('\t').collect();
        match cells.as_slice() {
            [number, _, title, _, _, _, _, wrong, _, source] => {
                Some((number.parse().ok()?, (*title, *wrong, *source)))
            }
            _ => None,
        }
    };
    text.lines().filter_map(row).collect()
});

/// A fault that mimics an observed defect.
fn of(
    defect: u16,
    name: &'static str,
    breaks: &'static [&'static str],
    twists: fn() -> Vec<Twist>,
) -> FaultInfo {
    let (title, what, source) = OBSERVED
        .get(&defect)
        .copied()
        .expect("the list of defects is embedded, and a test reads every row that a fault names");
    FaultInfo {
        name,
        title,
        what,
        defect: Some(defect),
        breaks,
        source,
        twists,
    }
}

/// A fault of our own, with the rule that it breaks.
fn own(
    name: &'static str,
    what: &'static str,
    breaks: &'static [&'static str],
    source: &'static str,
    twists: fn() -> Vec<Twist>,
) -> FaultInfo {
    FaultInfo {
        name,
        title: what,
        what,
        defect: None,
        breaks,
        source,
        twists,
    }
}

impl FaultInfo {
    /// Another way of the same defect, said in its own words.
    fn saying(self, what: &'static str) -> Self {
        Self {
            title: what,
            what,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_kebab() {
        let mut seen = HashSet::new();
        for fault in faults() {
            assert!(seen.insert(fault.name), "{} twice", fault.name);
            assert!(
                fault
                    .name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{}",
                fault.name
            );
            assert!(
                !fault.title.is_empty() && !fault.source.is_empty() && !fault.breaks.is_empty(),
                "{} does not say enough",
                fault.name
            );
        }
    }

    #[test]
    fn an_unknown_name_is_refused_and_no_name_costs_nothing() {
        let mut behaviour = Behaviour::new(false);
        assert_eq!(
            seams(&["nowhere".to_owned()], &mut behaviour).err(),
            Some("nowhere".to_owned())
        );
        let none = seams(&[], &mut behaviour).expect("no fault is fine");
        assert!(none.engine.is_none() && none.http.is_none());
        assert_eq!(behaviour, Behaviour::new(false));
    }
}
