//! The built program: started on a folder of its own, watched while it runs, and what it left looked at.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::CommandCargoExt as _;
use serde_json::Value;
use tempfile::TempDir;

/// How often the memory of a running program is looked at. Peak memory is counted by the system, so that only what
/// comes after the last look is missed.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A folder and a state directory, and an environment with nothing in it but what is needed.
pub(crate) struct Sandbox {
    dir: TempDir,
}

/// What became of a run.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) took: Duration,
    /// Peak resident memory in kB, as far as it was seen.
    pub(crate) peak_kb: u64,
}

impl Ended {
    pub(crate) fn said(&self) -> String {
        format!(
            "{}{}",
            String::from_utf8_lossy(&self.stderr),
            String::from_utf8_lossy(&self.stdout)
        )
    }
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn json(&self, name: &str) -> Result<Value, String> {
        let bytes = std::fs::read(self.path(name)).map_err(|e| format!("{name}: {e}"))?;
        serde_json::from_slice(&bytes).map_err(|e| format!("{name}: {e}"))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("scimproof").unwrap();
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.path("state"))
            .stdin(Stdio::null());
        command
    }

    /// Starts it with its output going to files, since nobody reads pipes while it is watched.
    pub(crate) fn start(&self, mut command: impl std::borrow::BorrowMut<Command>) -> Child {
        let command = command.borrow_mut();
        let file = |name: &str| std::fs::File::create(self.path(name)).unwrap();
        command
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap()
    }

    /// Runs it to its end, or kills it where it takes longer than `most`.
    pub(crate) fn run(&self, command: &mut Command, most: Duration) -> Ended {
        let began = Instant::now();
        let mut child = self.start(command);
        let status_file = PathBuf::from(format!("/proc/{}/status", child.id()));
        let mut peak_kb = 0;
        let code = loop {
            peak_kb = peak_kb.max(high_water_mark(&status_file));
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if began.elapsed() > most {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(LOOK_EVERY);
        };
        Ended {
            code,
            stdout: std::fs::read(self.path("stdout")).unwrap(),
            stderr: std::fs::read(self.path("stderr")).unwrap(),
            took: began.elapsed(),
            peak_kb,
        }
    }

    /// All files below the folder.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, into: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    below(&path, into);
                } else {
                    into.push(path);
                }
            }
        }
        let mut all = Vec::new();
        below(self.dir.path(), &mut all);
        all
    }
}

/// Peak resident memory in kB; 0 where the system does not say.
fn high_water_mark(status_file: &Path) -> u64 {
    let text = std::fs::read_to_string(status_file).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}
