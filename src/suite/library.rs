//! Where suites come from: those inside the program, and a folder of the user's beside them.

use std::path::Path;

use super::model::{Profile, Suite};
use super::problem::LoadErrors;

/// All profiles and suites of a run, in order of their names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Library {
    /// The profiles.
    pub profiles: Vec<Profile>,
    /// The suites.
    pub suites: Vec<Suite>,
}

/// A file to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// How it is named in messages; its last two parts are `PROFILE/NAME.yaml`.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// The suites inside the program.
///
/// # Errors
/// All that is wrong in them, at once.
pub fn bundled() -> Result<Library, LoadErrors> {
    load(&[])
}

/// The suites inside the program and those of a folder, laid out as `PROFILE/NAME.yaml`.
///
/// # Errors
/// All that is wrong in them, at once; also what cannot be read.
pub fn with_dir(_dir: &Path) -> Result<Library, LoadErrors> {
    load(&[])
}

/// The profiles and suites of these files.
///
/// # Errors
/// All that is wrong in them, at once.
pub fn load(_sources: &[Source]) -> Result<Library, LoadErrors> {
    Ok(Library::default())
}
