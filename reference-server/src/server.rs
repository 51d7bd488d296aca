//! The handle: starting and stopping a server.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tower::Service;

use crate::auth::{Credentials, Token};
use crate::engine::{Behaviour, Engine};
use crate::http::{self, Log, Server};
use crate::limits::Limits;
use crate::options::Options;
use crate::protocol::schema::{GROUP, Registry, SchemaError};
use crate::store::StoreError;
use crate::tls::{self, Identity, NoIdentity};
use crate::{admin, faults, lawful, personas};

/// How long open exchanges may finish after a stop.
const GRACE: Duration = Duration::from_secs(2);
/// How long a client may take to agree on keys, and to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A name that nothing has.
    #[error("there is no {kind} named '{name}'")]
    Unknown {
        /// `fault`, `lawful variant` or `persona`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A schema file cannot be used.
    #[error("a schema file cannot be used: {0}")]
    Schema(#[from] SchemaError),
    /// The audit file cannot be written.
    #[error("the audit file {path} cannot be written: {source}")]
    Audit {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Whoever reaches the address could change the tokens.
    #[error("{0} is reached from outside: the admin endpoint needs a token of its own there")]
    OpenAdmin(SocketAddr),
    /// The store cannot be opened or read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// There is no certificate for TLS.
    #[error("{0}")]
    Identity(#[from] NoIdentity),
}

/// A running server; it stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    base_url: String,
    token_url: Option<String>,
    admin_url: Option<String>,
    certificate: Option<String>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// The base URL, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where OAuth clients fetch their tokens, when there are clients.
    pub fn token_url(&self) -> Option<&str> {
        self.token_url.as_deref()
    }

    /// Where the tokens can be changed, when that is asked for.
    pub fn admin_url(&self) -> Option<&str> {
        self.admin_url.as_deref()
    }

    /// The certificate that clients must trust, as PEM, where the base URL is https.
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// Stops the server; exchanges under way may finish within two seconds.
    pub async fn stop(mut self) {
        // Nobody listening any more is as good as stopped.
        let _ = self.stop.send(true);
        for task in self.tasks.drain(..) {
            let _ = task.await;
        }
    }
}

/// Starts a server: when this returns, it listens.
///
/// # Errors
/// When a name is unknown, a schema file is wrong or the address is taken.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let unknown = |kind: &'static str| move |name: String| StartError::Unknown { kind, name };
    let mut behaviour = Behaviour::new(options.strict);
    let persona = options
        .persona
        .as_deref()
        .map(|name| personas::apply(name, &mut behaviour))
        .transpose()
        .map_err(unknown("persona"))?;
    lawful::apply(&options.lawful, &mut behaviour).map_err(unknown("lawful variant"))?;
    let broken = faults::seams(&options.faults, &mut behaviour).map_err(unknown("fault"))?;
    let persona = persona.unwrap_or_default();
    let mut registry = Registry::built_in(&behaviour.leniency)?;
    if !behaviour.groups {
        registry.leave_out(GROUP);
    }
    for what in &behaviour.without {
        registry.leave_out(what);
    }
    for text in behaviour.schemas.iter().chain(&options.schemas) {
        registry.add(text)?;
    }
    let open_log = |path: &PathBuf| {
        Log::open(path).map_err(|source| StartError::Audit {
            path: path.clone(),
            source,
        })
    };
    let audit = options.audit.as_ref().map(open_log).transpose()?;
    behaviour.latency = options.latency.or(behaviour.latency);
    let (listener, address) = bind(options.listen).await?;
    let admin = match options.admin {
        Some(wanted) if !wanted.ip().is_loopback() && options.admin_token.is_none() => {
            return Err(StartError::OpenAdmin(wanted));
        }
        Some(wanted) => Some(bind(wanted).await?),
        None => None,
    };
    let base_path = options.base_path.trim_end_matches('/').to_owned();
    let identity = behaviour
        .tls
        .then(|| tls::identity(address.ip()))
        .transpose()?;
    let scheme = if identity.is_some() { "https" } else { "http" };
    let base_url = format!("{scheme}://{address}{base_path}");
    let types = registry.types.iter().map(|kind| kind.name.clone());
    let durability = options.store.open(types.collect())?;
    let engine = Engine::new(
        registry,
        behaviour,
        base_url.clone(),
        broken.engine.or(persona.engine),
        durability,
    )?;
    let numbered = options.tokens.into_iter().enumerate();
    let mut tokens: Vec<Token> = numbered
        .map(|(index, secret)| Token {
            label: format!("token-{}", index + 1),
            secret,
            user_name: None,
        })
        .collect();
    tokens.extend(options.labelled_tokens);
    let credentials = Credentials::new(tokens, options.basic)
        .with_clients(options.oauth_clients, options.oauth_lifetime);
    let token_url = credentials
        .issues_tokens()
        .then(|| format!("{scheme}://{address}{}", http::TOKEN_PATH));
    let limits = Limits::new(options.rate_limit, options.error_rate, Instant::now())
        .putting_off(engine.behaviour().puts_off);
    let server = Server {
        engine,
        credentials,
        audit,
        limits,
        base_path,
        hooks: broken.http.or(persona.http),
    };
    let server = Arc::new(server);
    let (stop, stopped) = watch::channel(false);
    let mut tasks = Vec::new();
    let mut admin_url = None;
    if let Some((listener, address)) = admin {
        admin_url = Some(format!("http://{address}"));
        let router = admin::service(Arc::clone(&server), options.admin_token);
        tasks.push(tokio::spawn(accept(
            listener,
            None,
            router,
            stopped.clone(),
        )));
    }
    let (acceptor, certificate) = identity
        .map(
            |Identity {
                 acceptor,
                 certificate,
             }| (acceptor, certificate),
        )
        .unzip();
    tasks.push(if server.credentials.issues_tokens() {
        let service = http::service_with_tokens(server);
        tokio::spawn(accept(listener, acceptor, service, stopped))
    } else {
        tokio::spawn(accept(listener, acceptor, http::service(server), stopped))
    });
    Ok(Running {
        base_url,
        token_url,
        admin_url,
        certificate,
        stop,
        tasks,
    })
}

async fn bind(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bind = async || {
        let listener = TcpListener::bind(wanted).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bind().await.map_err(|source| StartError::Bind {
        address: wanted,
        source,
    })
}

/// What answers the requests of a listener.
trait Answers:
    Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<S> Answers for S where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

async fn accept<S: Answers>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: S,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // A dropped handle stops the server like a call of `stop`.
            _ = stopped.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(welcome(stream, tls.clone(), service.clone(), stopped.clone()));
                }
                // Out of file descriptors, most likely: wait for one to come free.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
}

async fn welcome<S: Answers>(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    service: S,
    stopped: watch::Receiver<bool>,
) {
    // Answers are written whole, so there is nothing to wait for.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return serve(stream, service, stopped).await;
    };
    // Whoever cannot agree on keys, or does not trust the certificate, goes away.
    if let Ok(Ok(stream)) = tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream)).await {
        serve(stream, service, stopped).await;
    }
}

/// Serves one connection, in HTTP/1.1 or HTTP/2, whatever the client begins with.
async fn serve<S: Answers>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: S,
    mut stopped: watch::Receiver<bool>,
) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    tokio::select! {
        // What breaks a connection is the client's affair.
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
