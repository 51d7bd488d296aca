//! The bundled suites load without an error. Run this while writing one: it reads the files of `suites/` as they are on
//! disk and prints everything that is wrong with them.

use std::path::Path;

use scimproof::suite::{self, Source};

#[test]
fn every_suite_of_the_project_loads() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites");
    match suite::only_dir(&dir) {
        Ok(library) => {
            assert!(
                !library.suites.is_empty()
                    && library.suites.iter().all(|suite| !suite.cases.is_empty())
            );
            for profile in ["okta", "entra", "jumpcloud", "rfc"] {
                assert!(
                    library
                        .profile(profile)
                        .is_some_and(|profile| profile.default_run),
                    "{profile}"
                );
            }
        }
        Err(errors) => panic!("\n{errors}\n"),
    }
}

#[test]
fn the_suites_inside_the_program_are_those_on_disk() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites");
    let (Ok(bundled), Ok(disk)) = (suite::bundled(), suite::only_dir(&dir)) else {
        return; // The test above says what is wrong.
    };
    let ids = |library: &suite::Library| -> Vec<String> {
        library
            .suites
            .iter()
            .flat_map(|suite| {
                suite
                    .cases
                    .iter()
                    .map(|case| format!("{}/{}", suite.id, case.id))
            })
            .collect()
    };
    assert_eq!(ids(&bundled), ids(&disk));
    assert_eq!(bundled.profiles, disk.profiles);
}

/// The examples of docs/writing-suites.md that are whole files.
#[test]
fn what_the_documentation_shows_loads() {
    let text = include_str!("../docs/writing-suites.md");
    let blocks: Vec<&str> = text
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    let whole = |start: &str| {
        let block = blocks.iter().find(|block| block.starts_with(start));
        (*block.unwrap_or_else(|| panic!("no example begins with `{start}`"))).to_owned()
    };
    let file = |name: &str, text: String| Source {
        name: name.to_owned(),
        text,
    };
    let sources = [
        file(
            "suites/okta/profile.yaml",
            include_str!("../suites/okta/profile.yaml").to_owned(),
        ),
        file("suites/okta/my-team.yaml", whole("suite: okta/my-team")),
        file("suites/entra/profile.yaml", whole("profile: entra")),
    ];
    match suite::load(&sources) {
        Ok(library) => assert_eq!((library.profiles.len(), library.suites.len()), (2, 1)),
        Err(errors) => panic!("\n{errors}\n"),
    }
}

#[test]
fn outlines_show_the_suites_as_they_are() {
    let library = suite::bundled().expect("the bundled suites load");
    let whole: Vec<suite::Outline> = library.suites.iter().map(suite::Outline::from).collect();
    assert_eq!(suite::outlines(), whole);
}
