//! Being asked to end: Ctrl-C, or SIGTERM where there is such a thing.

use tokio::signal;

/// Listens from the moment it is made; from then on neither ends the program by itself.
pub(super) struct Interrupts {
    #[cfg(unix)]
    terminate: Option<signal::unix::Signal>,
    #[cfg(unix)]
    interrupt: Option<signal::unix::Signal>,
}

#[cfg(unix)]
impl Interrupts {
    pub(super) fn listen() -> Self {
        use signal::unix::{SignalKind, signal};

        Self {
            terminate: signal(SignalKind::terminate()).ok(),
            interrupt: signal(SignalKind::interrupt()).ok(),
        }
    }

    /// Returns when it happens, and can be awaited again. Never, where the system does not let the
    /// program listen.
    pub(super) async fn next(&mut self) {
        let (terminate, interrupt) = (&mut self.terminate, &mut self.interrupt);
        tokio::select! {
            Some(()) = of(terminate) => {}
            Some(()) = of(interrupt) => {}
            else => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
async fn of(signal: &mut Option<signal::unix::Signal>) -> Option<()> {
    signal.as_mut()?.recv().await
}

#[cfg(not(unix))]
impl Interrupts {
    pub(super) fn listen() -> Self {
        Self {}
    }

    /// Returns when it happens, and can be awaited again.
    pub(super) async fn next(&mut self) {
        if signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
