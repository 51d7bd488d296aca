//! `scimproof run --watch`: runs again when the configuration, the known failures or a suite changes, or on Enter.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use super::args::RunArgs;
use super::connect::DEFAULT_CONFIG;
use super::error::{CliError, INTERRUPTED};
use super::signals::Signals;
use super::terminal::Terminal;

/// How often files are looked at: a person who saves a file does not notice less.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Runs until it is interrupted; what goes wrong in one run is told, and the next may be better.
pub(super) fn watch(
    args: &RunArgs,
    terminal: &Terminal,
    mut once: impl FnMut() -> Result<u8, CliError>,
) -> Result<u8, CliError> {
    let keys = keys();
    // Once a run has listened to signals the system's own handling is gone for good, so the pauses between runs must
    // listen too.
    let runtime = super::runtime()?;
    let signals = runtime.block_on(async { Signals::listen() });
    loop {
        let code = match once() {
            Ok(code) => code,
            Err(error) => {
                terminal.complain(&error.to_string());
                error.code()
            }
        };
        if code == INTERRUPTED {
            return Ok(code);
        }
        terminal.write_err(b"\nWatching: Enter runs again, Ctrl-C ends.\n")?;
        if !wait(args, &keys, &signals) {
            return Ok(INTERRUPTED);
        }
    }
}

/// Lines of standard input; the channel closes at its end.
fn keys() -> mpsc::Receiver<()> {
    let (sender, keys) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if line.is_err() || sender.send(()).is_err() {
                return;
            }
        }
    });
    keys
}

/// Waits for a reason to run again. False where a signal ends the program.
fn wait(args: &RunArgs, keys: &mpsc::Receiver<()>, signals: &Signals) -> bool {
    let before = state(args);
    loop {
        match keys.recv_timeout(LOOK_EVERY) {
            Ok(()) => return true,
            Err(RecvTimeoutError::Timeout) => {}
            // Without a keyboard files can still change.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK_EVERY),
        }
        if signals.came() {
            return false;
        }
        if state(args) != before {
            return true;
        }
    }
}

/// Paths with the time of their last change.
fn state(args: &RunArgs) -> Vec<(PathBuf, Option<SystemTime>)> {
    let config = args
        .target
        .config
        .clone()
        .unwrap_or_else(|| PathBuf::from(DEFAULT_CONFIG));
    let mut files = vec![config];
    files.extend(args.known_failures.clone());
    if let Some(dir) = &args.suites_dir {
        collect(dir, &mut files);
    }
    files
        .into_iter()
        .map(|path| {
            let changed = std::fs::metadata(&path).and_then(|m| m.modified()).ok();
            (path, changed)
        })
        .collect()
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
