//! `scimproof cleanup`: removes what interrupted runs left behind, from their journals.

use super::args::CleanupArgs;
use super::connect;
use super::error::{CLEAN, CliError, FAILED, UNTESTABLE};
use super::terminal::{Terminal, plain};
use crate::client::Client;
use crate::runner;

/// Cleans up one target: the one that the flags or the configuration name.
pub(super) fn cleanup(args: &CleanupArgs, terminal: &Terminal) -> Result<u8, CliError> {
    let (config, _) = connect::configuration(&args.target)?;
    let options = connect::options(&args.target, &config)?;
    let Some(state) = runner::state_dir(Terminal::variable) else {
        return Err(CliError::Usage(
            "there is no place for journals: neither XDG_STATE_HOME nor HOME is set".to_owned(),
        ));
    };
    super::block_on(async {
        let client = Client::new(options)?;
        let cleaned = runner::cleanup(&client, &state, None)
            .await
            .map_err(|e| CliError::Usage(e.to_string()))?;
        let mut text = String::new();
        if cleaned.runs == 0 {
            text.push_str(&format!(
                "Nothing is left behind on {}.\n",
                client.base_url()
            ));
        } else {
            let runs = if cleaned.runs == 1 { "run" } else { "runs" };
            text.push_str(&format!(
                "{} interrupted {runs}: {} removed, {} left.\n",
                cleaned.runs,
                cleaned.removed.len(),
                cleaned.left.len()
            ));
        }
        for left in &cleaned.left {
            text.push_str(&format!("  {}\n", plain(left)));
        }
        if !args.output.quiet || !cleaned.left.is_empty() {
            terminal.write_out(text.as_bytes())?;
        }
        if let Some(why) = &cleaned.unreachable {
            terminal.complain(&format!("{why}: nothing could be removed"));
            return Ok(UNTESTABLE);
        }
        Ok(if cleaned.left.is_empty() {
            CLEAN
        } else {
            FAILED
        })
    })
}
