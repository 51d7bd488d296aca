//! `scimproof init`: a commented scimproof.toml, filled in with what a probe can find out.

use std::fmt::Write as _;

use super::args::InitArgs;
use super::connect;
use super::error::{CLEAN, CliError};
use super::probe;
use super::publish;
use super::terminal::{Terminal, plain};
use crate::config::Config;
use crate::results::TargetFacts;

/// Writes the file; without a target, one to fill in.
pub(super) fn init(args: &InitArgs, terminal: &Terminal) -> Result<u8, CliError> {
    if args.output_file.exists() && !args.force {
        return Err(CliError::Usage(format!(
            "{} is there already; --force overwrites it",
            args.output_file.display()
        )));
    }
    // An old configuration may be the reason for a new one, so only a named one is read.
    let config = match &args.target.config {
        Some(_) => connect::configuration(&args.target)?.0,
        None => Config::default(),
    };
    let facts = match args.target.target {
        Some(_) => Some(probe::ask(&args.target, &config)?.probe.facts),
        None => None,
    };
    let variable = args.target.token_env.as_deref().unwrap_or("SCIM_TOKEN");
    publish::write(
        &args.output_file,
        text(facts.as_ref(), variable, args.target.allow_insecure_http).as_bytes(),
    )?;
    let next = if facts.is_some() {
        "scimproof run"
    } else {
        "fill in the target, then: scimproof probe"
    };
    terminal.write_out(
        format!("{} is written. Next: {next}\n", args.output_file.display()).as_bytes(),
    )?;
    Ok(CLEAN)
}

fn text(facts: Option<&TargetFacts>, variable: &str, insecure: bool) -> String {
    let url = facts.map_or_else(
        || "https://scim.example.com/scim/v2".to_owned(),
        |f| f.base_url.clone(),
    );
    let mut out = String::from(
        "# What scimproof knows of your SCIM endpoint. Everything may be left out but the target.\n\
         # Secrets stay in the environment: \"${NAME}\" is filled in when the file is read.\n",
    );
    if let Some(facts) = facts {
        out.push_str(&seen(facts));
    }
    let _ = write!(
        out,
        r#"
[target]
url = {url}
# name = "staging"                     # for reports

[auth]
token = "${{{variable}}}"
# token_file = "/run/secrets/scim"
# basic = {{ username = "scim", password = "${{SCIM_PASSWORD}}" }}
# header = {{ name = "X-Api-Key", value = "${{SCIM_KEY}}" }}
# oauth2 = {{ token_url = "https://login.example.com/token", client_id = "scim", client_secret = "${{SCIM_CLIENT_SECRET}}", scope = "scim" }}

# Further credentials open further checks.
# [auth.revoked]                       # must be refused
# token = "${{SCIM_REVOKED_TOKEN}}"
# [auth.other_tenant]                  # must see nothing of ours
# token = "${{SCIM_OTHER_TENANT_TOKEN}}"

# What your endpoint promises beyond the RFC. What is declared here is not held against it, and is said in the report.
[policy]
# deactivation = "keep"                # keep | remove: what happens to a person who is deactivated
# hard_delete = true                   # DELETE removes for good
# groups = "groups"                    # groups | roles | none
# not_offered = []                     # updates, deactivation, hard-delete, groups, group-updates, custom-attributes,
#                                      # enterprise, passwords, import, roles
# matching = "userName"                # the attribute by which people are matched: userName, externalId, a SCIM path

# Which ways of an identity provider count for its verdict.
# [flavours]
# okta = ["aiw"]                       # aiw (PUT), catalogue (PATCH)
# entra = ["legacy", "flag"]
# jumpcloud = ["put", "patch"]

# Attributes that you map differently from the provider's defaults (scimproof list mappings).
# [mapping.okta]
# department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
# nickName = false                     # not mapped
# badge = {{ path = "urn:example:User:badge", type = "string", samples = ["A-1", "B-2"] }}

# Does deactivation lock a person out of the application itself?
# [access_check]
# url = "https://app.example.com/api/whoami?user={{{{userName}}}}"
# headers = {{ X-Admin-Key = "${{APP_ADMIN_KEY}}" }}
# active = 200
# inactive = [401, 403, 404]

[run]
# profiles = ["okta", "entra", "jumpcloud", "rfc"]
# jobs = 4
# rate = 25                            # requests a second
# timeout = 10                         # seconds for one exchange
# settle = 0                           # seconds in which reads may still show the old state
# fail_on = "violation"                # blocker | violation | warning
# known_failures = "known-failures.toml"
{insecure}
# [tls]
# ca_file = "ca.pem"                   # your own certificate authority
"#,
        url = quoted(&url),
        insecure = if insecure {
            "allow_insecure_http = true\n"
        } else {
            ""
        },
    );
    out
}

/// What the probe saw, as comments.
fn seen(facts: &TargetFacts) -> String {
    let names = |declared: bool| {
        facts
            .capabilities
            .iter()
            .filter(|(_, on)| **on == declared)
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
    };
    let mut out = String::from("#\n# Seen by the probe:\n");
    let mut line = |text: &str| {
        let _ = writeln!(out, "#   {}", plain(text));
    };
    line(&format!("declares {}", names(true).join(", ")));
    let missing = names(false);
    if !missing.is_empty() {
        line(&format!("does not declare {}", missing.join(", ")));
    }
    if let Some(users) = facts.existing_users {
        line(&format!("{users} users exist already"));
    }
    for note in &facts.notes {
        line(note);
    }
    out
}

/// A TOML string. JSON's escapes are TOML's for everything that a URL can hold.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::config;
    use crate::results::Policy;

    fn environment(name: &str) -> Option<String> {
        Some(format!("value-of-{name}"))
    }

    #[test]
    fn what_is_written_can_be_read_back() {
        let facts = TargetFacts {
            base_url: "https://h.example/scim/v2".to_owned(),
            name: None,
            capabilities: BTreeMap::from([("patch".to_owned(), true), ("bulk".to_owned(), false)]),
            policy: Policy::default(),
            existing_users: Some(3),
            notes: vec!["no /Schemas\n[auth]\ntoken = \"stolen\"".to_owned()],
        };
        let text = text(Some(&facts), "MY_TOKEN", true);
        let read = config::parse(Path::new("scimproof.toml"), &text, &environment).expect(&text);
        assert_eq!(
            read.target.url.as_deref(),
            Some("https://h.example/scim/v2")
        );
        assert!(matches!(&read.auth, config::Auth::Bearer(t) if t.expose() == "value-of-MY_TOKEN"));
        assert!(read.run.allow_insecure_http);
    }

    #[test]
    fn every_example_in_a_comment_is_valid_too() {
        let text = text(None, "SCIM_TOKEN", false);
        // One way to authenticate at a time; the file shows all of them.
        let ways = ["# token_file", "# basic", "# header =", "# oauth2"];
        let uncommented: String = text
            .lines()
            .filter(|line| !ways.iter().any(|way| line.starts_with(way)))
            .map(|line| match line.strip_prefix("# ") {
                Some(example)
                    if example.starts_with('[') || example.split(' ').nth(1) == Some("=") =>
                {
                    example
                }
                _ => line,
            })
            .fold(String::new(), |all, line| all + line + "\n");
        let read = config::parse(Path::new("scimproof.toml"), &uncommented, &environment)
            .expect(&uncommented);
        assert_eq!(read.run.jobs, Some(4));
        assert_eq!(read.mapping["okta"].len(), 3);
        assert!(
            read.revoked.is_some() && read.other_tenant.is_some() && read.access_check.is_some()
        );
        for way in ways {
            let line = text
                .lines()
                .find(|line| line.starts_with(way))
                .expect(way)
                .trim_start_matches("# ");
            if !line.starts_with("token_file") {
                config::parse(
                    Path::new("x.toml"),
                    &format!("[auth]\n{line}\n"),
                    &environment,
                )
                .expect(line);
            }
        }
    }
}
