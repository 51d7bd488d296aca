//! The RFCs' demands on a provider, held against the server over HTTP: one file an area.

mod audit;
mod auth;
mod bulk;
mod client;
mod create;
mod cursor;
mod custom;
mod delete;
mod discovery;
mod errors;
mod etag;
mod filter;
mod group;
mod lenient;
mod limits;
mod list;
mod patch;
mod projection;
mod replace;
mod search;
#[cfg(feature = "sqlite")]
mod stores;
mod tokens;
