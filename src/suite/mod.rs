//! The suite file format: what a SCIM engineer writes in `suites/PROFILE/NAME.yaml`, read, checked and typed.
//!
//! Imports: `results` (severity, certainty), `data` (to check references), `scim` (paths, encoding). The format itself is
//! described for its authors in docs/writing-suites.md; `model` is its exact shape.

mod build;
mod check;
pub mod fill;
mod format;
mod library;
pub mod model;
mod problem;
mod repeat;
mod report;
pub mod schema;
pub mod template;
mod tree;

pub use library::{
    Library, NotCovered, Outline, Source, bundled, load, only_dir, outlines, with_dir,
};
pub use problem::{LoadErrors, Problem, did_you_mean, nearest};
