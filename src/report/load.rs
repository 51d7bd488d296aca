//! How a target stood the bursts of a run, in a line each: the pace that it sustained, and what it refused with 429.

use crate::results::Run;

use super::text::visible;

/// One line for each burst and each crowd that was made, in plan order.
pub(super) fn lines(run: &Run) -> Vec<String> {
    run.cases
        .iter()
        .flat_map(|case| {
            case.load.iter().map(|load| {
                format!(
                    "{} ({}): {}.",
                    visible(&case.id),
                    visible(&load.step),
                    load.in_words()
                )
            })
        })
        .collect()
}
