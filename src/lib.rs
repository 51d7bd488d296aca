//! scimproof: plays identity providers against a SCIM 2.0 endpoint and judges what comes back.
//!
//! The flow is one way; a room imports only from rooms named before it:
//! `results` (plain data) and `data` (lists from fixtures/) - `scim` (paths, comparison) - `config`, `suite` -
//! `plan` - `client` - `expect`, `rules` - `runner` - `verdict` - `report` - `cli`.
//! See docs/architecture.md.

pub mod cli;
pub mod client;
pub mod config;
pub mod data;
pub mod expect;
pub mod plan;
pub mod report;
pub mod results;
pub mod rules;
pub mod runner;
pub mod scim;
pub mod suite;
pub mod verdict;
