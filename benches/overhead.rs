//! What the harness itself costs: the wall time of `scimproof run` beside the same exchanges replayed by the barest client
//! (bar: at most 1.3 times), the rules' share of a run's CPU time (bar: at most 10 %), cases a second, and how soon the
//! program is there (bars: `--version` 10 ms, `list suites` 50 ms, a whole run on the bundled server 5 s).
//!
//! `cargo bench --bench overhead`, with the number of rounds as an argument. Both sides talk to a fresh reference server in a
//! process of its own, in turns, so that whatever else the machine does falls on both; the best round of each counts. The
//! server answers at once, which no server elsewhere does, and then all that is compared is who needs less of the processor:
//! so the same is measured once more with a server that takes five milliseconds.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use regex::Regex;
use reqwest::{Client, Method};
use scimproof::client::install_crypto;
use scimproof::results::{CaseResult, Exchange, Run};
use scimproof::rules::{RuleBook, Seen};
use scimproof::scim::SchemaView;
use serde_json::Value;

const TOKEN: &str = "overhead";
/// Cases at a time: what `scimproof run` does unless it is told otherwise.
const JOBS: usize = 4;
/// Clock ticks a second in /proc (`getconf CLK_TCK`: 100 on all of Linux).
const TICKS: f64 = 100.0;

/// A reference server in a process of its own; it ends with this.
struct Server {
    base: String,
    child: Child,
}

impl Server {
    /// Starts a server that takes this many milliseconds for each answer.
    fn start(dir: &Path, latency: u32) -> Self {
        let latency = latency.to_string();
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--token", TOKEN];
        if latency != "0" {
            arguments.extend(["--latency", &latency]);
        }
        let mut child = program(&arguments, dir)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut base = String::new();
        let out = child.stdout.take().expect("it was asked for");
        BufReader::new(out)
            .read_line(&mut base)
            .expect("the server says where it is");
        Self {
            base: base.trim().to_owned(),
            child,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(arguments: &[&str], dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scimproof"));
    command
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .env("XDG_STATE_HOME", dir)
        .env("SCIM_TOKEN", TOKEN)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// How long the program takes; it must be content.
async fn timed(mut command: Command) -> Duration {
    tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        let status = command.status().expect("the program starts");
        let took = begun.elapsed();
        assert!(status.success(), "{command:?}: {status}");
        took
    })
    .await
    .expect("no panic")
}

/// What something took.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    /// CPU time in seconds.
    cpu: f64,
}

impl Cost {
    const NONE: Self = Self {
        wall: Duration::MAX,
        cpu: f64::MAX,
    };

    fn best(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
        }
    }
}

/// A run against a fresh server, with a report or without.
async fn run(dir: &Path, latency: u32, report: Option<&str>) -> Cost {
    let server = Server::start(dir, latency);
    let jobs = JOBS.to_string();
    let mut arguments = vec!["run", "--target", &server.base];
    arguments.extend(["--token-env", "SCIM_TOKEN", "--jobs", &jobs, "-q"]);
    arguments.extend(report.map(|report| ["--report", report]).iter().flatten());
    let before = cpu(CHILDREN);
    let wall = timed(program(&arguments, dir)).await;
    // The server is still there: of the children, only the run has ended meanwhile.
    Cost {
        wall,
        cpu: cpu(CHILDREN) - before,
    }
}

/// Where /proc/self/stat has user time, behind the name: that of this process, and of its children that have ended. System
/// time is the next.
const SELF: usize = 11;
const CHILDREN: usize = 13;

/// CPU seconds, user and system; nothing where the system does not say.
fn cpu(at: usize) -> f64 {
    ticks(at).unwrap_or_default() / TICKS
}

fn ticks(at: usize) -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some(ticks(at)? + ticks(at + 1)?)
}

/// Cases that ran beside others, and those that ran alone, each in the order in which they began.
fn by_company(cases: Vec<CaseResult>) -> (Vec<CaseResult>, Vec<CaseResult>) {
    let begin = |case: &CaseResult| case.exchanges.first().map_or(0.0, |e| e.started_ms);
    let end = |case: &CaseResult| {
        let last = case.exchanges.last();
        last.map_or(0.0, |e| e.started_ms + e.duration_ms)
    };
    let mut cases: Vec<CaseResult> = cases;
    cases.retain(|case| !case.exchanges.is_empty());
    cases.sort_by(|left, right| begin(left).total_cmp(&begin(right)));
    let begins: Vec<f64> = cases.iter().map(begin).collect();
    let mut latest = 0.0_f64;
    let (mut together, mut alone) = (Vec::new(), Vec::new());
    for (at, case) in cases.into_iter().enumerate() {
        let next = begins.get(at + 1).copied().unwrap_or(f64::INFINITY);
        let apart = begins[at] >= latest && next >= end(&case);
        latest = latest.max(end(&case));
        if apart {
            alone.push(case);
        } else {
            together.push(case);
        }
    }
    (together, alone)
}

/// Sends what was sent, as `reqwest` does it, and reads the answers. Ids that the server gave then are replaced by those
/// that it gives now; nothing is judged or kept.
struct Replay {
    http: Client,
    was: String,
    base: String,
    id: Regex,
}

/// Answers, and how many had the status of the recorded one.
#[derive(Clone, Copy, Default)]
struct Count {
    sent: usize,
    alike: usize,
}

impl Replay {
    fn now<'a>(&self, ids: &HashMap<String, String>, text: &'a str) -> std::borrow::Cow<'a, str> {
        if ids.is_empty() {
            return text.into();
        }
        self.id.replace_all(text, |found: &regex::Captures<'_>| {
            let old = &found[0];
            ids.get(old).map_or(old, String::as_str).to_owned()
        })
    }

    async fn case(&self, case: &CaseResult, count: &mut Count) {
        let mut ids = HashMap::new();
        for exchange in &case.exchanges {
            let Some(path) = exchange.url.strip_prefix(&self.was) else {
                continue;
            };
            let url = format!("{}{}", self.base, self.now(&ids, path));
            let method = Method::from_bytes(exchange.method.as_bytes()).expect("a method");
            let mut request = self.http.request(method, url);
            for header in &exchange.request_headers {
                let value = header.value.replace("$SCIM_TOKEN", TOKEN);
                if !["host", "content-length"].contains(&header.name.to_ascii_lowercase().as_str())
                {
                    request = request.header(&header.name, value);
                }
            }
            if let Some(body) = &exchange.request_body {
                request = request.body(self.now(&ids, &body.text).into_owned());
            }
            count.sent += 1;
            let Ok(response) = request.send().await else {
                continue;
            };
            let status = Some(response.status().as_u16());
            let body = response.bytes().await.unwrap_or_default();
            count.alike += usize::from(status == exchange.status);
            if exchange.method == "POST"
                && status == Some(201)
                && let Some((old, new)) = made(exchange, &body)
            {
                ids.insert(old, new);
            }
        }
    }
}

fn made(exchange: &Exchange, body: &[u8]) -> Option<(String, String)> {
    let id = |body: &Value| Some(body.get("id")?.as_str()?.to_owned());
    let now: Value = serde_json::from_slice(body).ok()?;
    Some((id(&exchange.json()?)?, id(&now)?))
}

/// Replays a run against a fresh server with as many cases at a time.
async fn replay(
    dir: &Path,
    latency: u32,
    recorded: &Arc<(Vec<CaseResult>, Vec<CaseResult>)>,
    was: &str,
) -> (Cost, Count) {
    let server = Server::start(dir, latency);
    let client = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .http1_title_case_headers();
    let replay = Arc::new(Replay {
        http: client.build().expect("a client"),
        was: was.to_owned(),
        base: server.base.clone(),
        id: Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
            .expect("an expression"),
    });
    let (before, begun) = (cpu(SELF), Instant::now());
    let waiting: Arc<Mutex<VecDeque<usize>>> =
        Arc::new(Mutex::new((0..recorded.0.len()).collect()));
    let workers: Vec<_> = (0..JOBS)
        .map(|_| {
            let (waiting, recorded, replay) = (
                Arc::clone(&waiting),
                Arc::clone(recorded),
                Arc::clone(&replay),
            );
            tokio::spawn(async move {
                let mut count = Count::default();
                loop {
                    let next = waiting.lock().expect("nobody panics").pop_front();
                    let Some(at) = next else { return count };
                    replay.case(&recorded.0[at], &mut count).await;
                }
            })
        })
        .collect();
    let mut all = Count::default();
    for worker in workers {
        let count = worker.await.expect("no panic");
        all.sent += count.sent;
        all.alike += count.alike;
    }
    for case in &recorded.1 {
        replay.case(case, &mut all).await;
    }
    let cost = Cost {
        wall: begun.elapsed(),
        cpu: cpu(SELF) - before,
    };
    (cost, all)
}

/// CPU seconds of the rules over all exchanges of a run: those of so many rounds, since the clock of CPU time is coarse.
fn rules(run: &Run, schema: &Arc<SchemaView>, rounds: u32) -> f64 {
    let parsed: Vec<_> = run
        .cases
        .iter()
        .enumerate()
        .flat_map(|(order, case)| {
            case.exchanges.iter().map(move |exchange| {
                let headers: Vec<(String, String)> = exchange
                    .response_headers
                    .iter()
                    .map(|header| (header.name.clone(), header.value.clone()))
                    .collect();
                let sent = exchange.request_body.as_ref();
                let sent = sent.and_then(|body| serde_json::from_str::<Value>(&body.text).ok());
                let hostile = case.suite.contains("hostile");
                (
                    case.id.as_str(),
                    order,
                    hostile,
                    exchange,
                    headers,
                    exchange.json().map(Arc::new),
                    sent,
                )
            })
        })
        .collect();
    let before = cpu(SELF);
    for _ in 0..rounds {
        let mut book = RuleBook::new(Arc::clone(schema), &run.target.base_url);
        for (case, order, hostile, exchange, headers, json, sent) in &parsed {
            book.judge(&Seen {
                case,
                order: *order as u64 + 1,
                hostile: *hostile,
                exchange,
                headers,
                body: exchange
                    .response_body
                    .as_ref()
                    .map_or(b"", |body| body.text.as_bytes()),
                json: json.as_ref(),
                sent: sent.as_ref(),
            });
        }
        let results = book.finish();
        assert!(
            results.iter().any(|rule| rule.judged > 0),
            "rules were judged"
        );
    }
    (cpu(SELF) - before) / f64::from(rounds)
}

/// The target's own schemas, as a run reads them.
async fn schema(dir: &Path) -> SchemaView {
    let server = Server::start(dir, 0);
    let http = Client::builder().no_proxy().build().expect("a client");
    let request = http.get(format!("{}/Schemas", server.base));
    let answer = request.bearer_auth(TOKEN).send().await.expect("an answer");
    let list: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
    let documents = list["Resources"].as_array().cloned().unwrap_or_default();
    SchemaView::with_target(&documents)
}

/// The best of some rounds of a command.
async fn best(dir: &Path, arguments: &[&str], rounds: usize) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        best = best.min(timed(program(arguments, dir)).await);
    }
    best
}

#[tokio::main]
async fn main() {
    let rounds = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(5);
    install_crypto();
    let dir = tempfile::tempdir().expect("a folder");
    let mut out = std::io::stdout().lock();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;

    for (arguments, bar) in [(&["--version"][..], 10), (&["list", "suites"], 50)] {
        let took = ms(best(dir.path(), arguments, 20).await);
        let _ = writeln!(
            out,
            "scimproof {}: {took:.1} ms (bar: {bar} ms)",
            arguments.join(" ")
        );
    }
    let took = best(dir.path(), &["run", "--reference", "-q"], rounds.min(3)).await;
    let _ = writeln!(
        out,
        "scimproof run --reference: {:.2} s (bar: 5 s)",
        took.as_secs_f64()
    );

    run(dir.path(), 0, Some("json=run.json")).await;
    let text = std::fs::read_to_string(dir.path().join("run.json")).expect("a report");
    let recorded: Run = serde_json::from_str(&text).expect("a report");
    let cases = Arc::new(by_company(recorded.cases.clone()));
    let played = cases.0.len() + cases.1.len();
    let mut spent = f64::MAX;
    for (latency, rounds) in [(0, rounds), (5, rounds.min(2))] {
        let (mut ours, mut least) = (Cost::NONE, Cost::NONE);
        let mut count = Count::default();
        for _ in 0..rounds {
            ours = ours.best(run(dir.path(), latency, None).await);
            let base = &recorded.target.base_url;
            let (cost, counted) = replay(dir.path(), latency, &cases, base).await;
            least = least.best(cost);
            count = counted;
        }
        spent = spent.min(ours.cpu);
        let number = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let _ = writeln!(
            out,
            "{played} cases, {} exchanges, a server that takes {latency} ms: scimproof run {:.0} ms ({:.0} cases/s, \
             {:.0} ms of CPU time), the barest client {:.0} ms ({:.0} ms of CPU time; {:.1} % of its answers have the \
             recorded status): ratio {:.2} (bar: 1.30)",
            count.sent,
            ms(ours.wall),
            number(played) / ours.wall.as_secs_f64(),
            ours.cpu * 1000.0,
            ms(least.wall),
            least.cpu * 1000.0,
            100.0 * number(count.alike) / number(count.sent.max(1)),
            ours.wall.as_secs_f64() / least.wall.as_secs_f64()
        );
    }
    let schema = Arc::new(schema(dir.path()).await);
    let judged = rules(&recorded, &schema, 20);
    if spent > 0.0 {
        let _ = writeln!(
            out,
            "rules: {:.0} ms of {:.0} ms of CPU time: {:.1} % (bar: 10 %)",
            judged * 1000.0,
            spent * 1000.0,
            100.0 * judged / spent
        );
    }
}
