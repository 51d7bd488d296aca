//! The program `scim-reference`: the reference server on its own.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use scim_reference::store::Place;
use scim_reference::{Options, start};

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
