//! What workflows left behind: <https://docs.github.com/en/rest/actions/workflow-runs> and
//! <https://docs.github.com/en/rest/actions/artifacts>.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::GitHub;
use crate::{
    ci::forge::{Kind, Made, Refusal, plans},
    model::Untrusted,
};

/// What the names of artifacts with plans begin with.
const NAME: &str = "rolecall-plan";

#[derive(Deserialize)]
struct Runs {
    workflow_runs: Vec<WorkflowRun>,
}

#[derive(Deserialize)]
struct WorkflowRun {
    id: u64,
    event: String,
    path: String,
    head_sha: Untrusted,
    repository: Id,
    head_repository: Option<Id>,
}

#[derive(Deserialize)]
struct Id {
    id: u64,
}

#[derive(Deserialize)]
struct Artifacts {
    artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    id: u64,
    name: Untrusted,
    expired: bool,
}

impl GitHub {
    /// The plans in the artifacts of pull requests' runs of this repository whose head is `commit`: of each
    /// workflow the last run. What is no plan is left out: that can only make a review stricter.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn plans_of(&self, commit: &str) -> Result<Made, Refusal> {
        let mut runs = Vec::new();
        let query = [("event", "pull_request"), ("head_sha", commit)];
        self.client
            .pages(&self.path(&["actions", "runs"]), &query, |page: Runs| runs.extend(page.workflow_runs))
            .await?;
        runs.retain(|run| {
            let own = run.head_repository.as_ref().is_some_and(|head| head.id == run.repository.id);
            own && run.event == "pull_request" && run.head_sha.raw() == commit
        });
        // What an earlier run planned, perhaps against another branch, is not what was reviewed last.
        let mut newest: BTreeMap<String, u64> = BTreeMap::new();
        for run in runs {
            let id = newest.entry(run.path).or_default();
            *id = run.id.max(*id);
        }
        let mut made = Made::default();
        for id in newest.into_values() {
            let id = id.to_string();
            let mut artifacts = Vec::new();
            let path = self.path(&["actions", "runs", &id, "artifacts"]);
            self.client.pages(&path, &[], |page: Artifacts| artifacts.extend(page.artifacts)).await?;
            for artifact in artifacts {
                if !artifact.name.raw().starts_with(NAME) {
                    continue;
                }
                if artifact.expired {
                    made.gone = true;
                    continue;
                }
                let id = artifact.id.to_string();
                let path = self.path(&["actions", "artifacts", &id, "zip"]);
                match self.client.download(&path, plans::LARGEST).await {
                    Ok(archive) => made.plans.extend(plans::unpacked(archive)),
                    // It has expired since, or somebody deleted it.
                    Err(refusal) if refusal.kind == Kind::NotFound => made.gone = true,
                    Err(refusal) => return Err(refusal),
                }
            }
        }
        Ok(made)
    }
}
