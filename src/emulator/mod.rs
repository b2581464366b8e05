//! Local stand-ins of the products' roles APIs, over one durable store, with faults on request.
//!
//! Every emulator is written from the product's documentation alone and shares nothing with the client, so that a
//! misunderstanding cannot hide on both sides. Where the documentation leaves a fact open, a [`Switch`] chooses among
//! the behaviours that are possible.
//!
//! What a person would do in the product's web interface, and what a test wants to know, is served under
//! `/_dashboard/`, without credential, log, faults or limits:
//!
//! | route | does |
//! |---|---|
//! | `GET`, `DELETE /_dashboard/requests` | the log of requests with its longest chain (`depth`); forgets it |
//! | `GET`, `DELETE /_dashboard/writes` | the successful writes with every touched object before and after; forgets them |
//! | `GET`, `PUT /_dashboard/state` | the whole state in the form of a seed; puts a seed in its place |
//! | `GET`, `PUT`, `PATCH /_dashboard/switches` | the switches; sets all (others go back to their defaults); sets some |
//! | `GET`, `PUT /_dashboard/faults` | the faults with their counts; puts a list of specifications in their place |
//! | `GET`, `POST /_dashboard/clock` | the clock; `{"advance_ms": N}` moves it forward |
//!
//! The other routes under `/_dashboard/` are the product's own.
//!
//! A further product is its folder here and one line in `REGISTRY`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

mod call;
mod controls;
mod core;
mod encode;
mod error;
mod fault;
mod gzip;
mod inject;
mod journal;
mod limiter;
mod options;
mod product;
mod requests;
mod seed;
mod server;
mod switch;
mod wire;

pub mod coderabbit;
pub mod devin;
pub mod gitlab;
pub mod infracodebase;
pub mod workos;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

pub use error::EmulatorError;
pub use fault::Fault;
pub use options::Options;
pub use seed::Seed;
pub use server::{Running, start};
pub use switch::Switch;

use product::Registered;

/// The emulated products.
static REGISTRY: &[Registered] = &[
    coderabbit::REGISTERED,
    gitlab::REGISTERED,
    workos::REGISTERED,
    devin::REGISTERED,
    infracodebase::REGISTERED,
];

/// The names of the products that have an emulator.
pub fn providers() -> &'static [&'static str] {
    static NAMES: LazyLock<Vec<&'static str>> =
        LazyLock::new(|| REGISTRY.iter().map(|registered| registered.name).collect());
    &NAMES
}

/// The switches of a provider's emulator; none for a provider that has no emulator.
pub fn switches(provider: &str) -> &'static [Switch] {
    registered(provider).map_or(&[], |registered| registered.switches)
}

fn registered(provider: &str) -> Result<&'static Registered, EmulatorError> {
    REGISTRY.iter().find(|registered| registered.name == provider).ok_or_else(|| {
        EmulatorError::UnknownProvider { provider: provider.to_owned(), known: providers().join(", ") }
    })
}
