//! The suite file format: what a SCIM engineer writes in `suites/PROFILE/NAME.yaml`, read, checked and typed.
//!
//! Imports: `results` (severity, certainty), `data` (to check references). The format itself is described
//! for its authors in docs/writing-suites.md; `model` is its exact shape.

pub mod model;
