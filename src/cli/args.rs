//! The command line exactly as it was typed: nothing is looked up, opened or decided here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Plays Okta, Entra ID and JumpCloud against a SCIM 2.0 endpoint and says, for each, whether it is ready.
#[derive(Debug, Parser)]
#[command(
    name = "scimproof",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 100,
    after_help = "Try it:     scimproof run --reference\n\
                  Your own:   SCIM_TOKEN=... scimproof run --target https://scim.example.com/scim/v2 --token-env SCIM_TOKEN"
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Play the identity providers against a target and give a verdict for each
    Run(Box<RunArgs>),
    /// Connection, credentials, discovery: what the target can do, on one screen
    Probe(ProbeArgs),
    /// Write a commented scimproof.toml from what probe sees
    Init(InitArgs),
    /// List suites, cases, rules, mappings, requirements, gates, faults, lawful variants, personas
    List(ListArgs),
    /// Explain anything that has an id: what is sent, why, who breaks, source, how to mend it
    Explain(ExplainArgs),
    /// Start the bundled reference server
    Serve(Box<ServeArgs>),
    /// Remove what an interrupted run left behind on a target
    Cleanup(CleanupArgs),
    /// Compare two JSON reports: what broke, what was mended
    Diff(DiffArgs),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  scimproof completions bash > ~/.local/share/bash-completion/completions/scimproof"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  scimproof man > ~/.local/share/man/man1/scimproof.1")]
    Man,
}

/// Where the target is and how to get in.
#[derive(Debug, Args, Default)]
pub(super) struct TargetArgs {
    /// Base URL of the SCIM endpoint, such as https://scim.example.com/scim/v2
    #[arg(long, value_name = "URL", help_heading = "Target")]
    pub(super) target: Option<String>,
    /// Configuration file [default: ./scimproof.toml where it exists]
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub(super) config: Option<PathBuf>,
    /// Environment variable that holds the bearer token
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Target",
        conflicts_with = "token_file"
    )]
    pub(super) token_env: Option<String>,
    /// File that holds the bearer token
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub(super) token_file: Option<PathBuf>,
    /// Seconds for one exchange [default: 10]
    #[arg(long, value_name = "S", value_parser = positive_seconds, help_heading = "Target")]
    pub(super) timeout: Option<f64>,
    /// Send credentials over plain http to a host that is not this machine
    #[arg(long, help_heading = "Target")]
    pub(super) allow_insecure_http: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How much is said.
#[derive(Debug, Args, Default, Clone, Copy)]
pub(super) struct OutputArgs {
    /// Say more: each case as it ends, every finding whole
    #[arg(short, long, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// Say less: verdicts only
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Blocker,
    Violation,
    Warning,
}

#[derive(Debug, Args)]
#[command(
    override_usage = "scimproof run --target URL [OPTIONS]\n       scimproof run --reference [OPTIONS]",
    after_help = "Examples:\n  \
    scimproof run --reference\n  \
    SCIM_TOKEN=... scimproof run --target https://scim.example.com/scim/v2 --token-env SCIM_TOKEN \\\n      \
    --report junit=junit.xml --report json=report.json\n  \
    scimproof run --profile entra --case 'entra/users/disable-*' --keep -v\n\n\
    Exit codes: 0 ready, 1 something failed, 2 wrong usage or configuration, 3 target not testable, 130 interrupted"
)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Test the bundled server, started inside this process
    #[arg(long, conflicts_with_all = ["target", "token_env", "token_file"], help_heading = "Target")]
    pub(super) reference: bool,
    /// The bundled server behaves as this product, and its target profile is used
    #[arg(
        long,
        value_name = "NAME",
        requires = "reference",
        conflicts_with = "target",
        help_heading = "Target"
    )]
    pub(super) persona: Option<String>,
    /// The bundled server has this deliberate defect
    #[arg(
        long,
        value_name = "NAME",
        requires = "reference",
        conflicts_with = "target",
        help_heading = "Target"
    )]
    pub(super) fault: Vec<String>,
    /// The bundled server makes this free choice of the RFCs
    #[arg(
        long,
        value_name = "NAME",
        requires = "reference",
        conflicts_with = "target",
        help_heading = "Target"
    )]
    pub(super) lawful: Vec<String>,
    /// The bundled server keeps to the RFC's letter, without what identity providers need beyond it
    #[arg(
        long,
        requires = "reference",
        conflicts_with = "target",
        help_heading = "Target"
    )]
    pub(super) strict: bool,
    /// The bundled server has these schemas and resource types too
    #[arg(
        long,
        value_name = "FILE",
        requires = "reference",
        conflicts_with = "target",
        help_heading = "Target"
    )]
    pub(super) schema: Vec<PathBuf>,

    /// Identity providers to play, separated by commas [default: okta, entra, jumpcloud, rfc]
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub(super) profile: Vec<String>,
    /// Only suites that match, such as okta/users or 'entra/*'
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    pub(super) suite: Vec<String>,
    /// Only cases that match, such as 'entra/users/disable-**'
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    pub(super) case: Vec<String>,
    /// Leave out suites or cases that match
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    pub(super) skip: Vec<String>,
    /// Leave out bad input on purpose
    #[arg(long, help_heading = "Selection")]
    pub(super) skip_hostile: bool,
    /// Suites of your own, played beside the bundled ones
    #[arg(long, value_name = "DIR", help_heading = "Selection")]
    pub(super) suites_dir: Option<PathBuf>,

    /// Cases at a time [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Pace")]
    pub(super) jobs: Option<u16>,
    /// Requests a second at most, such as 25/s
    #[arg(long, value_name = "N/s", value_parser = rate, help_heading = "Pace")]
    pub(super) rate: Option<f64>,
    /// Seconds for the whole run; clean-up may take 30 more
    #[arg(long, value_name = "S", value_parser = positive_seconds, help_heading = "Pace")]
    pub(super) deadline: Option<f64>,
    /// Seconds in which reads may still show the old state [default: 0]
    #[arg(long, value_name = "S", value_parser = seconds, help_heading = "Pace")]
    pub(super) settle: Option<f64>,

    /// Exit 1 where something at least this bad failed [default: violation]
    #[arg(long, value_name = "SEVERITY", help_heading = "Judgement")]
    pub(super) fail_on: Option<FailOn>,
    /// File of failures that are known
    #[arg(long, value_name = "FILE", help_heading = "Judgement")]
    pub(super) known_failures: Option<PathBuf>,
    /// Write the known-failures file from this run, keeping reasons
    #[arg(long, requires = "known_failures", help_heading = "Judgement")]
    pub(super) update_known_failures: bool,
    /// Write a report: junit, json, html, markdown, sarif or har; without =PATH to standard output
    #[arg(long, value_name = "FORMAT[=PATH]", help_heading = "Judgement")]
    pub(super) report: Vec<String>,

    /// Leave what was made on the target, to look at it
    #[arg(long, help_heading = "Footprint")]
    pub(super) keep: bool,
    /// Show what would be sent and made, and send nothing
    #[arg(long, help_heading = "Footprint")]
    pub(super) dry_run: bool,
    /// Refuse a plan that holds more users and groups at once
    #[arg(long, value_name = "N", help_heading = "Footprint")]
    pub(super) max_resources: Option<u64>,
    /// Run although the tenant has more than 10,000 users
    #[arg(long, help_heading = "Footprint")]
    pub(super) i_know: bool,
    /// Fix every made-up value but the run's tag
    #[arg(long, value_name = "N", help_heading = "Footprint")]
    pub(super) seed: Option<u64>,
    /// Run again when the configuration or a suite changes, or on Enter
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) watch: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  SCIM_TOKEN=... scimproof probe --target https://scim.example.com/scim/v2 --token-env SCIM_TOKEN"
)]
pub(super) struct ProbeArgs {
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  SCIM_TOKEN=... scimproof init --target https://scim.example.com/scim/v2 --token-env SCIM_TOKEN"
)]
pub(super) struct InitArgs {
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Where to write
    #[arg(long, value_name = "FILE", default_value = "scimproof.toml")]
    pub(super) output_file: PathBuf,
    /// Overwrite a file that is there
    #[arg(long)]
    pub(super) force: bool,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    Suites,
    Cases,
    Rules,
    Mappings,
    Requirements,
    Gates,
    Faults,
    Lawful,
    Personas,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people
    #[default]
    Text,
    /// A list of objects with `id` and `title`
    Json,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  scimproof list cases --profile entra\n  scimproof list requirements --format json"
)]
pub(super) struct ListArgs {
    /// What to list
    pub(super) kind: Kind,
    /// How
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: ListFormat,
    /// Only of these profiles (suites, cases, mappings, gates)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(super) profile: Vec<String>,
    /// Suites of your own beside the bundled ones
    #[arg(long, value_name = "DIR")]
    pub(super) suites_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  scimproof explain entra/users/disable-string-false\n  scimproof explain quirk:ENTRA-42\n  scimproof explain rules/media-type"
)]
pub(super) struct ExplainArgs {
    /// Id of a case, check, rule, requirement, quirk, gate, gate step, defect or fault
    pub(super) id: String,
    /// Suites of your own beside the bundled ones
    #[arg(long, value_name = "DIR")]
    pub(super) suites_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  scimproof serve --listen 127.0.0.1:8080 --token secret\n  scimproof serve --persona hoppscotch --fault ignore-filter"
)]
pub(super) struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub(super) listen: String,
    /// Path of the base URL
    #[arg(long, value_name = "PATH", default_value = "/scim/v2")]
    pub(super) base_path: String,
    /// A bearer token that is accepted; none: no authentication
    #[arg(
        long,
        value_name = "T",
        env = "SCIMPROOF_SERVE_TOKEN",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub(super) token: Vec<String>,
    /// memory, or sqlite:PATH
    #[arg(long, value_name = "STORE", default_value = "memory")]
    pub(super) store: String,
    /// Refuse everything that the RFCs allow to refuse
    #[arg(long)]
    pub(super) strict: bool,
    /// Behave as this product
    #[arg(long, value_name = "NAME")]
    pub(super) persona: Option<String>,
    /// A deliberate defect
    #[arg(long, value_name = "NAME")]
    pub(super) fault: Vec<String>,
    /// A free choice of the RFCs
    #[arg(long, value_name = "NAME")]
    pub(super) lawful: Vec<String>,
    /// A schema of your own, as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) schema: Vec<PathBuf>,
    /// Write one line of JSON for each request
    #[arg(long, value_name = "FILE")]
    pub(super) audit: Option<PathBuf>,
    /// Answer 429 beyond this rate, such as 25/s
    #[arg(long, value_name = "N/s", value_parser = rate)]
    pub(super) rate_limit: Option<f64>,
    /// A user name and password that are good
    #[arg(long, value_name = "USER:PASS", value_parser = scim_reference::name_and_secret)]
    pub(super) basic: Vec<(String, String)>,
    /// An OAuth client that may fetch tokens by POST at /oauth/token
    #[arg(long = "oauth-client", value_name = "ID:SECRET", value_parser = scim_reference::name_and_secret)]
    pub(super) oauth_clients: Vec<(String, String)>,
    /// Seconds for which a fetched token is good
    #[arg(long, value_name = "S", default_value = "3600")]
    pub(super) oauth_lifetime: u64,
    /// Where tokens can be listed, added, revoked and rotated while the server runs
    #[arg(long, value_name = "ADDR:PORT")]
    pub(super) admin: Option<std::net::SocketAddr>,
    /// The bearer token of --admin; needed unless its address is a loopback one
    #[arg(long, value_name = "T", requires = "admin")]
    pub(super) admin_token: Option<String>,
    /// Milliseconds for which every answer is held back
    #[arg(long, value_name = "MS")]
    pub(super) latency: Option<u64>,
    /// The share of requests that fail with 503, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0")]
    pub(super) error_rate: scim_reference::ErrorRate,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  SCIM_TOKEN=... scimproof cleanup --target https://scim.example.com/scim/v2 --token-env SCIM_TOKEN\n\n\
    Exit codes: 0 nothing is left, 1 something could not be removed, 3 target not reachable"
)]
pub(super) struct CleanupArgs {
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// How a comparison is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// For people
    #[default]
    Text,
    /// For a job summary
    Markdown,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  scimproof diff last-week.json today.json\n  scimproof diff last-week.json today.json --format markdown\n\nExit codes: 0 nothing is worse, 1 something broke or could not be evaluated any more, 2 a file is no report"
)]
pub(super) struct DiffArgs {
    /// The earlier report
    pub(super) old: PathBuf,
    /// The later report
    pub(super) new: PathBuf,
    /// How
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: DiffFormat,
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|s| s.is_finite() && (0.0..=1e9).contains(s))
        .ok_or_else(|| "not a number of seconds".to_owned())
}

fn positive_seconds(text: &str) -> Result<f64, String> {
    seconds(text).and_then(|s| {
        if s > 0.0 {
            Ok(s)
        } else {
            Err("must be more than 0".to_owned())
        }
    })
}

/// `25/s` or `25`.
fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    number
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|n| n.is_finite() && *n > 0.0)
        .ok_or_else(|| "not a rate; write it as 25/s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                help.contains("Example"),
                "{} has no example",
                command.get_name()
            );
        }
    }

    #[test]
    fn rates_and_seconds() {
        assert_eq!(rate("25/s"), Ok(25.0));
        assert_eq!(rate("0.5"), Ok(0.5));
        for wrong in ["0/s", "-1", "fast", "nan", "25/m"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        assert_eq!(seconds("0"), Ok(0.0));
        assert!(
            positive_seconds("0").is_err() && seconds("inf").is_err() && seconds("-1").is_err()
        );
    }
}
