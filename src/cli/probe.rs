//! `scimproof probe`: what answers, whether we get in, what is declared, what is suspicious, what to run next.

use std::fmt::Write as _;

use super::args::{ProbeArgs, TargetArgs};
use super::connect;
use super::error::{CLEAN, CliError};
use super::terminal::{Terminal, plain};
use crate::client::Client;
use crate::config::{Auth, Config};
use crate::runner::{self, Probe};

/// Asks the target what it can do; GETs only.
pub(super) fn probe(args: &ProbeArgs, terminal: &Terminal) -> Result<u8, CliError> {
    let (config, _) = connect::configuration(&args.target)?;
    let found = ask(&args.target, &config)?;
    let text = if args.output.quiet {
        format!("{}\n", found.probe.facts.base_url)
    } else {
        screen(&found, &args.target)
    };
    terminal.write_out(text.as_bytes())?;
    Ok(CLEAN)
}

/// What a probe found, and how it got in.
pub(super) struct Found {
    pub(super) probe: Probe,
    pub(super) credential: String,
    pub(super) http_version: Option<String>,
    pub(super) answered_in_ms: Option<f64>,
}

/// Probes the target that flags and configuration name.
pub(super) fn ask(args: &TargetArgs, config: &Config) -> Result<Found, CliError> {
    let options = connect::options(args, config)?;
    let credential = credential_words(&options.auth);
    super::block_on(async {
        let client = Client::new(options)?;
        let probe = runner::probe(
            &client,
            config.policy.clone(),
            config.target.name.clone(),
            None,
        )
        .await
        .map_err(|stop| CliError::Untestable(stop.message))?;
        let first = probe.received.first().map(|r| &r.exchange);
        Ok(Found {
            credential,
            http_version: first.and_then(|e| e.http_version.clone()),
            answered_in_ms: first.map(|e| e.duration_ms),
            probe,
        })
    })
}

fn credential_words(auth: &Auth) -> String {
    match auth {
        Auth::None => "none".to_owned(),
        Auth::Bearer(token) => format!("bearer token from ${}", token.label()),
        Auth::Basic { username, .. } => format!("basic, user {username}"),
        Auth::Header { name, .. } => format!("header {name}"),
        Auth::OAuth2(settings) => format!(
            "OAuth 2.0 client credentials, client {}",
            settings.client_id
        ),
    }
}

fn screen(found: &Found, args: &TargetArgs) -> String {
    let facts = &found.probe.facts;
    let mut out = format!("{}\n\n", plain(&facts.base_url));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:<14}{value}");
    };
    let version = found.http_version.as_deref().unwrap_or("HTTP");
    let time = found
        .answered_in_ms
        .map(|ms| format!(" in {ms:.0} ms"))
        .unwrap_or_default();
    line("answers", &format!("{version}{time}"));
    line(
        "credential",
        &format!("{}: accepted", plain(&found.credential)),
    );
    if let Some(users) = facts.existing_users {
        line("users", &format!("{users} exist already"));
    }
    let words = |declared: bool| {
        let names: Vec<&str> = facts
            .capabilities
            .iter()
            .filter(|(_, on)| **on == declared)
            .map(|(name, _)| name.as_str())
            .collect();
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        }
    };
    line("declares", &words(true));
    line("does not", &words(false));
    for (index, note) in facts.notes.iter().enumerate() {
        line(if index == 0 { "worth knowing" } else { "" }, &plain(note));
    }
    let config = args
        .config
        .as_ref()
        .map(|path| format!(" --config {}", path.display()))
        .unwrap_or_default();
    let target = args
        .target
        .as_ref()
        .map(|url| format!(" --target {}", plain(url)))
        .unwrap_or_default();
    let token = match (&args.token_env, &args.token_file) {
        (Some(name), _) => format!(" --token-env {name}"),
        (None, Some(path)) => format!(" --token-file {}", path.display()),
        (None, None) => String::new(),
    };
    let _ = writeln!(out, "\nNext: scimproof run{config}{target}{token}");
    out
}
