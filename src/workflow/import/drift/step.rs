//! One thing that is taken over, or not.

use std::sync::Arc;

use crate::{
    definition::emit::{Meaning, Revision},
    model::{Site, Untrusted},
};

/// What a piece of drift does to somebody's access. The order is that of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Somebody may do more than git says.
    Gives,
    /// Somebody may do less.
    Takes,
    /// A name or a text.
    Texts,
}

/// One piece of drift in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// What it does.
    pub rank: Rank,
    /// Whether it is not about administrators; they come first.
    pub lesser: bool,
    /// About whom: ``role `x` ``.
    pub subject: Untrusted,
    /// What became of it: `gained`.
    pub verb: &'static str,
    /// What; lines of one subject and verb are printed as one.
    pub object: Untrusted,
}

impl Line {
    pub(super) fn new(rank: Rank, subject: &str, verb: &'static str, object: &str) -> Self {
        Self { rank, lesser: true, subject: subject.into(), verb, object: object.into() }
    }
}

/// Changes of files that are made together or not at all.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The same for the same piece of drift, however often it is looked for.
    pub(super) id: String,
    /// What it says.
    pub(super) lines: Vec<Line>,
    /// What is edited, by path.
    pub(super) edits: Vec<(Arc<str>, Revision)>,
    /// What the definitions say afterwards.
    pub(super) means: Vec<Meaning>,
    /// Where a person would write it.
    pub(super) site: Option<Site>,
    /// What a person would write.
    pub(super) by_hand: String,
}
