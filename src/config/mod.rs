//! `scimproof.toml`: what the user says of the target, its credentials and its promises.
//!
//! Parsed at the border into types that the rest can trust. Errors name file, line and column and the nearest
//! right spelling. Secrets are held in a type that cannot be printed.

mod document;
mod model;
mod read;
mod secret;

pub use document::{ConfigError, ConfigErrors};
pub use model::{AccessCheck, Auth, Config, OAuth2, RunDefaults, SecretPlacement, TargetConfig};
pub use read::{Lookup, load, parse, read_token};
pub use secret::Secret;
