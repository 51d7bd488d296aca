//! The suite file format: what a SCIM engineer writes in `suites/PROFILE/NAME.yaml`, read, checked and typed.
//!
//! Imports: `results` (severity, certainty), `data` (to check references), `scim` (paths, encoding). The format itself is
//! described for its authors in docs/writing-suites.md; `model` is its exact shape.

pub mod fill;
mod library;
pub mod model;
mod problem;
pub mod template;

pub use library::{Library, Source, bundled, load, with_dir};
pub use problem::{LoadErrors, Problem, did_you_mean, nearest};
