//! The program `scim-reference`.
fn main() {}
