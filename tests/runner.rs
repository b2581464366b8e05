//! The one binary of integration tests.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bad_input;
mod ci;
mod common;
mod devin;
mod emulator_page;
mod examples;
mod gitlab;
mod import;
mod laws;
mod model_world;
mod readme;
mod setup;
mod stories;
mod structure;
mod vendor_clients;
