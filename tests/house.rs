//! The order of the house, held: a room imports only from rooms named before it in `src/lib.rs`, the judge and the judged
//! share no code but the handle that starts a server, and every file says in its first line what it is for
//! (docs/architecture.md).

use std::path::{Path, PathBuf};

use regex::Regex;

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut folders = vec![root];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file is text");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds sources");
    found
}

/// The rooms in the order in which the first lines of `src/lib.rs` name them.
fn rooms() -> Vec<String> {
    let named = Regex::new(r"`(\w+)`").expect("a pattern");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"))
        .expect("lib.rs is there");
    let order: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with("//!"))
        .flat_map(|line| named.captures_iter(line).map(|found| found[1].to_owned()))
        .collect();
    for room in text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "))
    {
        let room = room.trim_end_matches(';').to_owned();
        assert!(order.contains(&room), "{room} has no place in the order");
    }
    order
}

#[test]
fn a_room_imports_only_from_rooms_before_it() {
    let rooms = rooms();
    let place = |room: &str| rooms.iter().position(|known| known == room);
    assert!(place("results") < place("cli"), "{rooms:?}");
    let used = Regex::new(r"\bcrate::(\w+)").expect("a pattern");
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let inside = path.strip_prefix(&src).expect("it is below src");
        let room = inside
            .components()
            .next()
            .map(|first| first.as_os_str().to_string_lossy().replace(".rs", ""))
            .unwrap_or_default();
        let Some(own) = place(&room) else { continue };
        for found in used.captures_iter(&text) {
            if place(&found[1]).is_some_and(|other| other > own) {
                wrong.push(format!("{}: crate::{}", inside.display(), &found[1]));
            }
        }
    }
    assert!(wrong.is_empty(), "against the way:\n{}", wrong.join("\n"));
}

#[test]
fn the_judged_does_not_know_its_judge() {
    for (path, text) in sources("reference-server/src") {
        assert!(!text.contains("scimproof::"), "{}", path.display());
    }
    // The commands start it, list its faults and report its errors; nothing that judges knows it.
    for (path, text) in sources("src") {
        let in_cli = path.components().any(|part| part.as_os_str() == "cli");
        let judging = text.split("#[cfg(test)]").next().unwrap_or_default();
        assert!(
            in_cli || !judging.contains("scim_reference"),
            "{} knows the reference server",
            path.display()
        );
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = ["src", "reference-server/src", "tests", "benches"]
        .into_iter()
        .filter(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).is_dir())
        .flat_map(sources)
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(
        silent.is_empty(),
        "without a first line:\n{}",
        silent.join("\n")
    );
}
