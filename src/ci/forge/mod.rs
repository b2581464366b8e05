//! The forges' own APIs: comments, issues, pull requests. One file per subject; what they share is one
//! client, which sends the forge's token to the forge's address and nowhere else.

mod client;
pub mod github;
pub mod gitlab;
mod plans;
mod refusal;
pub mod reviews;

use serde::Deserialize;

pub use client::{Client, Service};
pub use plans::Made;
pub use refusal::{Kind, Refusal};

use crate::model::{Redactor, Untrusted, secret::Secret};

/// Somebody's comment, or the text of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its number for the API.
    pub id: u64,
    /// Its id for GraphQL, where the forge has one.
    pub node: Option<String>,
    /// Its text.
    pub body: Untrusted,
    /// Where people see it.
    pub url: Untrusted,
}

/// Whoever wrote something.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Author {
    /// GitHub's word for the name.
    #[serde(alias = "username")]
    pub(super) login: String,
}

/// Why there is no way to the forge: one sentence, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAccess {
    /// What is missing.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// The forge's token, which the redactor knows before anything else happens to it.
fn learned(token: String, redactor: &Redactor) -> Secret {
    let secret = Secret::new(token);
    redactor.learn(&secret);
    secret
}
