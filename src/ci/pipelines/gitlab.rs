//! The pipeline of GitLab CI, and what has to be set up there.

use super::Known;

impl Known {
    pub(super) fn gitlab(&self) -> Vec<(String, String)> {
        let template = include_str!("../../../examples/gitlab-ci/.gitlab-ci.yml");
        let mut inputs = String::new();
        if !self.approved.is_empty() {
            inputs.push_str("      # Without a key that only reads, merge requests plan nothing, and each apply waits for somebody.\n");
            inputs.push_str("      plan_environment: roles-production\n");
        }
        if !self.root.is_empty() {
            inputs.push_str(&format!("      directory: {}\n", serde_json::Value::from(self.root.as_str())));
        }
        // Inputs of the component, after the others.
        vec![(".gitlab-ci.yml".to_owned(), template.replacen("stages:", &format!("{inputs}stages:"), 1))]
    }

    pub(super) fn gitlab_steps(&self) -> Vec<String> {
        let Self { reading, approved, .. } = self;
        let mut steps = vec!["Put the commit of a release into the address of the component.".to_owned()];
        if !approved.is_empty() {
            let others = match reading.is_empty() {
                true => String::new(),
                false => format!(
                    " One pipeline has one way: {} would be planned in merge requests only in a project without {}.",
                    reading.listed(),
                    approved.listed()
                ),
            };
            steps.push(format!(
                "{} no key that only reads. So merge requests validate and compare, what was merged is planned with the key of `roles-production`, and `roles-apply` waits until somebody who may deploy there has read that plan.{others}",
                approved.products_have()
            ));
            let names: Vec<String> = [approved, reading]
                .into_iter()
                .filter(|group| !group.credentials.is_empty())
                .map(|group| group.variables(""))
                .collect();
            steps.push(format!(
                "Add {} as masked and protected variables for the environment `roles-production`.",
                names.join(", ")
            ));
        } else if !reading.credentials.is_empty() {
            let keys: Vec<&str> = reading.keys.iter().map(String::as_str).collect();
            steps.push(format!(
                "Add {names} twice as masked variables: for the environment `roles-plan` a key that only reads, not protected, as merge requests come from branches that are not ({}); for `roles-production` one that writes, protected.",
                keys.join("; "),
                names = reading.variables("")
            ));
        }
        steps.extend(self.hosts_step("of the project or the group; masked or protected it need not be"));
        steps.push("Add `ROLECALL_GITLAB_NOTE_TOKEN`, masked, a project access token for each environment that needs one, so that the job that applies has none: for `roles-report` with the scope `api` and the role Reporter; for `roles-record`, protected, with `write_repository` and Developer.".to_owned());
        if approved.is_empty()
            && let Some(step) = steps.last_mut()
        {
            step.push_str(" For `roles-plan` with `read_api`, `read_repository`, and Developer: it reads the plans that were reviewed.");
        }
        steps.push(format!(
            "Protect the branch `{}` and the environment `roles-production`.{}",
            self.branch,
            match approved.is_empty() {
                true => "",
                false => " The plan of a merge and the schedule run there too, so whoever merges, and whoever owns the schedule, has to be allowed to deploy to it.",
            }
        ));
        steps
    }
}
