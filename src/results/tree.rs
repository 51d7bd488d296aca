//! The tree of a run: profiles, gates, cases with their checks, rules, requirements, mapping, timings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Certainty, Exchange, ExchangeId, Outcome, Severity, Verdict};

/// One expectation that was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckResult {
    /// `PROFILE/SUITE/CASE.FLAVOUR#CHECK`, stable across releases.
    pub id: String,
    /// What became of it.
    pub outcome: Outcome,
    /// How bad a failure is. What policy or a chosen alternative softened is already softened here.
    pub severity: Severity,
    /// Namespaced references: `rfc:`, `quirk:`, `gate:`, `defect:`, `url:`.
    pub refs: Vec<String>,
    /// One sentence in plain words. For a passed check empty or a note.
    pub message: String,
    /// What was expected, in words or as JSON text; empty where it says nothing beyond the message.
    pub expected: String,
    /// What came.
    pub actual: String,
    /// The exchange that shows it.
    pub exchange: Option<ExchangeId>,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// Failed first, but a repeat of the whole case on fresh resources passed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unstable: bool,
    /// Why outcome or severity are not as the suite wrote them: a declared policy, the certainty of the source,
    /// the reason given in the known-failures file. Written by `verdict`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// For an errored check: the id of the failed check that is the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Part of the fixed list that a verdict of *ready* needs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub core: bool,
}

/// Why a case was not played. Settled by the plan; decides what the verdict makes of the gap.
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
pub enum SkipKind {
    /// `--skip`, `--skip-hostile`: the user left it out of this run.
    Requested,
    /// The target's declared policy leaves the feature out, or promises something else.
    Policy,
    /// The target does not declare the capability (only in `rfc`, where that is lawful).
    Capability,
    /// It needs an optional credential or access check that was not given.
    Optional,
    /// The run ended (deadline, interruption) before its turn.
    Unreached,
}

/// A case that was planned, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseResult {
    /// `PROFILE/SUITE/CASE` with `.FLAVOUR` where the profile has flavours.
    pub id: String,
    /// `PROFILE/SUITE`.
    pub suite: String,
    /// The profile.
    pub profile: String,
    /// The flavour, where the profile has them.
    pub flavour: Option<String>,
    /// The row of the case's table, where it has one; the last part of the case's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// What the case shows, in a phrase.
    pub title: String,
    /// Why it matters: who breaks and how.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The worst outcome of its checks.
    pub outcome: Outcome,
    /// The severity of the case as written in its suite.
    pub severity: Severity,
    /// How sure the source is.
    pub certainty: Certainty,
    /// Part of the fixed list that *ready* needs.
    pub core: bool,
    /// Why it was skipped or errored; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What kind of reason it was skipped for; the verdict depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<SkipKind>,
    /// Features that it exercises and that a policy may leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<String>,
    /// References of the case.
    pub refs: Vec<String>,
    /// Wall time in milliseconds.
    pub duration_ms: f64,
    /// Its checks, in file order.
    pub checks: Vec<CheckResult>,
    /// Everything it sent and received, in order.
    pub exchanges: Vec<Exchange>,
    /// The bursts that it played, and how fast the target answered them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<Load>,
}

/// How a target stood a burst of requests at a provider's pace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Load {
    /// The step, or `given.NAME` where people were made in numbers.
    pub step: String,
    /// Requests that were to be sent.
    pub requests: u64,
    /// Requests that were answered with anything but 429.
    pub answered: u64,
    /// Requests a second that the step asks for; `None`: as fast as the target lets through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_per_second: Option<f64>,
    /// Requests a second that the target sustained, from the first sent to the last answered.
    pub sustained_per_second: f64,
    /// 429 answers that said when to come back.
    pub refused: u64,
    /// 429 answers that did not.
    pub refused_blindly: u64,
    /// The longest pause that a 429 asked for, in seconds.
    pub longest_pause_s: u64,
}

impl Load {
    /// The figures in a sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        let asked = match self.asked_per_second {
            Some(asked) if self.sustained_per_second < asked * 0.95 => {
                format!(", where {asked:.0} were asked for")
            }
            _ => String::new(),
        };
        let refusals = self.refused + self.refused_blindly;
        let refused = match (refusals, self.refused_blindly) {
            (0, _) => String::new(),
            (_, 0) => {
                format!("; slowed down {refusals} times by 429, which said when to come back")
            }
            (_, blind) => format!(
                "; slowed down {refusals} times by 429, which {blind} times did not say when to come back"
            ),
        };
        format!(
            "{} of {} requests were answered, {:.1} a second{asked}{refused}",
            self.answered, self.requests, self.sustained_per_second
        )
    }
}

impl CaseResult {
    /// Failed checks that are for information only: they cost no verdict and no exit code.
    #[must_use]
    pub fn for_information(&self) -> u64 {
        let is_one = |check: &&CheckResult| {
            check.outcome == Outcome::Failed && check.severity == Severity::Info
        };
        self.checks.iter().filter(is_one).count() as u64
    }

    /// The id without flavour and row: what is the same case in all of them.
    #[must_use]
    pub fn base_id(&self) -> &str {
        let id = self.id.as_str();
        let id = self
            .flavour
            .as_deref()
            .and_then(|f| id.strip_suffix(f)?.strip_suffix('.'))
            .unwrap_or(id);
        self.row
            .as_deref()
            .and_then(|r| id.strip_suffix(r)?.strip_suffix('-'))
            .unwrap_or(id)
    }
}

/// A rule over all exchanges of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RuleResult {
    /// `rules/NAME`.
    pub id: String,
    /// What the rule demands.
    pub title: String,
    /// `passed`, `failed`, `skipped` (no exchange to judge), `known`, `fixed`.
    pub outcome: Outcome,
    /// How bad it is in `rfc`.
    pub severity: Severity,
    /// Namespaced references.
    pub refs: Vec<String>,
    /// The profiles for which a failure counts besides `rfc`.
    pub breaks: Vec<String>,
    /// How many exchanges were judged.
    pub judged: u64,
    /// How many broke the rule.
    pub count: u64,
    /// What was wrong, from the first exchange.
    pub message: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub actual: String,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// The first exchanges: the case id and the number within it.
    pub exchanges: Vec<(String, ExchangeId)>,
    /// Why outcome or severity are not as the rule has them. Written by `verdict`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A flavour's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FlavourVerdict {
    /// The flavour.
    pub id: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// One sentence that gives the verdict's reason.
    pub reason: String,
}

/// A profile's verdict and figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProfileResult {
    /// `okta`, `entra`, `jumpcloud`, `rfc`, ...
    pub id: String,
    /// For people: `Okta`, `Microsoft Entra ID`, ...
    pub title: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Sentences that a product manager understands, blockers first.
    pub reasons: Vec<String>,
    /// Verdict of each flavour that was run.
    pub flavours: Vec<FlavourVerdict>,
    /// Check or rule ids of failed blockers (in `rfc`: of violations), in plan order.
    pub blockers: Vec<String>,
    /// Check or rule ids of other failures at warning or above.
    pub warnings: Vec<String>,
    /// What was not tested, each with its reason.
    pub untested: Vec<String>,
    /// Number of checks by outcome (`passed`, `failed`, ...).
    pub counts: BTreeMap<String, u64>,
}

/// One step of a vendor's own acceptance test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GateStepResult {
    /// `entra-gallery/16`.
    pub id: String,
    /// The step's name.
    pub title: String,
    /// What a failure means at the gate: `mandatory`, `optional`, `one-of`, `conditional`, `reported`.
    #[serde(default)]
    pub category: String,
    /// `passed`, `failed`, `skipped` (not judged offline or not in this run), `errored`.
    pub outcome: Outcome,
    /// Judged by its effect on the endpoint, since the step itself needs the vendor's engine.
    pub by_effect: bool,
    /// Checks that decided it, or why it was not judged.
    pub basis: Vec<String>,
}

/// A vendor's own acceptance test, as it would go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GateResult {
    /// `entra-gallery`.
    pub id: String,
    /// For people.
    pub title: String,
    /// Steps that would pass.
    pub passed: u32,
    /// Steps that can be judged offline and were judged.
    pub judged: u32,
    /// All steps of the gate.
    pub steps_total: u32,
    /// The steps.
    pub steps: Vec<GateStepResult>,
}

/// What became of a normative requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RequirementResult {
    /// `7644-3.5.2.3-R02`.
    pub id: String,
    /// Check and rule ids that cover it.
    pub covered_by: Vec<String>,
    /// `passed`, `failed`, `skipped`, `errored`; absent coverage is `skipped`.
    pub outcome: Outcome,
}

/// One cell of the mapping matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MappingCell {
    /// The value arrived and came back as sent.
    Passed,
    /// It did not.
    Failed,
    /// Not tested in this run.
    NotTested,
    /// The provider never does this with the attribute.
    NotApplicable,
}

/// A row of the mapping matrix: attribute x operation for one provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MappingRowResult {
    /// The profile.
    pub profile: String,
    /// The identity provider's name of the attribute.
    pub attribute: String,
    /// The SCIM path.
    pub path: String,
    /// On POST.
    pub create: MappingCell,
    /// On PUT.
    pub replace: MappingCell,
    /// On PATCH.
    pub patch: MappingCell,
    /// When the value is emptied.
    pub clear: MappingCell,
    /// When searched for.
    pub filter: MappingCell,
}

/// Latencies of one operation, in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Timing {
    /// `GET /Users/{id}` and the like.
    pub operation: String,
    /// How many exchanges.
    pub count: u64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

/// What the target promises beyond the RFC, as configured (an absent word was not declared).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Policy {
    /// `keep` or `remove`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deactivation: Option<String>,
    /// Whether DELETE removes for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard_delete: Option<bool>,
    /// `groups`, `roles` or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<String>,
    /// Features left out on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_offered: Vec<String>,
    /// The attribute that the administrator matches by: `userName`, `externalId`, a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<String>,
}

/// What is known of the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetFacts {
    /// Base URL without credentials.
    pub base_url: String,
    /// Name of the target profile or persona, where one was chosen.
    pub name: Option<String>,
    /// Capabilities: discovered by GETs only.
    pub capabilities: BTreeMap<String, bool>,
    /// The policy in force.
    pub policy: Policy,
    /// Users that existed before the run, where the list said so.
    pub existing_users: Option<u64>,
    /// Facts worth a line, such as a missing /ServiceProviderConfig.
    pub notes: Vec<String>,
}

/// Why a run could not test the target, or ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// The target could not be tested: unreachable, TLS, credentials refused, not SCIM (exit 3).
    Untestable,
    /// SIGINT or SIGTERM (exit 130).
    Interrupted,
    /// `--deadline` passed.
    Deadline,
}

/// Why a run ended before its plan did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Stop {
    /// The class.
    pub reason: StopReason,
    /// One sentence: what it is and what to try.
    pub message: String,
}

/// Counts over the whole run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Summary {
    /// Cases by outcome.
    pub cases: BTreeMap<String, u64>,
    /// Checks by outcome.
    pub checks: BTreeMap<String, u64>,
    /// Requests sent.
    pub requests: u64,
    /// Wall time in milliseconds.
    pub duration_ms: f64,
    /// 429 answers that were waited for.
    pub throttled: u64,
    /// Ids (with endpoint) that could not be removed.
    pub leftovers: Vec<String>,
    /// The exit code that this run ends with.
    pub exit_code: u8,
}

/// What the runner hands to the verdict: everything that happened, judged check by check and not yet folded.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// The run's tag, part of every name that it made.
    pub run_id: String,
    /// The seed of everything but the run id.
    pub seed: u64,
    /// What was tested.
    pub facts: TargetFacts,
    /// Every planned case in plan order, also those that were skipped or not reached.
    pub cases: Vec<CaseResult>,
    /// The rules, each judged over all exchanges.
    pub rules: Vec<RuleResult>,
    /// Ids (with endpoint) that could not be removed.
    pub leftovers: Vec<String>,
    /// Set where the run ended before its plan did.
    pub stop: Option<Stop>,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub finished: String,
    /// Wall time in milliseconds.
    pub duration_ms: f64,
    /// Requests sent, probing and clean-up included.
    pub requests: u64,
    /// 429 answers that were waited for.
    pub throttled: u64,
}

/// What a `ref` of this run stands for, so that a report explains itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reference {
    /// As written in `refs`: `rfc:7644-3.5.2.3-R02`.
    pub id: String,
    /// What it says, in a sentence or a name.
    pub title: String,
    /// Where to read it; empty where there is no public address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// What became of an entry of the known-failures file.
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
pub enum KnownStatus {
    /// Something that it names failed: as expected.
    Known,
    /// Everything that it names was evaluated and passed: the entry must go.
    Fixed,
    /// Its date has passed: the entry must be renewed or go.
    Expired,
    /// What it names was not evaluated in this run: left alone.
    NotSelected,
}

/// An entry of the known-failures file, after the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KnownEntryResult {
    /// The id or pattern as written.
    pub id: String,
    /// Why it is listed.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What became of it.
    pub status: KnownStatus,
}

/// A whole run: the JSON report, `schema_version` 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Run {
    /// 1.
    pub schema_version: u32,
    /// `scimproof VERSION`.
    pub tool: String,
    /// The run's tag, part of every name that it made.
    pub run_id: String,
    /// What was tested.
    pub target: TargetFacts,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub finished: String,
    /// The seed of everything but the run id.
    pub seed: u64,
    /// From which severity on a failure makes the run fail (`--fail-on`).
    pub fail_on: Severity,
    /// Set where the run ended before its plan did.
    pub stop: Option<Stop>,
    /// Counts.
    pub summary: Summary,
    /// Verdicts.
    pub profiles: Vec<ProfileResult>,
    /// Vendors' own tests.
    pub gates: Vec<GateResult>,
    /// Cases in plan order.
    pub cases: Vec<CaseResult>,
    /// Rules.
    pub rules: Vec<RuleResult>,
    /// Requirements.
    pub requirements: Vec<RequirementResult>,
    /// The mapping matrix.
    pub mapping: Vec<MappingRowResult>,
    /// Latencies.
    pub timing: Vec<Timing>,
    /// The known-failures file's entries.
    #[serde(default)]
    pub known_failures: Vec<KnownEntryResult>,
    /// What the `refs` of findings stand for.
    #[serde(default)]
    pub references: Vec<Reference>,
}
