//! How much JSON is held at once. A few megabytes of `[[],[],...` become hundreds of megabytes of values, so that a limit on
//! bytes alone does not bound memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// JSON values that one answer may hold: 5,000 users with 40 attributes and parts each.
pub(super) const MOST_VALUES: usize = 200_000;

/// JSON values that all large answers hold together: some 60 MB.
const AT_ONCE: usize = 2 * MOST_VALUES;

/// Answers below this are not counted: there are never many of them.
const LIGHT: usize = 10_000;

/// How long an answer waits for others to be done with.
const PATIENCE: Duration = Duration::from_secs(10);

/// The room for values, shared by all requests of a client.
#[derive(Debug)]
pub(super) struct Room {
    free: Arc<Semaphore>,
}

/// A part of the room; free again when the last clone is dropped.
pub(super) type Held = Option<Arc<OwnedSemaphorePermit>>;

impl Room {
    pub(super) fn new() -> Self {
        Self {
            free: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Room for the values of a body.
    ///
    /// # Errors
    /// Why it must not be read as JSON, as a part of a sentence.
    pub(super) async fn hold(&self, body: &[u8]) -> Result<Held, String> {
        let values = values_in(body);
        if values < LIGHT {
            return Ok(None);
        }
        if values > MOST_VALUES {
            return Err(format!(
                "holds more than {MOST_VALUES} JSON values, which is all that is read of one answer"
            ));
        }
        let wanted = u32::try_from(values).unwrap_or(u32::MAX);
        let free = Arc::clone(&self.free).acquire_many_owned(wanted);
        match tokio::time::timeout(PATIENCE, free).await {
            Ok(Ok(permit)) => Ok(Some(Arc::new(permit))),
            Ok(Err(_)) | Err(_) => Err(
                "is too large to be held beside the other answers that are being judged; lower --jobs"
                    .to_owned(),
            ),
        }
    }
}

/// How many JSON values a text can hold at most: each but the first stands behind a bracket or a comma.
fn values_in(text: &[u8]) -> usize {
    let mut values = 1;
    let (mut in_text, mut escaped) = (false, false);
    for byte in text {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => in_text = true,
                b'[' | b'{' | b',' => values += 1,
                _ => {}
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_of_texts() {
        for (text, values) in [
            ("1", 1),
            (r#"{"a":1,"b":[2,3]}"#, 5),
            (r#""[[[,,,""#, 1),
            (r#"["\"[,", "\\", 3]"#, 4),
            ("", 1),
        ] {
            assert_eq!(values_in(text.as_bytes()), values, "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn large_answers_wait_for_one_another() {
        let room = Room::new();
        let large = format!("[{}0]", "0,".repeat(MOST_VALUES - 2));
        let first = room.hold(large.as_bytes()).await.expect("there is room");
        let second = room.hold(large.as_bytes()).await.expect("and for two");
        let refused = room
            .hold(large.as_bytes())
            .await
            .expect_err("not for three");
        assert!(refused.contains("--jobs"), "{refused}");
        assert!(
            room.hold(b"[1,2]")
                .await
                .expect("small ones always")
                .is_none()
        );
        drop(first);
        assert!(
            room.hold(large.as_bytes())
                .await
                .expect("free again")
                .is_some()
        );
        drop(second);
        let endless = "[],".repeat(MOST_VALUES);
        assert!(room.hold(endless.as_bytes()).await.is_err());
    }
}
