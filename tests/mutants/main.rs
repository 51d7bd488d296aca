//! Faults that nobody had in mind: mutants of the reference server, drawn from a grammar by seeds, and the share of them
//! that the harness notices among those that a client could notice.
//!
//! The ordinary test plays a sample. `SCIMPROOF_MUTANTS=full cargo test --test mutants -- --nocapture` plays all seeds and
//! prints the figures and the survivors; `SCIMPROOF_MUTANTS=17,23` plays those seeds and says what found them.

mod edits;
mod effects;
mod figures;
mod grammar;
mod layer;
mod oracle;
mod run;
mod wire;
