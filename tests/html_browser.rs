//! The HTML report in a real browser: Chromium, headless, where it is on the PATH; and axe-core's judgement of it, where
//! `tests/html_browser.sh` has installed that.
//!
//! A script put before everything else in the page listens for errors and for anything that the page would load, then uses
//! the page as a person does and writes what it saw into the page, which Chromium prints. Nothing is mocked.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and the time that the page took is a figure"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use scimproof::results::{CaseResult, Outcome, Run, Severity};
use serde_json::Value;
use tempfile::TempDir;

/// Checks of the report that is opened: what a large run has.
const CHECKS: usize = 5_000;
/// Milliseconds in which the page must be there, and bytes that it may have (docs/reading-the-report.md).
const OPENS_WITHIN_MS: f64 = 1_000.0;
const BYTES: usize = 3_000_000;
/// Tries at the time limit: a machine that is busy elsewhere says nothing about the page.
const TRIES: usize = 4;

const HOSTILE: &str = "</script><script>document.title='pwned'</script><img src=https://leak.invalid/x onerror=\"document.title='pwned'\">";

const DRIVER: &str = r#"<script>
const seen = { errors: [], loads: [] };
addEventListener("error", (e) => seen.errors.push(String(e.message || e.target)), true);
addEventListener("unhandledrejection", (e) => seen.errors.push(String(e.reason)));
addEventListener("securitypolicyviolation", (e) => seen.loads.push(e.blockedURI));
for (const level of ["error", "warn"]) { console[level] = (...all) => seen.errors.push(all.join(" ")); }
addEventListener("load", () => {
  const all = [...document.querySelectorAll("[data-text]")];
  const shown = () => all.filter((item) => !item.hidden).length;
  const use = (id, value) => {
    const control = document.getElementById(id);
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
    const count = shown();
    control.value = "";
    control.dispatchEvent(new Event("input", { bubbles: true }));
    return count;
  };
  const began = performance.now();
  seen.found = use("search", "NEEDLE-IN-THE-REPORT");
  seen.search_ms = performance.now() - began;
  seen.all = shown();
  seen.nothing = use("search", "there is nothing like this");
  seen.blockers = use("severity", "blocker");
  seen.failed = use("outcome", "failed");
  seen.providers = [...document.getElementById("profile").options].map((o) => o.value).filter(Boolean);
  seen.by_provider = seen.providers.map((p) => use("profile", p));
  const aim = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  seen.opened = Boolean(aim && aim.open && aim.getBoundingClientRect().top < innerHeight && aim.getBoundingClientRect().bottom > 0);
  seen.hostile_text = document.body.textContent.includes("onerror=");
  seen.hostile_elements = document.querySelectorAll("img, iframe, object, body script:not(:last-of-type)").length;
  seen.unlabelled = [...document.querySelectorAll("input, select, button")].filter((e) => !e.labels?.length && !e.textContent.trim() && !e.ariaLabel).length;
  seen.wider_than_window = document.documentElement.scrollWidth > innerWidth;
  seen.loads.push(...performance.getEntriesByType("resource").map((r) => r.name));
  seen.title = document.title;
  seen.ready_ms = performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd;
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = "BEGIN" + btoa(JSON.stringify(seen)) + "END";
  document.body.append(out);
});
</script>"#;

/// Where `tests/html_browser.sh` puts axe-core.
const AXE: &str = "target/browser/node_modules/axe-core/axe.min.js";

/// Opens everything that can be opened and lets axe-core judge the page.
const JUDGE: &str = r#"<script>
addEventListener("load", async () => {
  document.querySelectorAll("details").forEach((part) => { part.open = true; });
  let said;
  try {
    const judged = await axe.run(document, { resultTypes: ["violations"] });
    said = judged.violations.map((v) => [v.impact, v.id, v.nodes[0].html.slice(0, 300), v.nodes[0].failureSummary].join(": "));
    said.push("rules that held: " + judged.passes.length);
  } catch (error) {
    said = ["serious: axe-core failed: " + error];
  }
  const out = document.createElement("pre");
  out.textContent = "BEGIN" + btoa(unescape(encodeURIComponent(JSON.stringify(said)))) + "END";
  document.body.append(out);
});
</script>"#;

/// A run of the built program against its own server, as a value that can be read from its JSON report.
fn a_small_run(folder: &Path) -> Run {
    let report = folder.join("report.json");
    let status = Command::new(env!("CARGO_BIN_EXE_scimproof"))
        .args([
            "run",
            "--reference",
            "--quiet",
            "--suite",
            "okta/users",
            "--suite",
            "entra/users",
            "--report",
        ])
        .arg(format!("json={}", report.display()))
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program runs");
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    let text = std::fs::read_to_string(report).expect("the report was written");
    serde_json::from_str(&text).expect("the report is a run")
}

/// The run with 5,000 checks, some of them failed, in the words of a hostile server.
fn large(mut run: Run) -> Run {
    let played: Vec<CaseResult> = run
        .cases
        .iter()
        .filter(|c| !c.checks.is_empty() && !c.exchanges.is_empty())
        .cloned()
        .collect();
    assert!(!played.is_empty(), "the small run played something");
    let mut checks: usize = run.cases.iter().map(|c| c.checks.len()).sum();
    for number in 0.. {
        if checks >= CHECKS {
            break;
        }
        let mut case = played[number % played.len()].clone();
        let base = case.id.clone();
        case.id = format!("{}/copy-{number}", case.suite);
        for check in &mut case.checks {
            check.id = check.id.replace(&base, &case.id);
        }
        if number % 20 == 0 {
            case.outcome = Outcome::Failed;
            let exchange = case.exchanges.last_mut().expect("it has exchanges");
            let id = exchange.id;
            if let Some(body) = &mut exchange.response_body {
                body.text = format!("{{\"userName\": {}}}", Value::from(HOSTILE));
            }
            let check = case.checks.last_mut().expect("it has checks");
            check.outcome = Outcome::Failed;
            check.severity = if number % 40 == 0 {
                Severity::Blocker
            } else {
                Severity::Warning
            };
            check.message = format!("came back as {HOSTILE}, attempt {number}");
            check.actual = HOSTILE.to_owned();
            check.exchange = Some(id);
            if number == 40 {
                check.hint = "needle-in-the-report".to_owned();
            }
        }
        checks += case.checks.len();
        run.cases.push(case);
    }
    run.target.notes.push(HOSTILE.to_owned());
    run.profiles[0].reasons.push(HOSTILE.to_owned());
    run
}

/// Opens a page at an anchor in a window of this width and gives what the driver saw, and Chromium's own words.
fn open(page: &Path, anchor: &str, width: u32) -> (Value, String) {
    open_with(page, anchor, width, &[])
}

/// The same with more arguments for Chromium.
fn open_with(page: &Path, anchor: &str, width: u32, more: &[&str]) -> (Value, String) {
    let profile = TempDir::new().expect("a folder");
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={width},1200"))
        .args(more)
        .arg(format!("file://{}#{anchor}", page.display()))
        .stdin(Stdio::null())
        .output()
        .expect("chromium starts");
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let seen = dom
        .rsplit_once("BEGIN")
        .and_then(|(_, rest)| rest.split_once("END"))
        .map(|(text, _)| text.to_owned());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let seen = seen.unwrap_or_else(|| panic!("the page came to its end; Chromium said: {said}"));
    let json = base64::engine::general_purpose::STANDARD
        .decode(seen)
        .expect("the driver writes base64, in which a dump has nothing to escape");
    (
        serde_json::from_slice(&json).expect("the driver writes JSON"),
        said,
    )
}

/// Whether Chromium can be started; says so where it can't.
fn chromium_is_there() -> bool {
    let there = Command::new("chromium")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        println!("NOT RUN: the HTML report in a browser (chromium is not on the PATH)");
    }
    there
}

/// Contrast, labels and the keyboard, as axe-core sees them, with findings of every kind, in both themes.
#[test]
fn nothing_serious_bars_anyone_from_the_report() {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join(AXE);
    if !chromium_is_there() {
        return;
    }
    let Ok(axe) = std::fs::read_to_string(axe) else {
        println!("NOT RUN: axe-core on the HTML report (tests/html_browser.sh installs it)");
        return;
    };
    let folder = TempDir::new().expect("a folder");
    let page = folder.path().join("report.html");
    let status = Command::new(env!("CARGO_BIN_EXE_scimproof"))
        .args(["run", "--reference", "--quiet", "--profile", "entra"])
        .args(["--fault", "patch-damages-bystander", "--report"])
        .arg(format!("html={}", page.display()))
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program runs");
    assert_eq!(status.code(), Some(1), "the report has findings");
    let html = std::fs::read_to_string(&page).expect("the report was written");
    let judged = html.replacen("<head>", &format!("<head><script>{axe}</script>{JUDGE}"), 1);
    std::fs::write(&page, judged).expect("written");
    for theme in ["preferredColorScheme=1", "preferredColorScheme=0"] {
        let (said, _) = open_with(
            &page,
            "",
            1200,
            &[
                "--virtual-time-budget=60000",
                &format!("--blink-settings={theme}"),
            ],
        );
        let said: Vec<String> = serde_json::from_value(said).expect("a list of texts");
        let serious: Vec<&String> = said
            .iter()
            .filter(|one| one.starts_with("serious") || one.starts_with("critical"))
            .collect();
        assert!(serious.is_empty(), "{theme}: {serious:#?}");
        assert!(
            said.last()
                .is_some_and(|last| last.starts_with("rules that held: ")),
            "{theme}: {said:?}"
        );
    }
}

#[test]
fn the_report_works_in_a_browser() {
    if !chromium_is_there() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let run = large(a_small_run(folder.path()));
    let mut html = Vec::new();
    scimproof::report::html::render(&run, &mut html).expect("a vector takes everything");
    assert!(html.len() < BYTES, "{} bytes", html.len());
    let html = String::from_utf8(html).expect("HTML is UTF-8");
    // A finding that is closed when the page opens, so that its permalink has something to do.
    let closed = html
        .split("<details id=\"")
        .skip(1)
        .filter(|part| {
            part.split('>')
                .next()
                .is_some_and(|tag| !tag.ends_with(" open"))
        })
        .filter_map(|part| part.split('"').next())
        .nth(5)
        .expect("there are closed findings")
        .to_owned();
    let page = folder.path().join("report.html");
    std::fs::write(
        &page,
        html.replacen("<head>", &format!("<head>{DRIVER}"), 1),
    )
    .expect("written");

    let (seen, said) = open(&page, &closed, 1200);
    let number = |key: &str| {
        seen[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key}: {seen}"))
    };
    assert_eq!(
        seen["errors"],
        serde_json::json!([]),
        "no error on the page"
    );
    assert!(!said.contains("CONSOLE"), "nothing on the console: {said}");
    assert_eq!(
        seen["loads"],
        serde_json::json!([]),
        "nothing is loaded, or tried to be"
    );

    assert_eq!(
        number("found"),
        1,
        "the search finds the one finding with these words"
    );
    assert_eq!(number("nothing"), 0);
    assert!(number("all") > 300, "{seen}");
    assert!(
        number("blockers") > 0 && number("blockers") <= number("failed"),
        "{seen}"
    );
    assert!(
        number("failed") > 0 && number("failed") < number("all"),
        "{seen}"
    );
    let by_provider: Vec<u64> = seen["by_provider"]
        .as_array()
        .map(|all| all.iter().filter_map(Value::as_u64).collect())
        .unwrap_or_default();
    assert!(
        by_provider.len() >= 2 && by_provider.iter().all(|n| *n < number("all")),
        "{seen}"
    );
    assert_eq!(
        seen["opened"], true,
        "a permalink opens its finding and shows it: {closed}"
    );

    assert_eq!(seen["hostile_text"], true, "what the server sent is shown");
    assert_eq!(number("hostile_elements"), 0, "and is no markup");
    assert!(
        seen["title"]
            .as_str()
            .is_some_and(|t| t.starts_with("scimproof")),
        "{seen}"
    );
    assert_eq!(number("unlabelled"), 0, "each control has a name");
    assert!(
        seen["search_ms"].as_f64().is_some_and(|ms| ms < 1_000.0),
        "{seen}"
    );

    let mut fastest = seen["ready_ms"].as_f64().unwrap_or(f64::MAX);
    for _ in 1..TRIES {
        if fastest < OPENS_WITHIN_MS {
            break;
        }
        fastest = fastest.min(
            open(&page, "", 1200).0["ready_ms"]
                .as_f64()
                .unwrap_or(f64::MAX),
        );
    }
    assert!(
        fastest < OPENS_WITHIN_MS,
        "the page was there after {fastest} ms"
    );
    // The narrowest window that headless Chromium makes.
    let (narrow, _) = open(&page, "", 500);
    assert_eq!(
        narrow["wider_than_window"], false,
        "a phone needs no sideways scrolling"
    );
}
