//! Cursors (RFC 9865): tokens that carry where a walk stands, bound to its query and to this
//! process, good for a while. Nothing is kept for them here.

use std::hash::{BuildHasher, RandomState};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::protocol::error::{Result, ScimError, ScimType};

/// Where a walk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// The lowest slot of the page, or for a sorted list how many come before it.
    pub(super) at: u64,
    /// The page length with which the walk began.
    pub(super) count: u64,
}

/// Writes and reads cursors.
pub(super) struct Cursors {
    key: RandomState,
}

impl Cursors {
    pub(super) fn new() -> Self {
        Self {
            key: RandomState::new(),
        }
    }

    /// A token of unreserved characters only.
    pub(super) fn write(&self, query: &str, position: Position, expires: i64) -> String {
        let mac = self
            .key
            .hash_one((query, position.at, position.count, expires));
        let mut bytes = Vec::with_capacity(32);
        bytes.extend(position.at.to_be_bytes());
        bytes.extend(position.count.to_be_bytes());
        bytes.extend(expires.to_be_bytes());
        bytes.extend(mac.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token of the same query.
    ///
    /// # Errors
    /// `invalidCursor` for everything that this server did not issue for this query,
    /// `expiredCursor` when its time is over.
    pub(super) fn read(&self, query: &str, token: &str, now: i64) -> Result<Position> {
        let invalid = || {
            ScimError::bad(
                ScimType::InvalidCursor,
                "the cursor was not issued here for this query",
            )
        };
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| invalid())?;
        let part = |index: usize| {
            let mut part = [0; 8];
            part.copy_from_slice(&bytes[index * 8..index * 8 + 8]);
            part
        };
        let position = Position {
            at: u64::from_be_bytes(part(0)),
            count: u64::from_be_bytes(part(1)),
        };
        let expires = i64::from_be_bytes(part(2));
        if self
            .key
            .hash_one((query, position.at, position.count, expires))
            != u64::from_be_bytes(part(3))
        {
            return Err(invalid());
        }
        if expires < now {
            return Err(ScimError::bad(
                ScimType::ExpiredCursor,
                "the cursor has expired; begin the walk again",
            ));
        }
        Ok(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_query_and_its_time() {
        let cursors = Cursors::new();
        let position = Position { at: 41, count: 10 };
        let token = cursors.write("q", position, 1_000);
        assert!(
            token
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric()
                    || matches!(byte, b'-' | b'.' | b'_' | b'~'))
        );
        assert_eq!(cursors.read("q", &token, 1_000), Ok(position));
        let kind = |query: &str, token: &str, now: i64| {
            cursors
                .read(query, token, now)
                .expect_err("refused")
                .scim_type
        };
        assert_eq!(kind("q", &token, 1_001), Some(ScimType::ExpiredCursor));
        assert_eq!(kind("other", &token, 1), Some(ScimType::InvalidCursor));
        for wrong in ["", "x", "%", &token[1..], &format!("{token}A")] {
            assert_eq!(
                kind("q", wrong, 1),
                Some(ScimType::InvalidCursor),
                "{wrong}"
            );
        }
    }
}
