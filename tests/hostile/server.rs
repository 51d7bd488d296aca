//! A server of a few lines that can say anything: it takes requests apart by itself, asks a right server for the right
//! answer, and then does with the bytes what a behaviour wants.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query below `/scim/v2`.
    pub(crate) target: String,
    /// Header fields, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Requests on this connection before this one.
    pub(crate) before: usize,
}

impl Asked {
    /// A request of the test's own.
    pub(crate) fn new(method: &str, target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("content-type".into(), "application/scim+json".into())],
            body: body.into(),
            before: 0,
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    pub(crate) fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// A list: a collection, or a search in one.
    pub(crate) fn is_list(&self) -> bool {
        let path = self.path();
        matches!(path, "/Users" | "/Groups") && self.method == "GET" || path.ends_with("/.search")
    }

    /// One resource, by its id.
    pub(crate) fn is_one(&self) -> bool {
        let path = self.path();
        ["/Users/", "/Groups/"]
            .iter()
            .any(|start| path.starts_with(start) && path.len() > start.len())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// An answer before it is bytes.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Without Content-Length, which the body gives.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), "application/scim+json".into())],
            body: body.into(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Changes the body as JSON; a body that is none stays.
    pub(crate) fn with_json(mut self, change: impl FnOnce(&mut Value)) -> Self {
        if let Some(mut json) = self.json() {
            change(&mut json);
            self.body = json.to_string().into_bytes();
        }
        self
    }

    /// Changes each resource in the body: the one, or each of a list.
    pub(crate) fn each_resource(self, mut change: impl FnMut(&mut Value)) -> Self {
        self.with_json(|json| {
            if let Some(Value::Array(all)) = json.get_mut("Resources") {
                all.iter_mut().for_each(change);
            } else if json.get("id").is_some() {
                change(json);
            }
        })
    }

    /// The head with these further lines, and the blank line.
    pub(crate) fn head(&self, further: &str) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Whatever\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(further);
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Head and body as they ought to be.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut all = if matches!(self.status, 204 | 304) {
            self.head("")
        } else {
            self.head(&format!("Content-Length: {}\r\n", self.body.len()))
        };
        all.extend(&self.body);
        all
    }
}

/// What is done on the wire.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    /// The same again and again, so many times.
    Repeat(Vec<u8>, usize),
    /// One byte at a time, this long after one another.
    Drip(Vec<u8>, Duration),
    Pause(Duration),
    /// Says nothing more until the client goes.
    Hang,
    /// TCP reset.
    Reset,
    Close,
}

/// For ever, as far as a client with a time-out is concerned.
pub(crate) const ENDLESS: usize = 10_000_000;

/// What a behaviour does with a request: given the right answer, what goes over the wire. An empty list is the right
/// answer.
pub(crate) type Lie = fn(&Asked, &Answer, &Memory) -> Vec<Piece>;

/// What a server remembers across requests.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) previous: Mutex<Option<Answer>>,
    pub(crate) count: AtomicUsize,
    pub(crate) writes: AtomicUsize,
}

/// From when on a server lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    TheStart,
    /// The probe is answered well; from the first write on, everything is a lie.
    TheFirstWrite,
}

/// A server that is right but for what a lie makes of it.
pub(crate) struct Liar {
    pub(crate) base_url: String,
    /// The right server behind it, which stops when it is dropped.
    _backend: scim_reference::Running,
    listening: tokio::task::JoinHandle<()>,
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Starts one on loopback, in front of a right server with these options.
pub(crate) async fn liar(lie: Lie, from: From, options: scim_reference::Options) -> Liar {
    let backend = scim_reference::start(options).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
    let memory = Arc::new(Memory::default());
    let proxy = Proxy {
        front: base_url.clone(),
        back: backend.base_url().to_owned(),
        memory,
        lie,
        from,
    };
    let listening = tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            tokio::spawn(proxy.clone().connection(stream));
        }
    });
    Liar {
        base_url,
        _backend: backend,
        listening,
    }
}

#[derive(Clone)]
struct Proxy {
    front: String,
    back: String,
    memory: Arc<Memory>,
    lie: Lie,
    from: From,
}

impl Proxy {
    async fn connection(self, mut stream: TcpStream) {
        let mut before = 0;
        while let Some(asked) = read_request(&mut stream, before).await {
            before += 1;
            let writes = self
                .memory
                .writes
                .fetch_add(usize::from(asked.is_write()), Ordering::SeqCst)
                + usize::from(asked.is_write());
            let Some(right) = ask(&asked, &self.front, &self.back).await else {
                return;
            };
            let lies = self.from == From::TheStart || writes > 0;
            let pieces = if lies {
                (self.lie)(&asked, &right, &self.memory)
            } else {
                Vec::new()
            };
            if pieces.iter().any(|piece| matches!(piece, Piece::Reset)) {
                // Closing a socket that does not linger is a reset.
                let _ = stream.set_zero_linger();
            }
            let sent = if pieces.is_empty() {
                stream.write_all(&right.bytes()).await.is_ok()
            } else {
                play(&mut stream, pieces).await
            };
            if !sent {
                return;
            }
        }
    }
}

/// Asks the server behind, and puts the address of the one before it in place of its own.
pub(crate) async fn ask(asked: &Asked, front: &str, back: &str) -> Option<Answer> {
    let authority = back.strip_prefix("http://")?.split('/').next()?;
    let mut stream = TcpStream::connect(authority).await.ok()?;
    let mut request = format!(
            "{} /scim/v2{} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {}\r\n",
            asked.method,
            asked.target,
            asked.body.len()
        )
        .into_bytes();
    for (name, value) in &asked.headers {
        if matches!(
            name.as_str(),
            "content-type" | "accept" | "authorization" | "if-match" | "if-none-match"
        ) {
            request.extend(format!("{name}: {value}\r\n").bytes());
        }
    }
    request.extend(b"\r\n");
    let body = String::from_utf8_lossy(&asked.body).replace(front, back);
    let at = request.windows(16).position(|w| w == b"Content-Length: ")? + 16;
    let end = at + request[at..].iter().position(|b| *b == b'\r')?;
    request.splice(at..end, body.len().to_string().bytes());
    request.extend(body.bytes());
    stream.write_all(&request).await.ok()?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.ok()?;
    let head_end = all.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&all[..head_end]).replace(back, front);
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let chunked = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
    assert!(!chunked, "the right server names its lengths");
    let kept = ["connection", "content-length", "date", "transfer-encoding"];
    Some(Answer {
        status,
        headers: headers
            .into_iter()
            .filter(|(name, _)| !kept.contains(&name.to_ascii_lowercase().as_str()))
            .collect(),
        body: String::from_utf8_lossy(&all[head_end..])
            .replace(back, front)
            .into_bytes(),
    })
}

/// Does on a stream what the pieces say. False where the connection is over.
pub(crate) async fn play<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    pieces: Vec<Piece>,
) -> bool {
    for piece in pieces {
        let done = match piece {
            Piece::Bytes(bytes) => stream.write_all(&bytes).await.is_ok(),
            Piece::Repeat(bytes, times) => {
                let mut fine = true;
                // Many small ones in one write: the client is the one to be tried, not this loop.
                let at_once = (64 << 10) / bytes.len().max(1) + 1;
                let mut left = times;
                while fine && left > 0 {
                    let now = left.min(at_once);
                    fine = stream.write_all(&bytes.repeat(now)).await.is_ok();
                    left -= now;
                }
                fine
            }
            Piece::Drip(bytes, gap) => {
                let mut fine = true;
                for byte in bytes {
                    fine = fine && stream.write_all(&[byte]).await.is_ok();
                    tokio::time::sleep(gap).await;
                }
                fine
            }
            Piece::Pause(time) => {
                tokio::time::sleep(time).await;
                true
            }
            Piece::Hang => {
                let mut sink = [0_u8; 4096];
                while matches!(stream.read(&mut sink).await, Ok(n) if n > 0) {}
                false
            }
            Piece::Reset | Piece::Close => false,
        };
        if !done {
            return false;
        }
    }
    true
}

/// Reads one request; `None` where the client is gone or does not speak HTTP.
pub(crate) async fn read_request<S: AsyncRead + Unpin>(
    stream: &mut S,
    before: usize,
) -> Option<Asked> {
    let mut all = Vec::new();
    let mut buffer = [0_u8; 16 << 10];
    let head_end = loop {
        if let Some(at) = all.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        let n = stream.read(&mut buffer).await.ok().filter(|n| *n > 0)?;
        all.extend_from_slice(&buffer[..n]);
    };
    let head = String::from_utf8_lossy(&all[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = all.split_off(head_end);
    while body.len() < length {
        let n = stream.read(&mut buffer).await.ok().filter(|n| *n > 0)?;
        body.extend_from_slice(&buffer[..n]);
    }
    Some(Asked {
        method,
        target: target.strip_prefix("/scim/v2").unwrap_or(target).to_owned(),
        headers,
        body,
        before,
    })
}
