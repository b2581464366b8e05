//! The files with which a forge's CI system reviews and applies a project: workflows, owners.

use std::collections::BTreeSet;

use crate::{
    contract::Spec,
    workflow::{Exit, Failure, init::Scaffold, project::Project},
};

/// Whose files are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Forge {
    /// GitHub Actions: `.github/workflows/roles-*.yml`, `.github/CODEOWNERS`.
    #[value(name = "github")]
    GitHub,
    /// GitLab CI: `.gitlab-ci.yml`.
    #[value(name = "gitlab")]
    GitLab,
}

/// What the files say beside what the project tells.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The Action at a full commit: `OWNER/rolecall@SHA`.
    pub action: Option<String>,
    /// Who has to approve, such as `@acme/security`; empty where nobody was named.
    pub owners: Vec<String>,
    /// Whether diffs of forks are commented on.
    pub forks: bool,
    /// Whether [`CODEOWNERS`] is there already: then a person adds the lines.
    pub owned: bool,
}

/// The files, and what a person has to do that no file can.
pub struct Pipelines {
    /// The files, below the top of the repository.
    pub scaffold: Scaffold,
    /// Steps on the forge, in order.
    pub steps: Vec<String>,
}

/// Where GitHub looks for who has to approve.
pub const CODEOWNERS: &str = ".github/CODEOWNERS";
/// Stands in for a commit that nobody named.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";
/// Longest line that a template is filled with.
const LONGEST: usize = 300;

/// Makes the files for `project`.
///
/// # Errors
///
/// Where a word would not stand for itself in them.
pub fn pipelines(
    project: &Project,
    specs: &[&dyn Spec],
    forge: Forge,
    wanted: &Wanted,
) -> Result<Pipelines, Failure> {
    let facts = Known::of(project, specs, wanted)?;
    let (mut files, steps) = match forge {
        Forge::GitHub => (facts.github(wanted), facts.github_steps(wanted)),
        Forge::GitLab => (facts.gitlab(), facts.gitlab_steps()),
    };
    // What is written last is named first.
    files.reverse();
    Ok(Pipelines { scaffold: Scaffold::of(files), steps })
}

/// What the templates are filled with.
struct Known {
    action: String,
    branch: String,
    owner: Option<String>,
    owners: String,
    root: String,
    credentials: BTreeSet<String>,
    /// Whether every product has a key that only reads.
    reads: bool,
    /// The products without one.
    without: BTreeSet<&'static str>,
    /// What to make a key that only reads of, for each product.
    keys: BTreeSet<String>,
}

impl Known {
    fn of(project: &Project, specs: &[&dyn Spec], wanted: &Wanted) -> Result<Self, Failure> {
        let config = project.loaded.config.as_ref().ok_or_else(|| {
            Failure::new(Exit::Invalid, "the configuration has errors")
                .help("`rolecall validate` shows them.")
        })?;
        let branch = config.apply_from.iter().flatten().next().map(|branch| branch.raw().to_owned());
        let branch = branch.or_else(|| project.facts.default_branch()).unwrap_or_else(|| "main".to_owned());
        let mut wrong = Vec::new();
        let filter = |b: u8| b.is_ascii_alphanumeric() || b"._/-".contains(&b);
        if branch.is_empty() || !branch.bytes().all(filter) {
            wrong.push(format!(
                "the branch {branch:?}: a filter of a workflow takes only letters, digits, and ._/-"
            ));
        }
        let action = wanted.action.clone().unwrap_or_else(|| format!("OWNER/rolecall@{NO_COMMIT}"));
        if !is_action(&action) {
            wrong.push(format!("--action {action:?}: write OWNER/REPOSITORY@ and the 40 digits of a commit, which nobody can move"));
        }
        for owner in wanted.owners.iter().filter(|owner| !is_owner(owner)) {
            wrong.push(format!("--owners {owner:?}: write @USER, @ORGANIZATION/TEAM, or an e-mail address"));
        }
        let root = project.facts.prefix().trim_end_matches('/').to_owned();
        if root.chars().any(char::is_control) || root.len() > LONGEST {
            wrong.push(
                "the folder of the definitions has a name that does not fit into a workflow".to_owned(),
            );
        }
        if !wrong.is_empty() {
            return Err(Failure::new(Exit::Usage, wrong.join("; ")).help("Nothing was written."));
        }
        let real = || config.targets.iter().filter(|target| !target.emulator);
        let spec = |name: &str| specs.iter().find(|spec| spec.name() == name);
        let without = real().filter_map(|target| {
            let spec = spec(target.provider)?;
            spec.reading_credential().is_none().then(|| spec.title())
        });
        let keys = real().filter_map(|target| {
            let spec = spec(target.provider)?;
            Some(format!("{}: {}", spec.title(), spec.reading_credential()?))
        });
        let without: BTreeSet<_> = without.collect();
        Ok(Self {
            action,
            branch,
            owner: project.facts.origin_owner(),
            owners: wanted.owners.join(" "),
            root,
            credentials: real().map(|target| target.credential.variable().to_owned()).collect(),
            reads: without.is_empty(),
            without,
            keys: keys.collect(),
        })
    }

    fn github(&self, wanted: &Wanted) -> Vec<(String, String)> {
        let plan = match self.reads {
            true => include_str!("../../templates/github/roles-plan.yml"),
            false => include_str!("../../templates/github/roles-plan-offline.yml"),
        };
        let mut files = vec![
            ("roles-plan.yml", plan),
            ("roles-apply.yml", include_str!("../../templates/github/roles-apply.yml")),
            ("roles-drift.yml", include_str!("../../templates/github/roles-drift.yml")),
        ];
        if wanted.forks {
            files.push(("roles-fork.yml", include_str!("../../templates/github/roles-fork.yml")));
        }
        let mut filled: Vec<(String, String)> = files
            .into_iter()
            .map(|(name, template)| (format!(".github/workflows/{name}"), self.fill(template)))
            .collect();
        if !wanted.owners.is_empty() && !wanted.owned {
            let template = include_str!("../../templates/github/CODEOWNERS");
            filled.push((CODEOWNERS.to_owned(), self.fill(template)));
        }
        filled
    }

    fn gitlab(&self) -> Vec<(String, String)> {
        let template = include_str!("../../examples/gitlab-ci/.gitlab-ci.yml");
        let directory = match self.root.as_str() {
            "" => String::new(),
            root => format!("      directory: {}\n", serde_json::Value::from(root)),
        };
        // An input of the component, after the others.
        vec![(".gitlab-ci.yml".to_owned(), template.replacen("stages:", &format!("{directory}stages:"), 1))]
    }

    /// Fills the placeholders, as templates/README.md describes them.
    fn fill(&self, template: &str) -> String {
        let mut filled = String::new();
        for line in template.lines() {
            let word = line.trim_start();
            let indent = &line[..line.len() - word.len()];
            if let Some(lines) = self.lines(word) {
                filled.extend(lines.iter().map(|text| format!("{indent}{text}\n")));
                continue;
            }
            let mut line = line.to_owned();
            for (placeholder, text) in [
                ("@ACTION@", self.action.as_str()),
                ("@BRANCH@", &self.branch),
                ("@READ_ENVIRONMENT@", if self.reads { "roles-plan" } else { "roles-production" }),
                ("@ROOT@", &if self.root.is_empty() { String::new() } else { format!("/{}", self.root) }),
                ("@OWNERS@", &self.owners),
            ] {
                line = line.replace(placeholder, text);
            }
            filled.push_str(&line);
            filled.push('\n');
        }
        filled
    }

    /// The lines that take the place of one; `None` for a line that is no placeholder.
    fn lines(&self, word: &str) -> Option<Vec<String>> {
        let credentials = |suffix: &str| {
            let one = |name: &String| format!("  {name}: ${{{{ secrets.{name}_{suffix} }}}}");
            let mut lines: Vec<String> = self.credentials.iter().map(one).collect();
            if !lines.is_empty() {
                lines.insert(0, "env:".to_owned());
            }
            lines
        };
        Some(match word {
            "@DIRECTORY@" if self.root.is_empty() => Vec::new(),
            "@DIRECTORY@" => vec![format!("directory: {}", serde_json::Value::from(self.root.as_str()))],
            "@READ_CREDENTIALS@" => credentials(if self.reads { "READ" } else { "WRITE" }),
            "@WRITE_CREDENTIALS@" => credentials("WRITE"),
            "@ONLY_OWNER@" => {
                let line = |owner: &String| format!("if: ${{{{ github.repository_owner == '{owner}' }}}}");
                self.owner.iter().map(line).collect()
            }
            _ => return None,
        })
    }

    fn github_steps(&self, wanted: &Wanted) -> Vec<String> {
        let mut steps = Vec::new();
        if wanted.action.is_none() {
            steps.push(format!(
                "Put the commit of a release where `{NO_COMMIT}` stands, and the owner of the Action where `OWNER` stands: a commit cannot be moved, a tag can."
            ));
        }
        let secrets = |suffix: &str| {
            self.credentials.iter().map(|name| format!("`{name}_{suffix}`")).collect::<Vec<_>>().join(", ")
        };
        if !self.credentials.is_empty() {
            if self.reads {
                let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
                steps.push(format!(
                    "Make the environment `roles-plan` with keys that only read: {}. {}.",
                    secrets("READ"),
                    keys.join("; ")
                ));
            } else {
                let without: Vec<&str> = self.without.iter().copied().collect();
                steps.push(format!(
                    "{} has no key that only reads, so pull requests are validated and compared, and planned behind the environment below.",
                    without.join(" and ")
                ));
            }
            steps.push(format!(
                "Make the environment `roles-production` for the branch `{}` only, with reviewers, with {}.",
                self.branch,
                secrets("WRITE")
            ));
        }
        steps.push(format!(
            "Protect the branch `{}`: pull requests with a review by the code owners, up to date before they are merged.",
            self.branch
        ));
        if wanted.owned && !wanted.owners.is_empty() {
            let lines = self.fill(include_str!("../../templates/github/CODEOWNERS"));
            steps.push(format!("Add these lines to {CODEOWNERS}:\n{}", lines.trim_end()));
        }
        if wanted.owners.is_empty() && !wanted.owned {
            steps.push("Say who has to approve: run this again with `--owners @ORGANIZATION/TEAM`, or add lines to CODEOWNERS for the definitions, `rolecall.yaml`, and `.github/`.".to_owned());
        }
        steps
    }

    fn gitlab_steps(&self) -> Vec<String> {
        let names: Vec<String> = self.credentials.iter().map(|name| format!("`{name}`")).collect();
        let mut steps = vec!["Put the commit of a release into the address of the component.".to_owned()];
        if !names.is_empty() {
            steps.push(format!(
                "Add {} twice as masked and protected variables: for the environment `roles-plan` a key that only reads, for `roles-production` one that writes.",
                names.join(", ")
            ));
        }
        steps.push("Add `ROLECALL_GITLAB_NOTE_TOKEN`, a project access token with the role Developer and the scopes `api` and `write_repository`: it comments, reads the plans that were reviewed, and pushes the records.".to_owned());
        steps.push(format!("Protect the branch `{}` and the environment `roles-production`.", self.branch));
        steps
    }
}

/// `OWNER/REPOSITORY@` and a full commit.
fn is_action(text: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
    };
    text.split_once('@').is_some_and(|(place, commit)| {
        place.split_once('/').is_some_and(|(owner, name)| word(owner) && word(name))
            && commit.len() == 40
            && commit.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// Somebody as CODEOWNERS names them.
fn is_owner(text: &str) -> bool {
    text.len() > 1
        && text.contains('@')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"@/-._+".contains(&b))
}
