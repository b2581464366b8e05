//! A tree against its schema, with every error as a sentence at its place.

mod values;

use std::collections::BTreeSet;

use jsonschema::{PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;

use crate::model::{Code, Finding, SourceId};

use super::{
    instance::Tree,
    node::{Key, Kind, Node},
    span::Span,
    suggest,
};

/// A compiled schema with what its messages need.
pub(crate) struct Checker {
    validator: Validator<Tree>,
    /// Fields that some provider has, by the kind of object they belong to; empty for the config.
    vocabulary: BTreeSet<(&'static str, String)>,
    schema: Value,
}

/// Most errors of the schema that are explained for one file.
const MOST_ERRORS: usize = 2_000;

/// A path into a tree: keys, and indices as text.
pub(crate) type Path = Vec<String>;

impl Checker {
    /// Compiles a schema of this room; `None` would be a mistake in the schema itself.
    pub(crate) fn new(schema: Value, vocabulary: BTreeSet<(&'static str, String)>) -> Option<Self> {
        let options = jsonschema::options_for::<Tree>().with_pattern_options(PatternOptions::regex());
        let validator = options.build(&schema).ok()?;
        Some(Self { validator, vocabulary, schema })
    }

    /// Reports what the schema forbids; returns the paths that have to be left out for the rest to
    /// be usable. An empty path stands for the whole file.
    pub(crate) fn check(&self, root: &Node<'_>, source: SourceId, findings: &mut Vec<Finding>) -> Vec<Path> {
        if self.validator.is_valid(root) {
            return Vec::new();
        }
        let mut report =
            Report { checker: self, root, source, findings, prune: BTreeSet::new(), known: BTreeSet::new() };
        let before = report.findings.len();
        for (number, error) in self.validator.iter_errors(root).enumerate() {
            if number == MOST_ERRORS {
                let text = format!("more than {MOST_ERRORS} errors in this file; the rest is left out");
                report.add(Code::Schema, &[], root.span, text, None);
                break;
            }
            report.error(&error);
        }
        let prune = report.prune.into_iter().collect();
        drop_what_follows(findings, before);
        prune
    }
}

/// A value of the wrong type breaks every other rule too: only the type is worth saying.
fn drop_what_follows(findings: &mut Vec<Finding>, from: usize) {
    let place = |finding: &Finding| finding.labels.first().map(|label| label.site);
    let typed = |finding: &Finding| matches!(finding.code, Code::WrongType | Code::LookAlike);
    let wrong: BTreeSet<_> = findings.iter().skip(from).filter(|one| typed(one)).map(place).collect();
    let mut index = 0;
    findings.retain(|finding| {
        index += 1;
        index <= from || typed(finding) || !wrong.contains(&place(finding))
    });
}

struct Report<'a, 't> {
    checker: &'a Checker,
    root: &'a Node<'t>,
    source: SourceId,
    findings: &'a mut Vec<Finding>,
    prune: BTreeSet<Path>,
    /// What was reported, so that it is reported once.
    known: BTreeSet<(Code, Span, String)>,
}

/// Where a path leads.
struct Found<'a, 't> {
    node: &'a Node<'t>,
    key: Option<&'a Key<'t>>,
}

fn find<'a, 't>(root: &'a Node<'t>, path: &[String]) -> Found<'a, 't> {
    let mut found = Found { node: root, key: None };
    for step in path {
        match &found.node.kind {
            Kind::Map(_) => match found.node.entry(step) {
                Some((key, node)) => found = Found { node, key: Some(key) },
                None => break,
            },
            Kind::List(items) => match step.parse::<usize>().ok().and_then(|index| items.get(index)) {
                Some(node) => found = Found { node, key: None },
                None => break,
            },
            Kind::Scalar { .. } => break,
        }
    }
    found
}

/// Whether a path lies inside permissions, whose names `check` knows better how to judge.
fn in_permissions(path: &[String]) -> bool {
    let text: Vec<&str> = path.iter().map(String::as_str).collect();
    match text.as_slice() {
        ["roles", _, "permissions" | "except", ..] => true,
        ["permission_sets", _, rest @ ..] => !matches!(rest, ["include", ..]),
        _ => false,
    }
}

impl Report<'_, '_> {
    fn error(&mut self, error: &ValidationError<'_>) {
        let path = pointer(error.instance_path().as_str());
        let found = find(self.root, &path);
        let (node, key) = (found.node, found.key);
        match error.kind() {
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                // The alternative with the fewest complaints is the one that was meant.
                match context.iter().min_by_key(|errors| errors.len()) {
                    Some(errors) if !errors.is_empty() => errors.iter().for_each(|error| self.error(error)),
                    _ => self.add(
                        Code::Schema,
                        &path,
                        node.span,
                        "a value in none of the forms it can have",
                        None,
                    ),
                }
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                if in_permissions(&path) && !SET_BODY.contains(&last_step(error)) {
                    return;
                }
                for name in unexpected {
                    self.unknown_field(error, &path, node, name);
                }
            }
            ValidationErrorKind::FalseSchema => self.false_schema(&path, node, key),
            ValidationErrorKind::Required { property } => self.missing(&path, node, key, property),
            ValidationErrorKind::PropertyNames { error: inner } => {
                let name = inner.instance().as_str().unwrap_or_default().to_owned();
                self.bad_name(&path, node, &name, inner);
            }
            ValidationErrorKind::Type { kind } => self.wrong_type(&path, node, key, kind),
            ValidationErrorKind::Enum { options } => {
                if !in_permissions(&path) {
                    let other = self.takes_another_role(error);
                    self.not_allowed(&path, node, options, other);
                }
            }
            ValidationErrorKind::Constant { expected_value } => {
                let options = Value::Array(vec![expected_value.as_ref().clone()]);
                self.not_allowed(&path, node, &options, false);
            }
            ValidationErrorKind::Pattern { pattern } => {
                let Kind::Scalar { text, .. } = &node.kind else { return };
                let example =
                    self.schema_of(error).and_then(|schema| schema.get("examples")?.get(0)?.as_str());
                let example = example.map(str::to_owned);
                self.pattern(&path, node.span, text, pattern, example.as_deref());
            }
            ValidationErrorKind::MinLength { limit } => {
                let (text, help) = match limit {
                    1 => ("an empty text".to_owned(), "Write something, or remove it.".to_owned()),
                    _ => (
                        format!("a text shorter than {limit} characters"),
                        format!("At least {limit} characters are needed here."),
                    ),
                };
                self.add(Code::Limit, &path, node.span, text, Some(help));
            }
            ValidationErrorKind::MaxLength { limit } => {
                let help = format!("At most {limit} characters are possible here.");
                let text = format!("a text longer than {limit} characters");
                self.add(Code::Limit, &path, node.span, text, Some(help));
            }
            ValidationErrorKind::Minimum { limit } => {
                let help = format!("Write a number from {limit} on.");
                self.add(Code::Limit, &path, node.span, format!("a number below {limit}"), Some(help));
            }
            ValidationErrorKind::Maximum { limit } => {
                let help = format!("Write a number up to {limit}.");
                self.add(Code::Limit, &path, node.span, format!("a number above {limit}"), Some(help));
            }
            ValidationErrorKind::MinItems { .. } | ValidationErrorKind::MinProperties { .. } => {
                let help = "List at least one.".to_owned();
                self.add(Code::MissingField, &path, node.span, "nothing is listed here", Some(help));
            }
            ValidationErrorKind::UniqueItems => {
                self.add(Code::Schema, &path, node.span, "the same item stands twice in this list", None);
            }
            other => {
                let text = format!("the schema forbids this ({})", other.keyword());
                self.add(Code::Schema, &path, node.span, text, None);
            }
        }
    }

    /// Adds a finding once, and leaves out the object that holds it.
    fn add(
        &mut self,
        code: Code,
        path: &[String],
        span: Span,
        text: impl Into<String>,
        help: Option<String>,
    ) {
        self.leave_out(object_of(path));
        self.push(code, span, text.into(), "", help);
    }

    fn push(&mut self, code: Code, span: Span, text: String, label: &str, help: Option<String>) {
        // Several branches of a schema can complain about one value.
        if !self.known.insert((code, span, String::new())) {
            return;
        }
        let mut finding = Finding::new(code, text).at(span.site(self.source), label);
        if let Some(help) = help {
            finding = finding.help(help);
        }
        self.findings.push(finding);
    }

    fn leave_out(&mut self, path: Path) {
        self.prune.insert(path);
    }

    fn unknown_field(&mut self, error: &ValidationError<'_>, path: &[String], node: &Node<'_>, name: &str) {
        let Some((key, _)) = node.entry(name) else { return };
        let mut whole = path.to_vec();
        whole.push(name.to_owned());
        // Without the list that was meant, an assignment would seem to name nobody.
        self.leave_out(if path.first().is_some_and(|first| first == "assignments") {
            object_of(path)
        } else {
            whole
        });
        let known = self.fields_beside(error);
        let of = match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => "file",
            ["roles", _] => "role",
            ["assignments", _] => "assignment",
            _ => "",
        };
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        if self.checker.vocabulary.contains(&(of, name.to_owned())) {
            let provider = self.provider();
            let text = format!("`{name}` is not something that {provider} has");
            let help = format!("Possible here: {}.", suggest::list(known));
            self.push(Code::Unsupported, key.span, text, "", Some(help));
            return;
        }
        let help = if name == "<<" {
            "Merge keys are not part of YAML 1.2. Use `permission_sets` and `include`.".to_owned()
        } else if known.is_empty() {
            "Nothing can be set here.".to_owned()
        } else {
            let list = suggest::list(known.iter().copied());
            let mean = suggest::did_you_mean(name, known.iter().copied());
            mean.map_or_else(
                || format!("Possible here: {list}."),
                |mean| format!("{mean} Possible here: {list}."),
            )
        };
        self.push(Code::UnknownField, key.span, format!("unknown field `{}`", short(name)), "", Some(help));
    }

    /// The fields that the schema has beside an unknown one.
    fn fields_beside(&self, error: &ValidationError<'_>) -> Vec<String> {
        let fields = self.schema_of(error).and_then(|schema| schema.get("properties")?.as_object());
        fields.into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }

    /// Whether a map that names another role could stand where a wrong word of `on_unassign` does.
    fn takes_another_role(&self, error: &ValidationError<'_>) -> bool {
        let mut at = pointer(error.schema_path().as_str());
        // `else`, `enum`.
        at.truncate(at.len().saturating_sub(2));
        at.last().is_some_and(|last| last == "on_unassign")
            && self.schema_at(&at).is_some_and(|schema| schema.get("then") != Some(&Value::Bool(false)))
    }

    /// The schema that holds the keyword which an error is about.
    fn schema_of(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let mut at = pointer(error.schema_path().as_str());
        at.pop();
        self.schema_at(&at)
    }

    fn schema_at(&self, at: &[String]) -> Option<&Value> {
        let mut schema = &self.checker.schema;
        for step in at {
            let next = match schema {
                Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
                other => other.get(step),
            };
            schema = next?;
            while let Some(target) = schema.get("$ref").and_then(Value::as_str) {
                let Some(found) = self.checker.schema.pointer(target.trim_start_matches('#')) else { break };
                schema = found;
            }
        }
        Some(schema)
    }

    fn provider(&self) -> String {
        let provider = self.root.get("provider").map(|node| &node.kind);
        match provider {
            Some(Kind::Scalar { text, .. }) => format!("`{}`", short(text)),
            _ => "this provider".to_owned(),
        }
    }

    fn false_schema(&mut self, path: &[String], node: &Node<'_>, key: Option<&Key<'_>>) {
        // A field whose schema is `false` has been reported as unknown by its parent where the
        // parent names it; here is only `on_unassign` in a form that the provider cannot do.
        if in_permissions(path) {
            return;
        }
        if path.last().is_some_and(|last| last == "on_unassign") {
            let text = "this provider cannot give another role when one is taken away";
            let help = "Remove it: the assignment is simply gone.".to_owned();
            self.add(Code::Unsupported, path, node.span, text, Some(help));
            return;
        }
        if let Some(key) = key {
            self.add(
                Code::UnknownField,
                path,
                key.span,
                format!("unknown field `{}`", short(&key.text)),
                None,
            );
        }
    }

    fn missing(&mut self, path: &[String], node: &Node<'_>, key: Option<&Key<'_>>, property: &Value) {
        let name = property.as_str().unwrap_or_default();
        let first = node.entries().first().map(|(key, _)| key.span);
        let span = key.map(|key| key.span).or(first).unwrap_or(node.span);
        let beside = node.entries().iter().map(|(key, _)| key);
        let mean = suggest::nearest(name, beside.clone().map(|key| key.text.as_ref()));
        let slip = mean.and_then(|mean| beside.clone().find(|key| key.text == mean));
        let span = slip.map_or(span, |slip| slip.span);
        let help = match slip {
            Some(slip) => format!("Did you mean it by `{}`?", short(&slip.text)),
            None => format!("Add `{name}:`."),
        };
        let text = format!("the field `{name}` is missing");
        self.leave_out(object_of(path));
        // Two fields can be missing at one place, so this is not deduplicated by place alone.
        if self.known.insert((Code::MissingField, span, name.to_owned())) {
            let finding = Finding::new(Code::MissingField, text).at(span.site(self.source), "").help(help);
            self.findings.push(finding);
        }
    }

    fn bad_name(&mut self, path: &[String], node: &Node<'_>, name: &str, inner: &ValidationError<'_>) {
        let Some((key, _)) = node.entry(name) else { return };
        let mut whole = path.to_vec();
        whole.push(name.to_owned());
        match inner.kind() {
            ValidationErrorKind::Enum { options } => {
                let known: Vec<&str> =
                    options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                // Codes differ by a digit, so that the nearest one is rarely the one that was meant.
                let help = format!("Only lints can be set: {}.", suggest::list(known.iter().copied()));
                self.leave_out(whole);
                self.push(
                    Code::NotAllowed,
                    key.span,
                    format!("`{}` cannot be set here", short(name)),
                    "",
                    Some(help),
                );
            }
            ValidationErrorKind::Pattern { pattern } => {
                self.pattern(&whole, key.span, name, pattern, None);
            }
            _ => self.add(Code::Grammar, &whole, key.span, "a key that is not allowed", None),
        }
    }
}

/// A plain scalar where text is wanted.
pub(crate) fn look_alike(span: Span, what: &str, text: &str, source: SourceId) -> Finding {
    let text = short(text);
    Finding::new(Code::LookAlike, format!("plain `{text}` is {what}, and text is wanted"))
        .at(span.site(source), "")
        .help(format!("Quote it: \"{text}\"."))
}

/// Definitions whose unknown fields are fields, although they stand where permissions can stand.
const SET_BODY: [&str; 1] = ["SetBody"];

/// The last part of the name of the definition in which an error arose.
fn last_step<'a>(error: &'a ValidationError<'_>) -> &'a str {
    let path = error.schema_path().as_str();
    let name = path.strip_prefix("/$defs/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    name.rsplit('.').next().unwrap_or_default()
}

/// How a table is named.
const TABLE: &str = "{ file: PEOPLE.csv, column: NAME }";

/// Whether a path leads to the table of an assignment, or into it.
fn is_table(path: &[String]) -> bool {
    let field = path.first().filter(|first| *first == "assignments").and(path.get(2));
    field.is_some_and(|field| field.ends_with(super::definition_file::FROM))
}

/// The object that cannot be used when something at `path` is wrong.
fn object_of(path: &[String]) -> Path {
    let depth = match path.first().map(String::as_str) {
        // What is optional is left out alone, so that everything else is still judged.
        Some("roles") if is_optional(path, ROLE_PARTS) => 3,
        Some("targets") if is_optional(path, TARGET_PARTS) => 3,
        Some("assignments") if path.len() >= 4 && !is_table(path) => 4,
        Some(
            "roles"
            | "permission_sets"
            | "permission_definitions"
            | "assignments"
            | "removed"
            | "targets"
            | "lints",
        ) => 2,
        // Nothing can be made of a file without these.
        Some("provider" | "version") | None => 0,
        Some(_) => 1,
    };
    if depth == 2 && path == ["targets"] {
        return Path::new();
    }
    path.iter().take(depth).cloned().collect()
}

/// Fields without which a role can still be judged.
const ROLE_PARTS: &[&str] = &[
    "id",
    "description",
    "include",
    "permissions",
    "except",
    "protect",
    "previously",
    "allow_gap",
    "resource_type",
];
/// Fields without which a target can still be judged.
const TARGET_PARTS: &[&str] = &["manage", "on_unassign", "credential"];

fn is_optional(path: &[String], parts: &[&str]) -> bool {
    path.get(2).is_some_and(|field| parts.contains(&field.as_str()))
}

fn in_words(kind: &str) -> &'static str {
    match kind {
        "string" => "text",
        "array" => "a list",
        "object" => "a mapping",
        "integer" => "a whole number",
        "boolean" => "`true` or `false`",
        _ => "a number",
    }
}

/// Text for a message, cut where it is long.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

/// The steps of a JSON pointer.
fn pointer(text: &str) -> Path {
    text.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}
