//! `PATCH /Users/{{user.id}}`: the method, and a target that goes out exactly as written.

use super::super::check::check_spelling;
use super::super::format::METHODS;
use super::super::template::{Position, Template};
use super::super::tree::{Node, Spot};
use super::Builder;

/// Endpoints on which a write does nothing to anybody's resources (RFC 7644 section 4).
const DISCOVERY: [&str; 3] = ["ServiceProviderConfig", "ResourceTypes", "Schemas"];

/// Stands for a base URL while a target is tried out.
const SOME_BASE: &str = "http://scim.example/v2";

impl Builder<'_, '_> {
    pub(super) fn request_line(&mut self, node: Option<&Node>) -> (String, String) {
        let Some((text, spot)) = node.and_then(|node| Some((node.text()?, node.spot))) else {
            return (String::new(), String::new());
        };
        let Some((method, target)) = text.split_once(' ') else {
            self.problem(
                spot,
                format!("`{text}` must be a method and a path: `GET /Users`"),
            );
            return (text.to_owned(), String::new());
        };
        check_spelling(method, spot, &METHODS, self.report);
        if let Some(template) = self.target(target, spot)
            && matches!(method, "PUT" | "PATCH" | "DELETE")
        {
            self.not_on_strangers(method, &template, spot);
        }
        (method.to_owned(), target.to_owned())
    }

    /// The list of a walk, which gets its paging parameters from the runner.
    pub(super) fn list_target(&mut self, node: &Node) -> String {
        let Some(target) = node.text() else {
            return String::new();
        };
        self.target(target, node.spot);
        let query = target
            .split_once('?')
            .map(|(_, query)| query)
            .unwrap_or_default();
        for parameter in query.split('&') {
            let name = parameter.split('=').next().unwrap_or_default();
            if ["startindex", "count", "cursor"].contains(&name.to_ascii_lowercase().as_str()) {
                self.problem(node.spot, format!("`{name}` is set by the walk itself"));
            }
        }
        target.to_owned()
    }

    /// Reports a target that would not go out as it is written.
    fn target(&mut self, target: &str, spot: Spot) -> Option<Template> {
        if !target.starts_with('/') {
            self.problem(
                spot,
                format!("the target `{target}` must begin with `/`; it stands below the base URL"),
            );
            return None;
        }
        let template = self.templated(target, spot)?;
        let filled = template
            .render(&|_: &str| Some("x".into()), Position::Raw)
            .ok()?;
        let written = format!("{SOME_BASE}{filled}");
        match reqwest::Url::parse(&written) {
            Ok(parsed) if parsed.fragment().is_none() && parsed.as_str() == written => {
                Some(template)
            }
            Ok(parsed) => {
                let sent = parsed
                    .as_str()
                    .strip_prefix(SOME_BASE)
                    .unwrap_or(parsed.path());
                let sent = sent.split('#').next().unwrap_or_default();
                self.problem(spot, format!("`{filled}` would go out as `{sent}`: write the target exactly as it is to go out"));
                None
            }
            Err(error) => {
                self.problem(spot, format!("`{target}` cannot stand in a URL: {error}"));
                None
            }
        }
    }

    /// A write on a collection or the root could reach people who are not ours (contract, section 5), and so could one
    /// on /Me, which is whoever owns the credential.
    fn not_on_strangers(&mut self, method: &str, template: &Template, spot: Spot) {
        let shown = template.to_string();
        let path = shown.split('?').next().unwrap_or_default();
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let first = parts.next().unwrap_or_default();
        if parts.next().is_none() && !DISCOVERY.contains(&first) {
            self.problem(
                spot,
                format!("{method} on `{path}` could reach other people's resources: write only on a resource of the case"),
            );
        }
    }
}
