//! Why the program ends early, and with which exit code (contract, section 3).

use std::io;
use std::path::PathBuf;

use crate::client::ClientError;
use crate::config::ConfigErrors;
use crate::plan::PlanError;
use crate::runner::JournalError;
use crate::suite::LoadErrors;
use crate::verdict::KnownError;

pub(super) use crate::verdict::{CLEAN, FAILED, INTERRUPTED, UNTESTABLE, USAGE};

/// What a command could not do.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// scimproof.toml is wrong.
    #[error("{0}")]
    Config(#[from] ConfigErrors),
    /// Suite files are wrong.
    #[error("{0}")]
    Suites(#[from] LoadErrors),
    /// Nothing can be planned.
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// The known-failures file is wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    KnownFailures(Vec<KnownError>),
    /// The journal of a run cannot be kept.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// The target's address or credentials cannot be used.
    #[error("{0}")]
    Client(#[from] ClientError),
    /// A file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard output or error cannot be written.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
    /// The target could not be tested.
    #[error("{0}")]
    Untestable(String),
}

impl CliError {
    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::Config(_)
            | Self::Suites(_)
            | Self::Plan(_)
            | Self::KnownFailures(_)
            | Self::Journal(_)
            | Self::Client(_)
            | Self::File { .. }
            | Self::Output(_) => USAGE,
            Self::Untestable(_) => UNTESTABLE,
        }
    }
}
