//! Issues: <https://docs.github.com/en/rest/issues/issues>.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GitHub;
use crate::{
    ci::forge::{Author, Kind, Post, Refusal},
    model::Untrusted,
};

#[derive(Deserialize)]
struct Issue {
    number: u64,
    node_id: Option<String>,
    html_url: Option<Untrusted>,
    user: Option<Author>,
    body: Option<Untrusted>,
    /// Set for pull requests, which GitHub lists as issues.
    pull_request: Option<Value>,
}

impl From<Issue> for Post {
    fn from(issue: Issue) -> Self {
        let Issue { number, node_id, html_url, body, .. } = issue;
        Self { id: number, node: node_id, body: body.unwrap_or_default(), url: html_url.unwrap_or_default() }
    }
}

impl GitHub {
    /// The open issues that `author` wrote and `wanted` wants, the oldest first.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn open_issues(
        &self,
        author: &str,
        wanted: impl Fn(&Untrusted) -> bool,
    ) -> Result<Vec<Post>, Refusal> {
        let mut found = Vec::new();
        let query = [("state", "open"), ("creator", author)];
        self.client
            .pages(&self.path(&["issues"]), &query, |page: Vec<Issue>| {
                let own = |issue: &Issue| issue.user.as_ref().is_some_and(|user| user.login == author);
                let fits =
                    |issue: &Issue| issue.pull_request.is_none() && issue.body.as_ref().is_some_and(&wanted);
                found.extend(page.into_iter().filter(|issue| own(issue) && fits(issue)).map(Post::from));
            })
            .await?;
        found.sort_by_key(|post: &Post| post.id);
        Ok(found)
    }

    /// Opens an issue with a label; without it, where whoever the token acts for may not set labels.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn open_issue(&self, title: &str, body: &str, label: &str) -> Result<Post, Refusal> {
        let path = self.path(&["issues"]);
        let labelled = json!({ "title": title, "body": body, "labels": [label] });
        let made: Result<Issue, Refusal> = self.client.send(Method::POST, &path, &labelled).await;
        match made {
            Err(refusal) if refusal.kind == Kind::Other => {
                let plain = json!({ "title": title, "body": body });
                let made: Issue = self.client.send(Method::POST, &path, &plain).await?;
                Ok(made.into())
            }
            made => made.map(Post::from),
        }
    }

    /// Replaces the text of an issue.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn edit_issue(&self, number: u64, body: &str) -> Result<Post, Refusal> {
        self.change_issue(number, &json!({ "body": body })).await
    }

    /// Closes an issue, as done or as superseded.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn close_issue(&self, number: u64, done: bool) -> Result<Post, Refusal> {
        let reason = if done { "completed" } else { "not_planned" };
        self.change_issue(number, &json!({ "state": "closed", "state_reason": reason })).await
    }

    async fn change_issue(&self, number: u64, change: &Value) -> Result<Post, Refusal> {
        let number = number.to_string();
        let path = self.path(&["issues", &number]);
        let issue: Issue = self.client.send(Method::PATCH, &path, change).await?;
        Ok(issue.into())
    }
}
