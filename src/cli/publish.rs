//! `--report FORMAT[=PATH]`: what is asked for, checked before the run, and written so that no half report is ever seen.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::CliError;

/// A format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Junit,
    Json,
    Html,
    Markdown,
    Sarif,
    Har,
}

const FORMATS: &[(&str, Format)] = &[
    ("junit", Format::Junit),
    ("json", Format::Json),
    ("html", Format::Html),
    ("markdown", Format::Markdown),
    ("sarif", Format::Sarif),
    ("har", Format::Har),
];

/// A report that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its format.
    pub(super) format: Format,
    /// Its file; `None` is standard output.
    pub(super) path: Option<PathBuf>,
}

/// Reads all `--report` flags.
///
/// # Errors
/// An unknown format, two reports on standard output, one file for two reports.
pub(super) fn wanted(flags: &[String]) -> Result<Vec<Wanted>, CliError> {
    let mut all: Vec<Wanted> = Vec::new();
    for flag in flags {
        let (name, path) = match flag.split_once('=') {
            Some((name, path)) => (name, Some(path)),
            None => (flag.as_str(), None),
        };
        let format = FORMATS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, format)| *format);
        let Some(format) = format else {
            let names: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
            let near = crate::suite::nearest(name, names.iter().copied());
            let hint = near.map_or_else(
                || format!("it may be {}", names.join(", ")),
                |n| format!("did you mean `{n}`?"),
            );
            return Err(CliError::Usage(format!(
                "--report: there is no format `{name}`; {hint}"
            )));
        };
        if path == Some("") {
            return Err(CliError::Usage(format!(
                "--report {flag}: the path is empty"
            )));
        }
        let path = path.filter(|p| *p != "-").map(PathBuf::from);
        if all.iter().any(|w| w.path == path) {
            return Err(CliError::Usage(match path {
                None => "--report: only one report can go to standard output; give the others a path (FORMAT=PATH)".to_owned(),
                Some(path) => format!("--report: two reports cannot go to one file, {}", path.display()),
            }));
        }
        all.push(Wanted { format, path });
    }
    Ok(all)
}

/// Makes sure, before anything is sent, that the report can be written where it shall go.
///
/// # Errors
/// The folder cannot be made or written to.
pub(super) fn prepare(path: &Path) -> Result<(), CliError> {
    let folder = folder_of(path);
    let failed = |source| CliError::File {
        path: path.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    if path.is_dir() {
        return Err(CliError::Usage(format!(
            "--report: {} is a folder",
            path.display()
        )));
    }
    let trial = beside(path);
    std::fs::write(&trial, b"").map_err(failed)?;
    std::fs::remove_file(&trial).map_err(failed)
}

/// Writes a file whole or not at all: to a new file beside it, which then takes its name.
///
/// # Errors
/// The disk is full, the folder is gone, and the like.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let failed = |source| CliError::File {
        path: path.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder_of(path)).map_err(failed)?;
    let trial = beside(path);
    let written = std::fs::File::create(&trial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&trial, path));
    if written.is_err() {
        // What is left of the attempt is of no use; the first error is the one to tell.
        let _ = std::fs::remove_file(&trial);
    }
    written.map_err(failed)
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.partial", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &[&str]) -> Result<Vec<Wanted>, String> {
        wanted(&flags.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn report_flags() {
        let two = read(&["junit=a.xml", "json"]).expect("both");
        assert_eq!(two[0].path.as_deref(), Some(Path::new("a.xml")));
        assert_eq!(
            (two[1].format, two[1].path.as_deref()),
            (Format::Json, None)
        );
        for (flags, part) in [
            (&["junit", "json"][..], "only one report"),
            (&["junit", "json=-"], "only one report"),
            (&["junit=a", "json=a"], "one file"),
            (&["junti=a"], "did you mean `junit`?"),
            (&["pdf"], "it may be junit, json"),
            (&["json="], "path is empty"),
        ] {
            assert!(read(flags).expect_err("wrong").contains(part), "{flags:?}");
        }
    }

    #[test]
    fn a_report_replaces_the_old_one_whole_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("deep/er/report.json");
        prepare(&path).expect("can be written");
        assert!(!path.exists());
        write(&path, b"old and long").expect("written");
        write(&path, b"new").expect("written");
        assert_eq!(std::fs::read(&path).expect("there"), b"new");
        assert_eq!(
            std::fs::read_dir(path.parent().expect("a folder"))
                .expect("there")
                .count(),
            1
        );
        assert!(prepare(dir.path()).is_err());
    }
}
