//! What shells and `man` want to know of the command line, made from its definition.

use clap::CommandFactory as _;

use super::args::Cli;
use super::error::{CLEAN, CliError};
use super::terminal::Terminal;

/// `scimproof completions SHELL`.
pub(super) fn completions(
    shell: clap_complete::Shell,
    terminal: &Terminal,
) -> Result<u8, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "scimproof", &mut script);
    terminal.write_out(&script)?;
    Ok(CLEAN)
}

/// `scimproof man`.
pub(super) fn man(terminal: &Terminal) -> Result<u8, CliError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    for command in Cli::command().get_subcommands() {
        let name: &'static str =
            Box::leak(format!("scimproof-{}", command.get_name()).into_boxed_str());
        clap_mangen::Man::new(command.clone().name(name)).render(&mut page)?;
    }
    terminal.write_out(&page)?;
    Ok(CLEAN)
}
