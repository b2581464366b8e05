//! Renderings of a plan, and of what came of applying it. They take the document and nothing else,
//! so that a saved plan shows everything that a fresh one does.

pub mod json;
pub mod ledger;
mod lists;
pub mod markdown;
pub mod text;

mod drift;
pub(super) mod fields;
mod origins;
mod refusals;
pub(super) mod view;
pub(super) mod words;

pub use refusals::guard_name;

#[cfg(test)]
mod samples;

use super::page;
