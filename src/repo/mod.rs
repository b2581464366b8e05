//! Where definitions come from: the work tree, or a revision of a git repository.
//!
//! Everything in a repository may be written by an attacker, so this room
//! - runs nothing: no hook, no filter program, no checkout, no fetch,
//! - follows no symbolic link and no submodule below the root of the definitions,
//! - trusts no bare repository that lies inside a work tree,
//! - keeps git's check of who owns a repository,
//! - reads sizes before contents.

mod blame;
mod committed;
mod dirty;
mod elsewhere;
mod error;
mod facts;
mod gather;
mod git;
mod graph;
mod history;
mod merge;
mod path;
mod pattern;
mod place;
mod record;
mod rename;
mod resolve;
mod revision;
mod shell;
mod tree;
mod work_tree;
pub mod write;

#[cfg(test)]
mod tests;

pub use blame::{Line, blame};
pub use committed::is_committed;
pub use elsewhere::elsewhere;
pub use error::{Fault, RepoError, RepoErrorKind};
pub use facts::Facts;
pub use history::{FirstParents, History, Tip};
pub use merge::{Merged, Ours, merge};
pub use pattern::is_meant;
pub use place::{CONFIG_NAME, ConfigPlace, Reading, Root, find_config};
pub use record::{Record, RecordIdentity, RecordPlace, RecordStore};
pub use revision::Revision;
pub use work_tree::WorkTree;
