//! Steps: one request, several at once, a walk through pages.

use super::super::model::{Also, Burst, Credential, Expect, Send, SendBody, Step, Walk, WalkStyle};
use super::super::tree::{Node, Spot};
use super::flow::{Flow, Piece};
use super::mentions::Role;
use super::{Builder, is_slug, severity, text};

/// Page size of a walk that does not say: the least that makes several pages of a few resources.
const WALK_COUNT: u32 = 2;

/// Requests of one burst at most, and requests a second.
const MOST_OF_A_BURST: u32 = 1000;

/// What `also` may not be called, since check ids end so already (docs/writing-suites.md).
const TAKEN_BY_CHECKS: [&str; 6] = ["status", "list", "error", "empty", "text", "either"];

impl Builder<'_, '_> {
    pub(super) fn steps(&mut self, case: &Node, flow: &mut Flow) -> Vec<Step> {
        let mut steps = Vec::new();
        let nodes = case.get("steps").map(Node::items).unwrap_or_default();
        let mut ids = DefaultIds::default();
        for node in nodes.iter().filter(|node| node.is_map()) {
            if let Some(together) = node.get("together") {
                let mut sends = Vec::new();
                let mut pieces = Vec::new();
                for item in together.items().iter().filter(|item| item.is_map()) {
                    let (send, piece) = self.send(item, &mut ids);
                    sends.push(send);
                    pieces.push(piece);
                }
                if sends.len() < 2 {
                    self.problem(together.spot, "`together` needs two requests at least");
                }
                flow.step(pieces);
                steps.push(Step::Together(sends));
            } else if let Some(walk) = node.get("walk") {
                let (walk, piece) = self.walk(node, walk, &mut ids);
                flow.step(vec![piece]);
                steps.push(Step::Walk(Box::new(walk)));
            } else {
                let (send, piece) = self.send(node, &mut ids);
                flow.step(vec![piece]);
                steps.push(Step::Send(Box::new(send)));
            }
        }
        steps
    }

    fn step_id(&mut self, node: &Node, default: String) -> (String, Spot) {
        match node.get("id") {
            Some(at) => {
                let id = text(Some(at));
                if !id.is_empty() && !is_slug(&id) {
                    self.problem(
                        at.spot,
                        format!("step id `{id}`: only letters, digits, `.`, `_` and `-`"),
                    );
                }
                (id, at.spot)
            }
            None => (default, node.spot),
        }
    }

    fn send(&mut self, node: &Node, ids: &mut DefaultIds) -> (Send, Piece) {
        let (method, target) = self.request_line(node.get("send"));
        let (id, id_spot) = self.step_id(node, ids.next(&method));
        let headers = self.headers(node.get("headers"));
        let body = self.body(node);
        let credential = self.credential(node.get("auth"));
        let burst = node
            .get("burst")
            .map(|burst| self.burst(burst, node, &method));
        let request = self.take_mentions();

        let makes = node
            .get("makes")
            .and_then(|at| Some((at.text()?.to_owned(), at.spot)));
        if let Some((name, spot)) = &makes
            && !matches!(method.as_str(), "POST" | "GET" | "")
        {
            self.problem(*spot, format!("{method} makes no resource `{name}`: only POST does (and GET of one made otherwise)"));
        }
        let mut captures = Vec::new();
        let mut captured_at = Vec::new();
        for entry in node.get("capture").map(Node::entries).unwrap_or_default() {
            let from = entry.value.text().unwrap_or_default();
            if !from.starts_with("header:") && !from.is_empty() {
                self.path(from, entry.value.spot);
            }
            captures.push((entry.key.clone(), from.to_owned()));
            captured_at.push((entry.key.clone(), entry.spot));
        }
        let expect = self.expect(node.get("expect"));
        let also = self.also(node.get("also"));
        let changes = self.changes(node.get("changes"));
        let answer = self.take_mentions();
        if request.variables.is_empty() && counts_strangers(&expect, &also) {
            let spot = node.get("expect").map_or(node.spot, |expect| expect.spot);
            self.problem(
                spot,
                "`total` and `only` need a request with a value that is unique to the run: other people may use the tenant",
            );
        }
        let only = self.flavours(node.get("only"));
        let piece = Piece {
            id: id.clone(),
            id_spot,
            only: only.clone(),
            only_spot: node.get("only").map(|only| only.spot),
            request,
            makes: makes.clone(),
            captures: captured_at,
            answer,
        };
        let send = Send {
            id,
            method,
            target,
            headers,
            body,
            burst,
            credential,
            makes: makes.map(|(name, _)| name),
            capture: captures,
            only,
            expect,
            also,
            changes,
            rows: Vec::new(),
            singly: Vec::new(),
            severity: severity(node.get("severity")),
            refs: self.refs(node.get("refs")),
            hint: text(node.get("hint")),
            place: self.report.place(node.spot),
        };
        (send, piece)
    }

    /// A burst is a row of reads: what they would make or change could not be told apart.
    fn burst(&mut self, burst: &Node, step: &Node, method: &str) -> Burst {
        if method != "GET" {
            self.problem(burst.spot, "only a GET can be sent in a burst");
        }
        for key in ["makes", "capture", "changes", "also"] {
            if let Some(other) = step.get(key) {
                self.problem(other.spot, format!("`{key}` does not go with a burst"));
            }
        }
        let mut number = |key: &str, most: u32| {
            // That it is missing is said where the keys are compared with the format.
            let Some(at) = burst.get(key) else {
                return 1;
            };
            let number = at.count().and_then(|number| u32::try_from(number).ok());
            match number.filter(|number| (1..=most).contains(number)) {
                Some(number) => number,
                None => {
                    self.problem(at.spot, format!("`{key}` of a burst is 1 to {most}"));
                    1
                }
            }
        };
        Burst {
            times: number("times", MOST_OF_A_BURST),
            rate: number("rate", MOST_OF_A_BURST),
            whole_seconds: burst
                .get("whole_seconds")
                .and_then(Node::boolean)
                .unwrap_or_default(),
        }
    }

    fn headers(&mut self, node: Option<&Node>) -> Vec<(String, Option<String>)> {
        let mut headers = Vec::new();
        for entry in node.map(Node::entries).unwrap_or_default() {
            if entry.key.eq_ignore_ascii_case("authorization") {
                self.problem(
                    entry.spot,
                    "the Authorization header is set with `auth`, which knows what is secret",
                );
            }
            if let Some(text) = entry.value.text() {
                self.templated(text, entry.value.spot);
            }
            headers.push((entry.key.clone(), entry.value.text().map(str::to_owned)));
        }
        headers
    }

    fn body(&mut self, node: &Node) -> SendBody {
        let given: Vec<&Node> = ["body", "raw", "echo", "fixture"]
            .into_iter()
            .filter_map(|key| node.get(key))
            .collect();
        if let [_, second, ..] = given.as_slice() {
            self.problem(
                second.spot,
                "a request has one body: `body`, `raw`, `echo` or `fixture`",
            );
        }
        if let Some(body) = node.get("body") {
            return SendBody::Json(self.json(body));
        }
        if let Some(raw) = node.get("raw") {
            let text = raw.text().unwrap_or_default();
            self.templated(text, raw.spot);
            return SendBody::Raw(text.to_owned());
        }
        if let Some(echo) = node.get("echo") {
            return SendBody::Echo {
                of: echo
                    .get("of")
                    .and_then(|of| self.resource(of, Role::There))
                    .unwrap_or_default(),
                set: self.settings(echo.get("set")),
                without: self.paths_of(echo.get("without")),
            };
        }
        if let Some(fixture) = node.get("fixture") {
            return SendBody::Fixture {
                fixture: self.fixture(
                    fixture.get("name").unwrap_or(fixture),
                    fixture.get("members"),
                ),
                set: self.settings(fixture.get("set")),
                without: self.paths_of(fixture.get("without")),
                members: self.resources(fixture.get("members"), Role::Either),
            };
        }
        SendBody::Empty
    }

    fn credential(&mut self, node: Option<&Node>) -> Credential {
        let Some(node) = node else {
            return Credential::Target;
        };
        match node.text() {
            Some("none") => Credential::None,
            Some("wrong") => Credential::Wrong,
            Some("revoked") => Credential::Revoked,
            Some("other-tenant") => Credential::OtherTenant,
            Some(_) => Credential::Target,
            None => {
                let literal = node.get("literal").and_then(Node::text).unwrap_or_default();
                Credential::Literal(literal.to_owned())
            }
        }
    }

    fn also(&mut self, node: Option<&Node>) -> Vec<Also> {
        let mut all: Vec<Also> = Vec::new();
        for item in node
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter(|item| item.is_map())
        {
            let id = text(item.get("id"));
            let spot = item.get("id").map_or(item.spot, |id| id.spot);
            if !id.is_empty() && !is_slug(&id) {
                self.problem(
                    spot,
                    format!("id `{id}`: only letters, digits, `.`, `_` and `-`"),
                );
            } else if TAKEN_BY_CHECKS.contains(&id.as_str()) {
                self.problem(
                    spot,
                    format!("`{id}` is the name of a check that every step may have"),
                );
            } else if all.iter().any(|also| also.id == id) {
                self.problem(spot, format!("`{id}` is used twice in this step"));
            }
            all.push(Also {
                id,
                severity: severity(item.get("severity")),
                refs: self.refs(item.get("refs")),
                hint: text(item.get("hint")),
                expect: self.expect(item.get("expect")),
            });
        }
        all
    }

    fn walk(&mut self, node: &Node, inner: &Node, ids: &mut DefaultIds) -> (Walk, Piece) {
        for key in ["id", "only", "severity"] {
            if let (Some(_), Some(second)) = (node.get(key), inner.get(key)) {
                self.problem(
                    second.spot,
                    format!("`{key}` stands beside `walk` and in it"),
                );
            }
        }
        let told = |key: &str| if node.get(key).is_some() { node } else { inner };
        let (id, id_spot) = self.step_id(told("id"), ids.next("walk"));
        let target = inner
            .get("list")
            .map(|list| self.list_target(list))
            .unwrap_or_default();
        let request = self.take_mentions();
        let has = self.resources(inner.get("has"), Role::There);
        let answer = self.take_mentions();
        let only_node = told("only").get("only");
        let only = self.flavours(only_node);
        let count = inner
            .get("count")
            .and_then(Node::count)
            .and_then(|count| u32::try_from(count).ok());
        if count == Some(0) {
            self.problem(inner.spot, "a walk needs a `count` of 1 at least");
        }
        let piece = Piece {
            id: id.clone(),
            id_spot,
            only: only.clone(),
            only_spot: only_node.map(|only| only.spot),
            request,
            makes: None,
            captures: Vec::new(),
            answer,
        };
        let walk = Walk {
            id,
            target,
            count: count.unwrap_or(WALK_COUNT),
            style: match inner.get("style").and_then(Node::text) {
                Some("cursor") => WalkStyle::Cursor,
                _ => WalkStyle::Index,
            },
            has,
            beyond: inner
                .get("beyond")
                .and_then(Node::boolean)
                .unwrap_or_default(),
            severity: severity(told("severity").get("severity")),
            refs: self.refs(node.get("refs")),
            hint: text(node.get("hint")),
            only,
            place: self.report.place(node.spot),
        };
        (walk, piece)
    }
}

/// The ids of steps that have none: the method in lower case, then `get-2` and so on.
#[derive(Default)]
struct DefaultIds {
    seen: std::collections::BTreeMap<String, u32>,
}

impl DefaultIds {
    fn next(&mut self, method: &str) -> String {
        let word = method.to_ascii_lowercase();
        let count = self.seen.entry(word.clone()).or_default();
        *count += 1;
        if *count == 1 {
            word
        } else {
            format!("{word}-{count}")
        }
    }
}

/// Whether an exact number of elements is expected, which strangers in the tenant could spoil.
fn counts_strangers(expect: &Expect, also: &[Also]) -> bool {
    let counts = |expect: &Expect| {
        expect
            .list
            .as_ref()
            .is_some_and(|list| list.total.is_some() || list.only.is_some())
    };
    counts(expect)
        || expect
            .either
            .iter()
            .any(|alternative| counts(&alternative.expect))
        || also.iter().any(|also| counts(&also.expect))
}
