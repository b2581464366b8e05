//! How an emulator is to be started.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::{Fault, Seed};

/// What [`start`](super::start) needs to know.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The product to emulate, one of [`providers`](super::providers).
    pub provider: String,
    /// The address to listen on; port 0 takes any free port. Default `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// Whether an address that other machines can reach is acceptable. Default `false`.
    pub allow_remote: bool,
    /// The state to begin with; `None` is [`Seed::default_for`]. A state folder that already holds state wins.
    pub seed: Option<Seed>,
    /// The folder of the durable state; `None` keeps everything in memory.
    pub state: Option<PathBuf>,
    /// Begin with what the state folder holds, and leave it as it is: no lock, and nothing is written.
    pub look: bool,
    /// How long every request of the product's API takes at least, before it has an effect.
    pub latency: Duration,
    /// Faults in force from the start.
    pub faults: Vec<Fault>,
    /// Values of [`switches`](super::switches) that differ from the defaults.
    pub switches: BTreeMap<String, String>,
}

impl Options {
    /// An emulator of `provider` in memory, on a free port of this machine, with the default seed and no faults.
    pub fn new(provider: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            seed: None,
            state: None,
            look: false,
            latency: Duration::ZERO,
            faults: Vec::new(),
            switches: BTreeMap::new(),
        }
    }
}
