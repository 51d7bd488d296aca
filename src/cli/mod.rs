//! The program: flags, environment, terminal, exit codes; one file a command. How anything is done is known elsewhere.
//!
//! Only this room reads the environment, the clock's zone and the terminal, and only it and `report` write.

mod args;
mod cleanup;
mod connect;
mod diff;
mod dry_run;
mod error;
mod explain;
mod init;
mod list;
mod probe;
mod progress;
mod publish;
mod right_answer;
mod run;
mod serve;
mod settings;
mod shell;
mod signals;
mod terminal;
mod watch;

use std::ffi::OsString;

use clap::Parser as _;

use args::{Cli, Command};
use error::CliError;
use terminal::Terminal;

/// Runs the program with the process's arguments, the program's name first, and gives its exit code.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
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
        Err(error) => {
            terminal.complain(&error.to_string());
            error.code()
        }
    }
}

fn dispatch(command: Command, terminal: &Terminal) -> Result<u8, CliError> {
    match command {
        Command::Run(args) => run::run(&args, terminal),
        Command::Probe(args) => probe::probe(&args, terminal),
        Command::Init(args) => init::init(&args, terminal),
        Command::Serve(args) => serve::serve(&args, terminal),
        Command::Cleanup(args) => cleanup::cleanup(&args, terminal),
        Command::List(args) => list::list(&args, terminal),
        Command::Explain(args) => explain::explain(&args, terminal),
        Command::Diff(args) => diff::diff(&args, terminal),
        Command::Completions { shell } => shell::completions(shell, terminal),
        Command::Man => shell::man(terminal),
    }
}

/// The runtime of a command that speaks to a network. Made only where it is needed: `--version` must be instant.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

/// Does the work of a command that speaks to a network.
fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = runtime()?;
    let done = runtime.block_on(work);
    // A connection that is being flooded by its server may not come to a halt for a long time; nobody waits for it.
    runtime.shutdown_background();
    done
}
