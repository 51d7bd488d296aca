//! Where suites come from: those inside the program, and a folder of the user's beside them.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use include_dir::{Dir, include_dir};

use super::build::{self, Builder};
use super::check::check;
use super::format::{Kind, NOT_COVERED, PROFILE, SUITE};
use super::model::{Place, Profile, Suite};
use super::problem::{LoadErrors, Problem, did_you_mean, nearest};
use super::report::FileReport;
use super::tree::{self, Node, Spot};

static BUNDLED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/suites");

/// The file that describes a profile. Every file of its folder but this and the next is a suite.
const PROFILE_FILE: &str = "profile";

/// The file that says what no case of the profile shows, and why.
const NOT_COVERED_FILE: &str = "not-covered";

/// All profiles and suites of a run, each in order of their ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Library {
    /// The profiles.
    pub profiles: Vec<Profile>,
    /// The suites.
    pub suites: Vec<Suite>,
    /// What no case shows, and why.
    pub not_covered: Vec<NotCovered>,
}

/// An entry of `suites/PROFILE/not-covered.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCovered {
    /// The profile.
    pub profile: String,
    /// What is not covered, as a case would cite it: `quirk:OKTA-08`.
    pub reference: String,
    /// Why no case shows it.
    pub reason: String,
}

impl Library {
    /// The profile of this id.
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }
}

/// A file to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// How it is named in messages; its last two parts are `PROFILE/NAME.yaml`.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// The suites inside the program.
///
/// # Errors
/// All that is wrong in them, at once.
pub fn bundled() -> Result<Library, LoadErrors> {
    let (sources, problems) = bundled_sources();
    load_with(&sources, problems)
}

/// What a suite is, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// `okta/users`.
    pub id: String,
    /// For people.
    pub title: String,
    /// The profile that it belongs to.
    pub profile: String,
    /// The file as it is named in messages.
    pub file: String,
    /// How many cases are in it.
    pub cases: usize,
}

impl From<&Suite> for Outline {
    fn from(suite: &Suite) -> Self {
        Self {
            id: suite.id.clone(),
            title: suite.title.clone(),
            profile: suite.profile.clone(),
            file: suite.file.clone(),
            cases: suite.cases.len(),
        }
    }
}

/// What suites are inside the program, in order of their ids. Their cases are not looked into, which takes half of the
/// time: that there is nothing wrong with them was made sure when the program was made.
#[must_use]
pub fn outlines() -> Vec<Outline> {
    let (sources, _) = bundled_sources();
    let read = side_by_side(sources.iter().collect(), |source: &Source| {
        let (profile, name) = profile_and_name(&source.name);
        if !is_suite(&name) {
            return None;
        }
        let root = tree::parse(&source.text).0?;
        let cases = root.get("cases").map(Node::items).unwrap_or_default();
        Some(Outline {
            id: format!("{profile}/{name}"),
            title: root
                .get("title")
                .and_then(Node::text)
                .unwrap_or_default()
                .to_owned(),
            profile,
            file: source.name.clone(),
            cases: cases.iter().filter(|case| case.is_map()).count(),
        })
    });
    let mut outlines: Vec<Outline> = read.into_iter().flatten().collect();
    outlines.sort_by(|a, b| a.id.cmp(&b.id));
    outlines
}

/// The suites inside the program and those of a folder, laid out as `PROFILE/NAME.yaml`.
///
/// # Errors
/// All that is wrong in them, at once; also what cannot be read, and a folder without any suite.
pub fn with_dir(dir: &Path) -> Result<Library, LoadErrors> {
    let (mut sources, mut problems) = bundled_sources();
    let before = sources.len();
    read_dir(dir, &mut sources, &mut problems);
    if sources.len() == before && problems.is_empty() {
        problems.push(about_file(
            dir,
            "there is no PROFILE/NAME.yaml in this folder",
        ));
    }
    load_with(&sources, problems)
}

/// The suites of a folder alone, for those who write them.
///
/// # Errors
/// As [`with_dir`].
pub fn only_dir(dir: &Path) -> Result<Library, LoadErrors> {
    let (mut sources, mut problems) = (Vec::new(), Vec::new());
    read_dir(dir, &mut sources, &mut problems);
    if sources.is_empty() && problems.is_empty() {
        problems.push(about_file(
            dir,
            "there is no PROFILE/NAME.yaml in this folder",
        ));
    }
    load_with(&sources, problems)
}

/// The profiles and suites of these files.
///
/// # Errors
/// All that is wrong in them, at once.
pub fn load(sources: &[Source]) -> Result<Library, LoadErrors> {
    load_with(sources, Vec::new())
}

fn bundled_sources() -> (Vec<Source>, Vec<Problem>) {
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for file in BUNDLED
        .dirs()
        .flat_map(Dir::files)
        .filter(|file| is_yaml(file.path()))
    {
        let name = format!("suites/{}", file.path().display());
        match file.contents_utf8() {
            Some(text) => sources.push(Source {
                name,
                text: text.to_owned(),
            }),
            None => problems.push(about_file(Path::new(&name), "not UTF-8")),
        }
    }
    (sources, problems)
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// Reads all `PROFILE/NAME.yaml` below a folder, in order of their names.
fn read_dir(dir: &Path, sources: &mut Vec<Source>, problems: &mut Vec<Problem>) {
    let mut entries_of = |path: &Path| match std::fs::read_dir(path) {
        Ok(entries) => {
            let mut paths: Vec<_> = entries
                .filter_map(|entry| entry.ok().map(|entry| entry.path()))
                .collect();
            paths.sort();
            paths
        }
        Err(error) => {
            problems.push(about_file(path, &format!("cannot be read: {error}")));
            Vec::new()
        }
    };
    let folders: Vec<_> = entries_of(dir)
        .into_iter()
        .filter(|path| path.is_dir())
        .collect();
    let files: Vec<_> = folders
        .iter()
        .flat_map(|folder| entries_of(folder))
        .filter(|path| is_yaml(path))
        .collect();
    for path in files {
        match std::fs::read_to_string(&path) {
            Ok(text) => sources.push(Source {
                name: path.display().to_string(),
                text,
            }),
            Err(error) => problems.push(about_file(&path, &format!("cannot be read: {error}"))),
        }
    }
}

fn about_file(path: &Path, message: &str) -> Problem {
    let place = Place {
        file: path.display().to_string(),
        ..Place::default()
    };
    Problem {
        place,
        message: message.to_owned(),
        line_text: String::new(),
    }
}

/// A file that was read, with what is wrong with it so far.
struct Opened<'a> {
    source: &'a Source,
    profile: String,
    name: String,
    root: Option<Node>,
    report: FileReport<'a>,
}

impl Opened<'_> {
    fn is_suite(&self) -> bool {
        is_suite(&self.name)
    }
}

/// Whether a file of this name, without its ending, is a suite.
fn is_suite(name: &str) -> bool {
    ![PROFILE_FILE, NOT_COVERED_FILE].contains(&name)
}

/// The last folder of a path, and the file's name without its ending.
fn profile_and_name(path: &str) -> (String, String) {
    let path = path.replace('\\', "/");
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let name = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let profile = parts.next().unwrap_or_default();
    (profile.to_owned(), name.to_owned())
}

fn open(source: &Source) -> Opened<'_> {
    let mut report = FileReport::new(&source.name, &source.text);
    let (profile, name) = profile_and_name(&source.name);
    let (root, problems) = tree::parse(&source.text);
    for (spot, message) in problems {
        report.add(spot, message);
    }
    let root = root.filter(|root| {
        match name.as_str() {
            PROFILE_FILE => check(root, &Kind::Map(&PROFILE), "the file", &mut report),
            NOT_COVERED_FILE => check(root, &NOT_COVERED, "the file", &mut report),
            _ => check(root, &Kind::Map(&SUITE), "the file", &mut report),
        }
        root.is_map() || name == NOT_COVERED_FILE
    });
    Opened {
        source,
        profile,
        name,
        root,
        report,
    }
}

/// Does the same work on each of the items, on all processors, and keeps their order. Reading suites is most of what a
/// start of the program costs.
fn side_by_side<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = workers.min(items.len()).max(1);
    let waiting = Mutex::new(items.into_iter().enumerate());
    let next = || {
        waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next()
    };
    let some = || {
        let mut done = Vec::new();
        while let Some((at, item)) = next() {
            done.push((at, work(item)));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(some)).collect();
        let mut done = some();
        for other in others {
            done.extend(
                other
                    .join()
                    .expect("reading a file does not panic, whatever is in it"),
            );
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn load_with(sources: &[Source], mut problems: Vec<Problem>) -> Result<Library, LoadErrors> {
    let mut opened: Vec<Opened<'_>> = side_by_side(sources.iter().collect(), open);
    let mut library = Library::default();
    let mut described: BTreeMap<String, &str> = BTreeMap::new();
    for file in opened.iter_mut().filter(|file| file.name == PROFILE_FILE) {
        if let Some(first) = described.insert(file.profile.clone(), &file.source.name) {
            file.report.add(
                START,
                format!(
                    "profile `{}` is described twice; the first is {first}",
                    file.profile
                ),
            );
        } else if let Some(root) = &file.root {
            library
                .profiles
                .push(build::profile(root, &file.profile, &mut file.report));
        }
    }
    library.profiles.sort_by(|a, b| a.id.cmp(&b.id));
    let mut named: BTreeMap<String, &str> = BTreeMap::new();
    for file in opened
        .iter_mut()
        .filter(|file| file.name == NOT_COVERED_FILE)
    {
        if let Some(root) = &file.root {
            library
                .not_covered
                .extend(build::not_covered(root, &file.profile, &mut file.report));
        }
    }
    for file in opened.iter_mut().filter(|file| file.is_suite()) {
        let id = format!("{}/{}", file.profile, file.name);
        if let Some(first) = named.insert(id.clone(), &file.source.name) {
            file.report.add(
                START,
                format!("suite `{id}` is there twice; the first is {first}"),
            );
        }
        if !described.contains_key(&file.profile) {
            let near = nearest(&file.profile, described.keys().map(String::as_str));
            let tail = did_you_mean(near.as_deref());
            file.report.add(
                START,
                format!(
                    "no profile `{}` (its folder has no profile.yaml){tail}",
                    file.profile
                ),
            );
        }
    }
    let built = side_by_side(opened, |mut file| {
        let root = file.root.as_ref().filter(|_| file.is_suite());
        let suite = root.map(|root| {
            let id = format!("{}/{}", file.profile, file.name);
            let mut builder = Builder::new(&mut file.report, library.profile(&file.profile));
            build::suite(&mut builder, root, &id, &file.source.name)
        });
        (suite, file.report.into_problems())
    });
    for (suite, found) in built {
        library.suites.extend(suite);
        problems.extend(found);
    }
    library.suites.sort_by(|a, b| a.id.cmp(&b.id));
    if problems.is_empty() {
        Ok(library)
    } else {
        Err(LoadErrors { problems })
    }
}

/// The first character of a file, for what concerns all of it.
const START: Spot = Spot { line: 1, column: 1 };
