//! `scimproof serve`: the bundled reference server on a port of your choice.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::args::ServeArgs;
use super::error::{CLEAN, CliError};
use super::signals::Signals;
use super::terminal::Terminal;

/// Serves until it is interrupted.
pub(super) fn serve(args: &ServeArgs, terminal: &Terminal) -> Result<u8, CliError> {
    let options = options(args)?;
    super::block_on(async {
        let running = scim_reference::start(options)
            .await
            .map_err(|e| CliError::Usage(e.to_string()))?;
        terminal.write_out(format!("{}\n", running.base_url()).as_bytes())?;
        for (what, url) in [
            ("tokens are issued at", running.token_url()),
            ("tokens are managed at", running.admin_url()),
        ] {
            if let Some(url) = url {
                terminal.write_err(format!("{what} {url}\n").as_bytes())?;
            }
        }
        if let Some(certificate) = running.certificate() {
            let told = format!("clients must trust this certificate:\n{certificate}");
            terminal.write_err(told.as_bytes())?;
        }
        if args.token.is_empty() && args.basic.is_empty() && args.oauth_clients.is_empty() {
            terminal.write_err(b"no --token is given: everybody is let in\n")?;
        }
        Signals::listen().first().await;
        running.stop().await;
        Ok(CLEAN)
    })
}

fn options(args: &ServeArgs) -> Result<scim_reference::Options, CliError> {
    let listen: SocketAddr = args
        .listen
        .replace("localhost", "127.0.0.1")
        .parse()
        .map_err(|_| {
            CliError::Usage(format!(
                "--listen: `{}` is not ADDRESS:PORT, such as 127.0.0.1:8080",
                args.listen
            ))
        })?;
    let schemas = texts(&args.schema)?;
    let store = args
        .store
        .parse()
        .map_err(|e: scim_reference::store::StoreError| {
            CliError::Usage(format!("--store: {}", e.0))
        })?;
    let rate_limit = args
        .rate_limit
        .map(scim_reference::Rate::per_second)
        .transpose()
        .map_err(|e| CliError::Usage(format!("--rate-limit: {e}")))?;
    Ok(scim_reference::Options {
        store,
        rate_limit,
        audit: args.audit.clone(),
        basic: args.basic.clone(),
        oauth_clients: args.oauth_clients.clone(),
        oauth_lifetime: Duration::from_secs(args.oauth_lifetime),
        admin: args.admin,
        admin_token: args.admin_token.clone(),
        latency: args.latency.map(Duration::from_millis),
        error_rate: args.error_rate,
        listen,
        base_path: args.base_path.clone(),
        tokens: args.token.clone(),
        strict: args.strict,
        faults: args.fault.clone(),
        lawful: args.lawful.clone(),
        persona: args.persona.clone(),
        schemas,
        ..scim_reference::Options::default()
    })
}

/// What stands in the schema files; whether it can be used is for the reference server to say.
pub(super) fn texts(files: &[PathBuf]) -> Result<Vec<String>, CliError> {
    files
        .iter()
        .map(|path| {
            std::fs::read_to_string(path).map_err(|source| CliError::File {
                path: path.clone(),
                source,
            })
        })
        .collect()
}
