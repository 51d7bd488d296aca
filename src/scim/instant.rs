//! Date-times as instants: two spellings of one moment are equal (RFC 7643 section 2.3.5, xsd:dateTime).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A moment, whatever its offset and fraction digits were.
pub type Instant = Timestamp;

/// Reads an xsd:dateTime. A time zone may be absent (xsd allows it): UTC is taken then.
#[must_use]
pub fn instant(text: &str) -> Option<Instant> {
    let bytes = text.as_bytes();
    // The cheap look keeps names and numbers away from the real reader.
    if !(16..=40).contains(&bytes.len())
        || bytes.get(4) != Some(&b'-')
        || !matches!(bytes.get(10), Some(b'T' | b't'))
    {
        return None;
    }
    text.parse::<Timestamp>().ok().or_else(|| {
        text.parse::<DateTime>()
            .ok()
            .and_then(|civil| civil.to_zoned(TimeZone::UTC).ok())
            .map(|z| z.timestamp())
    })
}
