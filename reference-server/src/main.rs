//! The program `scim-reference`: the reference server on its own.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use scim_reference::store::Place;
use scim_reference::{ErrorRate, Options, Rate, name_and_secret, start};

/// Serves SCIM 2.0, with Users, Groups and the enterprise extension.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example:\n  scim-reference --listen 127.0.0.1:8080 --token secret\n  curl -H 'Authorization: Bearer secret' http://127.0.0.1:8080/scim/v2/Users"
)]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The path of the base URL
    #[arg(long, value_name = "PATH", default_value = "/scim/v2")]
    base_path: String,
    /// A bearer token that is good (repeatable); without one, everybody is let in
    #[arg(long = "token", value_name = "TOKEN")]
    tokens: Vec<String>,
    /// A user name and password that are good (repeatable)
    #[arg(long, value_name = "USER:PASS", value_parser = name_and_secret)]
    basic: Vec<(String, String)>,
    /// An OAuth client that may fetch tokens by POST at /oauth/token (repeatable)
    #[arg(long = "oauth-client", value_name = "ID:SECRET", value_parser = name_and_secret)]
    oauth_clients: Vec<(String, String)>,
    /// Seconds for which a fetched token is good
    #[arg(long, value_name = "S", default_value = "3600")]
    oauth_lifetime: u64,
    /// Where tokens can be listed, added, revoked and rotated while the server runs
    #[arg(long, value_name = "ADDR:PORT")]
    admin: Option<SocketAddr>,
    /// The bearer token of --admin; needed unless its address is a loopback one
    #[arg(long, value_name = "TOKEN", requires = "admin")]
    admin_token: Option<String>,
    /// Answer 429 beyond this rate, such as 25/s
    #[arg(long, value_name = "N/s")]
    rate_limit: Option<Rate>,
    /// Milliseconds for which every answer is held back
    #[arg(long, value_name = "MS")]
    latency: Option<u64>,
    /// The share of requests that fail with 503, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0")]
    error_rate: ErrorRate,
    /// A file to which a line of JSON is added for each request, with what is wrong with it
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// The RFC to the letter, without what identity providers need beyond it
    #[arg(long)]
    strict: bool,
    /// A deliberate defect (repeatable)
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<String>,
    /// A lawful variant (repeatable)
    #[arg(long = "lawful", value_name = "NAME")]
    lawful: Vec<String>,
    /// A product to behave like
    #[arg(long, value_name = "NAME")]
    persona: Option<String>,
    /// A JSON file with further schemas and resource types (repeatable)
    #[arg(long = "schema", value_name = "FILE")]
    schemas: Vec<PathBuf>,
    /// Where resources are kept: memory, or sqlite:PATH for one file that outlives the process
    #[arg(long, value_name = "STORE", default_value = "memory")]
    store: Place,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut schemas = Vec::new();
    for path in &arguments.schemas {
        match std::fs::read_to_string(path) {
            Ok(text) => schemas.push(text),
            Err(error) => return failed(&format!("{}: {error}", path.display())),
        }
    }
    let options = Options {
        listen: arguments.listen,
        base_path: arguments.base_path,
        tokens: arguments.tokens,
        basic: arguments.basic,
        oauth_clients: arguments.oauth_clients,
        oauth_lifetime: Duration::from_secs(arguments.oauth_lifetime),
        admin: arguments.admin,
        admin_token: arguments.admin_token,
        rate_limit: arguments.rate_limit,
        latency: arguments.latency.map(Duration::from_millis),
        error_rate: arguments.error_rate,
        audit: arguments.audit,
        strict: arguments.strict,
        faults: arguments.faults,
        lawful: arguments.lawful,
        persona: arguments.persona,
        schemas,
        store: arguments.store,
        ..Options::default()
    };
    let running = match start(options).await {
        Ok(running) => running,
        Err(error) => return failed(&error.to_string()),
    };
    // A closed standard output is no reason to stop serving.
    let _ = writeln!(std::io::stdout(), "{}", running.base_url());
    let _ = std::io::stdout().flush();
    for (what, url) in [
        ("tokens are issued at", running.token_url()),
        ("tokens are managed at", running.admin_url()),
    ] {
        if let Some(url) = url {
            let _ = writeln!(std::io::stderr(), "{what} {url}");
        }
    }
    if let Some(certificate) = running.certificate() {
        let _ = writeln!(
            std::io::stderr(),
            "clients must trust this certificate:\n{certificate}"
        );
    }
    interrupted().await;
    running.stop().await;
    ExitCode::SUCCESS
}

fn failed(what: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "scim-reference: {what}");
    ExitCode::from(2)
}

/// Waits for SIGINT or SIGTERM.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminated) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    // Without a signal handler the server runs until the process is killed.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
