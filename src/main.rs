//! The program `scimproof`: parses, runs, exits.
fn main() {}
