//! The sentences that people read, one snapshot per kind of expectation.
