//! Notes and issues on GitLab.

use super::{comment::Conversation, github::LABEL, issue::Tracker};
use crate::{
    ci::forge::{Post, Refusal, gitlab::GitLab},
    model::Untrusted,
};

/// A project, as whom the token acts for.
pub(super) struct Account<'a> {
    pub(super) forge: &'a GitLab,
    pub(super) login: String,
}

/// A merge request.
pub(super) struct MergeRequest<'a> {
    pub(super) account: &'a Account<'a>,
    pub(super) number: u64,
}

impl Conversation for MergeRequest<'_> {
    async fn head(&self) -> Result<Option<Untrusted>, Refusal> {
        Ok(self.account.forge.merge_request(self.number).await?.sha)
    }

    async fn own(&self, wanted: &dyn Fn(&Untrusted) -> bool) -> Result<Vec<Post>, Refusal> {
        self.account.forge.notes(self.number, &self.account.login, wanted).await
    }

    async fn create(&self, body: &str) -> Result<Post, Refusal> {
        self.account.forge.note(self.number, body).await
    }

    async fn update(&self, post: &Post, body: &str) -> Result<Post, Refusal> {
        self.account.forge.edit_note(self.number, post.id, body).await
    }

    /// GitLab folds no notes away.
    async fn supersede(&self, _: &Post) {}
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

    async fn close(&self, post: &Post, why: &str, _: bool) -> Result<(), Refusal> {
        // To close it matters, what is said below it does not.
        let _said = self.forge.comment_issue(post.id, why).await;
        self.forge.close_issue(post.id).await.map(drop)
    }
}
