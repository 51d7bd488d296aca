//! What a run found: one immutable tree, built by the runner, folded by the verdict and the reports.
//!
//! Imports: nothing of the house. Everything here is plain data, in plan order, already redacted.
//! The words are those of the contract: case, step, check, rule, exchange, finding, gate, verdict.

mod exchange;
mod outcome;
mod tree;

pub use exchange::{Body, Exchange, ExchangeId, Header, TransportError, TransportErrorKind};
pub use outcome::{Certainty, CertaintyLevel, Outcome, Severity, Verdict};
pub use tree::{
    CaseResult, CheckResult, Collected, FlavourVerdict, GateResult, GateStepResult,
    KnownEntryResult, KnownStatus, Load, MappingCell, MappingRowResult, Policy, ProfileResult,
    Reference, RequirementResult, RuleResult, Run, SkipKind, Stop, StopReason, Summary,
    TargetFacts, Timing,
};
