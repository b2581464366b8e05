//! What is wrong with a value: its type, its form, or that it is none of a list.

use jsonschema::error::TypeKind;
use serde_json::Value;

use super::{Report, TABLE, find, in_permissions, in_words, is_table, look_alike, object_of, short};
use crate::{
    definition::{
        node::{Key, Kind, Node},
        scalar, schema,
        span::Span,
        suggest,
    },
    model::Code,
};

impl Report<'_, '_> {
    pub(super) fn wrong_type(
        &mut self,
        path: &[String],
        node: &Node<'_>,
        key: Option<&Key<'_>>,
        kind: &TypeKind,
    ) {
        let wanted: Vec<String> = match kind {
            TypeKind::Single(one) => vec![one.to_string()],
            TypeKind::Multiple(many) => many.iter().map(|one| one.to_string()).collect(),
        };
        if let Kind::Scalar { text, plain: true } = &node.kind
            && wanted.iter().any(|wanted| wanted == "string")
            && !text.is_empty()
            && let Some(what) = scalar::look_alike(text)
        {
            self.leave_out(object_of(path));
            let finding = look_alike(node.span, what, text, self.source);
            if self.known.insert((Code::LookAlike, node.span, String::new())) {
                self.findings.push(finding);
            }
            self.look_alikes_beside(path);
            return;
        }
        let words: Vec<&str> =
            wanted.iter().filter(|w| *w != "null").map(|wanted| in_words(wanted)).collect();
        let words = words.join(" or ");
        let empty = matches!(&node.kind, Kind::Scalar { text, plain: true } if text.is_empty());
        let span = match key {
            Some(key) if empty => key.span,
            _ => node.span,
        };
        let text = format!("{} where {words} is wanted", node.describe());
        let help = match empty {
            true => format!("Write {words} after it, or remove the field."),
            false => {
                let wanted = wanted.iter().find(|wanted| *wanted != "null");
                match is_table(path) {
                    true => format!("Write `{TABLE}`."),
                    false => instead(node, wanted.map_or("", String::as_str), in_permissions(path)),
                }
            }
        };
        self.add(Code::WrongType, path, span, text, Some(help));
    }

    /// The other items of a list in which one item is not text: what is text only to YAML 1.2 is
    /// found later, but not in a list that is left out.
    fn look_alikes_beside(&mut self, path: &[String]) {
        let Some((_, list)) = path.split_last() else { return };
        let Kind::List(items) = &find(self.root, list).node.kind else { return };
        for item in items {
            if let Kind::Scalar { text, plain: true } = &item.kind
                && item.scalar() == Some(scalar::Scalar::Text)
                && let Some(what) = scalar::look_alike(text)
                && self.known.insert((Code::LookAlike, item.span, String::new()))
            {
                self.findings.push(look_alike(item.span, what, text, self.source));
            }
        }
    }

    /// A word that is none of `options`; `other` where another role could be named instead.
    pub(super) fn not_allowed(&mut self, path: &[String], node: &Node<'_>, options: &Value, other: bool) {
        let Kind::Scalar { text, .. } = &node.kind else {
            let text = format!("{} where a word is wanted", node.describe());
            return self.add(Code::WrongType, path, node.span, text, None);
        };
        let options: Vec<String> = options
            .as_array()
            .into_iter()
            .flatten()
            // Leaving an optional word empty is possible, and nothing to propose.
            .filter(|option| !option.is_null())
            .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
            .collect();
        let known = || options.iter().map(String::as_str);
        let roles: &[&str] = if other { &["{ to: KEY }", "{ to: builtin:NAME }"] } else { &[] };
        let list = suggest::list(known().chain(roles.iter().copied()));
        let help = match suggest::did_you_mean(text, known()) {
            Some(mean) if options.len() == 1 => mean,
            None if options.len() == 1 && path.last().is_some_and(|last| last == "provider") => {
                format!("This version knows only {list}.")
            }
            Some(mean) => format!("{mean} Possible: {list}."),
            None => format!("Possible: {list}."),
        };
        let code = match path.last().map(String::as_str) {
            Some("provider") => Code::UnknownProvider,
            Some("on_unassign") => Code::Unsupported,
            _ => Code::NotAllowed,
        };
        let what = match code {
            Code::UnknownProvider => format!("unknown provider `{}`", short(text)),
            Code::Unsupported => format!("`{}` is not something that this provider can do", short(text)),
            _ => format!("`{}` is not possible here", short(text)),
        };
        self.add(code, path, node.span, what, Some(help));
    }

    pub(super) fn pattern(
        &mut self,
        path: &[String],
        span: Span,
        text: &str,
        pattern: &str,
        example: Option<&str>,
    ) {
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        let (what, help) = if pattern == schema::KEY {
            let what = match steps.as_slice() {
                ["targets", ..] => "the name of a target",
                ["permission_sets", ..] => "the name of a permission set",
                _ => "a key",
            };
            (
                what,
                "Use lower-case letters, digits, `.`, `_`, and `-`, at most 64; the first is a letter or digit.",
            )
        } else if pattern.starts_with("^https?") {
            let example = example.unwrap_or("https://host.example");
            let help =
                format!("Write an absolute URL such as `{example}`, without user name, query, or fragment.");
            return self.add(Code::Grammar, path, span, "this is not the URL of an API", Some(help));
        } else if is_table(path) {
            (
                "the path of a table",
                "A table is a CSV file below the configuration: its path is relative to that and ends in `.csv`.",
            )
        } else if pattern.ends_with("%$") {
            ("a limit", "Write a number, or a percentage from \"0%\" to \"100%\".")
        } else if let (true, Some(meant)) = (in_permissions(path), label_meant(pattern, text)) {
            let what = format!("`{}` is not the name of a permission", short(text));
            return self.add(Code::UnknownPermission, path, span, what, Some(meant));
        } else if in_permissions(path) || matches!(steps.as_slice(), ["permission_definitions", _]) {
            (
                "the name of a permission",
                "Permissions consist of letters, digits, and a few signs, without spaces.",
            )
        } else {
            ("a value of this setting", "Use letters, digits, `.`, `_`, and `-`.")
        };
        let text_of = match text.is_empty() {
            true => format!("an empty text cannot be {what}"),
            false => format!("`{}` cannot be {what}", short(text)),
        };
        let foreign = text.chars().find(|c| !c.is_ascii() && c.is_alphanumeric());
        let help = match foreign {
            Some(c) => format!("{help} `{c}` is U+{:04X}, and no such letter.", c as u32),
            None => help.to_owned(),
        };
        self.add(Code::Grammar, path, span, text_of, Some(help));
    }
}

/// What a text that cannot be a name was meant to be among the labels of a product, which have spaces:
/// perhaps in another case. They stand at the end of `pattern`, after what every name looks like.
fn label_meant(pattern: &str, text: &str) -> Option<String> {
    let labels = pattern.rsplit_once("|^(?:")?.1.strip_suffix(")$")?;
    let labels = || labels.split('|').filter(|label| label.contains(' '));
    let same = labels().find(|label| label.eq_ignore_ascii_case(text));
    let same = same.map(|label| format!("Did you mean `{label}`?"));
    same.or_else(|| suggest::did_you_mean(text, labels()).filter(|_| text.contains(' ')))
}

/// What to write instead of a value of the wrong type.
fn instead(node: &Node<'_>, wanted: &str, permissions: bool) -> String {
    let text = match &node.kind {
        Kind::Scalar { text, .. } => text.as_ref(),
        Kind::List(_) | Kind::Map(_) => "",
    };
    let help = match (wanted, &node.kind) {
        ("boolean", _) => match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" | "1" | "true" => "Write `true`.",
            "no" | "off" | "n" | "0" | "false" => "Write `false`.",
            _ => "Write `true` or `false`.",
        },
        ("integer", _) if text.parse::<i64>().is_ok() => "Remove the quotes.",
        ("integer" | "number", _) => "Write a number.",
        ("array", Kind::Scalar { .. }) => {
            let simple = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            return match !text.is_empty() && text.len() <= 40 && text.bytes().all(simple) {
                true => format!("Write a list: `[{text}]`."),
                false => "Write a list: put it into brackets.".to_owned(),
            };
        }
        ("array", _) => "Write a list: `[a, b]`, or each item on a line of its own behind `- `.",
        ("object", _) if permissions => {
            "Write each resource with its list of accesses, such as `{ reports: [read] }`."
        }
        ("object", Kind::List(_)) => "Write `KEY: VALUE` lines without `-`: the key is the name.",
        ("object", _) => "Write `FIELD: VALUE` lines below it.",
        ("string", _) => "Write one text.",
        _ => "See docs/codes.md for an example.",
    };
    help.to_owned()
}
