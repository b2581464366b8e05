//! Which command an event may run: the table of events and commands. docs/ci.md shows it; a test
//! holds the page against it.

use super::situation::{Situation, Trigger};
use crate::workflow::{Exit, Failure};

/// What the CI system was told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Check the definitions.
    Validate,
    /// Compare the definitions with those of the target branch, offline.
    Diff,
    /// Plan what is proposed, or what was merged.
    Plan,
    /// Apply what was merged.
    Apply,
    /// Look for what was changed outside git.
    Drift,
    /// Push the record of an apply that has ended.
    Record,
}

impl Command {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 6] =
        [Self::Validate, Self::Diff, Self::Plan, Self::Apply, Self::Drift, Self::Record];

    /// As it is written in a workflow.
    pub fn name(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Diff => "diff",
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Drift => "drift",
            Self::Record => "record",
        }
    }
}

/// What an event lets a command do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It runs.
    Run,
    /// Only what needs no credential runs in its place: `validate` and `diff`.
    Offline,
    /// It does not run.
    Refuse(Reason),
}

/// Why a command does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The workflow would have the secrets while it looks at what a stranger wrote.
    TargetWorkflow,
    /// Only a push to the default branch, or a manual dispatch on it, may write.
    Writes,
    /// The head of a fork is only ever compared.
    ForkRun,
    /// A pull request has nothing that could have drifted from it.
    Proposed,
    /// Nobody knows what the event means for roles.
    Unknown,
}

/// Whether `command` runs in `situation`.
pub fn decide(situation: &Situation, command: Command) -> Decision {
    decide_row(&situation.trigger, situation.is_on_default(), command)
}

/// One cell of the table.
fn decide_row(trigger: &Trigger, on_default: bool, command: Command) -> Decision {
    use Command::{Apply, Diff, Drift, Plan, Record, Validate};
    match (trigger, command) {
        (Trigger::PullRequestTarget, _) => Decision::Refuse(Reason::TargetWorkflow),
        (Trigger::ForkRun(_), Diff) => Decision::Run,
        (Trigger::ForkRun(_), _) => Decision::Refuse(Reason::ForkRun),
        (_, Validate | Diff) => Decision::Run,
        (Trigger::Push(_) | Trigger::Manual(_), Apply | Record) if on_default => Decision::Run,
        (_, Apply | Record) => Decision::Refuse(Reason::Writes),
        (Trigger::PullRequest(request), Plan) if request.foreign.is_some() => Decision::Offline,
        (Trigger::PullRequest(_), Drift) => Decision::Refuse(Reason::Proposed),
        (Trigger::Other(_) | Trigger::MergeGroup, Drift) => Decision::Refuse(Reason::Unknown),
        (Trigger::Other(_), Plan) => Decision::Refuse(Reason::Unknown),
        (_, Plan | Drift) => Decision::Run,
    }
}

impl Reason {
    /// The refusal of `command`, exit code 4.
    pub fn failure(self, command: Command, trigger: &Trigger) -> Failure {
        let name = command.name();
        let event = trigger.name();
        let (message, help) = match self {
            Self::TargetWorkflow => (
                "`pull_request_target` runs with the secrets of the repository while a stranger chooses what is looked at, so rolecall does nothing in it".to_owned(),
                "Use `pull_request`; for a comment on the pull requests of forks use the `workflow_run` example.",
            ),
            Self::Writes => (
                format!("`{name}` runs only on a push to the default branch, or on a manual dispatch there; this is: {event}"),
                "Merge first. Nothing was sent.",
            ),
            Self::ForkRun => (
                format!("after the pull request of a fork only `diff` runs, not `{name}`"),
                "Set `command: diff` in this workflow.",
            ),
            Self::Proposed => (
                "what a pull request proposes is not applied yet, so nothing can have drifted from it".to_owned(),
                "Run `drift` on a schedule, and `plan` in pull requests.",
            ),
            Self::Unknown => (
                format!("`{name}` does not run for this event: {event}"),
                "The documentation lists the events: docs/ci.md.",
            ),
        };
        Failure::new(Exit::Refused, message).help(help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ci::situation::{Foreign, ForkRun, PullRequest};

    /// Every row of the table: its name, the event, and whether it is on the default branch.
    fn rows() -> Vec<(String, Trigger, bool)> {
        let request =
            |foreign| Trigger::PullRequest(PullRequest { number: Some(1), head: None, base: None, foreign });
        let branch = || Some("x".into());
        let fork = ForkRun { owner: "m".into(), branch: "b".into(), head: "0".repeat(40) };
        let plain = [
            request(None),
            request(Some(Foreign::Fork)),
            request(Some(Foreign::Dependabot)),
            Trigger::PullRequestTarget,
            Trigger::ForkRun(fork),
            Trigger::MergeGroup,
        ];
        let branches = [Trigger::Push(branch()), Trigger::Manual(branch()), Trigger::Schedule(branch())];
        let mut rows: Vec<_> =
            plain.into_iter().map(|trigger| (trigger.name().to_owned(), trigger, false)).collect();
        for trigger in branches {
            for (place, on_default) in [("the default branch", true), ("another branch", false)] {
                rows.push((format!("{} on {place}", trigger.name()), trigger.clone(), on_default));
            }
        }
        for trigger in [Trigger::Push(None), Trigger::Other("issues".into())] {
            rows.push((trigger.name().to_owned(), trigger, false));
        }
        rows
    }

    #[test]
    fn the_table_is_that_of_the_documentation() {
        let names = Command::ALL.map(|command| format!("`{}`", command.name()));
        let mut table = format!("| event | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
        for (name, trigger, on_default) in rows() {
            let cells = Command::ALL.map(|command| match decide_row(&trigger, on_default, command) {
                Decision::Run if command == Command::Apply => "at the tip",
                Decision::Run => "yes",
                Decision::Offline => "`validate` and `diff` instead",
                Decision::Refuse(_) => "no",
            });
            table.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
        }
        let page = include_str!("../../docs/ci.md");
        assert!(page.contains(&table), "docs/ci.md does not have this table:\n{table}");
    }

    #[test]
    fn no_pull_request_writes() {
        for (name, trigger, on_default) in rows() {
            for command in [Command::Apply, Command::Record] {
                let runs = decide_row(&trigger, on_default, command) == Decision::Run;
                let may = on_default && matches!(trigger, Trigger::Push(_) | Trigger::Manual(_));
                assert_eq!(runs, may, "{name}: {}", command.name());
            }
        }
    }

    #[test]
    fn a_branch_without_a_known_default_is_none() {
        let situation = Situation {
            forge: crate::ci::situation::Forge::GitHub,
            trigger: Trigger::Push(None),
            repository: "a/b".into(),
            default_branch: None,
            commit: None,
            private: None,
            workflow: "w".into(),
            run_url: None,
            files_url: None,
        };
        assert_eq!(decide(&situation, Command::Apply), Decision::Refuse(Reason::Writes));
    }
}
