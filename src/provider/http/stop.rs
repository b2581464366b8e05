//! Ending a run early, so that its end can still be told.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// How long a request that reads goes on waiting after the run was asked to end: reading tells what
/// was done, and is worth a moment. One that writes does not wait at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the run is to end. Clones share it.
///
/// Asked once, nothing new is written, nothing goes on waiting for its turn, and what is under way
/// comes to its end. Asked again, what is under way is given up, too.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<u32>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Stop {
    /// Asks the run to end, and returns how often it has been asked.
    pub fn ask(&self) -> u32 {
        self.0.send_modify(|times| *times = times.saturating_add(1));
        *self.0.borrow()
    }

    /// Whether the run is to end.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Returns when a request may not wait any longer; `safe` is one that only reads.
    pub(super) async fn ends_waiting(&self, safe: bool) {
        self.asked(1).await;
        if safe {
            tokio::select! {
                () = tokio::time::sleep(PATIENCE) => {}
                () = self.asked(2) => {}
            }
        }
    }

    /// Returns when what is under way is given up.
    pub(super) async fn gives_up(&self) {
        self.asked(2).await;
    }

    async fn asked(&self, times: u32) {
        let mut told = self.0.subscribe();
        // An error would say that nobody can ask any more; this clone can.
        let _never = told.wait_for(|asked| *asked >= times).await;
    }
}
