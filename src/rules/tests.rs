//! Each rule against lawful answers, which must pass, and broken ones, which must not.
