//! Infracodebase's JSON, as far as it is documented: lists in `data`, and an OpenAPI document. What an
//! item holds beside its id is not known for certain, and is not needed.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

use crate::provider::http::{Bounded, Text};

/// Most enterprises of a token, and workspaces of an enterprise, that are read.
const MOST: usize = 10_000;

/// A list.
#[derive(Debug, Deserialize)]
pub(super) struct Listed<'a> {
    #[serde(borrow)]
    pub(super) data: Bounded<Item<'a>, MOST>,
}

/// An enterprise, or a workspace.
#[derive(Debug, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    /// What to call it, for messages.
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
}

/// What an OpenAPI document says of its paths: the methods of each.
#[derive(Debug, Deserialize)]
pub(super) struct Description {
    pub(super) paths: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}
