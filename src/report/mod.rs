//! The formats: each a pure function from a run to text. What a target sent is hostile here: it is bounded, and made safe for
//! the terminal, XML or HTML that it is shown in.
//!
//! Imports: `results`, `client::curl`. No clock, no environment, no network, and no judging: a report can be made again later
//! from the JSON. A finding has one order everywhere: requirement, sent, got, expected, who breaks, how to mend it, curl,
//! source.

pub mod console;
mod finding;
pub mod github;
pub mod har;
pub mod html;
pub mod json;
pub mod junit;
mod load;
pub mod markdown;
#[cfg(test)]
mod sample;
pub mod sarif;
mod text;
