//! What no case of a profile shows, and why: read beside its suites, so that a gap is a decision and not a slip.

use super::super::did_you_mean;
use super::super::library::NotCovered;
use super::super::report::FileReport;
use super::super::tree::Node;
use super::text;
use crate::data::Reference;

/// Reads a list of them. An id without a namespace is one of the profile's own list.
pub(in super::super) fn not_covered(
    root: &Node,
    profile: &str,
    report: &mut FileReport<'_>,
) -> Vec<NotCovered> {
    let own = if profile == "rfc" { "rfc" } else { "quirk" };
    let mut all: Vec<NotCovered> = Vec::new();
    for item in root.items() {
        let Some(id) = item.get("id").and_then(Node::text) else {
            continue;
        };
        let spot = item.get("id").map_or(item.spot, |id| id.spot);
        let reference = if id.contains(':') {
            id.to_owned()
        } else {
            format!("{own}:{id}")
        };
        match reference.parse::<Reference>() {
            Err(error) => report.add(spot, error.to_string()),
            Ok(parsed) if parsed.resolve().is_none() => {
                let near = crate::data::reference::nearest(&reference);
                report.add(
                    spot,
                    format!(
                        "`{reference}` is in no list of fixtures/{}",
                        did_you_mean(near.as_deref())
                    ),
                );
            }
            Ok(_) if all.iter().any(|known| known.reference == reference) => {
                report.add(spot, format!("`{id}` stands here twice"));
            }
            Ok(_) => all.push(NotCovered {
                profile: profile.to_owned(),
                reference,
                reason: text(item.get("reason")),
            }),
        }
    }
    all
}
