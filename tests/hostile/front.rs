//! A front before a right server: what is asked passes through a handler that may write it down, hold it back, or turn
//! it into something else. And a look at what the server behind really holds.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::server::{Answer, Asked, ask, read_request};

type Answering = Pin<Box<dyn Future<Output = Option<Answer>> + Send>>;

/// The way to the server behind.
#[derive(Clone)]
pub(crate) struct Behind {
    front: String,
    back: String,
}

impl Behind {
    pub(crate) async fn ask(&self, asked: &Asked) -> Option<Answer> {
        ask(asked, &self.front, &self.back).await
    }
}

/// The front; it goes when this is dropped.
pub(crate) struct Front {
    pub(crate) base_url: String,
    listening: tokio::task::JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Front {
    /// Puts a handler before a server. Where it gives no answer the connection is closed.
    pub(crate) async fn before(
        back: &str,
        handler: impl Fn(Asked, Behind) -> Answering + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
        let behind = Behind {
            front: base_url.clone(),
            back: back.to_owned(),
        };
        let handler = Arc::new(handler);
        let listening = tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else {
                    continue;
                };
                let _ = stream.set_nodelay(true);
                let (handler, behind) = (Arc::clone(&handler), behind.clone());
                tokio::spawn(async move {
                    let mut before = 0;
                    while let Some(asked) = read_request(&mut stream, before).await {
                        before += 1;
                        let Some(answer) = handler(asked, behind.clone()).await else {
                            return;
                        };
                        if stream.write_all(&answer.bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self {
            base_url,
            listening,
        }
    }
}

/// Everything that a right server holds at an endpoint, by its own lists.
pub(crate) async fn held(base_url: &str, endpoint: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let target = format!("{endpoint}?startIndex={}&count=200", all.len() + 1);
        let answer = ask(&Asked::new("GET", &target, ""), base_url, base_url)
            .await
            .unwrap();
        assert_eq!(answer.status, 200, "{endpoint}");
        let page = answer.json().unwrap();
        let more = page["Resources"].as_array().cloned().unwrap_or_default();
        let total = usize::try_from(page["totalResults"].as_u64().unwrap()).unwrap();
        let is_last = more.is_empty();
        all.extend(more);
        if is_last || all.len() >= total {
            return all;
        }
    }
}
