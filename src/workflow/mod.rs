//! The rooms put together: what each command does, as functions that print nothing.

mod activity;
pub mod apply;
pub mod approve;
pub mod attest;
pub mod base;
pub mod blame;
pub mod catalog;
pub mod diff;
pub mod doctor;
pub mod dropped;
mod elsewhere;
mod exit;
mod failure;
pub mod import;
pub mod init;
mod leak;
pub mod lock;
mod overlap;
pub mod past;
pub mod plan;
pub mod project;
pub mod recording;
pub mod scope;
pub mod shard;
pub mod tenant;

use std::{ffi::OsString, sync::Arc};

use crate::{
    definition::ParseCache,
    model::{Redactor, Untrusted},
    provider::{Registry, http},
};

pub use exit::Exit;
pub use failure::Failure;

/// Looks up an environment variable.
pub type Environment = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// What a run takes from outside: the environment, the clock, the known providers.
pub struct World {
    /// The providers.
    pub registry: Registry,
    /// Looks up environment variables.
    pub environment: Arc<Environment>,
    /// Hosts that a person allowed.
    pub allowed_hosts: Vec<String>,
    /// Learns every credential.
    pub redactor: Redactor,
    /// Who runs it, as the environment tells.
    pub actor: Untrusted,
    /// The time of the run.
    pub now: jiff::Timestamp,
    /// The day (UTC).
    pub today: jiff::civil::Date,
    /// Files that were parsed already: another revision has mostly the same.
    pub cache: ParseCache,
    /// Whether the run is to end.
    pub stop: http::Stop,
    /// Told what happens on connections.
    pub events: Option<http::Events>,
}
