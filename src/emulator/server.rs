//! The network side of an emulator.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::call::{Answer, Call};
use super::controls;
use super::core::{Core, Cut, Outcome};
use super::journal::Journal;
use super::product::{Change, Product, Registered};
use super::switch::Switches;
use super::wire::{Cuttable, Line};
use super::{EmulatorError, Options, Seed, registered};

/// The largest body that is read.
const BODY_LIMIT: usize = 64 * 1024 * 1024;
/// How long a graceful stop waits for requests under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// An emulator that is running; dropping it ends it at once, as a crash would.
#[derive(Debug)]
pub struct Running {
    provider: &'static str,
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
    server: JoinHandle<()>,
}

struct Shared {
    registered: &'static Registered,
    core: Mutex<Core>,
    latency: Duration,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("provider", &self.registered.name).finish_non_exhaustive()
    }
}

impl Shared {
    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts an emulator within this process and returns once it answers requests.
///
/// # Errors
///
/// Every variant of [`EmulatorError`] that is not about parsing a fault: an unknown provider or switch, a seed of
/// another provider, an address that is not of this machine or cannot be bound, a state folder that is in use,
/// belongs to another provider or cannot be read.
pub async fn start(options: Options) -> Result<Running, EmulatorError> {
    let registered = registered(&options.provider)?;
    if !options.allow_remote && !options.listen.ip().is_loopback() {
        return Err(EmulatorError::NotLoopback { address: options.listen });
    }
    let mut switches = Switches::new(registered.name, registered.switches);
    switches.set_all(options.switches.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
    let (product, journal) = load(registered, &options)?;
    let failed = |source| EmulatorError::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let shared = Arc::new(Shared {
        registered,
        core: Mutex::new(Core::new(product, journal, switches, options.faults)),
        latency: options.latency,
    });
    let (stop, mut stopping) = watch::channel(false);
    let (end, ended) = watch::channel(false);
    let service = Router::new()
        .fallback(handle)
        .with_state(Arc::clone(&shared))
        .into_make_service_with_connect_info::<Line>();
    let server = tokio::spawn(async move {
        let graceful = axum::serve(Cuttable(listener), service).with_graceful_shutdown(async move {
            // An error means that `Running` is gone, which is a reason to stop as well.
            let _ = stopping.wait_for(|stop| *stop).await;
        });
        let _ = graceful.await;
        let _ = end.send(true);
    });
    Ok(Running { provider: registered.name, address, shared, stop, ended, server })
}

/// The world to begin with: that of the state folder if it holds one, else that of the seed.
fn load(
    registered: &Registered,
    options: &Options,
) -> Result<(Box<dyn Product>, Option<Journal>), EmulatorError> {
    let seeded = || match &options.seed {
        Some(seed) => seed.product(registered),
        None => Seed::default_for(registered.name)?.product(registered),
    };
    let Some(folder) = &options.state else {
        return Ok((seeded()?, None));
    };
    let replayed = |changes: &[Change]| {
        let mut product = (registered.empty)();
        for (index, change) in changes.iter().enumerate() {
            product.apply(change).map_err(|reason| EmulatorError::StateCorrupt {
                path: folder.clone(),
                line: index + 1,
                reason,
            })?;
        }
        Ok::<_, EmulatorError>(product)
    };
    if options.look {
        let changes = Journal::look(folder, registered.name)?;
        return Ok((changes.map_or_else(seeded, |changes| replayed(&changes))?, None));
    }
    let opened = Journal::open(folder, registered.name)?;
    let mut journal = opened.journal;
    let product = match opened.changes {
        None => {
            let product = seeded()?;
            journal.compact(&product.objects())?;
            product
        }
        Some(changes) => {
            let product = replayed(&changes)?;
            if journal.has_log() {
                journal.compact(&product.objects())?;
            }
            product
        }
    };
    Ok((product, Some(journal)))
}

impl Running {
    /// The base address, for example `http://127.0.0.1:49152`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that is listened on, with the port that was given out.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The emulated provider.
    pub fn provider(&self) -> &'static str {
        self.provider
    }

    /// Ends the emulator: no new requests, those under way are answered, the state is on the disk afterwards.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(PATIENCE, self.ended.wait_for(|ended| *ended)).await;
        self.shared.core().close(true);
    }

    /// Waits until the emulator has ended by itself; it does so only if its server fails.
    pub async fn wait(&self) {
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
        self.shared.core().close(false);
    }
}

/// Ends the entry of a request in the log, also when its client went away in the middle.
struct Entry<'a> {
    shared: &'a Shared,
    seq: u64,
    permits: Vec<String>,
    status: Option<u16>,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut core = self.shared.core();
        core.requests.end(self.seq, self.status);
        for permit in &self.permits {
            core.limiter.leave(permit);
        }
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return respond(Answer::plain_error(413, "the body is too large or was cut off"), false);
    };
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let call = Call::new(
        head.method.as_str(),
        head.uri.path(),
        head.uri.query().unwrap_or_default(),
        headers,
        body.to_vec(),
    );
    if call.is_dashboard() {
        let answer = controls::answer(&mut shared.core(), shared.registered, &call);
        return respond(answer, false);
    }
    if call.path == "/" && matches!(&*call.method, "GET" | "HEAD") {
        return respond(controls::hint(shared.registered), false);
    }
    let mut ticket = shared.core().begin(&call);
    let mut entry = Entry {
        shared: &shared,
        seq: ticket.seq,
        permits: std::mem::take(&mut ticket.permits),
        status: None,
    };
    let latency = shared.latency + ticket.latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let Outcome { answer, cut, chunked } = shared.core().perform(&call, &ticket);
    if cut != Cut::Close {
        entry.status = Some(answer.status);
    }
    match cut {
        Cut::None => {}
        Cut::Close => line.close(),
        Cut::Body(bytes) => line.close_after(bytes),
    }
    respond(answer, chunked)
}

fn respond(answer: Answer, chunked: bool) -> Response {
    let has_body = !answer.body.is_empty();
    let body = Body::from(answer.body);
    // A stream has no length that could be declared.
    let body = if chunked { Body::from_stream(body.into_data_stream()) } else { body };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if has_body {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    response
}
