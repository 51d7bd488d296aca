//! Invariants that hold for every exchange of a run, whatever its profile: checked on all of them, reported once each.
//!
//! Imports: `results`, `scim`. One file a topic; `book` folds over the exchanges. Which exchanges a rule applies to is part of the rule:
//! deliberate bad input and answers of gateways in front of the endpoint are judged only as far as RFC 7644 speaks of them.

mod book;

pub use book::{Rule, RuleBook, Seen, all};
