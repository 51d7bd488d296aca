//! Plays planned cases against the target and records what came: probing, ownership, known state, settling, clean-up.
//!
//! Imports: `results`, `data`, `scim`, `suite`, `plan`, `client`, `expect`, `rules`. It judges nothing beyond what
//! `expect` and `rules` say; what failures mean for a provider is settled in `verdict`.

mod address;
mod body;
mod burst;
mod case;
mod checks;
mod cleanup;
mod context;
mod crowd;
mod fit;
mod guard;
pub mod journal;
mod ledger;
mod names;
mod payload;
mod pool;
mod probe;
mod record;
mod resource;
mod scope;
mod settle;
mod singly;
mod states;
mod step;
mod strangers;
mod walk;
mod write;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

pub use cleanup::{CleanedUp, cleanup};
pub use context::{Application, Context, Event};
pub use journal::{Journal, JournalError, state_dir};
pub use names::RunTag;
pub use probe::{Probe, probe};

use self::context::Shared;
use crate::plan::Plan;
use crate::results::{Collected, Stop, StopReason};

/// Plays a plan and hands over everything that happened.
///
/// `stop` turning true ends the run early: nothing new begins, what was made is removed.
///
/// # Errors
/// Where the journal can't be begun; nothing was sent then.
pub async fn run(
    plan: &Plan,
    mut context: Context,
    events: UnboundedSender<Event>,
    stop: watch::Receiver<bool>,
) -> Result<Collected, JournalError> {
    let began = Instant::now();
    let started = jiff::Timestamp::now().to_string();
    let journal = match &context.state_dir {
        Some(dir) => Some(Journal::begin(
            dir,
            context.client.base_url().as_str(),
            &context.tag,
        )?),
        None => None,
    };
    // Whole documents of the target's, which nobody needs once the rules have seen them.
    let probed = std::mem::take(&mut context.probed);
    let shared = Arc::new(Shared::new(context, journal, stop));
    shared.judge_probe(&probed);
    drop(probed);
    let cases = pool::all(&shared, plan, &events).await;
    let stopped = shared.halted();
    let _ = events.send(Event::CleaningUp);
    let leftovers = if shared.context.keep {
        Vec::new()
    } else {
        cleanup::run(&shared).await
    };
    if leftovers.is_empty()
        && !shared.context.keep
        && let Some(journal) = shared.ledger.journal()
    {
        journal.remove()?;
    }
    let _ = events.send(Event::RunFinished);
    Ok(Collected {
        run_id: shared.context.tag.to_string(),
        seed: shared.context.seed,
        facts: shared.context.facts.clone(),
        cases,
        rules: shared.rule_results(),
        leftovers,
        stop: stopped.map(|reason| Stop {
            reason,
            message: stop_message(reason).to_owned(),
        }),
        started,
        finished: jiff::Timestamp::now().to_string(),
        duration_ms: began.elapsed().as_secs_f64() * 1000.0,
        requests: shared.requests.load(Ordering::Relaxed),
        throttled: shared.throttled.load(Ordering::Relaxed),
    })
}

fn stop_message(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Untestable => {
            "The target stopped answering in the middle of the run; look at its log and run again."
        }
        StopReason::Interrupted => "The run was interrupted; what it had made was removed.",
        StopReason::Deadline => {
            "The deadline passed before all cases were played; give more time with --deadline or fewer cases with --suite."
        }
    }
}
