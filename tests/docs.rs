//! The documentation is executed: its `scimproof` commands are run against a real server, its configurations are loaded, its links lead somewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Where the documentation says that a server is; a real one takes their place. The longest come first.
const PLACES: &[&str] = &[
    "https://scim.example.com/scim/v2",
    "https://test.example.com/scim/v2",
    "http://127.0.0.1:8080/scim/v2",
    "$(SCIM_TARGET)",
    " URL",
];

/// What does not end by itself, or needs a whole build or a container around it.
const NOT_EXECUTED: &[&str] = &["scimproof serve", "--watch", "docker ", "cargo "];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// README.md and docs/*.md, with their text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = vec![root().join("README.md")];
    let folder = std::fs::read_dir(root().join("docs")).expect("docs/ is there");
    paths.extend(
        folder
            .map(|entry| entry.expect("it can be read").path())
            .filter(|p| p.extension().is_some_and(|e| e == "md")),
    );
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a document can be read");
            (path, text)
        })
        .collect()
}

/// The commands of indented blocks, and those in the tables of first steps, with continued lines put together.
fn commands(text: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(code) = line.strip_prefix("    ") {
            let mut command = code.trim().to_owned();
            while command.ends_with('\\') {
                command.pop();
                command.push_str(lines.next().unwrap_or_default().trim());
            }
            all.insert(command);
        }
        if line.starts_with('|') {
            all.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    all.retain(|command| {
        let program = command.split(' ').find(|word| !word.contains('='));
        program == Some("scimproof")
            && command.split(' ').count() > 2
            && !NOT_EXECUTED.iter().any(|no| command.contains(no))
    });
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_documentation_does_what_it_is_there_for() {
    let server = scim_reference::start(scim_reference::Options {
        tokens: ["secret", "..."].map(str::to_owned).to_vec(),
        ..scim_reference::Options::default()
    })
    .await
    .expect("a server");
    let base = server.base_url().to_owned();
    tokio::task::spawn_blocking(move || {
        let commands: BTreeSet<String> = documents()
            .iter()
            .flat_map(|(_, text)| commands(text))
            .collect();
        assert!(commands.len() >= 15, "the commands are found: {commands:?}");
        let failed: Vec<String> = commands
            .iter()
            .filter_map(|command| execute(command, &base).err())
            .collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    })
    .await
    .expect("no panic");
    server.stop().await;
}

/// Runs one command as a shell would, on a small selection where it names none.
fn execute(command: &str, base: &str) -> Result<(), String> {
    let folder = TempDir::new().expect("a folder");
    let program = Path::new(env!("CARGO_BIN_EXE_scimproof"));
    let report = |name: &str| format!("json={name}");
    let mut line = command.split("   #").next().unwrap_or(command).to_owned();
    for place in PLACES {
        line = line.replace(
            place,
            &if place.starts_with(' ') {
                format!(" {base}")
            } else {
                base.to_owned()
            },
        );
    }
    if line.contains("scimproof run") && !line.contains("--case") && !line.contains("--suite") {
        line = line.replacen("scimproof run", "scimproof run --case okta/users/rename", 1);
    }
    // A case that is named alone has no target in the documentation: it is the one of the configuration.
    std::fs::write(
        folder.path().join("scimproof.toml"),
        format!("[target]\nurl = {base:?}\n[auth]\ntoken = \"${{SCIM_TOKEN}}\"\n"),
    )
    .expect("written");
    std::fs::write(folder.path().join("known.toml"), "").expect("written");
    if line.contains("scimproof init") {
        std::fs::remove_file(folder.path().join("scimproof.toml")).expect("removed");
    }
    let environment = |command: &mut Command| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut paths = vec![program.parent().expect("it is in a folder").to_owned()];
        paths.extend(std::env::split_paths(&path));
        command
            .current_dir(folder.path())
            .env(
                "PATH",
                std::env::join_paths(paths).expect("paths without a colon"),
            )
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .env("SCIM_TOKEN", "secret")
            .env("URL", base)
            .env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md"))
            .env_remove("GITHUB_ACTIONS")
            .stdin(Stdio::null());
    };
    if line.contains("scimproof diff") {
        for name in ["old.json", "new.json", "last-week.json", "today.json"] {
            let mut run = Command::new(program);
            run.args([
                "run",
                "--reference",
                "--quiet",
                "--case",
                "okta/users/rename",
                "--report",
                &report(name),
            ]);
            environment(&mut run);
            let output = run.output().expect("it starts");
            assert!(
                output.status.success(),
                "{}: {}{}",
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    let mut shell = Command::new("bash");
    shell.args(["-c", &line]);
    environment(&mut shell);
    let output = shell.output().expect("there is a shell");
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "`{command}`, run as `{line}`: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}

#[test]
fn every_configuration_of_the_documentation_loads() {
    let mut seen = 0;
    for (path, text) in documents() {
        for block in text.split("```toml").skip(1) {
            let (kind, rest) = block.split_once('\n').expect("a fence ends its line");
            let example = rest.split("```").next().unwrap_or_default();
            seen += 1;
            match kind.trim() {
                "" => {
                    let environment = |name: &str| Some(format!("value-of-{name}"));
                    scimproof::config::parse(&path, example, &environment)
                        .unwrap_or_else(|e| panic!("{}: {e}\n{example}", path.display()));
                }
                "known-failures" => {
                    let read = scimproof::verdict::KnownFailures::parse("known.toml", example);
                    assert!(read.is_ok(), "{}: {read:?}", path.display());
                }
                other => panic!(
                    "{}: what is a toml block of kind `{other}`?",
                    path.display()
                ),
            }
        }
    }
    assert!(seen >= 2, "the examples are found");
}

#[test]
fn every_link_to_a_file_leads_somewhere() {
    for (path, text) in documents() {
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if link.starts_with("http") || link.starts_with('#') {
                continue;
            }
            let file = link.split('#').next().unwrap_or(link);
            let there = path.parent().expect("a document is in a folder").join(file);
            assert!(there.exists(), "{}: {link}", path.display());
        }
    }
}

/// Runs the script of the action as the runner would: with inputs in the environment.
#[test]
fn the_action_runs_writes_the_summary_and_keeps_the_exit_code() {
    let text = std::fs::read_to_string(root().join("action.yml")).expect("it is there");
    let action: serde_json::Value = serde_saphyr::from_str(&text).expect("it is YAML");
    let steps = action["runs"]["steps"]
        .as_array()
        .expect("a composite action");
    let script = steps
        .iter()
        .find(|step| step["id"] == "run")
        .and_then(|step| step["run"].as_str())
        .expect("the step that runs");
    for step in steps.iter().filter_map(|step| step["run"].as_str()) {
        assert!(
            !step.contains("${{"),
            "no input is pasted into a shell script: {step}"
        );
    }
    let folder = TempDir::new().expect("a folder");
    for (arguments, code) in [
        ("--reference\n--case\nokta/users/rename\n", 0),
        ("--case\nno/such/case", 2),
    ] {
        let mut shell = Command::new("bash");
        shell
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(folder.path())
            .env("PROGRAM", env!("CARGO_BIN_EXE_scimproof"))
            .env("ARGUMENTS", arguments)
            .env("REPORTS", "reports")
            .env("GITHUB_OUTPUT", folder.path().join("output"))
            .env("GITHUB_STEP_SUMMARY", folder.path().join("summary"))
            .stdin(Stdio::null());
        for empty in [
            "SCIM_TOKEN",
            "TARGET",
            "CONFIG",
            "PROFILES",
            "FAIL_ON",
            "KNOWN",
        ] {
            shell.env(empty, "");
        }
        let output = shell.output().expect("there is a shell");
        assert_eq!(
            output.status.code(),
            Some(code),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    assert!(read("summary").contains("# scimproof"));
    assert!(read("output").starts_with("exit-code=0\n"));
    for report in [
        "junit.xml",
        "report.json",
        "report.html",
        "summary.md",
        "report.sarif",
    ] {
        assert!(
            folder.path().join("reports").join(report).exists(),
            "{report}"
        );
    }
}

#[test]
fn the_gitlab_template_is_a_job_that_keeps_its_reports() {
    let text = std::fs::read_to_string(root().join(".ci/gitlab.yml")).expect("it is there");
    let template: serde_json::Value = serde_saphyr::from_str(&text).expect("it is YAML");
    let job = &template[".scimproof"];
    assert_eq!(job["artifacts"]["when"], "always");
    let junit = job["artifacts"]["reports"]["junit"]
        .as_str()
        .expect("a path");
    assert!(
        job["script"][0]
            .as_str()
            .is_some_and(|s| s.contains(&format!("junit={junit}")))
    );
}
