//! Pull requests: <https://docs.github.com/en/rest/pulls/pulls> and
//! <https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit>.

use serde::Deserialize;

use super::GitHub;
use crate::{
    ci::forge::{Refusal, reviews::Merged},
    model::Untrusted,
};

/// A pull request.
#[derive(Clone, Debug, Deserialize)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// What is proposed.
    pub head: Side,
    /// What it is proposed to.
    pub base: Side,
    /// When it was merged; `None` where it was not.
    #[serde(default)]
    pub merged_at: Option<Untrusted>,
    /// The commit that a merge made, or would make.
    #[serde(default)]
    pub merge_commit_sha: Option<Untrusted>,
}

/// One side of a pull request.
#[derive(Clone, Debug, Deserialize)]
pub struct Side {
    /// The commit.
    pub sha: Untrusted,
    /// The branch.
    #[serde(rename = "ref")]
    pub branch: Untrusted,
    /// The repository; `None` where it is gone.
    #[serde(default)]
    pub repo: Option<Repository>,
}

/// A repository.
#[derive(Clone, Debug, Deserialize)]
pub struct Repository {
    /// Its number, which stays when it is renamed.
    pub id: u64,
    /// `OWNER/NAME`.
    pub full_name: Untrusted,
}

impl From<Pull> for Merged {
    fn from(pull: Pull) -> Self {
        // Where the repository is gone, each run still tells whose head it had.
        let foreign = match (&pull.head.repo, &pull.base.repo) {
            (Some(head), Some(base)) => head.id != base.id,
            _ => false,
        };
        Self { number: pull.number, head: pull.head.sha, base: pull.base.branch, foreign }
    }
}

/// So many pages of closed pull requests are looked through: the newest three hundred.
const PAGES: u32 = 3;

impl GitHub {
    /// One pull request.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn pull(&self, number: u64) -> Result<Pull, Refusal> {
        let number = number.to_string();
        self.client.get(&self.path(&["pulls", &number]), &[]).await
    }

    /// The merged pull requests that brought `commit`, by number. Where GitHub does not know the way from
    /// the commit, the newest closed ones are looked through for the commit of their merge.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn pulls_of(&self, commit: &str) -> Result<Vec<Pull>, Refusal> {
        let path = self.path(&["commits", commit, "pulls"]);
        let known: Result<Vec<Pull>, Refusal> = self.client.get(&path, &[("per_page", "100")]).await;
        let mut found: Vec<Pull> =
            known.unwrap_or_default().into_iter().filter(|pull| pull.merged_at.is_some()).collect();
        for page in 1..=PAGES {
            if !found.is_empty() {
                break;
            }
            let page = page.to_string();
            let query = [
                ("state", "closed"),
                ("sort", "updated"),
                ("direction", "desc"),
                ("per_page", "100"),
                ("page", &page),
            ];
            let closed: Vec<Pull> = self.client.get(&self.path(&["pulls"]), &query).await?;
            let last = closed.len() < 100;
            let of_commit = |pull: &Pull| {
                pull.merged_at.is_some()
                    && pull.merge_commit_sha.as_ref().is_some_and(|merge| merge.raw() == commit)
            };
            found.extend(closed.into_iter().filter(of_commit));
            if last {
                break;
            }
        }
        found.sort_by_key(|pull| pull.number);
        found.dedup_by_key(|pull| pull.number);
        Ok(found)
    }

    /// The open pull requests from `branch` of the fork of `owner` that propose `commit`.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn pulls_from(
        &self,
        owner: &Untrusted,
        branch: &Untrusted,
        commit: &str,
    ) -> Result<Vec<Pull>, Refusal> {
        let head = format!("{}:{}", owner.raw(), branch.raw());
        let query = [("state", "open"), ("head", head.as_str()), ("per_page", "100")];
        let mut found: Vec<Pull> = self.client.get(&self.path(&["pulls"]), &query).await?;
        let own = format!("{}/{}", self.owner, self.name);
        let of_fork = |pull: &Pull| {
            pull.head.repo.as_ref().is_none_or(|repo| !repo.full_name.raw().eq_ignore_ascii_case(&own))
        };
        found.retain(|pull| pull.head.sha.raw() == commit && of_fork(pull));
        Ok(found)
    }
}
