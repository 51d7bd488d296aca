//! `scimproof run`: plan, probe, play, judge, report, exit code.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use tokio::sync::mpsc;

use super::args::RunArgs;
use super::connect;
use super::error::{CliError, INTERRUPTED};
use super::list::{add_generated, written};
use super::progress::{self, Style};
use super::publish::{self, Format, Wanted};
use super::settings::Settings;
use super::signals::Signals;
use super::terminal::Terminal;
use crate::client::{BaseUrl, Client, ClientOptions, Redactor};
use crate::config::{Auth, Config, Secret};
use crate::data::targets;
use crate::plan::{self, Plan};
use crate::report;
use crate::results::{Collected, Policy, Run, Stop, StopReason, TargetFacts};
use crate::runner::{self, Application, Context, RunTag};
use crate::suite::Library;
use crate::verdict::{self, Frame, KnownFailures};

/// More existing users than this is worth a warning: lists become long, and it is perhaps not a test tenant.
const MANY_USERS: u64 = 500;

/// More existing users than this is refused without `--i-know` (contract, section 5).
const TOO_MANY_USERS: u64 = 10_000;

/// Columns that a screen is written for where nobody says how wide it is.
const WIDTH: usize = 100;

/// Everything that is known before anything is sent.
struct Prepared {
    config: Config,
    settings: Settings,
    library: Library,
    plan: Plan,
    known: KnownFailures,
    reports: Vec<Wanted>,
}

/// Runs once, or again and again with `--watch`.
pub(super) fn run(args: &RunArgs, terminal: &Terminal) -> Result<u8, CliError> {
    if args.watch {
        return super::watch::watch(args, terminal, || once(args, terminal));
    }
    once(args, terminal)
}

fn once(args: &RunArgs, terminal: &Terminal) -> Result<u8, CliError> {
    let prepared = prepare(args, terminal)?;
    if args.dry_run {
        return super::dry_run::show(&prepared.plan, &prepared.settings, terminal);
    }
    if let Some(most) = prepared.settings.max_resources {
        let footprint = prepared.plan.footprint(prepared.settings.jobs);
        let resources = footprint.users + footprint.groups;
        if resources > most {
            return Err(CliError::Usage(format!(
                "the plan holds up to {resources} users and groups at once, and --max-resources allows {most}; lower --jobs or select less"
            )));
        }
    }
    for report in &prepared.reports {
        if let Some(path) = &report.path {
            publish::prepare(path)?;
        }
    }
    super::block_on(execute(args, prepared, terminal))
}

fn prepare(args: &RunArgs, terminal: &Terminal) -> Result<Prepared, CliError> {
    let reports = publish::wanted(&args.report)?;
    let mut config = if args.reference && args.target.config.is_none() {
        // A configuration that lies about in the folder is for another target.
        Config::default()
    } else {
        connect::configuration(&args.target)?.0
    };
    for warning in &config.warnings {
        terminal.complain(&format!("warning: {warning}"));
    }
    if let Some(name) = &args.persona {
        use_target_profile(name, &mut config);
    }
    if config.policy == Policy::default() {
        config.policy = declared_by(&args.lawful);
    }
    if args.reference && config.revoked.is_none() {
        // The bundled server knows no token but one, so any other shows that a revoked one is refused.
        config.revoked = Some(Auth::Bearer(Secret::new(
            random_token(),
            "SCIM_REVOKED_TOKEN",
        )));
    }
    let settings = Settings::resolve(args, &config)?;
    let mut library = written(args.suites_dir.as_deref())?;
    add_generated(&mut library, &config)?;
    let plan = plan::select(&library, &settings.selection, &settings.conditions)?;
    let known = match &settings.known_failures {
        Some(path) => known_failures(path, args.update_known_failures, &library)?,
        None => KnownFailures::default(),
    };
    Ok(Prepared {
        config,
        settings,
        library,
        plan,
        known,
        reports,
    })
}

/// What a provider with these lawful choices would declare. That they exist is for the reference server to say.
fn declared_by(names: &[String]) -> Policy {
    let lines: std::collections::BTreeSet<&str> = scim_reference::lawful_variants()
        .iter()
        .filter(|variant| names.iter().any(|name| name == variant.name))
        .flat_map(|variant| variant.declares.iter().copied())
        .collect();
    let text = lines.into_iter().collect::<Vec<_>>().join("\n");
    toml::from_str(&text).expect("what the variants declare is read by a test")
}

/// A persona's promises and mapping hold where the configuration says nothing else. That it exists is for the
/// reference server to say.
fn use_target_profile(name: &str, config: &mut Config) {
    let Some(target) = targets::find(name) else {
        return;
    };
    if config.policy == Policy::default() {
        config.policy = target.policy.clone();
    }
    if config.mapping.is_empty() {
        config.mapping = target.mapping.clone();
        config.whole_mapping = target.whole_mapping;
    }
    config
        .target
        .name
        .get_or_insert_with(|| target.title.clone());
}

fn known_failures(
    path: &Path,
    may_be_new: bool,
    library: &Library,
) -> Result<KnownFailures, CliError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if may_be_new && e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => {
            return Err(CliError::File {
                path: path.to_owned(),
                source,
            });
        }
    };
    let known = KnownFailures::parse(&path.display().to_string(), &text)
        .map_err(CliError::KnownFailures)?;
    let mut ids: Vec<String> = crate::rules::all()
        .into_iter()
        .map(|rule| rule.id.to_owned())
        .collect();
    super::list::each_case(library, |id, _, _, _| ids.push(id));
    known.must_exist(&ids).map_err(CliError::KnownFailures)?;
    Ok(known)
}

/// The target of a run; the reference server lives as long as this does.
struct Target {
    options: ClientOptions,
    name: Option<String>,
    reference: Option<scim_reference::Running>,
}

fn random_token() -> String {
    format!("reference-{:032x}", rand::random::<u128>())
}

async fn target(args: &RunArgs, config: &Config) -> Result<Target, CliError> {
    if !args.reference {
        let options = connect::options(&args.target, config)?;
        return Ok(Target {
            options,
            name: config.target.name.clone(),
            reference: None,
        });
    }
    let token = random_token();
    let running = scim_reference::start(scim_reference::Options {
        tokens: vec![token.clone()],
        faults: args.fault.clone(),
        lawful: args.lawful.clone(),
        persona: args.persona.clone(),
        strict: args.strict,
        schemas: super::serve::texts(&args.schema)?,
        ..scim_reference::Options::default()
    })
    .await
    .map_err(|e| CliError::Usage(e.to_string()))?;
    let mut options = ClientOptions::new(BaseUrl::parse(running.base_url())?);
    options.ca_text = running.certificate().map(str::to_owned);
    options.auth = Auth::Bearer(Secret::new(token, "SCIM_TOKEN"));
    options.revoked.clone_from(&config.revoked);
    if let Some(seconds) = args.target.timeout.or(config.run.timeout_s) {
        options.timeout =
            std::time::Duration::try_from_secs_f64(seconds).unwrap_or(options.timeout);
    }
    let name = config
        .target
        .name
        .clone()
        .or_else(|| Some("the bundled reference server".to_owned()));
    Ok(Target {
        options,
        name,
        reference: Some(running),
    })
}

async fn execute(args: &RunArgs, prepared: Prepared, terminal: &Terminal) -> Result<u8, CliError> {
    let mut signals = Signals::listen();
    let mut target = target(args, &prepared.config).await?;
    target.options.rate = prepared.settings.rate;
    let client = Client::new(target.options.clone())?;
    let playing = play(args, &prepared, &client, &target, signals.clone(), terminal);
    let collected = tokio::select! {
        // The first signal goes to the runner, which cleans up; the second ends the run where it is.
        () = signals.second() => {
            terminal.complain("interrupted again: what is left on the target can be removed with `scimproof cleanup`");
            return Ok(INTERRUPTED);
        }
        collected = playing => collected?,
    };
    if let Some(running) = target.reference.take() {
        running.stop().await;
    }
    let frame = Frame::of(&prepared.plan, &prepared.library, prepared.settings.fail_on);
    let mut run = verdict::judge(collected, &frame, &prepared.known);
    redact(&mut run, client.redactor());
    publish_all(args, &prepared, &run, terminal)?;
    Ok(run.summary.exit_code)
}

/// Probes and plays. What stops a run is part of what it collected.
async fn play(
    args: &RunArgs,
    prepared: &Prepared,
    client: &Client,
    target: &Target,
    mut signals: Signals,
    terminal: &Terminal,
) -> Result<Collected, CliError> {
    let settings = &prepared.settings;
    let began = Instant::now();
    let tag = RunTag::fresh();
    let deadline = settings.deadline.and_then(|d| began.checked_add(d));
    let probe = tokio::select! {
        probe = runner::probe(client, prepared.config.policy.clone(), target.name.clone(), deadline) => probe,
        () = signals.first() => Err(Stop {
            reason: StopReason::Interrupted,
            message: "The run was interrupted before it made anything.".to_owned(),
        }),
    };
    let probe = match probe {
        Ok(probe) => probe,
        Err(stop) => return Ok(stopped(stop, &tag, prepared, client, target, began)),
    };
    heed_existing_users(args, probe.facts.existing_users, terminal)?;
    let mut plan = prepared.plan.clone();
    plan.gate(&probe.facts.capabilities, &probe.schema);
    plan.declare(&probe.schema, probe.resource_types.as_deref());
    let context = Context {
        application: application(&prepared.config, target, client)?,
        seed: settings.seed,
        tag,
        jobs: settings.jobs,
        settle: settings.settle,
        deadline,
        keep: args.keep,
        repeat: true,
        // The bundled server ends with the process, and with it whatever was left on it.
        state_dir: if target.reference.is_some() {
            None
        } else {
            runner::state_dir(Terminal::variable)
        },
        ..Context::of(client.clone(), probe)
    };
    let (sender, receiver) = mpsc::unbounded_channel();
    let style = style(args, terminal);
    let (collected, ()) = tokio::join!(
        runner::run(&plan, context, sender, signals.stop.clone()),
        progress::show(receiver, style, terminal)
    );
    Ok(collected?)
}

/// The client of the access check: without SCIM's credential, and with secrets that no report shows.
fn application(
    config: &Config,
    target: &Target,
    client: &Client,
) -> Result<Option<Application>, CliError> {
    let Some(check) = &config.access_check else {
        return Ok(None);
    };
    let (origin, _) = plan::access::split(&check.url);
    let mut options = ClientOptions::new(BaseUrl::parse(origin)?);
    options.timeout = target.options.timeout;
    options.ca_file.clone_from(&target.options.ca_file);
    options.ca_text.clone_from(&target.options.ca_text);
    options.allow_insecure_http = target.options.allow_insecure_http;
    let application = Client::new(options)?;
    for (name, value) in &check.headers {
        for redactor in [application.redactor(), client.redactor()] {
            redactor.add(value);
            redactor.add_header(name);
        }
    }
    Ok(Some(Application {
        client: application,
        headers: check.headers.clone(),
    }))
}

fn style(args: &RunArgs, terminal: &Terminal) -> Style {
    match (
        args.output.quiet,
        args.output.verbose,
        terminal.stderr_is_terminal,
    ) {
        (true, ..) => Style::Silent,
        (false, true, _) => Style::EachCase,
        (false, false, true) => Style::Bar,
        (false, false, false) => Style::Lines,
    }
}

/// A tenant full of people is not one to play in by accident.
fn heed_existing_users(
    args: &RunArgs,
    users: Option<u64>,
    terminal: &Terminal,
) -> Result<(), CliError> {
    let Some(users) = users.filter(|n| *n > MANY_USERS) else {
        return Ok(());
    };
    if users > TOO_MANY_USERS && !args.i_know {
        return Err(CliError::Usage(format!(
            "the tenant has {users} users, more than {TOO_MANY_USERS}; nothing was made there. Use a test tenant, or pass --i-know"
        )));
    }
    terminal.complain(&format!(
        "warning: the tenant has {users} users; only what this run makes is changed, but a test tenant is a better place"
    ));
    Ok(())
}

/// What is known of a run that ended before its first case.
fn stopped(
    stop: Stop,
    tag: &RunTag,
    prepared: &Prepared,
    client: &Client,
    target: &Target,
    began: Instant,
) -> Collected {
    let now = jiff::Timestamp::now();
    let duration_ms = began.elapsed().as_secs_f64() * 1000.0;
    Collected {
        run_id: tag.to_string(),
        seed: prepared.settings.seed,
        facts: TargetFacts {
            base_url: client.base_url().to_string(),
            name: target.name.clone(),
            capabilities: BTreeMap::new(),
            policy: prepared.config.policy.clone(),
            existing_users: None,
            notes: Vec::new(),
        },
        cases: Vec::new(),
        rules: Vec::new(),
        leftovers: Vec::new(),
        stop: Some(stop),
        started: jiff::SignedDuration::try_from_secs_f64(duration_ms / 1000.0)
            .ok()
            .and_then(|d| now.checked_sub(d).ok())
            .unwrap_or(now)
            .to_string(),
        finished: now.to_string(),
        duration_ms,
        requests: 0,
        throttled: 0,
    }
}

/// The records are redacted already; this catches what was written about them in words.
fn redact(run: &mut Run, redactor: &Redactor) {
    let clean = |text: &mut String| {
        if let std::borrow::Cow::Owned(redacted) = redactor.message(text) {
            *text = redacted;
        }
    };
    for case in &mut run.cases {
        clean(&mut case.reason);
        for check in &mut case.checks {
            [
                &mut check.message,
                &mut check.expected,
                &mut check.actual,
                &mut check.note,
            ]
            .into_iter()
            .for_each(clean);
        }
    }
    for rule in &mut run.rules {
        [
            &mut rule.message,
            &mut rule.expected,
            &mut rule.actual,
            &mut rule.note,
        ]
        .into_iter()
        .for_each(clean);
    }
    for profile in &mut run.profiles {
        profile
            .reasons
            .iter_mut()
            .chain(&mut profile.untested)
            .for_each(clean);
        profile
            .flavours
            .iter_mut()
            .for_each(|flavour| clean(&mut flavour.reason));
    }
    run.target
        .notes
        .iter_mut()
        .chain(&mut run.summary.leftovers)
        .for_each(clean);
    if let Some(stop) = &mut run.stop {
        clean(&mut stop.message);
    }
}

fn publish_all(
    args: &RunArgs,
    prepared: &Prepared,
    run: &Run,
    terminal: &Terminal,
) -> Result<(), CliError> {
    let mut on_stdout = None;
    // A report that cannot be written must not keep the others from being written.
    let mut failure = None;
    for report in &prepared.reports {
        let mut bytes = Vec::new();
        render(report.format, run, &mut bytes)?;
        match &report.path {
            Some(path) => failure = publish::write(path, &bytes).err().or(failure),
            None => on_stdout = Some(bytes),
        }
    }
    if let Some(stop) = run
        .stop
        .as_ref()
        .filter(|stop| stop.reason == StopReason::Untestable && run.cases.is_empty())
    {
        // There is nothing to show but why.
        terminal.complain(&stop.message);
        if let Some(bytes) = on_stdout {
            terminal.write_raw(&bytes)?;
        }
        annotate(run, terminal)?;
        return failure.map_or(Ok(()), Err);
    }
    let to_stderr = on_stdout.is_some();
    let options = report::console::Options {
        color: terminal.is_coloured(&args.output, to_stderr),
        width: terminal.width(to_stderr).unwrap_or(WIDTH),
        verbose: args.output.verbose,
        quiet: args.output.quiet,
    };
    let mut screen = Vec::new();
    report::console::render(run, &mut screen, &options)?;
    for report in &prepared.reports {
        if let Some(path) = report.path.as_ref().filter(|_| !args.output.quiet) {
            writeln!(screen, "Report: {}", path.display())?;
        }
    }
    if args.update_known_failures
        && let Some(path) = &prepared.settings.known_failures
    {
        let text = verdict::updated(&prepared.known, run, prepared.settings.fail_on);
        publish::write(path, text.as_bytes())?;
        writeln!(
            screen,
            "Known failures: {} is written; give each new entry a reason.",
            path.display()
        )?;
    }
    if let Some(bytes) = on_stdout {
        terminal.write_err(&screen)?;
        terminal.write_raw(&bytes)?;
    } else {
        terminal.write_out(&screen)?;
    }
    annotate(run, terminal)?;
    failure.map_or(Ok(()), Err)
}

/// On a GitHub runner, annotations beside the job and the pull request.
fn annotate(run: &Run, terminal: &Terminal) -> Result<(), CliError> {
    if terminal.github {
        let mut commands = Vec::new();
        report::github::render(run, &mut commands)?;
        terminal.write_commands(&commands)?;
    }
    Ok(())
}

fn render(format: Format, run: &Run, out: &mut Vec<u8>) -> Result<(), CliError> {
    match format {
        Format::Junit => report::junit::render(run, out)?,
        Format::Json => report::json::render(run, out)?,
        Format::Html => report::html::render(run, out)?,
        Format::Markdown => report::markdown::render(run, out)?,
        Format::Sarif => report::sarif::render(run, out)?,
        Format::Har => report::har::render(run, out)?,
    }
    Ok(())
}
