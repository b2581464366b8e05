//! The one binary of integration tests.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod common;
mod model_world;
mod stories;
