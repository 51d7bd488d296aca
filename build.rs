//! Suites and fixtures are embedded by macros that see changed files but not new ones; this makes cargo see both.
fn main() {
    println!("cargo::rerun-if-changed=suites");
    println!("cargo::rerun-if-changed=fixtures");
}
