//! A connection to one target: the provider's host, or the emulator inside this process.

use std::{path::Path, sync::Arc};

use super::{Exit, Failure, World};
use crate::{
    emulator::{self, Running},
    model::{Untrusted, config::Target},
    provider::{
        Provider, Read, Write,
        http::{Connection, Limits, OpenError, Opening},
    },
};

/// A target that can be read and, by whoever asks for it, written.
pub struct Tenant {
    /// Its provider.
    pub provider: Arc<dyn Provider>,
    /// The connection, for statistics.
    pub connection: Arc<Connection>,
    /// Runs as long as the tenant is used.
    emulator: Option<Running>,
}

impl Tenant {
    /// Opens the connection; the emulator is started where the target asks for it. `folder` is the
    /// root of the definitions, under which the emulator keeps its state.
    ///
    /// # Errors
    ///
    /// Where the host is not allowed, the credential cannot be read, or the emulator does not start.
    pub async fn connect(world: &World, target: &Target, folder: Option<&Path>) -> Result<Self, Failure> {
        Self::open(world, target, folder, false).await
    }

    async fn open(
        world: &World,
        target: &Target,
        folder: Option<&Path>,
        look: bool,
    ) -> Result<Self, Failure> {
        let provider = world.registry.get(target.provider).ok_or_else(|| {
            Failure::new(Exit::Invalid, format!("provider `{}` is unknown", target.provider))
        })?;
        let mut endpoint = provider.endpoint(&target.settings);
        let emulator = match target.emulator {
            true => Some(start_emulator(target, folder, look).await?),
            false => None,
        };
        if let Some(running) = &emulator {
            endpoint.url = running.url();
        }
        // The emulator listens on loopback; no allowance may send it a credential.
        let allowed = if emulator.is_some() { &[][..] } else { &world.allowed_hosts };
        let stands_for = emulator.as_ref().map(|_| Untrusted::from(format!("emulator/{}", target.name)));
        let limits =
            Limits::from_environment(&*world.environment).map_err(|m| Failure::new(Exit::Usage, m))?;
        let opening = Opening {
            endpoint,
            settings: &target.settings,
            credential: &target.credential,
            allowed,
            environment: &*world.environment,
            redactor: world.redactor.clone(),
            stands_for,
            limits,
            stop: world.stop.clone(),
            events: world.events.clone(),
        };
        let connection = Connection::open(opening).map_err(|error: OpenError| Failure::from(error))?;
        Ok(Self { provider: Arc::clone(provider), connection: Arc::new(connection), emulator })
    }

    /// As [`Self::connect`], for a command that changes nothing: an emulator begins with the state that
    /// it left, else with its sample tenant, and neither locks nor writes anything.
    ///
    /// # Errors
    ///
    /// As [`Self::connect`].
    pub async fn connect_to_look(
        world: &World,
        target: &Target,
        folder: Option<&Path>,
    ) -> Result<Self, Failure> {
        Self::open(world, target, folder, true).await
    }

    /// A client that only reads.
    pub fn reader(&self) -> Box<dyn Read> {
        self.provider.reader(Arc::clone(&self.connection))
    }

    /// A client that writes.
    pub fn writer(&self) -> Box<dyn Write> {
        self.provider.writer(Arc::clone(&self.connection))
    }

    /// Ends the connection; an emulator's state is on disk afterwards.
    pub async fn close(self) {
        if let Some(emulator) = self.emulator {
            emulator.stop().await;
        }
    }
}

/// Where the emulator of a target keeps its state, below the root of the definitions.
pub fn emulator_state(target: &Target) -> String {
    format!(".rolecall/emulator/{}", target.name)
}

async fn start_emulator(target: &Target, folder: Option<&Path>, look: bool) -> Result<Running, Failure> {
    let mut options = emulator::Options::new(target.provider);
    options.look = look;
    if let Some(folder) = folder {
        if !look {
            ignore_runs(folder)?;
        }
        options.state = Some(folder.join(emulator_state(target)));
    }
    emulator::start(options).await.map_err(|error| Failure::new(Exit::Error, error.to_string()))
}

/// Makes sure that `.rolecall` below the root of the definitions says what git shall ignore in it.
pub(super) fn ignore_runs(folder: &Path) -> Result<(), Failure> {
    if folder.join(IGNORE_FILE).symlink_metadata().is_err() {
        crate::repo::write::write_new(folder, IGNORE_FILE, GITIGNORE.as_bytes())?;
    }
    Ok(())
}

/// Where [`GITIGNORE`] stands, below the root of the definitions.
pub const IGNORE_FILE: &str = ".rolecall/.gitignore";

/// Schemas, catalogues, and attested snapshots are committed; what a run leaves behind is not.
pub const GITIGNORE: &str = "emulator/\nruns/\n";
