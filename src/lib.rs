//! scimproof: a SCIM 2.0 conformance harness.
