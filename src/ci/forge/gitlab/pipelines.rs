//! What the pipelines of a merge request left behind:
//! <https://docs.gitlab.com/api/merge_requests/#list-merge-request-pipelines>,
//! <https://docs.gitlab.com/api/jobs/#list-pipeline-jobs>, and
//! <https://docs.gitlab.com/api/job_artifacts/>.

use serde::Deserialize;

use super::GitLab;
use crate::{
    ci::forge::{Kind, Made, Refusal, plans, reviews::Merged},
    model::Untrusted,
};

/// The job that plans, as the component names it; its parts are `roles-plan 1/8` and so on.
const JOB: &str = "roles-plan";
/// Most pipelines of one merge request that are looked into: whoever pushes often has many, and only the
/// last ones can be of the final head.
const PIPELINES: usize = 10;

#[derive(Deserialize)]
struct Pipeline {
    id: u64,
    sha: Untrusted,
    #[serde(rename = "ref")]
    reference: Untrusted,
}

#[derive(Deserialize)]
struct Job {
    id: u64,
    name: Untrusted,
    status: String,
}

impl Job {
    fn plans(&self) -> bool {
        self.name.raw().strip_prefix(JOB).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }

    /// Whether it ran to its end, so that it left its artifacts.
    fn ended(&self) -> bool {
        matches!(self.status.as_str(), "success" | "failed")
    }
}

impl GitLab {
    /// The plans of the last pipeline that planned the final head of a merge request.
    ///
    /// A pipeline for a merge request is one of its head, whose commit it names. With merged results, or
    /// in a merge train, it is one of a commit that GitLab made of the head and the target branch, and no
    /// list tells of which head: there the plan says what it was made for. A pipeline whose plans are
    /// gone decides, too, as nobody can tell any more.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn plans_of(&self, merged: &Merged) -> Result<Made, Refusal> {
        let number = merged.number.to_string();
        let mut pipelines: Vec<Pipeline> = Vec::new();
        let path = self.path(&["merge_requests", &number, "pipelines"]);
        self.client.pages(&path, &[], |page: Vec<Pipeline>| pipelines.extend(page)).await?;
        let own = format!("refs/merge-requests/{number}/");
        let of_head = format!("{own}head");
        pipelines.retain(|pipeline| {
            let reference = pipeline.reference.raw();
            let of_another = reference == of_head && pipeline.sha != merged.head;
            reference.starts_with(&own) && !of_another
        });
        pipelines.sort_by_key(|pipeline| std::cmp::Reverse(pipeline.id));
        for pipeline in pipelines.iter().take(PIPELINES) {
            let Some(made) = self.plans_in(pipeline.id).await? else { continue };
            let of_head = |commit: &Untrusted| *commit == merged.head;
            let is_of_head =
                made.plans.iter().any(|plan| plan.revisions.desired.as_ref().is_some_and(of_head));
            if pipeline.sha == merged.head || is_of_head || made.gone || made.plans.is_empty() {
                return Ok(made);
            }
        }
        Ok(Made::default())
    }

    /// The plans of one pipeline: of each part the last attempt. `None` where none ended, as it was
    /// cancelled or is not done yet.
    async fn plans_in(&self, pipeline: u64) -> Result<Option<Made>, Refusal> {
        let pipeline = pipeline.to_string();
        let mut jobs: Vec<Job> = Vec::new();
        let path = self.path(&["pipelines", &pipeline, "jobs"]);
        self.client.pages(&path, &[], |page: Vec<Job>| jobs.extend(page)).await?;
        jobs.retain(|job| job.plans() && job.ended());
        if jobs.is_empty() {
            return Ok(None);
        }
        let mut made = Made::default();
        for job in jobs {
            let id = job.id.to_string();
            match self.client.download(&self.path(&["jobs", &id, "artifacts"]), plans::LARGEST).await {
                Ok(archive) => made.plans.extend(plans::unpacked(archive)),
                // It has expired, or somebody deleted it.
                Err(refusal) if refusal.kind == Kind::NotFound => made.gone = true,
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(Some(made))
    }
}
