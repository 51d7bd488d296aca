//! The figures: mutants tried, visible, noticed, and who survived.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use scimproof::suite;

use crate::grammar::Mutant;
use crate::oracle;
use crate::run;

/// Seeds of the whole figure.
const ALL: std::ops::Range<u64> = 0..331;
/// Seeds of the ordinary test.
const SAMPLE: std::ops::Range<u64> = 36..50;
/// The share of visible mutants that must be noticed, in percent.
const BAR: usize = 95;
/// Mutants that are played at the same time.
const AT_ONCE: usize = 3;

/// What came of one mutant.
#[derive(Debug)]
enum Fate {
    /// Nothing that a client could complain about.
    Lawful,
    Noticed(Vec<String>),
    /// What it does, in the oracle's words.
    Survived(String),
}

/// Plays the mutants of these seeds; `told` hears of each at once, since the whole figure takes its time.
fn play(seeds: Vec<u64>, told: fn(Mutant, &Fate)) -> Vec<(Mutant, Fate)> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        // The futures of a whole run are large where nothing is optimised.
        .thread_stack_size(16 * 1024 * 1024)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let library = Arc::new(suite::bundled().expect("the bundled suites load"));
        let right = Arc::new(oracle::play(None).await);
        let again = oracle::play(None).await;
        assert_eq!(
            oracle::difference(&right, &again),
            None,
            "the script says the same twice"
        );
        let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let mut tasks = tokio::task::JoinSet::new();
        for seed in seeds {
            let (library, right, places) = (
                Arc::clone(&library),
                Arc::clone(&right),
                Arc::clone(&places),
            );
            tasks.spawn(async move {
                let _place = places.acquire().await.expect("the semaphore stays open");
                let mutant = Mutant::of(seed);
                let mutated = oracle::play(Some(mutant)).await;
                let fate = match oracle::difference(&right, &mutated) {
                    None => Fate::Lawful,
                    Some(difference) => {
                        let found = run::findings(&library, Some(mutant)).await;
                        if found.is_empty() {
                            Fate::Survived(difference)
                        } else {
                            Fate::Noticed(found.into_iter().collect())
                        }
                    }
                };
                told(mutant, &fate);
                (mutant, fate)
            });
        }
        let mut fates = tasks.join_all().await;
        fates.sort_by_key(|(mutant, _)| mutant.seed);
        fates
    })
}

/// What came of one mutant, in words.
fn line(mutant: Mutant, fate: &Fate) -> String {
    match fate {
        Fate::Lawful => format!("{mutant}\n    not visible, or lawful\n"),
        Fate::Noticed(by) => {
            let few: Vec<&str> = by.iter().take(4).map(String::as_str).collect();
            format!("{mutant}\n    noticed by {} checks: {few:?}\n", by.len())
        }
        Fate::Survived(difference) => format!("{mutant}\n    SURVIVES; {difference}\n"),
    }
}

/// The figures with the survivors, and whether they are good enough.
fn figures(fates: &[(Mutant, Fate)]) -> (String, bool) {
    let mut text = String::new();
    let count = |what: fn(&Fate) -> bool| fates.iter().filter(|(_, fate)| what(fate)).count();
    let noticed = count(|fate| matches!(fate, Fate::Noticed(_)));
    let survived = count(|fate| matches!(fate, Fate::Survived(_)));
    for (mutant, fate) in fates {
        if matches!(fate, Fate::Survived(_)) {
            text.push_str(&line(*mutant, fate));
        }
    }
    let visible = noticed + survived;
    let tenths = (noticed * 1000).checked_div(visible).unwrap_or(1000);
    let _ = writeln!(
        text,
        "{} mutants, {visible} of them visible, {noticed} of these noticed ({}.{} %), {survived} survive",
        fates.len(),
        tenths / 10,
        tenths % 10
    );
    (text, tenths >= BAR * 10)
}

fn say(text: &str) {
    // The figures are what this command is for.
    std::io::stdout()
        .write_all(text.as_bytes())
        .expect("a terminal");
}

#[test]
fn visible_mutants_are_noticed() {
    let mode = std::env::var("SCIMPROOF_MUTANTS").unwrap_or_default();
    let (seeds, told): (Vec<u64>, fn(Mutant, &Fate)) = match mode.as_str() {
        "" => (SAMPLE.collect(), |_, _| ()),
        "full" => (ALL.collect(), |_, _| ()),
        some => (read(some), |mutant, fate| say(&line(mutant, fate))),
    };
    let (text, good) = figures(&play(seeds, told));
    say(&text);
    assert!(
        good || !matches!(mode.as_str(), "" | "full"),
        "fewer than {BAR} % are noticed:\n{text}"
    );
}

/// `17,23` or `100-200`.
fn read(text: &str) -> Vec<u64> {
    text.split(',')
        .filter_map(|part| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            Some(from.parse::<u64>().ok()?..=to.parse::<u64>().ok()?)
        })
        .flatten()
        .collect()
}

#[test]
fn the_layer_alone_changes_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(16 * 1024 * 1024)
        .enable_all()
        .build()
        .expect("a runtime");
    let library = suite::bundled().expect("the bundled suites load");
    let found = runtime.block_on(run::findings(&library, None));
    assert!(found.is_empty(), "{found:?}");
}
