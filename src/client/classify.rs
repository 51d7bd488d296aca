//! What a transport failure was, in a class and in words, with what to try.

use std::error::Error;
use std::io;

use crate::results::{TransportError, TransportErrorKind};

/// The whole cause chain in one line; the real cause (refused, name, certificate) stands at its end.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(e) = next {
        let text = e.to_string();
        // Many layers repeat the text of the layer below.
        if !parts.iter().any(|p| p.contains(&text)) {
            parts.push(text);
        }
        next = e.source();
    }
    parts.join(": ")
}

/// Classifies an error of `reqwest`. `peer` is host and port, for the sentence.
pub(super) fn classify(error: &reqwest::Error, peer: &str) -> TransportError {
    let mut found = Clues {
        timeout: error.is_timeout(),
        connect: error.is_connect(),
        ..Clues::default()
    };
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(e) = next {
        found.look_at(e);
        next = e.source();
    }
    // The URL stands in the exchange; it may be long and hostile.
    let mut causes = String::new();
    if let Some(source) = error.source() {
        causes = chain(source);
    }
    if causes.is_empty() {
        causes = error.to_string();
    }
    let kind = found.kind();
    TransportError {
        kind,
        message: sentence(kind, peer, &causes, &found),
    }
}

#[derive(Debug, Default)]
struct Clues {
    timeout: bool,
    connect: bool,
    refused: bool,
    dns: bool,
    tls: Option<String>,
    incomplete: bool,
    reset: bool,
    too_large: bool,
    decoding: bool,
}

impl Clues {
    fn look_at(&mut self, e: &(dyn Error + 'static)) {
        if let Some(hyper) = e.downcast_ref::<hyper::Error>() {
            self.incomplete |=
                hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled();
            self.too_large |= hyper.is_parse_too_large();
            self.timeout |= hyper.is_timeout();
        }
        if let Some(tls) = e.downcast_ref::<rustls::Error>() {
            self.tls = Some(tls.to_string());
        }
        if let Some(io) = e.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => self.refused = true,
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::UnexpectedEof => self.reset = true,
                io::ErrorKind::TimedOut => self.timeout = true,
                _ => {}
            }
            // An io::Error does not name what it wraps as its source.
            if let Some(inner) = io.get_ref() {
                let inner: &(dyn Error + 'static) = inner;
                if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
                    self.tls = Some(tls.to_string());
                } else if inner.downcast_ref::<io::Error>().is_some() {
                    self.look_at(inner);
                }
            }
        }
        let text = e.to_string();
        self.dns |= text.contains("dns error") || text.contains("failed to lookup address");
        self.decoding |=
            text.contains("deflate") || text.contains("gzip") || text.contains("corrupt");
    }

    fn kind(&self) -> TransportErrorKind {
        if self.dns {
            TransportErrorKind::Dns
        } else if self.tls.is_some() {
            TransportErrorKind::Tls
        } else if self.timeout {
            TransportErrorKind::Timeout
        } else if self.connect {
            TransportErrorKind::Connect
        } else if self.too_large {
            TransportErrorKind::Limit
        } else if self.incomplete || self.reset {
            TransportErrorKind::Closed
        } else {
            TransportErrorKind::Protocol
        }
    }
}

fn sentence(kind: TransportErrorKind, peer: &str, causes: &str, clues: &Clues) -> String {
    match kind {
        TransportErrorKind::Dns => {
            format!(
                "the name in {peer} does not resolve ({causes}); check the host name, VPN and proxy settings"
            )
        }
        TransportErrorKind::Tls => tls_sentence(peer, clues.tls.as_deref().unwrap_or(causes)),
        TransportErrorKind::Connect if clues.refused => {
            format!(
                "{peer} refuses connections ({causes}); is the server running, and is the port right?"
            )
        }
        TransportErrorKind::Connect => {
            format!(
                "no connection to {peer} ({causes}); check host, port, firewall and proxy settings"
            )
        }
        TransportErrorKind::Timeout => {
            format!("{peer} did not answer in time ({causes}); raise --timeout if it is slow")
        }
        TransportErrorKind::Closed => {
            format!(
                "{peer} closed the connection before the answer was complete ({causes}); look into the server's log"
            )
        }
        TransportErrorKind::Limit => {
            format!("the answer of {peer} has more header data than is read ({causes})")
        }
        TransportErrorKind::Protocol if clues.decoding => {
            format!("the body that {peer} sent does not match its Content-Encoding ({causes})")
        }
        TransportErrorKind::Protocol
        | TransportErrorKind::Deadline
        | TransportErrorKind::Refused => {
            format!(
                "what {peer} sent is not valid HTTP ({causes}); is this an HTTP port, and http or https right?"
            )
        }
    }
}

fn tls_sentence(peer: &str, cause: &str) -> String {
    let advice = if cause.contains("UnknownIssuer") {
        "its certificate is not signed by a known authority; give your own authority with `[tls] ca_file`"
    } else if cause.contains("NotValidForName") || cause.contains("not valid for name") {
        "its certificate is for another name; use the name that stands in it"
    } else if cause.contains("expired") || cause.contains("Expired") {
        "its certificate has expired"
    } else if cause.contains("corrupt message") || cause.contains("InvalidContentType") {
        "the port does not speak TLS; is it http rather than https?"
    } else {
        "check the certificate and the TLS versions of the server"
    };
    format!("TLS with {peer} failed: {advice} ({cause})")
}

/// The exchange took longer than it may.
pub(super) fn timed_out(peer: &str, seconds: f64, answer_had_begun: bool) -> TransportError {
    let what = if answer_had_begun {
        "did not finish its answer"
    } else {
        "did not answer"
    };
    TransportError {
        kind: TransportErrorKind::Timeout,
        message: format!("{peer} {what} within {seconds} s; raise --timeout if it is slow"),
    }
}
