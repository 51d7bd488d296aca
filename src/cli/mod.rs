//! The program: flags, environment, terminal, exit codes; one file a command. How anything is done is known elsewhere.
//!
//! Only this room reads the environment, the clock's zone and the terminal, and only it and `report` write.

mod args;
mod connect;
mod diff;
mod error;
mod explain;
mod list;
mod publish;
mod shell;
mod terminal;

use std::ffi::OsString;

use clap::Parser as _;

use args::{Cli, Command};
use error::CliError;
use terminal::Terminal;

/// Runs the program with the process's arguments, the program's name first, and gives its exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version go to standard output with 0, usage errors to standard error with 2.
        Err(answer) => {
            let code = if answer.use_stderr() {
                error::USAGE
            } else {
                error::CLEAN
            };
            // A reader that has gone away is no failure.
            let _ = answer.print();
            return code;
        }
    };
    let terminal = Terminal::of_process();
    match dispatch(cli.command, &terminal) {
        Ok(code) => code,
        Err(error) if error.is_broken_pipe() => error::CLEAN,
        Err(error) => {
            terminal.complain(&error.to_string());
            error.code()
        }
    }
}

fn dispatch(command: Command, terminal: &Terminal) -> Result<u8, CliError> {
    match command {
        Command::List(args) => list::list(&args, terminal),
        Command::Explain(args) => explain::explain(&args, terminal),
        Command::Diff(args) => diff::diff(&args, terminal),
        Command::Completions { shell } => shell::completions(shell, terminal),
        Command::Man => shell::man(terminal),
        other => Err(CliError::Usage(format!("{other:?} is not there yet"))),
    }
}
