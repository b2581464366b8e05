//! What workflows left behind: <https://docs.github.com/en/rest/actions/workflow-runs> and
//! <https://docs.github.com/en/rest/actions/artifacts>.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read as _},
};

use serde::Deserialize;

use super::GitHub;
use crate::{
    ci::forge::{Kind, Refusal},
    model::Untrusted,
    plan::PlanDocument,
};

/// What the names of artifacts with plans begin with.
const NAME: &str = "rolecall-plan";
/// Largest archive, in bytes.
const LARGEST: usize = 64 << 20;
/// Largest plan in an archive, in bytes.
const LARGEST_PLAN: u64 = 64 << 20;
/// Most files of one archive that are looked at.
const FILES: usize = 64;

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
    /// workflow the last run. What
    /// is no plan, and what has expired, is left out: that can only make a review stricter.
    ///
    /// # Errors
    ///
    /// What GitHub, or the way to it, says against that.
    pub async fn plans_of(&self, commit: &str) -> Result<Vec<PlanDocument>, Refusal> {
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
        let mut plans = Vec::new();
        for id in newest.into_values() {
            let id = id.to_string();
            let mut artifacts = Vec::new();
            let path = self.path(&["actions", "runs", &id, "artifacts"]);
            self.client.pages(&path, &[], |page: Artifacts| artifacts.extend(page.artifacts)).await?;
            for artifact in artifacts {
                if artifact.expired || !artifact.name.raw().starts_with(NAME) {
                    continue;
                }
                let id = artifact.id.to_string();
                match self.client.download(&self.path(&["actions", "artifacts", &id, "zip"]), LARGEST).await {
                    Ok(archive) => plans.extend(unpacked(archive)),
                    // It has expired since, or somebody deleted it.
                    Err(refusal) if refusal.kind == Kind::NotFound => {}
                    Err(refusal) => return Err(refusal),
                }
            }
        }
        Ok(plans)
    }
}

/// The plans in an archive. Nothing is written to a disk, and no name in it is used.
fn unpacked(archive: Vec<u8>) -> Vec<PlanDocument> {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(archive)) else { return Vec::new() };
    let mut plans = Vec::new();
    for index in 0..archive.len().min(FILES) {
        let Ok(file) = archive.by_index(index) else { continue };
        if !file.is_file() || file.size() > LARGEST_PLAN {
            continue;
        }
        let mut bytes = Vec::new();
        // What the archive says about the size need not be true.
        if file.take(LARGEST_PLAN).read_to_end(&mut bytes).is_err() {
            continue;
        }
        plans.extend(serde_json::from_slice::<PlanDocument>(&bytes).ok());
    }
    plans
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::io::Write as _;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn only_plans_are_taken_out_of_an_archive() {
        let plan = crate::plan::build::document(
            serde_json::from_str(
                r#"{"desired":null,"branch":null,"base":null,"base_name":null,"merged":null,"dirty":false,"today":"2026-11-20"}"#,
            )
            .unwrap(),
            Vec::new(),
        );
        let bytes = serde_json::to_vec(&plan).unwrap();
        let files: [(&str, &[u8]); 3] =
            [("../../etc/passwd", bytes.as_slice()), ("a.json", b"{}"), ("b.json", b"\xff")];
        assert_eq!(unpacked(archive(&files)), [plan]);
        assert_eq!(unpacked(b"no archive".to_vec()), []);
    }
}
