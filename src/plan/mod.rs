//! From what is wanted and what is there to what has to happen: resolve, compare, order, digest,
//! and the plan document. Pure: no clock, no files, no network.

pub mod document;
pub mod operation;
pub mod outcome;
pub mod read;
mod summary;

pub use document::PlanDocument;
pub use outcome::ApplyDocument;
