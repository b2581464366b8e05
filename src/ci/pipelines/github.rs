//! The workflows of GitHub Actions, and what has to be set up there.

use super::{Group, Known, NO_COMMIT, Wanted};

/// How one template is filled.
#[derive(Clone, Copy)]
struct Filling<'a> {
    /// The targets that the workflow is about.
    group: &'a Group,
    /// Whether they have keys that only read.
    reads: bool,
}

impl Known {
    pub(super) fn github(&self, wanted: &Wanted) -> Vec<(String, String)> {
        let reading = Filling { group: &self.reading, reads: true };
        let approved = Filling { group: &self.approved, reads: false };
        let (apply, drift) = (
            include_str!("../../../templates/github/roles-apply.yml"),
            include_str!("../../../templates/github/roles-drift.yml"),
        );
        let mut files = if self.reading.is_empty() && !self.approved.is_empty() {
            let offline = include_str!("../../../templates/github/roles-plan-offline.yml");
            vec![("roles-plan.yml", offline, approved)]
        } else {
            let plan = include_str!("../../../templates/github/roles-plan.yml");
            vec![
                ("roles-plan.yml", plan, reading),
                ("roles-apply.yml", apply, reading),
                ("roles-drift.yml", drift, reading),
            ]
        };
        if !self.approved.is_empty() {
            files.push(("roles-apply-approved.yml", apply, approved));
            files.push(("roles-drift-approved.yml", drift, approved));
        }
        if wanted.forks {
            let fork = include_str!("../../../templates/github/roles-fork.yml");
            files.push(("roles-fork.yml", fork, reading));
        }
        let file = |(name, template, filling): (&str, &str, Filling<'_>)| {
            (format!(".github/workflows/{name}"), self.fill(template, filling))
        };
        files.into_iter().map(file).collect()
    }

    /// Fills the placeholders, as templates/README.md describes them.
    fn fill(&self, template: &str, filling: Filling<'_>) -> String {
        let reads = filling.reads;
        let mut filled = String::new();
        for line in template.lines() {
            let word = line.trim_start();
            let indent = &line[..line.len() - word.len()];
            if let Some(lines) = self.lines(word, filling) {
                filled.extend(lines.iter().map(|text| format!("{indent}{text}\n")));
                continue;
            }
            let mut line = line.to_owned();
            for (placeholder, text) in [
                ("@ACTION@", self.action.as_str()),
                ("@BRANCH@", &self.branch),
                ("@READ_ENVIRONMENT@", if reads { "roles-plan" } else { "roles-production" }),
                ("@APPROVED@", if reads { "" } else { " approved" }),
                ("@SUFFIX@", if reads { "" } else { "-approved" }),
                ("@DAYS@", if reads { "1-5" } else { "1" }),
                ("@REPLACED@", if reads { "false" } else { "true" }),
            ] {
                line = line.replace(placeholder, text);
            }
            filled.push_str(&line);
            filled.push('\n');
        }
        filled
    }

    /// The lines that take the place of one; `None` for a line that is no placeholder.
    fn lines(&self, word: &str, filling: Filling<'_>) -> Option<Vec<String>> {
        let Filling { group, reads } = filling;
        let credentials = |suffix: &str| {
            let one = |name: &String| format!("  {name}: ${{{{ secrets.{name}_{suffix} }}}}");
            let mut lines: Vec<String> = group.credentials.iter().map(one).collect();
            if !lines.is_empty() {
                lines.insert(0, "env:".to_owned());
                if !group.addressed.is_empty() {
                    lines.push("  ROLECALL_ALLOW_HOSTS: ${{ vars.ROLECALL_ALLOW_HOSTS }}".to_owned());
                }
            }
            lines
        };
        let written = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Some(match word {
            "@DIRECTORY@" => self.directory(),
            "@TARGETS@" => self.targets(reads),
            "@UNPLANNED@" => self.unplanned(),
            "@READ_CREDENTIALS@" => credentials(if reads { "READ" } else { "WRITE" }),
            "@WRITE_CREDENTIALS@" => credentials("WRITE"),
            "@ONLY_OWNER@" => {
                let line = |owner: &String| format!("if: ${{{{ github.repository_owner == '{owner}' }}}}");
                self.owner.iter().map(line).collect()
            }
            "@APPROVAL@" if reads => written(&[
                "# By hand (workflow_dispatch) nothing has to have been reviewed: the reviewers of the environment roles-production",
                "# approve the plan that the first job shows.",
            ]),
            "@APPROVAL@" => written(&[
                "# The only key of the product can write, so no pull request plans. The reviewers of the environment roles-production",
                "# are asked twice: whether the first job may have the key, and whether the plan that it shows is applied.",
            ]),
            "@REVIEWED@" if reads => written(&["require_reviewed: ${{ github.event_name == 'push' }}"]),
            "@REVIEW_RIGHTS@" if reads => {
                written(&["actions: read               # read the plans that were reviewed"])
            }
            "@WAITING@" if !reads => written(&[
                "# The only key of the product can write, so each run waits until a reviewer of roles-production lets it have the key.",
                "# It asks once a week, and a new run takes the place of one that nobody answered.",
            ]),
            "@REVIEWED@" | "@REVIEW_RIGHTS@" | "@WAITING@" => Vec::new(),
            _ => return None,
        })
    }

    fn directory(&self) -> Vec<String> {
        let json = || serde_json::Value::from(self.root.as_str());
        if self.root.is_empty() { Vec::new() } else { vec![format!("directory: {}", json())] }
    }

    /// Which targets a workflow is about, where there are two of a kind. A target that is new and that
    /// nobody sorted is in the one whose plans pull requests show, and fails there.
    fn targets(&self, reads: bool) -> Vec<String> {
        if !self.is_mixed() {
            return Vec::new();
        }
        let sign = if reads { "!" } else { "" };
        let names: Vec<String> = self.approved.names.iter().map(|name| format!("{sign}{name}")).collect();
        vec![format!("targets: {}", serde_json::Value::from(names.join(" ")))]
    }

    /// The step that shows, of the targets that a pull request cannot plan, how they differ.
    fn unplanned(&self) -> Vec<String> {
        if !self.is_mixed() {
            return Vec::new();
        }
        let mut lines = vec![
            format!("- uses: {}", self.action),
            "  with:".to_owned(),
            "    command: diff           # a comment on what cannot be planned without a key that can write"
                .to_owned(),
        ];
        let inputs = self.directory().into_iter().chain(self.targets(false));
        lines.extend(inputs.map(|line| format!("    {line}")));
        lines
    }

    pub(super) fn github_steps(&self, wanted: &Wanted) -> Vec<String> {
        let mut steps = Vec::new();
        if wanted.action.is_none() {
            steps.push(format!(
                "Put the commit of a release where `{NO_COMMIT}` stands, and the owner of the Action where `OWNER` stands: a commit cannot be moved, a tag can."
            ));
        }
        let Self { reading, approved, .. } = self;
        if !approved.is_empty() {
            steps.push(format!(
                "{} no key that only reads. So pull requests validate and compare {}, and a merge plans and applies by roles-apply-approved.yml, where the reviewers of `roles-production` are asked twice: for the key, and for the plan. roles-drift-approved.yml waits for them too, once a week.",
                approved.products_have(),
                approved.listed()
            ));
        }
        if !reading.credentials.is_empty() {
            let keys: Vec<&str> = reading.keys.iter().map(String::as_str).collect();
            steps.push(format!(
                "Make the environment `roles-plan` with keys that only read: {}. {}.",
                reading.variables("_READ"),
                keys.join("; ")
            ));
        }
        let secrets: Vec<String> = [reading, approved]
            .into_iter()
            .filter(|group| !group.credentials.is_empty())
            .map(|group| group.variables("_WRITE"))
            .collect();
        if !secrets.is_empty() {
            steps.push(format!(
                "Make the environment `roles-production` for the branch `{}` only, with reviewers, with {}. In a private repository environments need GitHub Pro, Team, or Enterprise, and reviewers Enterprise. Without reviewers {}whoever may push can also dispatch the apply by hand, unreviewed and with guards lifted.",
                self.branch,
                secrets.join(", "),
                if approved.is_empty() { "" } else { "nobody sees the plan of roles-apply-approved.yml before it is applied, and " }
            ));
        }
        steps.extend(
            self.hosts_step("of the repository or the organization, under Actions; it is not a secret"),
        );
        let checks = match reading.is_empty() && !approved.is_empty() {
            true => "the check `Validate and diff` has to pass",
            false => "the checks `Validate and diff` and `Plan` have to pass",
        };
        steps.push(format!(
            "Protect the branch `{}`: pull requests with a review by the code owners, up to date before they are merged; {checks}.",
            self.branch
        ));
        steps
    }
}
