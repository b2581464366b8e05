//! Files that GitLab shows in a merge request.

use super::situation::{Forge, Situation};
use crate::{plan::PlanDocument, render::json};

/// The file of the plan's numbers, in the folder of results.
const PLAN: &str = "gitlab-plan.json";
/// The file of findings, in the folder of results.
const CODE_QUALITY: &str = "gitlab-code-quality.json";

/// The numbers of a plan for the widget of `reports: terraform`: how many changes make, change, and remove
/// something. What is replaced is made and removed.
/// <https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsterraform>
pub fn plan_counts(plan: &PlanDocument) -> String {
    let (mut create, mut update, mut delete) = (0, 0, 0);
    for summary in plan.targets.iter().map(|target| &target.summary) {
        create += summary.create + summary.assign + summary.replace;
        update += summary.update + summary.rename + summary.reassign + summary.set_default;
        delete += summary.delete + summary.unassign + summary.replace;
    }
    json::to_string(&serde_json::json!({ "create": create, "update": update, "delete": delete }))
}

/// The file for them in the folder of results; `None` for another forge.
pub fn plan_file(situation: &Situation) -> Option<&'static str> {
    (situation.forge == Forge::GitLab).then_some(PLAN)
}

/// The file for the list of findings in the folder of results; `None` for another forge.
pub fn code_quality_file(situation: &Situation) -> Option<&'static str> {
    (situation.forge == Forge::GitLab).then_some(CODE_QUALITY)
}
