//! Issues: <https://docs.gitlab.com/api/issues/>.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GitLab;
use crate::{
    ci::forge::{Author, Post, Refusal},
    model::Untrusted,
};

#[derive(Deserialize)]
struct Issue {
    iid: u64,
    #[serde(default)]
    web_url: Untrusted,
    description: Option<Untrusted>,
    author: Option<Author>,
}

impl GitLab {
    /// The open issues that `author` wrote and `wanted` wants, the oldest first.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn open_issues(
        &self,
        author: &str,
        wanted: impl Fn(&Untrusted) -> bool,
    ) -> Result<Vec<Post>, Refusal> {
        let mut found = Vec::new();
        let query = [("state", "opened"), ("author_username", author)];
        self.client
            .pages(&self.path(&["issues"]), &query, |page: Vec<Issue>| {
                let own = |issue: &Issue| issue.author.as_ref().is_some_and(|user| user.login == author);
                let fits = |issue: &Issue| issue.description.as_ref().is_some_and(&wanted);
                found.extend(page.into_iter().filter(|issue| own(issue) && fits(issue)).map(post));
            })
            .await?;
        found.sort_by_key(|post: &Post| post.id);
        Ok(found)
    }

    /// Opens an issue with a label.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn open_issue(&self, title: &str, body: &str, label: &str) -> Result<Post, Refusal> {
        let issue = json!({ "title": title, "description": body, "labels": label });
        self.client.send(Method::POST, &self.path(&["issues"]), &issue).await.map(post)
    }

    /// Replaces the text of an issue.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn edit_issue(&self, number: u64, body: &str) -> Result<Post, Refusal> {
        self.change_issue(number, &json!({ "description": body })).await
    }

    /// Closes an issue.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn close_issue(&self, number: u64) -> Result<Post, Refusal> {
        self.change_issue(number, &json!({ "state_event": "close" })).await
    }

    /// Says something below an issue.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn comment_issue(&self, number: u64, body: &str) -> Result<(), Refusal> {
        let number = number.to_string();
        let path = self.path(&["issues", &number, "notes"]);
        let _note: Value = self.client.send(Method::POST, &path, &json!({ "body": body })).await?;
        Ok(())
    }

    async fn change_issue(&self, number: u64, change: &Value) -> Result<Post, Refusal> {
        let number = number.to_string();
        let path = self.path(&["issues", &number]);
        self.client.send(Method::PUT, &path, change).await.map(post)
    }
}

fn post(issue: Issue) -> Post {
    Post { id: issue.iid, node: None, body: issue.description.unwrap_or_default(), url: issue.web_url }
}
