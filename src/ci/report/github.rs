//! Comments and issues on GitHub.

use super::{comment::Conversation, issue::Tracker};
use crate::{
    ci::forge::{Post, Refusal, github::GitHub},
    model::Untrusted,
};

/// The label of the issue about drift.
pub(super) const LABEL: &str = "rolecall-drift";

/// A repository, as whom the token acts for.
pub(super) struct Account<'a> {
    pub(super) forge: &'a GitHub,
    pub(super) login: String,
}

/// A pull request.
pub(super) struct PullRequest<'a> {
    pub(super) account: &'a Account<'a>,
    pub(super) number: u64,
}

impl Conversation for PullRequest<'_> {
    async fn head(&self) -> Result<Option<Untrusted>, Refusal> {
        Ok(Some(self.account.forge.pull(self.number).await?.head.sha))
    }

    async fn own(&self, wanted: &dyn Fn(&Untrusted) -> bool) -> Result<Vec<Post>, Refusal> {
        self.account.forge.comments(self.number, &self.account.login, wanted).await
    }

    async fn create(&self, body: &str) -> Result<Post, Refusal> {
        self.account.forge.comment(self.number, body).await
    }

    async fn update(&self, post: &Post, body: &str) -> Result<Post, Refusal> {
        self.account.forge.edit_comment(post.id, body).await
    }

    async fn supersede(&self, post: &Post) {
        self.account.forge.minimize(post).await;
    }
}

impl Tracker for Account<'_> {
    async fn own_open(&self, wanted: &dyn Fn(&Untrusted) -> bool) -> Result<Vec<Post>, Refusal> {
        self.forge.open_issues(&self.login, wanted).await
    }

    async fn open(&self, title: &str, body: &str) -> Result<Post, Refusal> {
        self.forge.open_issue(title, body, LABEL).await
    }

    async fn update(&self, post: &Post, body: &str) -> Result<Post, Refusal> {
        self.forge.edit_issue(post.id, body).await
    }

    async fn close(&self, post: &Post, why: &str, done: bool) -> Result<(), Refusal> {
        // To close it matters, what is said below it does not.
        let _said = self.forge.comment(post.id, why).await;
        self.forge.close_issue(post.id, done).await.map(drop)
    }
}
