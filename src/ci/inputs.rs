//! What a workflow asks for: options of the command line, and else the inputs of the Action, which
//! are variables named `INPUT_…`.

use std::{collections::BTreeMap, path::PathBuf};

use super::{decision::Command, event};
use crate::{
    assess,
    plan::document::Guard,
    workflow::{Environment, Exit, Failure, shard::Shard},
};

/// Everything that a workflow can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// What to do.
    pub command: Command,
    /// The root of the definitions; must lie in the work space.
    pub directory: Option<PathBuf>,
    /// The config.
    pub config: Option<PathBuf>,
    /// Names or globs of targets.
    pub targets: Vec<String>,
    /// The part of them.
    pub shard: Option<Shard>,
    /// Whether to comment on pull requests.
    pub comment: bool,
    /// Whether to keep an issue about drift.
    pub issue: bool,
    /// Digests that the plan must have to be applied.
    pub expect_plan: Vec<String>,
    /// Whether every change has to have been reviewed.
    pub require_reviewed: bool,
    /// Guards that are lifted.
    pub allow: Vec<Guard>,
    /// Why.
    pub reason: String,
    /// Whether a program that was built here may apply.
    pub allow_source_build: bool,
    /// Whether this program was built here, and is not a release.
    pub built_here: bool,
    /// Whether problems are shown at their lines.
    pub annotations: bool,
    /// Where SARIF goes.
    pub sarif_file: Option<PathBuf>,
    /// The file of records that `record` pushes, or that `apply` writes.
    pub record_file: Option<PathBuf>,
    /// With `report`: whether an apply was started, so that it is missed where it left nothing.
    pub expect_apply: bool,
    /// The folder of results.
    pub results: Option<PathBuf>,
}

/// The names of all inputs of a run, as options without dashes and as variables in capital letters.
pub const NAMES: [&str; 16] = [
    "command",
    "directory",
    "config",
    "targets",
    "shard",
    "comment",
    "issue",
    "expect_plan",
    "require_reviewed",
    "allow",
    "reason",
    "allow_source_build",
    "annotations",
    "sarif_file",
    "record_file",
    "results",
];

impl Inputs {
    /// Reads them; `options` are those of the command line, by name.
    ///
    /// # Errors
    ///
    /// Everything that is malformed, as one failure with exit code 64.
    pub fn read(environment: &Environment, options: &BTreeMap<&str, String>) -> Result<Self, Failure> {
        let mut reader = Reader { environment, options, wrong: Vec::new() };
        let command = reader.one_of("command", &Command::ALL.map(|command| (command.name(), command)));
        let shard = reader
            .text("shard")
            .and_then(|text| text.parse().map_err(|why| reader.wrong.push(format!("shard: {why}"))).ok());
        let allow = reader.words("allow").iter().filter_map(|name| reader.guard(name)).collect();
        let auto = [("auto", true), ("never", false)];
        let inputs = Self {
            command: command.unwrap_or(Command::Plan),
            directory: reader.path("directory"),
            config: reader.path("config"),
            targets: reader.words("targets"),
            shard,
            comment: reader.one_of("comment", &auto).unwrap_or(true),
            issue: reader.one_of("issue", &auto).unwrap_or(false),
            expect_plan: reader.words("expect_plan"),
            require_reviewed: reader.flag("require_reviewed", false),
            allow,
            reason: reader.text("reason").unwrap_or_default(),
            allow_source_build: reader.flag("allow_source_build", false),
            built_here: event::text(environment, "ROLECALL_SOURCE").as_deref() == Some("build"),
            annotations: reader.flag("annotations", true),
            sarif_file: reader.path("sarif_file"),
            record_file: reader.path("record_file"),
            expect_apply: reader.flag("expect_apply", false),
            results: reader
                .path("results")
                .or_else(|| event::text(environment, "ROLECALL_RESULTS").map(PathBuf::from)),
        };
        if !inputs.allow.is_empty() && inputs.reason.trim().is_empty() {
            reader.wrong.push("allow: a guard is lifted with a `reason` only".to_owned());
        }
        if reader.wrong.is_empty() {
            return Ok(inputs);
        }
        Err(Failure::new(
            Exit::Usage,
            format!("inputs that cannot be used:\n  {}", reader.wrong.join("\n  ")),
        )
        .help("docs/ci.md describes every input."))
    }
}

struct Reader<'a> {
    environment: &'a Environment,
    options: &'a BTreeMap<&'a str, String>,
    wrong: Vec<String>,
}

impl Reader<'_> {
    /// What was given; nothing where it is empty.
    fn text(&self, name: &str) -> Option<String> {
        let option = self.options.get(name).cloned().filter(|text| !text.is_empty());
        option.or_else(|| event::text(self.environment, &format!("INPUT_{}", name.to_ascii_uppercase())))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    fn words(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        self.one_of(name, &[("true", true), ("false", false)]).unwrap_or(default)
    }

    fn one_of<T: Copy>(&mut self, name: &str, known: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        if let Some((_, value)) = known.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        self.wrong.push(format!("{name}: {text:?} is none of {}", words.join(", ")));
        None
    }

    fn guard(&mut self, name: &str) -> Option<Guard> {
        let found = assess::ALLOWABLE.iter().find(|(word, _)| *word == name);
        if found.is_none() {
            let words: Vec<&str> = assess::ALLOWABLE.iter().map(|(word, _)| *word).collect();
            self.wrong.push(format!("allow: {name:?} is none of {}", words.join(", ")));
        }
        found.map(|(_, guard)| *guard)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn read(variables: &[(&str, &str)], options: &[(&'static str, &str)]) -> Result<Inputs, Failure> {
        let variables: BTreeMap<String, OsString> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        let options = options.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Inputs::read(&move |name: &str| variables.get(name).cloned(), &options)
    }

    #[test]
    fn nothing_given_is_a_plan_with_a_comment() {
        let inputs = read(&[("INPUT_TARGETS", ""), ("INPUT_COMMENT", "")], &[]).map(|inputs| {
            (inputs.command, inputs.comment, inputs.issue, inputs.require_reviewed, inputs.annotations)
        });
        assert_eq!(inputs, Ok((Command::Plan, true, false, false, true)));
    }

    #[test]
    fn an_option_beats_a_variable() {
        let inputs = read(&[("INPUT_COMMAND", "drift"), ("INPUT_TARGETS", "a b-*")], &[("command", "apply")]);
        let inputs = inputs.map(|inputs| (inputs.command, inputs.targets));
        assert_eq!(inputs, Ok((Command::Apply, vec!["a".to_owned(), "b-*".to_owned()])));
    }

    #[test]
    fn everything_that_is_malformed_is_said_at_once() {
        let failure = read(
            &[
                ("INPUT_COMMAND", "plan$(touch pwned)"),
                ("INPUT_SHARD", "9/8"),
                ("INPUT_COMMENT", "yes"),
                ("INPUT_REQUIRE_REVIEWED", "True"),
                ("INPUT_ALLOW", "everything"),
            ],
            &[],
        );
        let message = failure.err().map(|failure| failure.message.raw().to_owned()).unwrap_or_default();
        for name in ["command: ", "shard: ", "comment: ", "require_reviewed: ", "allow: \"everything\""] {
            assert!(message.contains(name), "{name} is missing in {message}");
        }
    }

    #[test]
    fn a_guard_is_lifted_with_a_reason_only() {
        assert!(read(&[("INPUT_ALLOW", "protect")], &[]).is_err());
        assert!(read(&[("INPUT_ALLOW", "protect"), ("INPUT_REASON", "asked for")], &[]).is_ok());
    }
}
