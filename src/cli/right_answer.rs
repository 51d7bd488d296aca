//! What a right answer looks like, for `explain`: the case is played against the bundled server, in this process, and its
//! answers are shown. An example that is made anew each time cannot grow stale.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::error::CliError;
use crate::client::{BaseUrl, Client, ClientOptions};
use crate::config::{Auth, Secret};
use crate::plan::{self, Conditions, Glob, Selection};
use crate::results::{Exchange, Policy};
use crate::runner::{self, Context};
use crate::suite::Library;

/// Longest that anyone waits for an example.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lines of a body that are shown.
const LINES: usize = 40;

/// What stands for the address of the bundled server, which is another one each time.
const ADDRESS: &str = "https://scim.example.com/scim/v2";

/// The answers of one playing of a case: the text that shows it, by the id of the step.
pub(super) type Answers = BTreeMap<String, String>;

/// Plays the case with this whole id, row and flavour included, and gives what came. Empty
/// where the case is not for the bundled server, such as one that needs the reader's own application.
pub(super) fn of(library: &Library, case: &str) -> Answers {
    let played = super::block_on(async {
        Ok::<_, CliError>(
            tokio::time::timeout(PATIENCE, play(library, case))
                .await
                .ok()
                .flatten(),
        )
    });
    played.ok().flatten().unwrap_or_default()
}

async fn play(library: &Library, case: &str) -> Option<Answers> {
    let bearer = |secret: &str| Auth::Bearer(Secret::new(secret, "SCIM_TOKEN"));
    let token = format!("example-{:032x}", rand::random::<u128>());
    let running = scim_reference::start(scim_reference::Options {
        tokens: vec![token.clone()],
        ..scim_reference::Options::default()
    })
    .await
    .ok()?;
    let base = running.base_url().to_owned();
    let mut options = ClientOptions::new(BaseUrl::parse(&base).ok()?);
    options.auth = bearer(&token);
    options.revoked = Some(bearer("a-revoked-token"));
    let client = Client::new(options).ok()?;
    let selection = Selection {
        cases: vec![Glob::new(case)],
        ..Selection::default()
    };
    let conditions = Conditions {
        revoked_credential: true,
        ..Conditions::default()
    };
    let mut plan = plan::select(library, &selection, &conditions).ok()?;
    let probe = runner::probe(&client, Policy::default(), None, None)
        .await
        .ok()?;
    plan.gate(&probe.facts.capabilities, &probe.schema);
    plan.declare(&probe.schema, probe.resource_types.as_deref());
    let context = Context::of(client, probe);
    let (events, _told) = mpsc::unbounded_channel();
    let (_stop, stopped) = watch::channel(false);
    let collected = runner::run(&plan, context, events, stopped).await.ok()?;
    running.stop().await;
    let mut answers = Answers::new();
    for case in &collected.cases {
        for exchange in &case.exchanges {
            answers
                .entry(exchange.step.clone())
                .or_insert_with(|| shown(exchange, &base));
        }
    }
    Some(answers)
}

/// Status and body, as a person would read them.
fn shown(exchange: &Exchange, base: &str) -> String {
    let mut text = exchange
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let Some(body) = exchange.response_body.as_ref().filter(|b| b.bytes > 0) else {
        text.push_str(", without a body");
        return text;
    };
    let pretty = serde_json::from_str::<serde_json::Value>(&body.text)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| body.text.clone())
        .replace(base, ADDRESS);
    for line in pretty.lines().take(LINES) {
        text.push('\n');
        text.push_str(line);
    }
    if pretty.lines().count() > LINES {
        text.push_str("\n...");
    }
    text
}
