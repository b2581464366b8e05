//! Merge requests that were merged: <https://docs.gitlab.com/api/commits/#list-merge-requests-associated-with-a-commit>.

use serde::Deserialize;

use super::GitLab;
use crate::{
    ci::forge::{Refusal, reviews::Merged},
    model::Untrusted,
};

#[derive(Deserialize)]
struct Related {
    iid: u64,
    state: String,
    target_branch: Untrusted,
    /// The commit that is proposed, also after a squash or a rebase; `None` where there is no diff.
    sha: Option<Untrusted>,
    /// `None` where the project is gone.
    source_project_id: Option<u64>,
    target_project_id: u64,
}

impl GitLab {
    /// The merge requests that were merged and brought `commit`, by number: as one of their commits, as
    /// their merge, or as what was squashed.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn merged_with(&self, commit: &str) -> Result<Vec<Merged>, Refusal> {
        let mut found: Vec<Merged> = Vec::new();
        let path = self.path(&["repository", "commits", commit, "merge_requests"]);
        self.client
            .pages(&path, &[("state", "merged")], |page: Vec<Related>| {
                // Older releases do not know `state`, and answer with all of them.
                let merged = page.into_iter().filter(|related| related.state == "merged");
                found.extend(merged.filter_map(|related| {
                    Some(Merged {
                        number: related.iid,
                        head: related.sha?,
                        base: related.target_branch,
                        foreign: related.source_project_id != Some(related.target_project_id),
                    })
                }));
            })
            .await?;
        found.sort_by_key(|merged| merged.number);
        found.dedup_by_key(|merged| merged.number);
        Ok(found)
    }
}
