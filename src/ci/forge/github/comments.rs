//! Comments on issues and pull requests: <https://docs.github.com/en/rest/issues/comments>.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::GitHub;
use crate::{
    ci::forge::{Author, Post, Refusal},
    model::Untrusted,
};

#[derive(Deserialize)]
struct Comment {
    id: u64,
    node_id: Option<String>,
    html_url: Option<Untrusted>,
    /// `null` where the account is gone.
    user: Option<Author>,
    body: Option<Untrusted>,
}

impl From<Comment> for Post {
    fn from(comment: Comment) -> Self {
        let Comment { id, node_id, html_url, body, .. } = comment;
        Self { id, node: node_id, body: body.unwrap_or_default(), url: html_url.unwrap_or_default() }
    }
}

impl GitHub {
    /// The comments on an issue or pull request that `author` wrote and `wanted` wants, the oldest first.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn comments(
        &self,
        number: u64,
        author: &str,
        wanted: impl Fn(&Untrusted) -> bool,
    ) -> Result<Vec<Post>, Refusal> {
        let mut found = Vec::new();
        let number = number.to_string();
        let path = self.path(&["issues", &number, "comments"]);
        self.client
            .pages(&path, &[], |page: Vec<Comment>| {
                let own = |comment: &Comment| comment.user.as_ref().is_some_and(|user| user.login == author);
                let fits = |comment: &Comment| comment.body.as_ref().is_some_and(&wanted);
                found
                    .extend(page.into_iter().filter(|comment| own(comment) && fits(comment)).map(Post::from));
            })
            .await?;
        found.sort_by_key(|post: &Post| post.id);
        Ok(found)
    }

    /// Makes a comment.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn comment(&self, number: u64, body: &str) -> Result<Post, Refusal> {
        let number = number.to_string();
        let path = self.path(&["issues", &number, "comments"]);
        let made: Comment = self.client.send(Method::POST, &path, &json!({ "body": body })).await?;
        Ok(made.into())
    }

    /// Replaces the text of a comment.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn edit_comment(&self, id: u64, body: &str) -> Result<Post, Refusal> {
        let id = id.to_string();
        let path = self.path(&["issues", "comments", &id]);
        let made: Comment = self.client.send(Method::PATCH, &path, &json!({ "body": body })).await?;
        Ok(made.into())
    }

    /// Folds a comment away as outdated. Where that fails it stays as it is, which harms nobody.
    pub async fn minimize(&self, post: &Post) {
        const QUERY: &str = "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } } }";
        if let Some(node) = &post.node {
            let _folded = self.graphql(QUERY, &json!({ "id": node })).await;
        }
    }
}
