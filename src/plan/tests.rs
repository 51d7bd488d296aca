//! Planning, from outside: what is selected, skipped and refused.
