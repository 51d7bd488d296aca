//! From a TOML document to a `Config`: what each section holds. `auth` reads credentials, `values` single values with `${ENV}`
//! filled in.

mod auth;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use self::values::{one_of, variable_in};
use super::document::{ConfigError, ConfigErrors, Node, Problems, Table, nearest};
use super::{AccessCheck, Config, RunDefaults, Secret, TargetConfig};
use crate::data::mappings::{self, Change};
use crate::data::policy;
use crate::results::Policy;

pub use self::auth::read_token;

/// The value of an environment variable, if it is set. Only `cli` reads the real environment.
pub type Lookup<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Reads and checks a file.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn load(path: &Path, env: Lookup<'_>) -> Result<Config, ConfigErrors> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        ConfigErrors(vec![ConfigError {
            file: path.to_owned(),
            line: 0,
            column: 0,
            message: format!("cannot be read: {e}"),
        }])
    })?;
    parse(path, &text, env)
}

/// Checks a file's text. `path` names it in messages, and paths in it are relative to its folder.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn parse(path: &Path, text: &str, env: Lookup<'_>) -> Result<Config, ConfigErrors> {
    let problems = Problems::new(path, text);
    let (document, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        problems.add(error.span().map_or(0, |s| s.start), error.message().trim());
    }
    if !syntax.is_empty() {
        // What a broken document seems to hold would only add misleading errors.
        problems.into_result()?;
        return Ok(Config::default());
    }
    let mut reader = Reader {
        env,
        problems: &problems,
        folder: path.parent().map(Path::to_owned).unwrap_or_default(),
        warnings: Vec::new(),
    };
    let root = Table::root(&document, &problems);
    let config = reader.config(&root);
    root.finish();
    let config = Config {
        warnings: reader.warnings,
        ..config
    };
    problems.into_result()?;
    Ok(config)
}

struct Reader<'d> {
    env: Lookup<'d>,
    problems: &'d Problems<'d>,
    folder: PathBuf,
    warnings: Vec<String>,
}

impl<'d> Reader<'d> {
    fn config(&mut self, root: &Table<'d>) -> Config {
        let mut config = Config::default();
        if let Some(table) = root.table("target") {
            config.target = TargetConfig {
                url: self.text(&table, "url"),
                name: self.text(&table, "name"),
            };
            table.finish();
        }
        if let Some(table) = root.table("auth") {
            config.revoked = table
                .table("revoked")
                .map(|t| self.finished_auth(t, "SCIM_REVOKED"));
            config.other_tenant = table
                .table("other_tenant")
                .map(|t| self.finished_auth(t, "SCIM_OTHER_TENANT"));
            config.auth = self.auth(&table, "SCIM");
            table.finish();
        }
        if let Some(table) = root.table("policy") {
            config.policy = self.policy(&table);
            table.finish();
        }
        if let Some(table) = root.table("flavours") {
            config.flavours = flavours(&table);
        }
        if let Some(table) = root.table("mapping") {
            config.whole_mapping = table.boolean("whole").unwrap_or(false);
            config.mapping = mapping(&table, config.whole_mapping);
        }
        if let Some(table) = root.table("run") {
            config.run = self.run(&table);
            table.finish();
        }
        if let Some(table) = root.table("access_check") {
            config.access_check = self.access_check(&table);
            table.finish();
        }
        if let Some(table) = root.table("tls") {
            config.ca_file = self.path(&table, "ca_file");
            table.finish();
        }
        config
    }

    fn policy(&mut self, table: &Table<'d>) -> Policy {
        let not_offered = table.strings("not_offered");
        for (feature, at) in &not_offered {
            one_of(table, "policy.not_offered", feature, *at, policy::FEATURES);
        }
        let word = |key: &'static str, words: &[&str]| {
            let (text, at) = table.string(key)?;
            one_of(table, key, text, at, words).then(|| text.to_owned())
        };
        Policy {
            deactivation: word("deactivation", policy::DEACTIVATION),
            hard_delete: table.boolean("hard_delete"),
            groups: word("groups", policy::GROUPS),
            not_offered: not_offered.into_iter().map(|(name, _)| name).collect(),
            matching: self.text(table, "matching"),
        }
    }

    fn run(&mut self, table: &Table<'d>) -> RunDefaults {
        let positive = |key: &'static str, least: f64| {
            let (n, at) = table.number(key)?;
            if n < least {
                table.problem(at, format!("`run.{key}` must be at least {least}"));
                return None;
            }
            Some(n)
        };
        let fail_on = table.string("fail_on").and_then(|(text, at)| {
            one_of(
                table,
                "run.fail_on",
                text,
                at,
                &["blocker", "violation", "warning"],
            )
            .then(|| text.to_owned())
        });
        let words = |key| {
            table
                .strings(key)
                .into_iter()
                .map(|(word, _)| word)
                .collect()
        };
        RunDefaults {
            profiles: words("profiles"),
            jobs: positive("jobs", 1.0).map(|n| n.min(256.0) as u16),
            rate: positive("rate", 0.001),
            timeout_s: positive("timeout", 0.001),
            deadline_s: positive("deadline", 0.001),
            settle_s: positive("settle", 0.0),
            fail_on,
            skip: words("skip"),
            max_resources: positive("max_resources", 1.0).map(|n| n as u64),
            known_failures: self.path(table, "known_failures"),
            allow_insecure_http: table.boolean("allow_insecure_http").unwrap_or(false),
        }
    }

    fn access_check(&mut self, table: &Table<'d>) -> Option<AccessCheck> {
        let url = self.required(table, "url");
        let mut headers = Vec::new();
        if let Some(fields) = table.table("headers") {
            for (name, node) in fields.each() {
                if let Some((raw, at)) = fields.as_string(name, node) {
                    // Not every header is a secret, so a literal is no reason for a warning.
                    let label = variable_in(raw).unwrap_or("SCIM_ACCESS_HEADER").to_owned();
                    headers.push((
                        name.to_owned(),
                        Secret::new(self.interpolate(raw, at), &label),
                    ));
                }
            }
        }
        let statuses = |key: &'static str| {
            let found = table.statuses(key).unwrap_or_default();
            if found.is_empty() {
                table.problem(
                    table.at,
                    format!("`[access_check]` needs `{key}`: the status codes then"),
                );
            }
            found
        };
        Some(AccessCheck {
            method: self
                .text(table, "method")
                .unwrap_or_else(|| "GET".to_owned()),
            url,
            headers,
            body: self.text(table, "body"),
            active: statuses("active"),
            inactive: statuses("inactive"),
        })
    }
}

/// `[flavours]`: which of a profile's ways are played, by profile.
fn flavours(table: &Table<'_>) -> BTreeMap<String, Vec<String>> {
    table
        .each()
        .map(|(profile, node)| {
            let flavours = table.as_strings(profile, node);
            if flavours.is_empty() {
                table.problem(
                    node.at,
                    format!(
                        "`flavours.{profile}` names no flavour; leave it out to play the usual ones"
                    ),
                );
            }
            let names = flavours.into_iter().map(|(name, _)| name).collect();
            (profile.to_owned(), names)
        })
        .collect()
}

/// `[mapping.PROFILE]`: changes of the default tables, by profile. With `whole` the tables are all that is mapped.
fn mapping(table: &Table<'_>, whole: bool) -> BTreeMap<String, Vec<Change>> {
    let mut mapping = BTreeMap::new();
    for (profile, node) in table.each().filter(|(name, _)| *name != "whole") {
        let Some(rows) = table.as_table(profile, node) else {
            continue;
        };
        let Some(default) = mappings::default_of(profile) else {
            let near = nearest(profile, mappings::all().iter().map(|m| m.profile.as_str()));
            let near = near
                .map(|n| format!("; did you mean `{n}`?"))
                .unwrap_or_default();
            table.problem(
                rows.at,
                format!("the profile `{profile}` has no mapping{near}"),
            );
            continue;
        };
        let changes: Vec<Change> = rows
            .each()
            .filter_map(|(attribute, node)| mapping_change(attribute, &rows, node))
            .collect();
        if let Err(errors) = default.changed(&changes, whole) {
            for error in errors {
                table.problem(rows.at, error.to_string());
            }
        }
        mapping.insert(profile.to_owned(), changes);
    }
    mapping
}

/// Reads one entry of `[mapping.PROFILE]`.
fn mapping_change(attribute: &str, rows: &Table<'_>, node: Node<'_>) -> Option<Change> {
    match serde_json::from_value::<Change>(node.to_json()) {
        Ok(change) => Some(change.named(attribute)),
        Err(error) => {
            rows.problem(node.at, format!("`{attribute}`: {error}"));
            None
        }
    }
}
