//! Whatever comes over the wire, the answer is SCIM: a success, or an error of the client with its body.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use scim_reference::{Options, Running, start};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::generate::{any_filter, any_json, any_operation, text};
use crate::{GROUP, PATCH_OP, USER, cases};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The default server and the strict one, for as long as the tests run.
static SERVERS: LazyLock<(Runtime, [Running; 2])> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let servers = [false, true].map(|strict| {
        let options = Options {
            strict,
            ..Options::default()
        };
        runtime.block_on(start(options)).expect("the server starts")
    });
    (runtime, servers)
});

/// An answer, read to its end.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// What is wrong with it, if anything is.
    fn fault(&self) -> Option<String> {
        let said = || {
            let text = String::from_utf8_lossy(&self.body);
            format!("{} {text}", self.status)
        };
        match self.status {
            200 | 201 | 204 | 304 => {
                let json = self.status != 204 && self.status != 304;
                (json == self.json().is_none()).then(said)
            }
            // 501 is what the RFC has for what a server does not offer.
            400..=499 | 501 => {
                let body = self.json().unwrap_or_default();
                let right = body["schemas"] == json!([ERROR])
                    && body["status"] == json!(self.status.to_string())
                    && self.head.contains("application/scim+json");
                (!right).then(said)
            }
            _ => Some(said()),
        }
    }
}

/// Sends a request exactly as it is, on a connection of its own.
fn send(strict: bool, method: &str, target: &str, body: Option<&[u8]>) -> Answer {
    let base = SERVERS.1[usize::from(strict)].base_url();
    let address = base.trim_start_matches("http://");
    let (address, path) = address.split_once('/').expect("a path");
    let address: SocketAddr = address.parse().expect("an address");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a time");
    let length = body.map_or_else(String::new, |body| {
        format!(
            "Content-Type: application/scim+json\r\nContent-Length: {}\r\n",
            body.len()
        )
    });
    let head = format!(
        "{method} /{path}{target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{length}\r\n"
    );
    let mut sent = head.into_bytes();
    sent.extend_from_slice(body.unwrap_or_default());
    // A server may answer, and close, before it has read everything.
    let _ = stream.write_all(&sent);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.unwrap_or_default(),
        body: answer.get(end + 4..).unwrap_or_default().to_vec(),
        head,
    }
}

/// What HTTP itself takes in a target beside letters and digits; other bytes it refuses before SCIM is asked.
const TAKEN: &[u8] = b"-._~%!$&'()*+,;=:@/?[]|{}^\\";

/// Text as clients write it into a URL, well or badly.
fn in_url(text: &str, encode: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' if !encode => out.push('+'),
            _ if byte.is_ascii_alphanumeric() || (!encode && TAKEN.contains(&byte)) => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        8 => select(vec!["filter", "attributes", "excludedAttributes", "sortBy", "sortOrder", "startIndex", "count", "cursor"])
            .prop_map(str::to_owned),
        1 => text(),
    ];
    let value = prop_oneof![
        3 => text(),
        3 => any_filter().prop_map(|filter| filter.to_string()),
        2 => any::<i64>().prop_map(|number| number.to_string()),
        1 => "[a-zA-Z:.,\\[\\]%0-9-]{0,40}",
        1 => select(vec!["descending", "userName", "emails[type eq \"work\"]", "99999999999999999999", "-0", "%", "%zz", "%ff%fe"])
            .prop_map(str::to_owned),
    ];
    vec((name, value, any::<bool>()), 0..5).prop_map(|pairs| {
        let pairs = pairs.into_iter().map(|(name, value, encode)| {
            format!("{}={}", in_url(&name, true), in_url(&value, encode))
        });
        pairs.collect::<Vec<_>>().join("&")
    })
}

/// JSON as text, whole or damaged, of any depth and of some size.
fn body() -> BoxedStrategy<Vec<u8>> {
    let patch = vec(any_operation(), 0..4)
        .prop_map(|operations| json!({"schemas": [PATCH_OP], "Operations": operations}));
    let operation = (
        select(vec!["POST", "PUT", "PATCH", "DELETE", "post", "GET"]),
        select(vec!["/Users", "/Users/x", "/Groups", "/Users/bulkId:a", "", "/Nothing", "//"]),
        any_json(),
        select(vec!["a", "b"]),
    )
        .prop_map(|(method, path, data, id)| {
            json!({"method": method, "path": path, "bulkId": id, "data": data})
        });
    let bulk = vec(operation, 0..5)
        .prop_map(|operations| json!({"schemas": [BULK], "Operations": operations}));
    let typed = (select(vec![USER, GROUP]), any_json()).prop_map(|(urn, mut body)| {
        if let Value::Object(body) = &mut body {
            body.insert("schemas".to_owned(), json!([urn]));
        }
        body
    });
    let written = prop_oneof![patch, bulk, typed, any_json()]
        .prop_map(|value| value.to_string().into_bytes());
    let deep = (
        1_usize..5_000,
        select(vec!["[", "{\"name\":", "{\"a\":[", "\"", " "]),
    )
        .prop_map(|(depth, part)| part.repeat(depth).into_bytes());
    let long = (1_usize..200_000).prop_map(|length| {
        json!({"schemas": [USER], "userName": "x".repeat(length), "title": "\u{1F600}".repeat(length / 4)})
            .to_string()
            .into_bytes()
    });
    let twice = (any_json(), any_json())
        .prop_map(|(one, other)| format!("{{\"schemas\":{one},\"schemas\":{other}}}").into_bytes());
    let damaged = (written.clone(), any::<u16>(), any::<u8>(), any::<bool>()).prop_map(
        |(mut text, at, byte, cut)| {
            let at = usize::from(at) % (text.len() + 1);
            if cut {
                text.truncate(at);
            } else {
                text.insert(at, byte);
            }
            text
        },
    );
    let noise = vec(any::<u8>(), 0..200);
    prop_oneof![6 => written, 4 => damaged, 1 => deep, 1 => long, 1 => twice, 1 => noise].boxed()
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn query_strings_of_any_shape_get_an_answer(strict in any::<bool>(), query in query(), place in select(vec!["/Users", "/Groups", "", "/Schemas", "/Users/x", "/Me"])) {
        let answer = send(strict, "GET", &format!("{place}?{query}"), None);
        prop_assert_eq!(answer.fault(), None, "{}?{}", place, query);
    }

    #[test]
    fn paths_of_any_shape_get_an_answer(strict in any::<bool>(), method in select(vec!["GET", "PUT", "PATCH", "DELETE", "POST", "OPTIONS"]), segments in vec((text(), any::<bool>()), 0..5)) {
        let path: String = segments.iter().map(|(text, encode)| format!("/{}", in_url(&text.replace('?', ""), *encode))).collect();
        let answer = send(strict, method, &path, None);
        prop_assert_eq!(answer.fault(), None, "{} {}", method, path);
    }

    #[test]
    fn bytes_of_any_shape_get_an_answer(strict in any::<bool>(), body in body(), method in select(vec!["POST", "PUT", "PATCH"]), place in select(vec!["/Users", "/Groups", "/Bulk", "/.search", "/Users/.search", "/Users/x", "/Me"])) {
        let answer = send(strict, method, place, Some(&body));
        prop_assert_eq!(answer.fault(), None, "{} {} {:?}", method, place, String::from_utf8_lossy(&body));
        for operation in answer.json().unwrap_or_default()["Operations"].as_array().into_iter().flatten() {
            let status = operation["status"].as_str().and_then(|status| status.parse::<u16>().ok());
            prop_assert!(status.is_some_and(|status| status < 500 || status == 501), "{}", operation);
        }
    }
}
