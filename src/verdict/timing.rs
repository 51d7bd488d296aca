//! Latencies per operation, from all answered exchanges.

use std::collections::BTreeMap;

use crate::results::{CaseResult, Timing};

/// One line per operation, in the operations' alphabetical order. Percentiles are nearest-rank: values that occurred.
pub(super) fn fold(cases: &[CaseResult]) -> Vec<Timing> {
    let mut by_operation: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for exchange in cases.iter().flat_map(|c| &c.exchanges) {
        if exchange.status.is_some() && exchange.duration_ms.is_finite() {
            by_operation
                .entry(&exchange.operation)
                .or_default()
                .push(exchange.duration_ms);
        }
    }
    by_operation
        .into_iter()
        .map(|(operation, mut durations)| {
            durations.sort_by(f64::total_cmp);
            Timing {
                operation: operation.to_owned(),
                count: durations.len() as u64,
                p50: percentile(&durations, 50),
                p95: percentile(&durations, 95),
                p99: percentile(&durations, 99),
                max: durations.last().copied().unwrap_or_default(),
            }
        })
        .collect()
}

/// The smallest value that at least `percent` of all values do not exceed.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::sample::{case, exchange};

    #[test]
    fn percentiles_are_values_that_occurred() {
        let mut c = case("okta/u/a.aiw", vec![]);
        for ms in 1..=100 {
            let mut e = exchange(ms, "s", "GET", "GET /Users", "http://t/Users", 200);
            e.duration_ms = f64::from(101 - ms);
            c.exchanges.push(e);
        }
        let mut unanswered = exchange(101, "s", "GET", "GET /Users", "http://t/Users", 200);
        unanswered.status = None;
        unanswered.duration_ms = 9999.0;
        c.exchanges.push(unanswered);
        c.exchanges.push(exchange(
            102,
            "s",
            "POST",
            "POST /Users",
            "http://t/Users",
            201,
        ));
        let folded = fold(&[c]);
        let users = &folded[0];
        assert_eq!(
            (
                users.operation.as_str(),
                users.count,
                users.p50,
                users.p95,
                users.p99,
                users.max
            ),
            ("GET /Users", 100, 50.0, 95.0, 99.0, 100.0)
        );
        assert_eq!(
            (folded[1].p50, folded[1].p99),
            (2.0, 2.0),
            "a single value is all percentiles"
        );
    }
}
