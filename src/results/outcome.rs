//! The closed vocabularies of a result: outcome, severity, certainty, verdict.

use serde::{Deserialize, Serialize};

/// How bad it is when a check does not hold. Ordered: `Info` is the least.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; also every deviation that a provider needs.
    Info,
    /// An RFC SHOULD, or a known trouble-maker.
    Warning,
    /// An RFC MUST.
    Violation,
    /// This provider's live provisioning fails, loses data or leaves access open.
    Blocker,
}

/// What became of a check.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It held, perhaps with a note.
    Passed,
    /// It did not hold.
    Failed,
    /// It was not run, and the reason is said.
    Skipped,
    /// It could not be evaluated, and the reason is said.
    Errored,
    /// It failed and is listed in the known-failures file.
    Known,
    /// It is listed in the known-failures file but passed.
    Fixed,
}

/// How sure we are of one half of a case's source.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CertaintyLevel {
    /// Our own conclusion.
    Inferred,
    /// Seen in real traffic, logs or code written against it.
    Observed,
    /// Stated by the provider or by an RFC.
    Documented,
}

/// How sure we are that a provider sends this (`shape`) and needs that answer (`need`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certainty {
    /// Is the request what the provider really sends?
    pub shape: CertaintyLevel,
    /// Does the provider really need that answer?
    pub need: CertaintyLevel,
}

/// The judgement of a profile or a flavour. Ordered from best to worst.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every core check was evaluated and held, nothing at warning or above failed.
    Ready,
    /// No blocker failed, but a violation or a warning did, or policy leaves a core feature out.
    ReadyWithWarnings,
    /// A core check was not evaluated.
    NotFullyTested,
    /// A blocker failed (in `rfc`: a violation).
    NotReady,
    /// Nothing of the profile was run.
    NotTested,
}

impl Severity {
    /// The word of the reports: `blocker`, `violation`, ...
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Violation => "violation",
            Self::Blocker => "blocker",
        }
    }
}

impl Outcome {
    /// Whether it did not hold, listed or not.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Known)
    }

    /// The word of the reports: `passed`, `failed`, ...
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Errored => "errored",
            Self::Known => "known",
            Self::Fixed => "fixed",
        }
    }
}

impl Verdict {
    /// For people: `ready with warnings`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::ReadyWithWarnings => "ready with warnings",
            Self::NotFullyTested => "not fully tested",
            Self::NotReady => "not ready",
            Self::NotTested => "not tested",
        }
    }
}
