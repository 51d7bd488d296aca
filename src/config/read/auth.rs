//! `[auth]` and the credentials beside it: one way each to authenticate.

use std::collections::BTreeMap;
use std::path::Path;

use super::Reader;
use crate::config::document::Table;
use crate::config::{Auth, OAuth2, Secret, SecretPlacement};

impl<'d> Reader<'d> {
    pub(super) fn finished_auth(&mut self, table: Table<'d>, label: &str) -> Auth {
        let auth = self.auth(&table, label);
        if auth == Auth::None {
            table.problem(table.at, "this table gives no credential; it needs `token`, `token_file`, `basic`, `header` or `oauth2`");
        }
        table.finish();
        auth
    }

    /// One way to authenticate; `label` begins the names under which its secrets are recorded.
    pub(super) fn auth(&mut self, table: &Table<'d>, label: &str) -> Auth {
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
        let mut extra = BTreeMap::new();
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
