//! The program `scimproof`: parses, runs, exits.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(scimproof::cli::main(std::env::args_os()))
}
