//! The reference SCIM 2.0 service provider.
//!
//! `protocol/` holds the semantics, `engine/` the operations over `store/`, `http/` the bytes.
//! [`start`] runs a server inside of the process; it is all that the harness uses.
//!
//! ```no_run
//! # async fn example() -> Result<(), scim_reference::StartError> {
//! let server = scim_reference::start(scim_reference::Options::default()).await?;
//! assert!(server.base_url().ends_with("/scim/v2"));
//! server.stop().await;
//! # Ok(())
//! # }
//! ```

mod admin;
pub mod auth;
pub mod engine;
mod faults;
pub mod http;
mod lawful;
mod limits;
mod options;
mod personas;
pub mod protocol;
mod server;
pub mod store;
mod tls;

pub use faults::{FaultInfo, faults};
pub use lawful::{LawfulInfo, lawful_variants};
pub use limits::{ErrorRate, NoRate, NoShare, Rate};
pub use options::{NoPair, Options, name_and_secret};
pub use personas::{PersonaInfo, personas};
pub use server::{Running, StartError, start};
