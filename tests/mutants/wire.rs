//! HTTP on loopback, as far as a layer between the harness and a server needs it.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// An answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
}

impl Reply {
    /// The body, where it is JSON.
    pub(crate) fn body(&self) -> Option<Value> {
        serde_json::from_slice(&self.raw).ok()
    }

    /// Puts a body in.
    pub(crate) fn set(&mut self, body: &Value) {
        self.raw = Bytes::from(body.to_string());
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn set_header(&mut self, name: &'static str, value: &'static str) {
        self.headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

/// A connection to a server, opened anew when it was closed.
#[derive(Debug)]
pub(crate) struct Line {
    to: SocketAddr,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Line {
    pub(crate) fn to(to: SocketAddr) -> Self {
        Self { to, sender: None }
    }

    /// One exchange; `None` when the other side does not speak HTTP with us.
    pub(crate) async fn exchange(
        &mut self,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Option<Reply> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method.clone();
        *request.uri_mut() = target.parse().ok()?;
        *request.headers_mut() = headers.clone();
        let own = request.headers_mut();
        for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            own.remove(name);
        }
        own.insert(HOST, HeaderValue::from_str(&self.to.to_string()).ok()?);
        if let Some(reply) = self.once(request.clone()).await {
            return Some(reply);
        }
        // The connection was closed while nobody looked.
        self.sender = None;
        self.once(request).await
    }

    async fn once(&mut self, request: Request<Full<Bytes>>) -> Option<Reply> {
        let sender = match &mut self.sender {
            Some(sender) if !sender.is_closed() => sender,
            place => {
                let stream = TcpStream::connect(self.to).await.ok()?;
                stream.set_nodelay(true).ok()?;
                let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
                tokio::spawn(connection);
                place.insert(sender)
            }
        };
        sender.ready().await.ok()?;
        let response = sender.send_request(request).await.ok()?;
        let (parts, body) = response.into_parts();
        let raw = body.collect().await.ok()?.to_bytes();
        let mut headers = parts.headers;
        for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        Some(Reply {
            status: parts.status.as_u16(),
            headers,
            raw,
        })
    }
}

/// A reply as hyper sends it.
pub(crate) fn response(reply: Reply) -> hyper::Response<Full<Bytes>> {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let bodiless = status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    let raw = if bodiless { Bytes::new() } else { reply.raw };
    let mut response = hyper::Response::new(Full::new(raw));
    *response.status_mut() = status;
    *response.headers_mut() = reply.headers;
    response
}
