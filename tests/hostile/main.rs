//! Safety, proven from outside: the built program against servers that lie, stall, flood, echo secrets, hold strangers'
//! data, and against `kill -9`. Each test prints its figure; run with `--nocapture` to see them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod behaviours;
mod program;
mod scim_lies;
mod secrets;
mod server;
mod tls;
mod wire_lies;
