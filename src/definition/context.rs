//! What rules and lints look at.

use crate::model::{Finding, Site, Untrusted, desired::DesiredState};

use super::declared::{Declared, Input};

/// One target after lowering.
pub(crate) struct Context<'a> {
    /// What it was made from.
    pub(crate) input: &'a Input<'a>,
    /// The names that it declares.
    pub(crate) declared: &'a Declared<'a>,
    /// What it declares.
    pub(crate) desired: &'a DesiredState,
    /// Every permission that is written somewhere, each once.
    pub(crate) names: &'a [Untrusted],
}

/// What a lint found, with the objects whose comments can set its level.
pub(crate) struct Hit {
    /// The finding; its level is set later.
    pub(crate) finding: Finding,
    /// Places whose lines are searched for comments; the first that says something counts.
    pub(crate) anchors: Vec<Site>,
}
