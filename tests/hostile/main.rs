//! Safety, proven from outside: the built program against servers that lie, stall, flood, echo secrets, hold strangers'
//! data, and against `kill -9`. Each test prints its figure; run with `--nocapture` to see them.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and the figures are what these are for"
)]

mod behaviours;
mod determinism;
mod footprint;
mod front;
mod leftovers;
mod program;
mod scim_lies;
mod secrets;
mod server;
mod strangers;
mod tls;
mod wire_lies;
