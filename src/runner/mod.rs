//! Plays planned cases against the target and records what came: probing, ownership, known state, settling, clean-up.
//!
//! Imports: `results`, `data`, `scim`, `suite`, `plan`, `client`, `expect`, `rules`. It judges nothing beyond what
//! `expect` and `rules` say; what failures mean for a provider is settled in `verdict`.

pub mod address;
pub mod journal;
pub mod ledger;
pub mod names;
pub mod strangers;
