//! What a server can do wrong below SCIM: at the socket, in HTTP, in the encoding of a body, in status and headers.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::behaviours::{Behaviour, Ends, Told, behaviours};
use super::server::Piece::{Bytes, Close, Drip, Hang, Pause, Repeat, Reset};
use super::server::{Answer, Asked, ENDLESS, Piece};

/// Several times what fits between two looks at the clock in a build for debugging.
const A_LOT: usize = 1_000_000;
const SECOND: Duration = Duration::from_secs(1);

fn text(text: &str) -> Piece {
    Bytes(text.as_bytes().to_vec())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// Bytes that unpack to far more than anybody wants to hold.
fn bomb(megabytes: usize) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let block = vec![b' '; 1 << 20];
    for _ in 0..megabytes {
        packer.write_all(&block).unwrap();
    }
    packer.finish().unwrap()
}

fn half(answer: &Answer) -> Vec<u8> {
    let bytes = answer.bytes();
    bytes[..bytes.len() - answer.body.len() / 2].to_vec()
}

/// The right answer under another length.
fn length(answer: &Answer, length: &str) -> Vec<Piece> {
    let mut all = answer.head(&format!("Content-Length: {length}\r\n"));
    all.extend(&answer.body);
    vec![Bytes(all), Close]
}

fn chunked(answer: &Answer, body: &str) -> Vec<Piece> {
    vec![
        Bytes(answer.head("Transfer-Encoding: chunked\r\n")),
        text(body),
        Close,
    ]
}

fn encoded(answer: &Answer, coding: &str, body: Vec<u8>) -> Vec<Piece> {
    let mut answer = answer.clone().header("Content-Encoding", coding);
    answer.body = body;
    vec![Bytes(answer.bytes())]
}

fn status(status: u16) -> Vec<Piece> {
    let body = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"{status}","detail":"no"}}"#
    );
    vec![Bytes(Answer::new(status, body).bytes())]
}

fn limited(retry_after: &str) -> Vec<Piece> {
    vec![Bytes(
        Answer::new(429, "{}")
            .header("Retry-After", retry_after)
            .bytes(),
    )]
}

fn redirect(to: &str) -> Vec<Piece> {
    vec![Bytes(Answer::new(302, "").header("Location", to).bytes())]
}

fn with_header(answer: &Answer, name: &str, value: &str) -> Vec<Piece> {
    vec![Bytes(answer.clone().header(name, value).bytes())]
}

/// Lies that are told from the start: nothing can be tested, or what can be is found wrong.
pub(crate) const FROM_THE_START: &[Told] = &[
    ("socket/closes-after-accept", Ends::Untestable, |_, _, _| {
        vec![Close]
    }),
    ("socket/resets", Ends::Untestable, |_, _, _| vec![Reset]),
    ("socket/silent", Ends::Untestable, |_, _, _| vec![Hang]),
    ("socket/banner-of-ssh", Ends::Untestable, |_, _, _| {
        vec![text("SSH-2.0-OpenSSH_9.6\r\n"), Hang]
    }),
    ("socket/drips-the-head", Ends::Untestable, |_, right, _| {
        vec![Drip(right.bytes(), Duration::from_millis(50))]
    }),
    ("socket/random-bytes", Ends::Untestable, |_, _, _| {
        vec![
            Bytes((0..4096_u32).map(|n| (n * 167 % 251) as u8).collect()),
            Close,
        ]
    }),
    ("http/endless-head-line", Ends::Untestable, |_, _, _| {
        vec![
            text("HTTP/1.1 200 OK\r\nX-A: "),
            Repeat(vec![b'a'; 1024], ENDLESS),
        ]
    }),
    ("http/endless-headers", Ends::Untestable, |_, _, _| {
        vec![
            text("HTTP/1.1 200 OK\r\n"),
            Repeat(b"X-A: b\r\n".to_vec(), ENDLESS),
        ]
    }),
    ("http/flood-of-1xx", Ends::Untestable, |_, _, _| {
        vec![Repeat(
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_vec(),
            A_LOT,
        )]
    }),
    ("http/switches-protocols", Ends::Untestable, |_, _, _| {
        vec![
            text(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            ),
            Hang,
        ]
    }),
    ("http/version-9", Ends::Untestable, |_, _, _| {
        vec![text("HTTP/9.9 200 OK\r\n\r\n"), Close]
    }),
    ("http/version-0.9", Ends::Untestable, |_, _, _| {
        vec![text("<html>hello</html>"), Close]
    }),
    ("http/status-of-letters", Ends::Untestable, |_, _, _| {
        vec![text("HTTP/1.1 abc OK\r\n\r\n"), Close]
    }),
    ("http/status-99999", Ends::Untestable, |_, _, _| {
        vec![text("HTTP/1.1 99999 OK\r\n\r\n"), Close]
    }),
    ("http/status-999", Ends::Untestable, |_, _, _| status(999)),
    ("http/nul-in-header", Ends::Untestable, |_, _, _| {
        vec![
            Bytes(b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n".to_vec()),
            Close,
        ]
    }),
    (
        "http/redirects-to-itself",
        Ends::Untestable,
        |asked, _, _| redirect(&format!("/scim/v2{}", asked.target)),
    ),
    (
        "http/redirects-to-another-origin",
        Ends::Untestable,
        |_, _, _| redirect("http://127.0.0.2:9/steal\u{9b}31m"),
    ),
    ("http/every-answer-500", Ends::Untestable, |_, _, _| {
        status(500)
    }),
    ("http/every-answer-401", Ends::Untestable, |_, _, _| {
        status(401)
    }),
    ("http/every-answer-404", Ends::Untestable, |_, _, _| {
        status(404)
    }),
    ("http/429-for-ever", Ends::Any, |_, _, _| limited("1")),
    ("http/429-for-a-year", Ends::Any, |_, _, _| {
        limited("31536000")
    }),
    ("http/429-until-9999", Ends::Any, |_, _, _| {
        limited("Fri, 31 Dec 9999 23:59:59 GMT")
    }),
    ("http/429-without-a-word", Ends::Any, |_, _, _| status(429)),
    ("body/html", Ends::Untestable, |_, _, _| {
        vec![Bytes(
            Answer::new(
                200,
                "<!doctype html><script>alert(1)</script>\u{1b}]0;x\u{7}",
            )
            .bytes(),
        )]
    }),
    ("body/100-mb-of-nothing", Ends::Untestable, |_, right, _| {
        vec![
            Bytes(right.head("Content-Length: 104857600\r\n")),
            Repeat(vec![b' '; 1 << 16], 1600),
        ]
    }),
    ("body/gzip-bomb", Ends::Untestable, |_, right, _| {
        encoded(right, "gzip", bomb(1000))
    }),
];

/// Lies that begin when the harness has begun to trust: from its first write on.
pub(crate) const FROM_THE_FIRST_WRITE: &[Told] = &[
    ("socket/goes-silent", Ends::Finding, |_, _, _| vec![Hang]),
    ("socket/goes-away", Ends::Finding, |_, _, _| vec![Close]),
    ("socket/resets-writes", Ends::Finding, |asked, _, _| {
        if asked.is_write() {
            vec![Reset]
        } else {
            vec![]
        }
    }),
    (
        "socket/cuts-in-the-status-line",
        Ends::Finding,
        |_, _, _| vec![text("HTTP/1.1 2"), Close],
    ),
    ("socket/cuts-in-the-head", Ends::Finding, |_, _, _| {
        vec![text("HTTP/1.1 200 OK\r\nContent-Ty"), Close]
    }),
    ("socket/cuts-in-the-body", Ends::Finding, |_, right, _| {
        if right.body.is_empty() {
            vec![Close]
        } else {
            vec![Bytes(half(right)), Close]
        }
    }),
    ("socket/resets-in-the-body", Ends::Finding, |_, right, _| {
        vec![Bytes(half(right)), Pause(Duration::from_millis(20)), Reset]
    }),
    ("socket/stalls-in-the-body", Ends::Finding, |_, right, _| {
        if right.body.is_empty() {
            vec![Hang]
        } else {
            vec![Bytes(half(right)), Hang]
        }
    }),
    ("socket/drips-the-body", Ends::Finding, |_, right, _| {
        vec![
            Bytes(right.head(&format!("Content-Length: {}\r\n", right.body.len()))),
            Drip(right.body.clone(), Duration::from_millis(50)),
        ]
    }),
    ("socket/answers-late", Ends::Finding, |_, right, _| {
        vec![Pause(SECOND * 2), Bytes(right.bytes())]
    }),
    (
        "keep-alive/closes-under-the-second-request",
        Ends::Any,
        |asked, _, _| {
            if asked.before > 0 {
                vec![Close]
            } else {
                vec![]
            }
        },
    ),
    (
        "keep-alive/closes-after-each-answer",
        Ends::Any,
        |_, right, _| vec![Bytes(right.bytes()), Close],
    ),
    (
        "keep-alive/says-close-and-stays",
        Ends::Any,
        |_, right, _| {
            vec![
                Bytes(right.clone().header("Connection", "close").bytes()),
                Hang,
            ]
        },
    ),
    (
        "keep-alive/an-answer-nobody-asked-for",
        Ends::Any,
        |_, right, _| vec![Bytes([right.bytes(), right.bytes()].concat())],
    ),
    (
        "keep-alive/garbage-after-the-answer",
        Ends::Any,
        |_, right, _| {
            vec![Bytes(
                [right.bytes(), b"\x16\x03\x01GARBAGE".to_vec()].concat(),
            )]
        },
    ),
    ("length/too-long", Ends::Finding, |_, right, _| {
        length(right, &(right.body.len() + 100).to_string())
    }),
    ("length/too-short", Ends::Finding, |_, right, _| {
        length(right, &(right.body.len() / 2).to_string())
    }),
    ("length/negative", Ends::Finding, |_, right, _| {
        length(right, "-1")
    }),
    ("length/letters", Ends::Finding, |_, right, _| {
        length(right, "lots")
    }),
    (
        "length/more-than-there-are-atoms",
        Ends::Finding,
        |_, right, _| length(right, "99999999999999999999999999"),
    ),
    ("length/eighteen-exabytes", Ends::Finding, |_, right, _| {
        length(right, "18446744073709551614")
    }),
    ("length/two-that-differ", Ends::Finding, |_, right, _| {
        length(right, &format!("{}\r\nContent-Length: 1", right.body.len()))
    }),
    ("chunks/endless", Ends::Finding, |_, right, _| {
        let chunk = [b"10000\r\n".to_vec(), vec![b' '; 0x10000], b"\r\n".to_vec()].concat();
        vec![
            Bytes(right.head("Transfer-Encoding: chunked\r\n")),
            Repeat(chunk, ENDLESS),
        ]
    }),
    (
        "chunks/one-byte-each-for-ever",
        Ends::Finding,
        |_, right, _| {
            vec![
                Bytes(right.head("Transfer-Encoding: chunked\r\n")),
                Repeat(b"1\r\n \r\n".to_vec(), ENDLESS),
            ]
        },
    ),
    ("chunks/bad-size", Ends::Finding, |_, right, _| {
        chunked(right, "zz\r\n{}\r\n0\r\n\r\n")
    }),
    ("chunks/huge-size", Ends::Finding, |_, right, _| {
        chunked(right, "FFFFFFFFFFFFFFFF\r\n{}\r\n")
    }),
    ("chunks/no-last-chunk", Ends::Finding, |_, right, _| {
        chunked(right, "2\r\n{}\r\n")
    }),
    ("chunks/endless-extension", Ends::Finding, |_, right, _| {
        vec![
            Bytes(right.head("Transfer-Encoding: chunked\r\n")),
            text("2;"),
            Repeat(vec![b'x'; 1024], ENDLESS),
        ]
    }),
    ("chunks/endless-trailers", Ends::Finding, |_, right, _| {
        vec![
            Bytes(right.head("Transfer-Encoding: chunked\r\n")),
            text("2\r\n{}\r\n0\r\n"),
            Repeat(b"X-T: a\r\n".to_vec(), ENDLESS),
        ]
    }),
    ("coding/gzip-that-is-none", Ends::Finding, |_, right, _| {
        encoded(right, "gzip", right.body.clone())
    }),
    ("coding/gzip-cut", Ends::Finding, |_, right, _| {
        let packed = gzip(&right.body);
        encoded(right, "gzip", packed[..packed.len() / 2].to_vec())
    }),
    ("coding/gzip-bomb", Ends::Finding, |_, right, _| {
        encoded(right, "gzip", bomb(200))
    }),
    (
        "coding/gzip-in-gzip-in-gzip",
        Ends::Finding,
        |_, right, _| encoded(right, "gzip, gzip, gzip", gzip(&gzip(&gzip(&right.body)))),
    ),
    ("coding/unknown", Ends::Any, |_, right, _| {
        encoded(right, "\u{1b}[2J", right.body.clone())
    }),
    ("headers/900-kb", Ends::Any, |_, right, _| {
        with_header(right, "X-Long", &"h".repeat(900 << 10))
    }),
    ("headers/100-mb", Ends::Finding, |_, _, _| {
        vec![
            text("HTTP/1.1 201 Created\r\nX-Long: "),
            Repeat(vec![b'h'; 1 << 16], 1600),
            text("\r\n\r\n"),
        ]
    }),
    ("headers/a-thousand", Ends::Any, |_, right, _| {
        let mut answer = right.clone();
        for n in 0..1000 {
            answer = answer.header(&format!("X-{n}"), "v");
        }
        vec![Bytes(answer.bytes())]
    }),
    ("headers/not-utf-8-and-escapes", Ends::Any, |_, right, _| {
        let mut all = right.head(&format!(
            "Content-Length: {}\r\nX-B: \u{9b}31m\r\n",
            right.body.len()
        ));
        let at = all.windows(5).position(|w| w == b"X-B: ").unwrap() + 5;
        all.splice(at..at, [0xff, 0xfe, 0x80]);
        all.extend(&right.body);
        vec![Bytes(all)]
    }),
    (
        "headers/locations-elsewhere",
        Ends::Finding,
        |_, right, _| {
            let mut answer = right.clone();
            answer
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("location"));
            vec![Bytes(
                answer
                    .header("Location", "http://127.0.0.2:9/scim/v2/Users/../../admin")
                    .bytes(),
            )]
        },
    ),
    ("headers/etags-of-every-kind", Ends::Any, |_, right, _| {
        with_header(right, "ETag", "W/\"\u{9b}31m\",*,\"unclosed")
    }),
    ("status/204-with-a-body", Ends::Finding, |_, right, _| {
        let mut answer = right.clone();
        answer.status = 204;
        vec![Bytes(
            [
                answer.head(&format!("Content-Length: {}\r\n", right.body.len())),
                right.body.clone(),
            ]
            .concat(),
        )]
    }),
    ("status/304", Ends::Finding, |_, _, _| {
        vec![text("HTTP/1.1 304 Not Modified\r\n\r\n")]
    }),
    ("status/always-200", Ends::Finding, |_, right, _| {
        let mut answer = right.clone();
        answer.status = 200;
        vec![Bytes(answer.bytes())]
    }),
    ("status/always-418", Ends::Finding, |_, _, _| status(418)),
    ("status/always-500", Ends::Finding, |_, _, _| status(500)),
    ("status/every-second-503", Ends::Finding, |_, _, memory| {
        if memory.count.fetch_add(1, Ordering::SeqCst) % 2 == 0 {
            status(503)
        } else {
            vec![]
        }
    }),
    ("status/loses-the-credential", Ends::Finding, |_, _, _| {
        status(401)
    }),
    (
        "status/redirects-writes-to-another-origin",
        Ends::Finding,
        |asked, _, _| {
            if asked.is_write() {
                vec![Bytes(
                    Answer::new(307, "")
                        .header("Location", "http://127.0.0.2:9/scim/v2/Users")
                        .bytes(),
                )]
            } else {
                vec![]
            }
        },
    ),
    (
        "status/429-for-ever-from-then-on",
        Ends::Finding,
        |_, _, _| limited("0"),
    ),
    (
        "status/429-for-a-year-from-then-on",
        Ends::Finding,
        |_, _, _| limited("31536000"),
    ),
    ("status/100-before-each-answer", Ends::Any, |_, right, _| {
        vec![
            Repeat(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), 20),
            Bytes(right.bytes()),
        ]
    }),
    ("body/8-mb", Ends::Finding, |_, right, _| {
        let mut answer = right.clone();
        answer.body = [vec![b' '; 9 << 20], right.body.clone()].concat();
        vec![Bytes(answer.bytes())]
    }),
    ("body/not-utf-8", Ends::Finding, |_, right, _| {
        let mut answer = right.clone();
        answer.body = right
            .body
            .iter()
            .map(|b| if *b == b'e' { 0xff } else { *b })
            .collect();
        vec![Bytes(answer.bytes())]
    }),
    ("body/utf-16", Ends::Finding, |_, right, _| {
        let mut answer = right.clone();
        answer.body = String::from_utf8_lossy(&right.body)
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        vec![Bytes(answer.bytes())]
    }),
    ("body/nul-bytes", Ends::Finding, |_, right, _| {
        let mut answer = right.clone();
        answer.body = vec![0; 4 << 20];
        vec![Bytes(answer.bytes())]
    }),
    ("body/nothing", Ends::Finding, |_, right, _| {
        let mut answer = right.clone();
        answer.body.clear();
        vec![Bytes(answer.bytes())]
    }),
    (
        "body/escapes-and-markup-that-are-no-json",
        Ends::Finding,
        |asked: &Asked, right, _| {
            let mut answer = right.clone();
            answer.body = format!(
                "\u{1b}[2J\u{9b}31m\u{7}<script>alert('{}')</script>]]>\u{202e}",
                asked.method
            )
            .into_bytes();
            vec![Bytes(answer.bytes())]
        },
    ),
];

/// All of them.
pub(crate) fn all() -> Vec<Behaviour> {
    behaviours(FROM_THE_START, FROM_THE_FIRST_WRITE)
}
