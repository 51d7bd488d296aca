//! `scimproof run`: from what was typed and configured to what holds, before anything is opened or sent.

use std::path::PathBuf;
use std::time::Duration;

use super::args::{FailOn, RunArgs};
use super::error::CliError;
use crate::config::Config;
use crate::plan::{Conditions, Glob, Selection};
use crate::results::Severity;

/// Cases at a time where nobody says otherwise.
const DEFAULT_JOBS: u16 = 4;

/// The seed where none is given: the same made-up values in every run, so that two runs can be compared.
const DEFAULT_SEED: u64 = 1;

/// What holds for a run.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) selection: Selection,
    pub(super) conditions: Conditions,
    pub(super) jobs: usize,
    pub(super) rate: Option<f64>,
    pub(super) deadline: Option<Duration>,
    pub(super) settle: Duration,
    pub(super) fail_on: Severity,
    pub(super) known_failures: Option<PathBuf>,
    pub(super) max_resources: Option<u64>,
    pub(super) seed: u64,
}

impl Settings {
    /// Flags win over the configuration, which wins over the defaults.
    pub(super) fn resolve(args: &RunArgs, config: &Config) -> Result<Self, CliError> {
        let run = &config.run;
        let profiles = if args.profile.is_empty() {
            &run.profiles
        } else {
            &args.profile
        };
        let skips = run.skip.iter().chain(&args.skip);
        let fail_on = match (args.fail_on, run.fail_on.as_deref()) {
            (Some(FailOn::Blocker), _) | (None, Some("blocker")) => Severity::Blocker,
            (Some(FailOn::Warning), _) | (None, Some("warning")) => Severity::Warning,
            (Some(FailOn::Violation), _) | (None, _) => Severity::Violation,
        };
        Ok(Self {
            selection: Selection {
                profiles: profiles
                    .iter()
                    .map(|p| p.trim().to_owned())
                    .filter(|p| !p.is_empty())
                    .collect(),
                suites: globs(&args.suite),
                cases: globs(&args.case),
                skips: skips.map(|text| Glob::new(text)).collect(),
                skip_hostile: args.skip_hostile,
            },
            conditions: Conditions {
                policy: config.policy.clone(),
                flavours: config.flavours.clone(),
                revoked_credential: config.revoked.is_some(),
                other_tenant_credential: config.other_tenant.is_some(),
            },
            jobs: usize::from(args.jobs.or(run.jobs).unwrap_or(DEFAULT_JOBS)),
            rate: args.rate.or(run.rate),
            deadline: args.deadline.or(run.deadline_s).map(seconds),
            settle: seconds(args.settle.or(run.settle_s).unwrap_or(0.0)),
            fail_on,
            known_failures: args
                .known_failures
                .clone()
                .or_else(|| run.known_failures.clone()),
            max_resources: args.max_resources.or(run.max_resources),
            seed: args.seed.unwrap_or(DEFAULT_SEED),
        })
    }
}

fn globs(patterns: &[String]) -> Vec<Glob> {
    patterns.iter().map(|text| Glob::new(text)).collect()
}

fn seconds(s: f64) -> Duration {
    Duration::try_from_secs_f64(s).unwrap_or(Duration::MAX)
}
