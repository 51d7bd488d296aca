//! `scimproof explain ID`: for everything with an id what it is, why it matters, where it comes from, how to mend it.

mod case;
mod page;
mod reference;

use self::case::case;
use self::reference::{gate, profile, reference, rule, server_word, suite};
use super::args::ExplainArgs;
use super::error::{CLEAN, CliError};
use super::list::library;
use super::terminal::{Terminal, plain};
use crate::suite::{Library, nearest};

/// Explains one id.
pub(super) fn explain(args: &ExplainArgs, terminal: &Terminal) -> Result<u8, CliError> {
    let library = library(args.suites_dir.as_deref())?;
    let id = args.id.trim();
    let text = case(&library, id)
        .or_else(|| rule(id))
        .or_else(|| reference(&library, id))
        .or_else(|| gate(&library, id))
        .or_else(|| server_word(&library, id))
        .or_else(|| suite(&library, id))
        .or_else(|| profile(&library, id));
    match text {
        Some(text) => {
            terminal.write_out(text.as_bytes())?;
            Ok(CLEAN)
        }
        None => Err(CliError::Usage(unknown(&library, id))),
    }
}

fn unknown(library: &Library, id: &str) -> String {
    let near = crate::data::reference::nearest(id).or_else(|| {
        let cases = library
            .suites
            .iter()
            .flat_map(|s| s.cases.iter().map(move |c| format!("{}/{}", s.id, c.id)));
        let suites = library.suites.iter().map(|s| s.id.clone());
        let rules = crate::rules::all().into_iter().map(|r| r.id.to_owned());
        let known: Vec<String> = cases.chain(suites).chain(rules).collect();
        nearest(id, known.iter().map(String::as_str))
    });
    match near {
        Some(near) => format!("nothing has the id `{}`; did you mean `{near}`?", plain(id)),
        None => format!(
            "nothing has the id `{}`; `scimproof list cases` (or rules, requirements, gates, faults) shows what there is",
            plain(id)
        ),
    }
}
