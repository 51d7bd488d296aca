//! The handle: starting and stopping a server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::auth::{Credentials, Token};
use crate::engine::{Behaviour, Engine};
use crate::http::{self, Server};
use crate::protocol::schema::{Registry, SchemaError};
use crate::store::{Place, StoreError};
use crate::{faults, lawful, personas};

/// How long open exchanges may finish after a stop.
const GRACE: Duration = Duration::from_secs(2);
/// How long a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(20);

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The path of the base URL, without a slash at its end.
    pub base_path: String,
    /// The bearer tokens that are good; with none and no basic credentials, everybody is let in.
    pub tokens: Vec<String>,
    /// Further tokens, with a label and perhaps the user for whom they stand.
    pub labelled_tokens: Vec<Token>,
    /// User names and passwords for basic authentication.
    pub basic: Vec<(String, String)>,
    /// The RFC to the letter, without what identity providers need beyond it.
    pub strict: bool,
    /// The names of the faults to have.
    pub faults: Vec<String>,
    /// The names of the lawful variants to be.
    pub lawful: Vec<String>,
    /// The name of the persona to be.
    pub persona: Option<String>,
    /// Texts of files with further schemas and resource types.
    pub schemas: Vec<String>,
    /// Where resources are kept.
    pub store: Place,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            base_path: "/scim/v2".to_owned(),
            tokens: Vec::new(),
            labelled_tokens: Vec::new(),
            basic: Vec::new(),
            strict: false,
            faults: Vec::new(),
            lawful: Vec::new(),
            persona: None,
            schemas: Vec::new(),
            store: Place::Memory,
        }
    }
}

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
    /// The store cannot be opened or read.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// A running server; it stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    base_url: String,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Running {
    /// The base URL, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Stops the server; exchanges under way may finish within two seconds.
    pub async fn stop(mut self) {
        // Nobody listening any more is as good as stopped.
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
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
    for text in &options.schemas {
        registry.add(text)?;
    }
    let bind_error = |source| StartError::Bind {
        address: options.listen,
        source,
    };
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(bind_error)?;
    let address = listener.local_addr().map_err(bind_error)?;
    let base_path = options.base_path.trim_end_matches('/').to_owned();
    let base_url = format!("http://{address}{base_path}");
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
    let server = Server {
        engine,
        credentials: Credentials::new(tokens, options.basic),
        base_path,
        hooks: broken.http.or(persona.http),
    };
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(accept(listener, Arc::new(server), stopped));
    Ok(Running {
        base_url,
        stop,
        task: Some(task),
    })
}

async fn accept(listener: TcpListener, server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    let router = http::service(server);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // A dropped handle stops the server like a call of `stop`.
            _ = stopped.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, router.clone(), stopped.clone()));
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

async fn serve(stream: TcpStream, router: axum::Router, mut stopped: watch::Receiver<bool>) {
    // Answers are written whole, so there is nothing to wait for.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
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
