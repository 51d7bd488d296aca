//! Whatever ends a run, nobody whom it made keeps access: Ctrl-C and SIGTERM clean up, and after `kill -9` at any moment
//! `scimproof cleanup` does; also where DELETE is slow, stumbles, only deactivates, does nothing, or is refused.

use std::collections::BTreeMap;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Notify, Semaphore};

use super::front::{Behind, Front, held};
use super::program::{Ended, Sandbox};
use super::server::{Answer, Asked};

/// Longer than any of this takes on a loaded machine.
const LONGEST: Duration = Duration::from_secs(60);
const SIDE_BY_SIDE: usize = 4;

/// How the server takes a DELETE of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deletes {
    Rightly,
    /// Later than the client waits.
    Slowly,
    /// The first DELETE of each id is answered with 500 and not carried out; every fifth read fails too.
    InTheSecondTry,
    /// The person is inactive from then on, and can be read.
    Softly,
    /// 204, and nothing happens.
    InWordsOnly,
    /// 405.
    Never,
}

const SERVERS: [Deletes; 6] = [
    Deletes::Rightly,
    Deletes::Slowly,
    Deletes::InTheSecondTry,
    Deletes::Softly,
    Deletes::InWordsOnly,
    Deletes::Never,
];

/// How far the fatal request comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is lost with the run.
    Lost,
    /// It is carried out when the run is long dead.
    Late,
    /// It was carried out, and the answer never arrives.
    Unheard,
    /// The answer arrives, and the run dies over it.
    Heard,
}

const FATES: [Fate; 4] = [Fate::Lost, Fate::Late, Fate::Unheard, Fate::Heard];

/// How a run is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Kill,
    Interrupt,
    Terminate,
}

/// What happens at which request.
struct Moment {
    /// The request, counted from 1, of those that may be the last.
    at: usize,
    fate: Fate,
    /// Only writes count.
    writes: bool,
    count: AtomicUsize,
    /// Told when the moment has come.
    come: Notify,
    /// Told when the run is dead.
    dead: Notify,
}

struct Server {
    deletes: Deletes,
    moment: Moment,
    requests: AtomicUsize,
    stumbled: Mutex<BTreeMap<String, usize>>,
}

impl Server {
    async fn answer(self: Arc<Self>, asked: Asked, behind: Behind) -> Option<Answer> {
        let counts = !self.moment.writes || asked.is_write();
        let number = self
            .moment
            .count
            .fetch_add(usize::from(counts), Ordering::SeqCst)
            + 1;
        if !counts || number != self.moment.at {
            return self.carry_out(&asked, &behind).await;
        }
        match self.moment.fate {
            Fate::Lost => {
                self.moment.come.notify_one();
                None
            }
            Fate::Late => {
                self.moment.come.notify_one();
                self.moment.dead.notified().await;
                tokio::time::sleep(Duration::from_millis(500)).await;
                self.carry_out(&asked, &behind).await;
                None
            }
            Fate::Unheard => {
                self.carry_out(&asked, &behind).await;
                self.moment.come.notify_one();
                self.moment.dead.notified().await;
                None
            }
            Fate::Heard => {
                let answer = self.carry_out(&asked, &behind).await;
                self.moment.come.notify_one();
                answer
            }
        }
    }

    async fn carry_out(&self, asked: &Asked, behind: &Behind) -> Option<Answer> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let is_person = asked.is_one() && asked.path().starts_with("/Users/");
        let deletes = asked.method == "DELETE";
        match self.deletes {
            Deletes::Slowly if deletes => tokio::time::sleep(Duration::from_millis(1300)).await,
            Deletes::InTheSecondTry if deletes => {
                let first = {
                    let mut stumbled = self.stumbled.lock().unwrap();
                    let times = stumbled.entry(asked.target.clone()).or_default();
                    *times += 1;
                    *times == 1
                };
                if first {
                    return Some(error(500));
                }
            }
            Deletes::InTheSecondTry if asked.method == "GET" && number % 5 == 4 => {
                return Some(error(503));
            }
            Deletes::Softly if deletes && is_person => {
                let off = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}"#;
                let done = behind.ask(&Asked::new("PATCH", &asked.target, off)).await?;
                return Some(if done.status < 300 {
                    Answer::new(204, "")
                } else {
                    done
                });
            }
            Deletes::InWordsOnly if deletes && is_person => return Some(Answer::new(204, "")),
            Deletes::Never if deletes && is_person => return Some(error(405)),
            _ => {}
        }
        behind.ask(asked).await
    }
}

fn error(status: u16) -> Answer {
    Answer::new(
        status,
        format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"{status}","detail":"no"}}"#
        ),
    )
}

/// One run that is ended, and what it left.
struct Trial {
    deletes: Deletes,
    fate: Fate,
    end: End,
    at: usize,
    writes: bool,
}

/// What was wrong, and whether the run was ended in its middle.
async fn trial(trial: Trial) -> (bool, Vec<String>) {
    let backend = scim_reference::start(scim_reference::Options::default())
        .await
        .unwrap();
    let server = Arc::new(Server {
        deletes: trial.deletes,
        moment: Moment {
            at: trial.at,
            fate: trial.fate,
            writes: trial.writes,
            count: AtomicUsize::new(0),
            come: Notify::new(),
            dead: Notify::new(),
        },
        requests: AtomicUsize::new(0),
        stumbled: Mutex::default(),
    });
    let handling = Arc::clone(&server);
    let front = Front::before(backend.base_url(), move |asked, behind| {
        Box::pin(Arc::clone(&handling).answer(asked, behind))
    })
    .await;
    let sandbox = Arc::new(Sandbox::new());
    let mut child = sandbox.start(sandbox.command(&[
        "run",
        "--target",
        &front.base_url,
        "--timeout",
        "1",
        "--case",
        "rfc/create/*",
        "--case",
        "rfc/groups/*",
        "--case",
        "rfc/delete/*",
        "--case",
        "entra/users/*",
        "--report",
        "json=r.json",
        "-q",
    ]));
    let ended = tokio::select! {
        () = server.moment.come.notified() => {
            end(&mut child, trial.end);
            wait(child).await
        }
        ended = async {
            // Where the run is over before its moment comes, it is a run like any other.
            loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break status.code();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        } => ended,
    };
    server.moment.dead.notify_one();
    let was_ended = ended.is_none() || ended == Some(130);
    let mut wrong = Vec::new();
    let listed = if trial.end == End::Kill {
        let cleanup = cleanup(&sandbox, &front.base_url).await;
        let stays = matches!(
            trial.deletes,
            Deletes::Softly | Deletes::InWordsOnly | Deletes::Never
        );
        // What was under way may have had no name, since the case wants it refused: then it is said, and nobody can look.
        let nameless = cleanup.said().contains("without a name to find it by");
        if !(cleanup.code == Some(0) || (stays || nameless) && cleanup.code == Some(1)) {
            wrong.push(format!("cleanup {:?}: {}", cleanup.code, cleanup.said()));
        }
        cleanup.said()
    } else {
        if !matches!(ended, Some(130 | 0 | 1)) {
            wrong.push(format!("exit {ended:?}"));
        }
        sandbox.json("r.json").map_or_else(
            |why| why,
            |report| report["summary"]["leftovers"].to_string(),
        )
    };
    for endpoint in ["/Users", "/Groups"] {
        for left in held(backend.base_url(), endpoint).await {
            let id = left["id"].as_str().unwrap().to_owned();
            if left["active"] != Value::Bool(false) {
                wrong.push(format!("left active: {left}\n{listed}"));
            } else if !listed.contains(&id) {
                wrong.push(format!("left and not listed: {left}\n{listed}"));
            }
        }
    }
    (was_ended, wrong)
}

fn end(child: &mut Child, end: End) {
    let signal = match end {
        End::Kill => return child.kill().unwrap(),
        End::Interrupt => "-INT",
        End::Terminate => "-TERM",
    };
    let told = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(told.is_ok_and(|status| status.success()));
}

async fn wait(mut child: Child) -> Option<i32> {
    tokio::task::spawn_blocking(move || child.wait().unwrap().code())
        .await
        .unwrap()
}

async fn cleanup(sandbox: &Arc<Sandbox>, base_url: &str) -> Ended {
    let (sandbox, base_url) = (Arc::clone(sandbox), base_url.to_owned());
    tokio::task::spawn_blocking(move || {
        let mut command = sandbox.command(&["cleanup", "--target", &base_url, "--timeout", "1"]);
        sandbox.run(&mut command, LONGEST)
    })
    .await
    .unwrap()
}

/// A small generator: the moments are spread, and the same each time.
fn spread(number: usize, over: usize) -> usize {
    let mixed = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from((mixed >> 33) % over as u64).unwrap() + 1
}

async fn all(trials: Vec<(String, Trial)>) -> (usize, usize, Vec<String>) {
    let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut running = tokio::task::JoinSet::new();
    for (name, one) in trials {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            (name, trial(one).await)
        });
    }
    let done = running.join_all().await;
    let tried = done.len();
    let ended = done.iter().filter(|(_, (was_ended, _))| *was_ended).count();
    let failures: Vec<String> = done
        .into_iter()
        .filter(|(_, (_, wrong))| !wrong.is_empty())
        .map(|(name, (_, wrong))| format!("{name}: {}", wrong.join("\n  ")))
        .collect();
    (tried, ended, failures)
}

/// Twenty moments; `SCIMPROOF_KILLS=100` tries so many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_cleanup_leaves_nobody_active() {
    let kills = std::env::var("SCIMPROOF_KILLS")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(20);
    let trials = (0..kills)
        .map(|number| {
            let deletes = SERVERS[number % SERVERS.len()];
            let fate = FATES[number / SERVERS.len() % FATES.len()];
            // Few requests take long where each DELETE does.
            let over = if deletes == Deletes::Slowly { 24 } else { 120 };
            let one = Trial {
                deletes,
                fate,
                end: End::Kill,
                at: spread(number, over),
                writes: number % 3 != 0,
            };
            (
                format!("kill {number} {deletes:?} {fate:?} at {}", one.at),
                one,
            )
        })
        .collect();
    let (tried, ended, failures) = all(trials).await;
    println!(
        "kills survived {} / tried {tried}, {ended} of them in the middle of a run; active leftovers {}",
        tried - failures.len(),
        failures
            .iter()
            .filter(|text| text.contains("left active"))
            .count()
    );
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(
        ended * 10 >= tried * 8,
        "only {ended} of {tried} runs were killed"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_leaves_nobody_active() {
    let mut trials = Vec::new();
    for (number, deletes) in [
        Deletes::Rightly,
        Deletes::InTheSecondTry,
        Deletes::Softly,
        Deletes::Never,
    ]
    .into_iter()
    .enumerate()
    {
        for end in [End::Interrupt, End::Terminate] {
            let at = spread(number * 2 + usize::from(end == End::Terminate), 60);
            let one = Trial {
                deletes,
                fate: Fate::Heard,
                end,
                at,
                writes: true,
            };
            trials.push((format!("{end:?} {deletes:?} at {at}"), one));
        }
    }
    let (tried, ended, failures) = all(trials).await;
    println!(
        "interruptions cleaned up {} / tried {tried}",
        tried - failures.len()
    );
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(
        ended > tried / 2,
        "only {ended} of {tried} were interrupted"
    );
}
