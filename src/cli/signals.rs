//! SIGINT and SIGTERM: the first asks for an orderly end with clean-up, the second for an immediate one.

use tokio::sync::watch;

/// What the process was told from outside.
#[derive(Clone)]
pub(super) struct Signals {
    /// The runner watches it.
    pub(super) stop: watch::Receiver<bool>,
    again: watch::Receiver<bool>,
}

impl Signals {
    /// Starts listening; must be called inside the runtime.
    pub(super) fn listen() -> Self {
        let (stop_sender, stop) = watch::channel(false);
        let (again_sender, again) = watch::channel(false);
        tokio::spawn(async move {
            one().await;
            let _ = stop_sender.send(true);
            one().await;
            let _ = again_sender.send(true);
            // The senders must outlive the run, or their receivers would report a closed channel.
            std::future::pending::<()>().await;
        });
        Self { stop, again }
    }

    /// Whether the first signal came.
    pub(super) fn came(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits for the first signal.
    pub(super) async fn first(&mut self) {
        if self.stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the second signal.
    pub(super) async fn second(&mut self) {
        if self.again.wait_for(|again| *again).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
async fn one() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Where no handler can be installed the system's own holds: the process ends.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn one() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
