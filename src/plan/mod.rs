//! From what is wanted and what is there to what has to happen: resolve, compare, order, digest,
//! and the plan document. Pure: no clock, no files, no network.

pub mod activity;
pub mod build;
pub mod change;
pub mod compare;
pub mod difference;
pub mod digest;
pub mod document;
pub mod earlier;
mod graph;
pub mod holders;
mod integrity;
mod join;
pub mod operation;
pub mod order;
mod origin;
pub mod outcome;
pub mod pending;
pub mod people;
pub mod query;
pub mod read;
pub mod resolve;
pub mod select;
mod summary;
mod temporary;

pub use document::PlanDocument;
pub use outcome::ApplyDocument;
