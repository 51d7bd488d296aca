//! Servers that misbehave before or below HTTP/1.1: certificates, TLS records, HTTP/2 frames, closed ports.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::behaviours::Ends;
use super::server::Piece::{self, Bytes, Close, Hang, Repeat};
use super::server::{ENDLESS, play, read_request};

/// A server, and the configuration that a client of it has.
pub(crate) struct Listening {
    pub(crate) base_url: String,
    pub(crate) config: Option<String>,
    /// Keeps the authority's certificate on disk.
    _folder: Option<tempfile::TempDir>,
}

struct Certificate {
    name: &'static str,
    expired: bool,
    trusted: bool,
}

const GOOD: Certificate = Certificate {
    name: "localhost",
    expired: false,
    trusted: true,
};

/// A frame of HTTP/2 (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut all = length[1..].to_vec();
    all.extend([kind, flags]);
    all.extend(stream.to_be_bytes());
    all.extend(payload);
    all
}

fn settings() -> Vec<u8> {
    [frame(4, 0, 0, &[]), frame(4, 1, 0, &[])].concat()
}

/// `:status: 200` from the static table (RFC 7541 appendix A), on stream 1.
fn ok_head() -> Vec<u8> {
    frame(1, 4, 1, &[0x88])
}

fn h2(frames: Vec<Vec<u8>>, then: Piece) -> Vec<Piece> {
    vec![Bytes([vec![settings()], frames].concat().concat()), then]
}

/// What an HTTP/2 server does once it has read the client's first frames.
fn http2() -> Vec<(&'static str, Vec<Piece>)> {
    let goaway = |code: u32| {
        let mut payload = 0_u32.to_be_bytes().to_vec();
        payload.extend(code.to_be_bytes());
        frame(7, 0, 0, &payload)
    };
    vec![
        ("http2/goaway", h2(vec![goaway(0)], Close)),
        ("http2/goaway-enhance-your-calm", h2(vec![goaway(11)], Hang)),
        (
            "http2/refuses-each-stream",
            h2(vec![frame(3, 0, 1, &7_u32.to_be_bytes())], Hang),
        ),
        (
            "http2/resets-after-the-head",
            h2(vec![ok_head(), frame(3, 0, 1, &2_u32.to_be_bytes())], Hang),
        ),
        (
            "http2/no-end-of-stream",
            h2(vec![ok_head(), frame(0, 0, 1, b"{}")], Hang),
        ),
        (
            "http2/data-before-the-head",
            h2(vec![frame(0, 1, 1, b"{}")], Hang),
        ),
        (
            "http2/head-that-is-no-hpack",
            h2(vec![frame(1, 5, 1, &[0xff; 64])], Hang),
        ),
        (
            "http2/frame-of-16-mb",
            h2(vec![[0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1].to_vec()], Hang),
        ),
        (
            "http2/not-http2-at-all",
            vec![
                Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec()),
                Close,
            ],
        ),
        (
            "http2/endless-continuation",
            vec![
                Bytes([settings(), frame(1, 0, 1, &[0x88])].concat()),
                Repeat(frame(9, 0, 1, &[0x40, 1, b'a', 1, b'b']), ENDLESS),
            ],
        ),
        (
            "http2/flood-of-pings",
            vec![Bytes(settings()), Repeat(frame(6, 0, 0, &[0; 8]), ENDLESS)],
        ),
        (
            "http2/flood-of-settings",
            vec![Bytes(settings()), Repeat(frame(4, 0, 0, &[]), ENDLESS)],
        ),
        (
            "http2/flood-of-empty-data",
            vec![
                Bytes([settings(), ok_head()].concat()),
                Repeat(frame(0, 0, 1, &[]), ENDLESS),
            ],
        ),
    ]
}

async fn listen<F: Future<Output = ()> + Send>(
    serve: impl Fn(TcpStream) -> F + Clone + Send + Sync + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let serve = serve.clone();
            tokio::spawn(async move { serve(stream).await });
        }
    });
    port
}

/// A TLS server with this certificate that says this on each connection, after the client has spoken.
async fn over_tls(certificate: &Certificate, protocol: &[u8], says: Vec<Piece>) -> Listening {
    scimproof::client::install_crypto();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec![certificate.name.to_owned()]).unwrap();
    if certificate.expired {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let signed = params.signed_by(&key, &authority).unwrap();
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![signed.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let is_http2 = protocol == b"h2";
    let port = listen(move |stream| {
        let (acceptor, says) = (acceptor.clone(), says.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            if is_http2 {
                // The preface and the first request: what they say does not matter.
                let mut sink = [0_u8; 16 << 10];
                let mut heard = 0;
                while heard < 100 {
                    match stream.read(&mut sink).await {
                        Ok(n) if n > 0 => heard += n,
                        _ => return,
                    }
                }
                play(&mut stream, says).await;
            } else {
                while read_request(&mut stream, 0).await.is_some() {
                    if !play(&mut stream, says.clone()).await {
                        break;
                    }
                }
            }
            let _ = stream.shutdown().await;
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    Listening {
        base_url: format!("https://localhost:{port}/scim/v2"),
        config: certificate
            .trusted
            .then(|| format!("[tls]\nca_file = {:?}\n", file.display().to_string())),
        _folder: Some(folder),
    }
}

async fn plain(https: bool, says: Vec<Piece>) -> Listening {
    let port = listen(move |mut stream| {
        let says = says.clone();
        async move {
            play(&mut stream, says).await;
        }
    })
    .await;
    Listening {
        base_url: format!(
            "http{}://127.0.0.1:{port}/scim/v2",
            if https { "s" } else { "" }
        ),
        config: None,
        _folder: None,
    }
}

/// All of them.
pub(crate) async fn servers() -> Vec<(&'static str, Ends, Listening)> {
    let mut all = Vec::new();
    let mut add = |name, server| all.push((name, Ends::Untestable, server));
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    add(
        "socket/refuses",
        Listening {
            base_url: format!("http://127.0.0.1:{closed}/scim/v2"),
            config: None,
            _folder: None,
        },
    );
    add(
        "socket/name-that-does-not-exist",
        Listening {
            base_url: "https://no-such-host.invalid/scim/v2".to_owned(),
            config: None,
            _folder: None,
        },
    );
    let fine = || {
        vec![Bytes(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
        )]
    };
    add(
        "tls/unknown-authority",
        over_tls(
            &Certificate {
                trusted: false,
                ..GOOD
            },
            b"http/1.1",
            fine(),
        )
        .await,
    );
    add(
        "tls/wrong-name",
        over_tls(
            &Certificate {
                name: "elsewhere.example",
                ..GOOD
            },
            b"http/1.1",
            fine(),
        )
        .await,
    );
    add(
        "tls/expired",
        over_tls(
            &Certificate {
                expired: true,
                ..GOOD
            },
            b"http/1.1",
            fine(),
        )
        .await,
    );
    add("tls/not-tls-at-all", plain(true, fine()).await);
    add("tls/silent", plain(true, vec![Hang]).await);
    add(
        "tls/cuts-the-handshake",
        plain(
            true,
            vec![Bytes(b"\x16\x03\x03\x00\x7a\x02".to_vec()), Close],
        )
        .await,
    );
    add(
        "tls/record-of-garbage",
        plain(
            true,
            vec![Bytes(vec![0x16, 3, 3, 0xff, 0xff, 7, 7, 7]), Hang],
        )
        .await,
    );
    add(
        "tls/fine-but-cut-in-the-answer",
        over_tls(
            &GOOD,
            b"http/1.1",
            vec![
                Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec()),
                Close,
            ],
        )
        .await,
    );
    for (name, says) in http2() {
        add(name, over_tls(&GOOD, b"h2", says).await);
    }
    add(
        "http2/late",
        over_tls(
            &GOOD,
            b"h2",
            vec![Piece::Pause(Duration::from_secs(3)), Close],
        )
        .await,
    );
    // Who comes first, the answer or the request, is the network's choice: what comes before it is asked for is no HTTP,
    // and what comes after is an answer without sense.
    let early = plain(false, fine()).await;
    all.push(("socket/speaks-before-it-is-asked", Ends::Finding, early));
    all
}
