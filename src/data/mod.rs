//! What the project knows from its sources: the lists, tables and bodies of `fixtures/`, embedded and typed.
//!
//! Requirements of the RFCs, quirks of identity providers, steps of vendors' acceptance tests and defects of real
//! servers are what a case may cite; [`Reference`] says whether a citation exists. Mappings, target profiles and
//! resource bodies are what cases are made from. fixtures/README.md says where the facts come from.
//!
//! Imports: `results` (severity, certainty, policy).

mod error;
mod table;

pub mod bodies;
pub mod defects;
pub mod detection;
pub mod gates;
pub mod mappings;
pub mod policy;
pub mod quirks;
pub mod reference;
pub mod requirements;
pub mod targets;

pub use error::DataError;
pub use reference::{Entry, Reference, ReferenceError};
