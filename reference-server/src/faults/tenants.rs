//! Two customers of one service: what the credential of one can do to the other.
//!
//! The server has one customer; whoever comes with a token that begins with `other-tenant` is the other one.

use super::access::lets_in;
use super::{ALL, FaultInfo, own};

const SOURCE: &str = "RFC 7644 section 6.1";
const NEIGHBOUR: &str = "other-tenant";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "neighbour-let-in",
            "The credential of another customer reads and writes everything",
            ALL,
            SOURCE,
            || lets_in(|_, secret| secret.starts_with(NEIGHBOUR)),
        ),
        own(
            "neighbour-writes-by-id",
            "The credential of another customer finds nobody, and changes and deletes whoever it names by id",
            ALL,
            SOURCE,
            || lets_in(|request, secret| secret.starts_with(NEIGHBOUR) && request.method != "GET"),
        ),
    ]
}
