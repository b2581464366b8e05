//! Notes on merge requests: <https://docs.gitlab.com/api/notes/>.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::GitLab;
use crate::{
    ci::forge::{Author, Post, Refusal},
    model::Untrusted,
};

#[derive(Deserialize)]
struct Note {
    id: u64,
    body: Option<Untrusted>,
    author: Option<Author>,
}

/// A merge request.
#[derive(Clone, Debug, Deserialize)]
pub struct MergeRequest {
    /// The commit that is proposed.
    pub sha: Option<Untrusted>,
    /// `opened`, `closed`, `locked`, or `merged`.
    #[serde(default)]
    pub state: String,
    /// Where people see it.
    #[serde(default)]
    pub web_url: Untrusted,
}

impl GitLab {
    /// One merge request.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn merge_request(&self, number: u64) -> Result<MergeRequest, Refusal> {
        let number = number.to_string();
        self.client.get(&self.path(&["merge_requests", &number]), &[]).await
    }

    /// The notes on a merge request that `author` wrote and `wanted` wants, the oldest first.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn notes(
        &self,
        number: u64,
        author: &str,
        wanted: impl Fn(&Untrusted) -> bool,
    ) -> Result<Vec<Post>, Refusal> {
        let mut found = Vec::new();
        let number = number.to_string();
        let path = self.path(&["merge_requests", &number, "notes"]);
        self.client
            .pages(&path, &[("sort", "asc"), ("order_by", "created_at")], |page: Vec<Note>| {
                let own = |note: &Note| note.author.as_ref().is_some_and(|user| user.login == author);
                let fits = |note: &Note| note.body.as_ref().is_some_and(&wanted);
                found.extend(page.into_iter().filter(|note| own(note) && fits(note)).map(post));
            })
            .await?;
        found.sort_by_key(|post: &Post| post.id);
        Ok(found)
    }

    /// Makes a note.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn note(&self, number: u64, body: &str) -> Result<Post, Refusal> {
        let number = number.to_string();
        let path = self.path(&["merge_requests", &number, "notes"]);
        self.client.send(Method::POST, &path, &json!({ "body": body })).await.map(post)
    }

    /// Replaces the text of a note.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn edit_note(&self, number: u64, id: u64, body: &str) -> Result<Post, Refusal> {
        let (number, id) = (number.to_string(), id.to_string());
        let path = self.path(&["merge_requests", &number, "notes", &id]);
        self.client.send(Method::PUT, &path, &json!({ "body": body })).await.map(post)
    }
}

fn post(note: Note) -> Post {
    Post { id: note.id, node: None, body: note.body.unwrap_or_default(), url: Untrusted::default() }
}
