//! Each misbehaviour against the built program: it ends in time with a finding or with the reason, within its memory,
//! with valid reports, and nothing of the server's reaches the terminal or a browser as a command.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::program::{Ended, Sandbox};
use super::server::{From, Lie, liar};
use super::{scim_lies, tls, wire_lies};

/// How a run against a misbehaving server may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Exit 3 with the reason.
    Untestable,
    /// Exit 1 with a finding, or 3 where the server stopped answering.
    Finding,
    /// Perhaps a finding, perhaps nothing that hurts.
    Any,
}

/// A misbehaviour.
#[derive(Clone, Copy)]
pub(crate) struct Behaviour {
    pub(crate) name: &'static str,
    pub(crate) ends: Ends,
    pub(crate) lie: Lie,
    pub(crate) from: From,
}

/// What a file of lies holds: the lie's name, how a run may end, and what it does.
pub(crate) type Told = (&'static str, Ends, Lie);

/// Lies from the start and lies from the first write, as behaviours.
pub(crate) fn behaviours(from_the_start: &[Told], from_the_first_write: &[Told]) -> Vec<Behaviour> {
    let started = from_the_start.iter().map(|lie| (lie, From::TheStart));
    let later = from_the_first_write
        .iter()
        .map(|lie| (lie, From::TheFirstWrite));
    started
        .chain(later)
        .map(|((name, ends, lie), from)| Behaviour {
            name,
            ends: *ends,
            lie: *lie,
            from,
        })
        .collect()
}

/// The most memory that a run may take, in kB, whatever the server does.
const MOST_MEMORY: u64 = 150 << 10;
/// Given to the program as `--deadline`.
const DEADLINE: &str = "5";
/// The deadline, the 30 s that clean-up may take after it, and what a loaded machine needs.
const LONGEST: Duration = Duration::from_secs(50);
/// Runs at the same time: most of them wait for a time-out.
const SIDE_BY_SIDE: usize = 10;

const CASES: [&str; 4] = [
    "rfc/create/user",
    "rfc/groups/members",
    "rfc/paging/pages",
    "okta/users/create",
];

pub(crate) fn arguments(base_url: &str) -> Vec<String> {
    let mut all: Vec<String> = [
        "run",
        "--timeout",
        "1",
        "--deadline",
        DEADLINE,
        "--fail-on",
        "warning",
        "--target",
        base_url,
    ]
    .map(str::to_owned)
    .to_vec();
    for case in CASES {
        all.extend(["--case".to_owned(), case.to_owned()]);
    }
    for report in [
        "json=r.json",
        "junit=r.xml",
        "html=r.html",
        "markdown=r.md",
        "sarif=r.sarif",
        "har=r.har",
    ] {
        all.extend(["--report".to_owned(), report.to_owned()]);
    }
    all
}

/// Runs the program against a base URL and says what was wrong with how it took it.
pub(crate) fn survive(base_url: &str, ends: Ends, config: Option<&str>) -> (Ended, Vec<String>) {
    let sandbox = Sandbox::new();
    if let Some(config) = config {
        sandbox.write("scimproof.toml", config);
    }
    let arguments = arguments(base_url);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = sandbox.command(&arguments);
    let ended = sandbox.run(&mut command, LONGEST);
    let mut wrong = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    let allowed: &[i32] = match ends {
        Ends::Untestable => &[3],
        Ends::Finding => &[1, 3],
        Ends::Any => &[0, 1, 3],
    };
    must(
        ended.code.is_some_and(|code| allowed.contains(&code)),
        format!("exit {:?}, not one of {allowed:?}", ended.code),
    );
    must(
        ended.peak_kb < MOST_MEMORY,
        format!("{} MB of memory", ended.peak_kb >> 10),
    );
    must(!ended.said().contains("panicked"), "a panic".to_owned());
    must(
        !ended.said().contains("scimproof itself failed"),
        "a panic in a case".to_owned(),
    );
    for (name, text) in [("stdout", &ended.stdout), ("stderr", &ended.stderr)] {
        must(
            steers_nothing(text, false),
            format!("{name} can steer a terminal"),
        );
    }
    match sandbox.json("r.json") {
        Err(why) => must(false, why),
        Ok(report) => {
            let errors: Vec<String> = schema()
                .iter_errors(&report)
                .take(3)
                .map(|e| format!("{e} at {}", e.instance_path()))
                .collect();
            must(errors.is_empty(), format!("JSON report: {errors:?}"));
            must(
                !report.to_string().contains("scimproof itself failed"),
                "a panic in a case".to_owned(),
            );
            if ended.code == Some(3) {
                must(
                    report["stop"]["message"]
                        .as_str()
                        .is_some_and(|m| m.len() > 20),
                    "exit 3 without a reason in the report".to_owned(),
                );
            }
            if ended.code == Some(1) {
                let findings = report["cases"]
                    .as_array()
                    .into_iter()
                    .chain(report["rules"].as_array())
                    .flatten()
                    .filter(|one| matches!(one["outcome"].as_str(), Some("failed" | "errored")))
                    .count();
                must(
                    findings > 0 || report["stop"]["message"].is_string(),
                    "exit 1 without a finding or a reason".to_owned(),
                );
            }
        }
    }
    for name in ["r.sarif", "r.har"] {
        if let Err(why) = sandbox.json(name) {
            must(false, why);
        }
    }
    for name in ["r.xml", "r.html", "r.md"] {
        match std::fs::read(sandbox.path(name)) {
            Err(why) => must(false, format!("{name}: {why}")),
            Ok(bytes) => {
                must(
                    steers_nothing(&bytes, true),
                    format!("{name} holds control characters"),
                );
                let text = String::from_utf8_lossy(&bytes);
                let (text, form) = match name {
                    "r.xml" => (String::new(), well_formed(&text)),
                    "r.md" => (outside_of_code(&text), Ok(())),
                    _ => (text.into_owned(), Ok(())),
                };
                must(form.is_ok(), format!("{name}: {form:?}"));
                must(
                    !text.contains("<script>alert") && !text.contains("<img src=x"),
                    format!("{name} holds markup of the server's"),
                );
            }
        }
    }
    let markdown = std::fs::read_to_string(sandbox.path("r.md")).unwrap_or_default();
    must(
        !markdown.lines().any(|line| line.starts_with("::error::")),
        "a line for the CI service".to_owned(),
    );
    (ended, wrong)
}

fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: std::sync::OnceLock<jsonschema::Validator> = std::sync::OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text = include_str!("../../fixtures/report.schema.json");
        jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
    })
}

/// No control characters but line ends and tabs. Reports may hold marks of the reading direction: names have them.
fn steers_nothing(bytes: &[u8], is_report: bool) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    text.chars().all(|c| {
        matches!(c, '\n' | '\t')
            || !(c.is_control() || !is_report && matches!(c, '\u{202a}'..='\u{202e}'))
    })
}

/// Markdown without its code blocks.
fn outside_of_code(markdown: &str) -> String {
    let mut fence: Option<String> = None;
    let mut kept = String::new();
    for line in markdown.lines() {
        let ticks: String = line.trim().chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if line.trim() == open => fence = None,
            None if ticks.len() >= 3 => fence = Some(ticks),
            Some(_) => {}
            None => {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    kept
}

/// XML with at least one testcase, and with no element that JUnit does not know.
fn well_formed(xml: &str) -> Result<(), String> {
    use quick_xml::events::Event;
    const KNOWN: [&str; 10] = [
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "error",
        "skipped",
        "properties",
        "property",
        "system-out",
        "system-err",
    ];
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut testcases = 0;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) if testcases > 0 => return Ok(()),
            Ok(Event::Eof) => return Err("no testcase".to_owned()),
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                if !KNOWN.contains(&name.as_str()) {
                    return Err(format!("an element <{name}>"));
                }
                testcases += usize::from(name == "testcase");
            }
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Every second behaviour, since each costs the start of a program; `SCIMPROOF_HOSTILE=all` plays all of them,
/// `SCIMPROOF_HOSTILE=gzip` those with this in their names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_server_can_crash_hang_or_bloat_the_harness() {
    let wanted = std::env::var("SCIMPROOF_HOSTILE").unwrap_or_default();
    let is_wanted = |at: usize, name: &str| match wanted.as_str() {
        "" => at.is_multiple_of(2),
        "all" => true,
        part => name.contains(part),
    };
    let behaviours: Vec<Behaviour> = wire_lies::all()
        .into_iter()
        .chain(scim_lies::all())
        .enumerate()
        .filter(|(at, behaviour)| is_wanted(*at, behaviour.name))
        .map(|(_, behaviour)| behaviour)
        .collect();
    let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut running = tokio::task::JoinSet::new();
    for behaviour in behaviours {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            let server = liar(
                behaviour.lie,
                behaviour.from,
                scim_reference::Options::default(),
            )
            .await;
            let base_url = server.base_url.clone();
            let done =
                tokio::task::spawn_blocking(move || survive(&base_url, behaviour.ends, None))
                    .await
                    .unwrap();
            (behaviour.name.to_owned(), done)
        });
    }
    for (at, (name, ends, server)) in tls::servers().await.into_iter().enumerate() {
        if !is_wanted(at, name) {
            continue;
        }
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            let done = tokio::task::spawn_blocking(move || {
                // Whole, or the certificate on disk would be gone before the program starts.
                let server = server;
                survive(&server.base_url, ends, server.config.as_deref())
            })
            .await
            .unwrap();
            (name.to_owned(), done)
        });
    }
    let all = running.join_all().await;
    let tried = all.len();
    let mut failures = Vec::new();
    let (mut slowest, mut largest) = ((Duration::ZERO, ""), (0, ""));
    for (name, (ended, wrong)) in &all {
        slowest = slowest.max((ended.took, name.as_str()));
        largest = largest.max((ended.peak_kb, name.as_str()));
        if !wrong.is_empty() {
            failures.push(format!(
                "{name} ({:?}, {} MB): {}",
                ended.took,
                ended.peak_kb >> 10,
                wrong.join("; ")
            ));
        }
    }
    println!(
        "behaviours survived {} / tried {tried}",
        tried - failures.len()
    );
    println!(
        "slowest {:.1} s ({}), most memory {} MB ({})",
        slowest.0.as_secs_f64(),
        slowest.1,
        largest.0 >> 10,
        largest.1
    );
    failures.sort();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(
        tried >= 60 || !matches!(wanted.as_str(), "" | "all"),
        "only {tried} behaviours"
    );
}
