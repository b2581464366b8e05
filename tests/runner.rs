//! The one binary of integration tests.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod import;
mod model_world;
