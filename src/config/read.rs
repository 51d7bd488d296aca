//! From a TOML document to a `Config`: sections, interpolation of `${ENV}`, and what each key may hold.

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::document::{ConfigError, ConfigErrors, Node, Problems, Table, nearest};
use super::{
    AccessCheck, Auth, Config, OAuth2, RunDefaults, Secret, SecretPlacement, TargetConfig,
};
use crate::data::mappings::{self, Change};
use crate::data::policy;
use crate::results::Policy;

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
            for (profile, node) in table.each() {
                let flavours = table.as_strings(profile, node);
                if flavours.is_empty() {
                    table.problem(
                        node.at,
                        format!("`flavours.{profile}` names no flavour; leave it out to play the usual ones"),
                    );
                }
                config.flavours.insert(
                    profile.to_owned(),
                    flavours.into_iter().map(|(name, _)| name).collect(),
                );
            }
        }
        if let Some(table) = root.table("mapping") {
            config.whole_mapping = table.boolean("whole").unwrap_or(false);
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
                if let Err(errors) = default.changed(&changes, config.whole_mapping) {
                    for error in errors {
                        table.problem(rows.at, error.to_string());
                    }
                }
                config.mapping.insert(profile.to_owned(), changes);
            }
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

    fn finished_auth(&mut self, table: Table<'d>, label: &str) -> Auth {
        let auth = self.auth(&table, label);
        if auth == Auth::None {
            table.problem(table.at, "this table gives no credential; it needs `token`, `token_file`, `basic`, `header` or `oauth2`");
        }
        table.finish();
        auth
    }

    /// One way to authenticate; `label` begins the names under which its secrets are recorded.
    fn auth(&mut self, table: &Table<'d>, label: &str) -> Auth {
        let mut ways: Vec<(&str, usize, Auth)> = Vec::new();
        if let Some((raw, at)) = table.string("token") {
            let token = self.secret(raw, at, "auth.token", &format!("{label}_TOKEN"));
            ways.push(("token", at, Auth::Bearer(token)));
        }
        if let Some((raw, at)) = table.string("token_file") {
            let token = self.secret_file(raw, at, &format!("{label}_TOKEN"));
            ways.push(("token_file", at, Auth::Bearer(token)));
        }
        if let Some(basic) = table.table("basic") {
            let username = self.required(&basic, "username");
            let password = self.required_secret(&basic, "password", &format!("{label}_PASSWORD"));
            ways.push(("basic", basic.at, Auth::Basic { username, password }));
            basic.finish();
        }
        if let Some(header) = table.table("header") {
            let name = self.required(&header, "name");
            let value = self.required_secret(&header, "value", &format!("{label}_HEADER"));
            ways.push(("header", header.at, Auth::Header { name, value }));
            header.finish();
        }
        if let Some(oauth) = table.table("oauth2") {
            let at = oauth.at;
            let settings = self.oauth2(&oauth, label);
            ways.push(("oauth2", at, Auth::OAuth2(settings)));
            oauth.finish();
        }
        if let [first, second, ..] = ways.as_slice() {
            table.problem(
                second.1,
                format!(
                    "a credential is given twice: `{}` and `{}`; keep one",
                    first.0, second.0
                ),
            );
        }
        ways.into_iter()
            .next()
            .map_or(Auth::None, |(_, _, auth)| auth)
    }

    fn oauth2(&mut self, table: &Table<'d>, label: &str) -> OAuth2 {
        let placement = match table.string("send_secret") {
            None | Some(("basic", _)) => SecretPlacement::Basic,
            Some(("body", _)) => SecretPlacement::Body,
            Some((_, at)) => {
                table.problem(at, "`send_secret` must be \"basic\" or \"body\"");
                SecretPlacement::Basic
            }
        };
        let mut extra = std::collections::BTreeMap::new();
        if let Some(fields) = table.table("extra") {
            for (name, node) in fields.each() {
                if let Some((raw, at)) = fields.as_string(name, node) {
                    extra.insert(name.to_owned(), self.interpolate(raw, at));
                }
            }
        }
        OAuth2 {
            token_url: self.required(table, "token_url"),
            client_id: self.required(table, "client_id"),
            client_secret: self.required_secret(
                table,
                "client_secret",
                &format!("{label}_CLIENT_SECRET"),
            ),
            scope: self.text(table, "scope"),
            extra,
            placement,
        }
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

    fn text(&self, table: &Table<'d>, key: &'static str) -> Option<String> {
        table.string(key).map(|(raw, at)| self.interpolate(raw, at))
    }

    fn path(&self, table: &Table<'d>, key: &'static str) -> Option<PathBuf> {
        self.text(table, key).map(|path| self.folder.join(path))
    }

    fn required(&self, table: &Table<'d>, key: &'static str) -> String {
        match table.string(key) {
            Some((raw, at)) => self.interpolate(raw, at),
            None => {
                self.missing(table, key);
                String::new()
            }
        }
    }

    fn required_secret(&mut self, table: &Table<'d>, key: &'static str, label: &str) -> Secret {
        match table.string(key) {
            Some((raw, at)) => self.secret(raw, at, key, label),
            None => {
                self.missing(table, key);
                Secret::new("", label)
            }
        }
    }

    fn missing(&self, table: &Table<'d>, key: &'static str) {
        if table.take(key).is_none() {
            table.problem(table.at, format!("this table needs the key `{key}`"));
        }
    }

    fn secret(&mut self, raw: &str, at: usize, key: &str, label: &str) -> Secret {
        let value = self.interpolate(raw, at);
        let label = match variable_in(raw) {
            Some(variable) => variable,
            None => {
                self.warnings.push(format!(
                    "{}: `{key}` holds a secret in plain text; put it into an environment variable and write \"${{{label}}}\"",
                    self.problems.place(at)
                ));
                label
            }
        };
        Secret::new(value, label)
    }

    fn secret_file(&self, raw: &str, at: usize, label: &str) -> Secret {
        let path = self.folder.join(self.interpolate(raw, at));
        match read_token(&path) {
            Ok(token) => Secret::new(token, label),
            Err(why) => {
                self.problems.add(at, why);
                Secret::new("", label)
            }
        }
    }

    /// Fills in `${NAME}`; `$${` stands for a plain `${`.
    fn interpolate(&self, raw: &str, at: usize) -> String {
        let mut out = String::new();
        let mut rest = raw;
        while let Some(dollar) = rest.find("${") {
            if rest[..dollar].ends_with('$') {
                out.push_str(&rest[..dollar]);
                out.push('{');
                rest = &rest[dollar + 2..];
                continue;
            }
            out.push_str(&rest[..dollar]);
            let Some(end) = rest[dollar..].find('}') else {
                self.problems.add(at, "`${` is not closed by `}`");
                return out;
            };
            let name = &rest[dollar + 2..dollar + end];
            match (self.env)(name) {
                Some(value) if !value.is_empty() => out.push_str(&value),
                Some(_) => self
                    .problems
                    .add(at, format!("the environment variable {name} is empty")),
                None => self
                    .problems
                    .add(at, format!("the environment variable {name} is not set")),
            }
            rest = &rest[dollar + end + 1..];
        }
        out.push_str(rest);
        out
    }
}

/// Reads a token from a file: one line, surrounding blanks dropped.
///
/// # Errors
/// A sentence on why there is none.
pub fn read_token(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("the token file {} cannot be read: {e}", path.display()))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(format!("the token file {} is empty", path.display()));
    }
    if token.lines().count() > 1 {
        return Err(format!(
            "the token file {} has more than one line",
            path.display()
        ));
    }
    Ok(token.to_owned())
}

/// The first `${NAME}` of a text.
fn variable_in(raw: &str) -> Option<&str> {
    let start = raw.find("${")? + 2;
    let end = raw[start..].find('}')?;
    Some(&raw[start..start + end])
}

fn one_of(table: &Table<'_>, key: &str, word: &str, at: usize, words: &[&str]) -> bool {
    if words.contains(&word) {
        return true;
    }
    let hint = match nearest(word, words.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!(
            "it may be {}",
            words
                .iter()
                .map(|w| format!("\"{w}\""))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    table.problem(at, format!("`{key}` cannot be \"{word}\"; {hint}"));
    false
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

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        match name {
            "SCIM_TOKEN" => Some("from-the-environment".to_owned()),
            "HOST" => Some("h.example".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn read(text: &str) -> Result<Config, ConfigErrors> {
        parse(Path::new("dir/scimproof.toml"), text, &env)
    }

    fn errors(text: &str) -> String {
        read(text).expect_err(text).to_string()
    }

    #[test]
    fn a_whole_file() {
        let config = read(
            r#"
            [target]
            url = "https://${HOST}/scim/v2"
            name = "staging $${x}"
            [auth]
            token = "${SCIM_TOKEN}"
            [auth.revoked]
            basic = { username = "old", password = "${SCIM_TOKEN}" }
            [policy]
            deactivation = "keep"
            not_offered = ["groups"]
            [flavours]
            okta = ["aiw"]
            [mapping]
            whole = true
            [mapping.okta]
            zulu = "title"
            alpha = { path = "displayName", resource = "Group", type = "string", samples = ["a", "b"] }
            nickName = false
            [run]
            jobs = 2
            timeout = 2.5
            known_failures = "known.toml"
            [access_check]
            url = "https://app.example/login"
            active = 200
            inactive = [401, 403]
            headers = { X-Key = "${SCIM_TOKEN}" }
            [tls]
            ca_file = "ca.pem"
            "#,
        )
        .expect("a valid file");
        assert_eq!(
            config.target.url.as_deref(),
            Some("https://h.example/scim/v2")
        );
        assert_eq!(config.target.name.as_deref(), Some("staging ${x}"));
        match &config.auth {
            Auth::Bearer(token) => {
                assert_eq!(
                    (token.expose(), token.label()),
                    ("from-the-environment", "SCIM_TOKEN")
                );
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(&config.revoked, Some(Auth::Basic { username, .. }) if username == "old"));
        assert_eq!(config.policy.deactivation.as_deref(), Some("keep"));
        assert!(config.whole_mapping);
        let rows: Vec<_> = config.mapping["okta"]
            .iter()
            .map(|r| (r.attribute.as_str(), r.path.as_deref(), r.resource))
            .collect();
        assert_eq!(
            rows,
            [
                ("zulu", Some("title"), None),
                (
                    "alpha",
                    Some("displayName"),
                    Some(mappings::ResourceKind::Group)
                ),
                ("nickName", None, None)
            ]
        );
        assert_eq!(config.run.timeout_s, Some(2.5));
        assert_eq!(
            config.run.known_failures.as_deref(),
            Some(Path::new("dir/known.toml"))
        );
        assert_eq!(config.ca_file.as_deref(), Some(Path::new("dir/ca.pem")));
        let check = config.access_check.expect("a check");
        assert_eq!((check.active, check.inactive), (vec![200], vec![401, 403]));
        assert_eq!(config.warnings, Vec::<String>::new());
    }

    #[test]
    fn errors_name_the_place_and_the_nearest_key() {
        for (text, want) in [
            (
                "[targt]\nurl = 'x'",
                "dir/scimproof.toml:1:2: unknown table or key `targt`; did you mean `target`?",
            ),
            (
                "[target]\nurll = 'x'",
                "dir/scimproof.toml:2:1: `[target]` has no key `urll`; did you mean `url`?",
            ),
            (
                "[target]\nurl = 7",
                "dir/scimproof.toml:2:7: `target.url` must be a string, not an integer",
            ),
            (
                "[auth]\ntoken = '${NOPE}'",
                "dir/scimproof.toml:2:9: the environment variable NOPE is not set",
            ),
            (
                "[auth]\ntoken = '${EMPTY}'",
                "the environment variable EMPTY is empty",
            ),
            ("[auth]\ntoken = '${X'", "`${` is not closed"),
            (
                "[auth]\ntoken_file = 'no-such-file'",
                "dir/scimproof.toml:2:14: the token file dir/no-such-file cannot be read",
            ),
            ("[auth.revoked]\n", "1:7: this table gives no credential"),
            (
                "[auth]\ntoken = '${SCIM_TOKEN}'\nbasic = {username='a', password='${SCIM_TOKEN}'}",
                "given twice: `token` and `basic`",
            ),
            (
                "[auth]\nbasic = {username='a'}",
                "2:1: this table needs the key `password`",
            ),
            ("[policy]\ndeactivation = 'keeep'", "did you mean \"keep\"?"),
            (
                "[policy]\nnot_offered = ['group']",
                "did you mean \"groups\"?",
            ),
            ("[run]\njobs = 0", "`run.jobs` must be at least 1"),
            (
                "[run]\nfail_on = 'error'",
                "`run.fail_on` cannot be \"error\"",
            ),
            ("[mapping.okta]\nx = 3", "a SCIM path, false, or a table"),
            (
                "[mapping.okta]\nx = false",
                "1:10: the okta mapping has no attribute `x` to take away",
            ),
            ("[mapping.oktta]\nx = 'y'", "did you mean `okta`?"),
            ("[target\nurl = 'x'", "dir/scimproof.toml:1:"),
        ] {
            let got = errors(text);
            assert!(got.contains(want), "{text:?}\n got: {got}\nwant: {want}");
        }
    }

    #[test]
    fn all_errors_are_reported_at_once_in_file_order() {
        let got = errors("[target]\nurl = 1\nnam = 'x'\n[run]\njobs = 'many'");
        let lines: Vec<&str> = got
            .lines()
            .map(|l| l.split(": ").next().unwrap_or_default())
            .collect();
        assert_eq!(
            lines,
            [
                "dir/scimproof.toml:2:7",
                "dir/scimproof.toml:3:1",
                "dir/scimproof.toml:5:8"
            ]
        );
    }

    #[test]
    fn a_secret_in_the_file_is_warned_about_and_not_shown() {
        let config = read("[auth]\ntoken = 'plain-secret-value'").expect("allowed");
        let [warning] = config.warnings.as_slice() else {
            panic!("{:?}", config.warnings)
        };
        assert!(warning.starts_with("dir/scimproof.toml:2: "), "{warning}");
        assert!(!warning.contains("plain-secret-value"), "{warning}");
        assert!(!format!("{config:?}").contains("plain-secret-value"));
    }

    #[test]
    fn nothing_is_also_a_configuration() {
        assert_eq!(read("").expect("valid"), Config::default());
    }
}
