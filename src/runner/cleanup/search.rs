//! Finding what the run made where no id is known: by its name, or by the run's tag in all that lists show.
//!
//! A list is never a licence: it says where to look, and the resource itself must show the mark.

use std::collections::BTreeSet;

use serde_json::Value;

use super::carrier::{Answered, Carrier};
use super::removal::{Care, Wanted};
use crate::runner::address::unsafe_id;
use crate::runner::journal::FindBy;
use crate::runner::names::RunTag;
use crate::runner::resource::id_of;
use crate::scim::{encode_path_segment, escape_filter_literal, named};
use crate::suite::model::Credential;

/// Elements asked for at a time.
const PAGE: usize = 100;
/// A list that ends within so many pages is looked through; a longer one is filtered.
const FEW_PAGES: usize = 5;
/// Where no filter works either, so many pages are looked through, and no more: it may be a large tenant.
const MOST_PAGES: usize = 20;

/// Characters of a token before its attempt and counter: the run's tag and the case's number, with their hyphens.
const CASE_PART: usize = "spxxxxxx-nnn-".len();

/// By what a resource shows that it is the run's.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// One of the tokens that were sent in it, or another one of the same case: a step may have renamed it.
    Tokens(Vec<String>),
    /// Anything that this run made up.
    Run(RunTag),
}

impl Mark {
    /// Whether a representation shows the mark.
    pub(super) fn is_in(&self, json: &Value) -> bool {
        match self {
            Self::Run(tag) => !tag.tokens_in(&own_text(json)).is_empty(),
            Self::Tokens(tokens) => {
                let whole = json.to_string().to_ascii_lowercase();
                if tokens.iter().any(|token| whole.contains(token.as_str())) {
                    return true;
                }
                let own = own_text(json).to_ascii_lowercase();
                tokens
                    .iter()
                    .filter_map(|token| token.get(..CASE_PART))
                    .any(|of_case| own.contains(of_case))
            }
        }
    }
}

/// The text of a resource without what it says of others: a stranger may be shown with a group of the run's.
fn own_text(json: &Value) -> String {
    fn without_others(json: &Value) -> Value {
        match json {
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .filter(|(name, _)| {
                        !["groups", "members", "manager"]
                            .iter()
                            .any(|other| name.eq_ignore_ascii_case(other))
                    })
                    .map(|(name, value)| (name.clone(), without_others(value)))
                    .collect(),
            ),
            Value::Array(items) => Value::Array(items.iter().map(without_others).collect()),
            other => other.clone(),
        }
    }
    without_others(json).to_string()
}

/// The ids that carry a resource's name.
///
/// # Errors
/// Why that could not be found out.
pub(super) async fn by_name(
    carrier: &mut impl Carrier,
    wanted: &Wanted,
    find: &FindBy,
    care: Care,
) -> Result<Vec<String>, String> {
    let filter = format!(
        "{} eq \"{}\"",
        find.attribute,
        escape_filter_literal(&find.value)
    );
    let list = List {
        endpoint: &wanted.endpoint,
        credential: &wanted.credential,
        mark: &wanted.mark,
    };
    match list.filtered(carrier, &filter).await {
        Ok(found) => Ok(found),
        Err(why) if care == Care::Quick => Err(format!("looking for it {why}")),
        Err(why) => list
            .walked(carrier, MOST_PAGES)
            .await
            .map_err(|_| format!("looking for it {why}")),
    }
}

/// All ids of an endpoint whose resources show the run's tag.
///
/// # Errors
/// Why that could not be found out.
pub(super) async fn by_tag(
    carrier: &mut impl Carrier,
    endpoint: &str,
    attribute: &str,
    tag: &RunTag,
) -> Result<Vec<String>, String> {
    let mark = Mark::Run(tag.clone());
    let list = List {
        endpoint,
        credential: &Credential::Target,
        mark: &mark,
    };
    // A list is believed before a filter is: more servers get it right.
    if let Ok(found) = list.walked(carrier, FEW_PAGES).await {
        return Ok(found);
    }
    match list
        .filtered(carrier, &format!("{attribute} co \"{tag}\""))
        .await
    {
        Ok(found) => Ok(found),
        Err(_) => list.walked(carrier, MOST_PAGES).await,
    }
}

struct List<'a> {
    endpoint: &'a str,
    credential: &'a Credential,
    mark: &'a Mark,
}

impl List<'_> {
    async fn filtered(
        &self,
        carrier: &mut impl Carrier,
        filter: &str,
    ) -> Result<Vec<String>, String> {
        let target = format!("{}?filter={}", self.endpoint, encode_path_segment(filter));
        let answered = carrier.carry("GET", &target, None, self.credential).await;
        match answered.status {
            // Some servers say 404 where nobody is found.
            Some(404) => Ok(Vec::new()),
            Some(200) => {
                let all = elements(&answered).ok_or("brought no list")?;
                let found = self.marked(all);
                let total = answered.json.as_deref().and_then(total_of).unwrap_or(0);
                // What does not filter shows its first page, and what is looked for may be on another.
                if found.is_empty() && total > all.len() {
                    return Err("finds others".to_owned());
                }
                Ok(found)
            }
            Some(status) => Err(format!("answered {status}")),
            None => Err("brought no answer".to_owned()),
        }
    }

    /// Looks through the whole list, where it ends within so many pages.
    async fn walked(&self, carrier: &mut impl Carrier, most: usize) -> Result<Vec<String>, String> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut found: Vec<String> = Vec::new();
        let mut start = 1;
        for _ in 0..most {
            let target = format!("{}?startIndex={start}&count={PAGE}", self.endpoint);
            let answered = carrier.carry("GET", &target, None, self.credential).await;
            let all = match (answered.status, elements(&answered)) {
                (Some(200), Some(all)) => all,
                (Some(404), _) => return Ok(found),
                (Some(status), _) => return Err(format!("the list answered {status}")),
                (None, _) => return Err("the list brought no answer".to_owned()),
            };
            let known = seen.len();
            seen.extend(all.iter().filter_map(id_of));
            found.extend(self.marked(all));
            let total = answered.json.as_deref().and_then(total_of);
            let is_last = all.is_empty()
                || seen.len() == known
                || total.map_or(all.len() < PAGE, |total| start + all.len() > total);
            if is_last {
                found.sort();
                found.dedup();
                return Ok(found);
            }
            start += all.len();
        }
        Err(format!("the list is longer than {} elements", most * PAGE))
    }

    fn marked(&self, all: &[Value]) -> Vec<String> {
        all.iter()
            .filter(|resource| self.mark.is_in(resource))
            .filter_map(id_of)
            .filter(|id| unsafe_id(id).is_none())
            .collect()
    }
}

/// The elements of a list, also of one that is a bare array; with no hits `Resources` may be absent.
fn elements(answered: &Answered) -> Option<&[Value]> {
    let json = answered.json.as_deref()?;
    match json {
        Value::Array(all) => Some(all),
        Value::Object(_) => match named(json, "Resources") {
            Some(Value::Array(all)) => Some(all),
            None | Some(Value::Null) if total_of(json).is_some() => Some(&[]),
            _ => None,
        },
        _ => None,
    }
}

fn total_of(json: &Value) -> Option<usize> {
    match named(json, "totalResults")? {
        Value::Number(total) => total.as_u64().and_then(|total| usize::try_from(total).ok()),
        Value::String(total) => total.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mark_is_the_runs_or_the_cases_and_not_of_what_others_are_in() {
        let tokens = Mark::Tokens(vec!["spk3f9x2-001-001".to_owned()]);
        let run = Mark::Run(RunTag::parse("spk3f9x2").expect("a tag"));
        let table = [
            (json!({"userName": "SPK3F9X2-001-001@x"}), true, true),
            // Renamed by a step of the same case.
            (json!({"userName": "new.spk3f9x2-001-002"}), true, true),
            // Another case's, which may still be playing.
            (json!({"userName": "spk3f9x2-002-001"}), false, true),
            (json!({"userName": "spaaaaaa-001-001"}), false, false),
            // A stranger in a group of the run's.
            (
                json!({"userName": "grace", "groups": [{"display": "spk3f9x2-001-002"}]}),
                false,
                false,
            ),
            (
                json!({"userName": "grace", "urn:x": {"manager": {"displayName": "spk3f9x2-001-002"}}}),
                false,
                false,
            ),
        ];
        for (resource, by_tokens, by_run) in table {
            assert_eq!(tokens.is_in(&resource), by_tokens, "{resource}");
            assert_eq!(run.is_in(&resource), by_run, "{resource}");
        }
    }
}
