//! A made-up provider with a tenant in memory, on which planning is tried without any I/O.

pub(crate) mod definitions;
pub(crate) mod interpreter;
pub(crate) mod spec;
pub(crate) mod text;
pub(crate) mod world;

mod laws;
mod mode_stories;
mod order_stories;
mod random;
mod story;
