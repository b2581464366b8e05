//! What workflows left behind: <https://docs.github.com/en/rest/actions/workflow-runs> and
//! <https://docs.github.com/en/rest/actions/artifacts>.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::GitHub;
use crate::{
    ci::forge::{Kind, Made, Refusal, plans, reviews::Merged},
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
    /// When it was started first.
    created_at: Option<Untrusted>,
    /// When anything of it changed last: where it is over, when it ended, or was run again.
    updated_at: Option<Untrusted>,
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
    /// When it was uploaded. An attempt that is made later leaves another one.
    created_at: Option<Untrusted>,
}

impl GitHub {
    /// The plans in the artifacts of pull requests' runs of this repository for the final head of what was
    /// merged: of each workflow the last run that was over by then. What is no plan is left out: that can
    /// only make a review stricter.
    ///
    /// A run may start again, or another one may start, after the merge: somebody changes the title, or asks
    /// for it. Its plan shows what is on the branch by then, and nobody looked at it before merging.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn plans_of(&self, merged: &Merged) -> Result<Made, Refusal> {
        let commit = merged.head.raw();
        let mut runs = Vec::new();
        let query = [("event", "pull_request"), ("head_sha", commit)];
        self.client
            .pages(&self.path(&["actions", "runs"]), &query, |page: Runs| runs.extend(page.workflow_runs))
            .await?;
        runs.retain(|run| {
            let own = run.head_repository.as_ref().is_some_and(|head| head.id == run.repository.id);
            let then = plans::before(run.created_at.as_ref(), merged);
            own && then && run.event == "pull_request" && run.head_sha.raw() == commit
        });
        // What an earlier run planned, perhaps against another branch, is not what was reviewed last.
        let mut of_workflow: BTreeMap<String, Vec<WorkflowRun>> = BTreeMap::new();
        for run in runs {
            of_workflow.entry(run.path.clone()).or_default().push(run);
        }
        let mut made = Made::default();
        for mut runs in of_workflow.into_values() {
            runs.sort_by_key(|run| std::cmp::Reverse(run.id));
            for run in runs {
                let left = self.left_by(run.id, merged).await?;
                let over = plans::before(run.updated_at.as_ref(), merged);
                if !left.is_empty() || over {
                    self.unpack(left, &mut made).await?;
                    break;
                }
                // It was under way when the request was merged, so that nobody had seen its plan.
            }
        }
        Ok(made)
    }

    /// The artifacts with plans that a run had left when a request was merged: of each name the last.
    async fn left_by(&self, run: u64, merged: &Merged) -> Result<Vec<Artifact>, Refusal> {
        let id = run.to_string();
        let mut artifacts: Vec<Artifact> = Vec::new();
        let path = self.path(&["actions", "runs", &id, "artifacts"]);
        self.client.pages(&path, &[], |page: Artifacts| artifacts.extend(page.artifacts)).await?;
        artifacts.retain(|artifact| {
            artifact.name.raw().starts_with(NAME) && plans::before(artifact.created_at.as_ref(), merged)
        });
        artifacts.sort_by(|a, b| a.name.raw().cmp(b.name.raw()).then(b.id.cmp(&a.id)));
        artifacts.dedup_by(|later, first| later.name == first.name);
        Ok(artifacts)
    }

    async fn unpack(&self, artifacts: Vec<Artifact>, made: &mut Made) -> Result<(), Refusal> {
        for artifact in artifacts {
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
        Ok(())
    }
}
