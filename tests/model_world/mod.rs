//! A made-up provider with a tenant in memory, on which planning is tried without any I/O.

pub(crate) mod definitions;
pub(crate) mod interpreter;
pub(crate) mod sixth;
pub(crate) mod spec;
pub(crate) mod text;
pub(crate) mod world;

mod adoption_stories;
mod base_stories;
mod digests;
mod guard_stories;
mod history;
mod history_laws;
mod laws;
mod mode_stories;
mod order_stories;
mod origin_stories;
mod ownership_stories;
mod pending_stories;
mod people_stories;
mod permission_stories;
mod protection_stories;
mod random;
mod reading_stories;
mod release_stories;
mod rename_stories;
mod role_stories;
mod selection_stories;
mod sixth_stories;
mod story;
