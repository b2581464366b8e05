//! The files with which a forge's CI system reviews and applies a project: workflows, owners.

mod github;
mod gitlab;
mod owners;

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    contract::Spec,
    model::config::{CredentialSource, Target},
    workflow::{Exit, Failure, init::Scaffold, project::Project},
};

/// Whose files are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Forge {
    /// GitHub Actions: `.github/workflows/roles-*.yml`, `.github/CODEOWNERS`.
    #[value(name = "github")]
    GitHub,
    /// GitLab CI: `.gitlab-ci.yml`, `.gitlab/CODEOWNERS`.
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
    /// Whether the forge's file of owners is there already: then a person adds the lines.
    pub owned: bool,
}

impl Wanted {
    /// Whether each word can stand in a file, to say so before anything is written.
    ///
    /// # Errors
    ///
    /// Every word that cannot.
    pub fn check(&self) -> Result<(), Failure> {
        let wrong = self.wrong();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(Failure::new(Exit::Usage, wrong.join("; ")).help("Nothing was written.")),
        }
    }

    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some(action) = self.action.as_ref().filter(|action| !is_action(action)) {
            wrong.push(format!("--action {action:?}: write OWNER/REPOSITORY@ and the 40 digits of a commit, which nobody can move"));
        }
        for owner in self.owners.iter().filter(|owner| !is_owner(owner)) {
            wrong.push(format!("--owners {owner:?}: write @USER, @ORGANIZATION/TEAM, or an e-mail address"));
        }
        wrong
    }
}

/// The files, and what a person has to do that no file can.
pub struct Pipelines {
    /// The files, below the top of the repository.
    pub scaffold: Scaffold,
    /// Steps on the forge, in order.
    pub steps: Vec<String>,
}

impl Forge {
    /// Where the forge looks for who has to approve.
    pub fn owners_file(self) -> &'static str {
        match self {
            Self::GitHub => ".github/CODEOWNERS",
            Self::GitLab => ".gitlab/CODEOWNERS",
        }
    }
}

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
    let (mut files, mut steps) = match forge {
        Forge::GitHub => (facts.github(wanted), facts.github_steps(wanted)),
        Forge::GitLab => (facts.gitlab(), facts.gitlab_steps()),
    };
    steps.extend(facts.steps());
    match (wanted.owners.is_empty(), wanted.owned) {
        (false, false) => files.push((forge.owners_file().to_owned(), facts.code_owners(forge))),
        (false, true) => {
            let lines = facts.code_owners(forge);
            steps.push(format!("Add these lines to {}:\n{}", forge.owners_file(), lines.trim_end()));
        }
        (true, false) => steps.push(format!(
            "Say who has to approve: run this again with `--owners @ORGANIZATION/TEAM`, or write {} with lines for `rolecall.yaml`, the definitions, and the files of the CI system.",
            forge.owners_file()
        )),
        (true, true) => {}
    }
    // What is written last is named first.
    files.reverse();
    Ok(Pipelines { scaffold: Scaffold::of(files), steps })
}

/// What the templates are filled with.
struct Known {
    action: String,
    branch: String,
    /// Whether the branch is the one that is checked out, as nothing tells the default one.
    guessed: bool,
    /// Variables that hold the path of a file with the credential.
    files: BTreeSet<String>,
    owner: Option<String>,
    owners: String,
    root: String,
    /// Patterns of files and folders that decide about roles, below the top of the repository.
    owned_paths: BTreeSet<String>,
    /// The targets that a pull request can plan: there is a key that only reads, or an emulator.
    reading: Group,
    /// Those whose only key can write.
    approved: Group,
}

/// Targets that are planned and applied in the same way.
#[derive(Default)]
struct Group {
    names: BTreeSet<Arc<str>>,
    credentials: BTreeSet<String>,
    /// The products.
    titles: BTreeSet<&'static str>,
    /// What to make a key that only reads of, for each product.
    keys: BTreeSet<String>,
    /// The targets that name the address of a server.
    addressed: BTreeSet<Arc<str>>,
}

impl Group {
    fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Its targets, each in backticks.
    fn listed(&self) -> String {
        self.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }

    /// `CodeRabbit has`, `CodeRabbit and WorkOS have`.
    fn products_have(&self) -> String {
        format!("{} {}", self.products(), if self.titles.len() == 1 { "has" } else { "have" })
    }

    fn products(&self) -> String {
        self.titles.iter().copied().collect::<Vec<_>>().join(" and ")
    }

    /// Its variables, each in backticks and with an ending.
    fn variables(&self, ending: &str) -> String {
        self.credentials.iter().map(|name| format!("`{name}{ending}`")).collect::<Vec<_>>().join(", ")
    }
}

impl Known {
    fn of(project: &Project, specs: &[&dyn Spec], wanted: &Wanted) -> Result<Self, Failure> {
        let config = project.loaded.config.as_ref().ok_or_else(|| {
            Failure::new(Exit::Invalid, "the configuration has errors")
                .help("`rolecall validate` shows them.")
        })?;
        let said = config.apply_from.iter().flatten().next().map(|branch| branch.raw().to_owned());
        let said = said.or_else(|| project.facts.default_branch());
        let guessed = said.is_none();
        let branch =
            said.unwrap_or_else(|| project.facts.likely_branch().unwrap_or_else(|| "main".to_owned()));
        let mut wrong = wanted.wrong();
        let filter = |b: u8| b.is_ascii_alphanumeric() || b"._/-".contains(&b);
        if branch.is_empty() || !branch.bytes().all(filter) {
            wrong.push(format!(
                "the branch {branch:?}: a filter of a workflow takes only letters, digits, and ._/-"
            ));
        }
        let action = wanted.action.clone().unwrap_or_else(|| format!("OWNER/rolecall@{NO_COMMIT}"));
        let root = project.facts.prefix().trim_end_matches('/').to_owned();
        if root.chars().any(char::is_control) || root.len() > LONGEST {
            wrong.push(
                "the folder of the definitions has a name that does not fit into a workflow".to_owned(),
            );
        }
        if !wrong.is_empty() {
            return Err(Failure::new(Exit::Usage, wrong.join("; ")).help("Nothing was written."));
        }
        let of_file =
            |target: &&Target| !target.emulator && matches!(target.credential, CredentialSource::FileEnv(_));
        let files = config.targets.iter().filter(of_file);
        let files = files.map(|target| target.credential.variable().to_owned()).collect();
        let (mut reading, mut approved, mut emulators) = <(Group, Group, BTreeSet<Arc<str>>)>::default();
        for target in &config.targets {
            let spec = specs.iter().find(|spec| spec.name() == target.provider).filter(|_| !target.emulator);
            let Some(spec) = spec else {
                emulators.insert(Arc::clone(&target.name));
                continue;
            };
            let key = spec.reading_credential();
            let group = if key.is_some() { &mut reading } else { &mut approved };
            group.names.insert(Arc::clone(&target.name));
            group.credentials.insert(target.credential.variable().to_owned());
            if target.settings.contains_key("url") {
                group.addressed.insert(Arc::clone(&target.name));
            }
            group.titles.insert(spec.title());
            group.keys.extend(key.map(|key| format!("{}: {key}", spec.title())));
        }
        // An emulator needs no key, so it goes along with whatever there is.
        let along = if reading.is_empty() && !approved.is_empty() { &mut approved } else { &mut reading };
        along.names.append(&mut emulators);
        Ok(Self {
            action,
            guessed: guessed && branch != "main",
            branch,
            files,
            owner: project.facts.origin_owner(),
            owners: wanted.owners.join(" "),
            owned_paths: owners::paths(config, &project.loaded.read, &root),
            root,
            reading,
            approved,
        })
    }

    /// What is to be done on every forge.
    fn steps(&self) -> Vec<String> {
        let mut steps = Vec::new();
        if self.guessed {
            steps.push(format!(
                "Look whether `{0}` is the default branch: it is the one that is checked out, and this clone does not tell another. If it is not, say `apply_from: [BRANCH]` in the config, remove these files, and run this again.",
                self.branch
            ));
        }
        if !self.files.is_empty() {
            let names: Vec<String> = self.files.iter().map(|name| format!("`{name}`")).collect();
            steps.push(format!(
                "Hand over {} as a file: the config says `file_env`, so the variable holds the path of a file, and a secret is a text. Write a step before that puts the secret into a file and the path into the variable, or say `credential: {{ env: NAME }}` in the config.",
                names.join(", ")
            ));
        }
        steps
    }

    /// That somebody has to say which servers may be sent a credential, where targets name one: `place` is
    /// where the forge keeps variables.
    fn hosts_step(&self, place: &str) -> Option<String> {
        let named: Vec<String> = [&self.reading, &self.approved]
            .iter()
            .flat_map(|group| &group.addressed)
            .map(|name| format!("`{name}`"))
            .collect();
        (!named.is_empty()).then(|| {
            format!(
                "Name the host of {} in the variable `ROLECALL_ALLOW_HOSTS` ({place}), unless it is the product's own: a credential goes nowhere else, and the definitions cannot allow it.",
                named.join(", ")
            )
        })
    }

    /// Whether some targets are planned in pull requests, and others only behind the environment.
    fn is_mixed(&self) -> bool {
        !self.reading.is_empty() && !self.approved.is_empty()
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
