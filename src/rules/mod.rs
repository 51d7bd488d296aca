//! Invariants that hold for every exchange of a run, whatever its profile: checked on all of them, reported once each.
//!
//! Imports: `results`, `scim`. One file a topic; `view` reads an exchange once for all of them, `book` folds over the exchanges.
//! Which exchanges a rule applies to is part of the rule: deliberate bad input and answers of gateways in front of the endpoint are
//! judged only as far as RFC 7644 speaks of them. A rule counts for `rfc`, and for a provider only where that provider's catalogue has
//! evidence that it breaks.

mod agreement;
mod book;
mod declarations;
mod errors;
mod history;
mod http;
mod identity;
mod list;
mod media;
mod meta;
mod names;
mod reuse;
mod schemas;
mod secrets;
mod status;
mod types;
mod values;
mod view;

#[cfg(test)]
mod tests;

pub use book::{Rule, RuleBook, Seen, all};
pub use secrets::sent_passwords;
