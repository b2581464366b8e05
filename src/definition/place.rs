//! Where roles and assignments live: what is written under `scope`, and what a class has of it.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use super::{
    de::{Entries, Spanned, Text},
    forms::OneOrMany,
    span::Span,
    validate::short,
};
use crate::{
    contract::{ScopeForm, ScopeSpec, has_place},
    model::{Code, Finding, Scope, SourceId},
};

/// A level by its name, or places of one kind or several.
#[derive(Clone, Debug)]
pub(crate) enum ScopeEntry {
    /// `enterprise`
    Level(Text),
    /// `{ organization: [a, b] }`
    Places(Vec<(Spanned<Text>, OneOrMany)>),
}

impl<'de> Deserialize<'de> for ScopeEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = ScopeEntry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a level, or a mapping from a kind of place to which ones")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ScopeEntry, E> {
                Ok(ScopeEntry::Level(Text(text.into())))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ScopeEntry, A::Error> {
                let entries = <Entries<OneOrMany>>::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ScopeEntry::Places(entries.0))
            }
        }
        deserializer.deserialize_any(Forms)
    }
}

/// The provider's form replaces this one.
impl JsonSchema for ScopeEntry {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "ScopeEntry".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "object"] })
    }
}

/// A place and where it was written; `None` for the target itself, which is written by leaving `scope`
/// out.
pub(crate) type Place = (Scope, Option<Span>);

/// The places that an entry names, each once; [`Scope::Target`] where there is none.
pub(crate) fn places(
    entry: Option<&Spanned<ScopeEntry>>,
    source: SourceId,
    findings: &mut Vec<Finding>,
) -> Vec<Place> {
    let Some(entry) = entry else { return vec![(Scope::Target, None)] };
    let all: Vec<Place> = match &entry.value {
        ScopeEntry::Level(level) => vec![(Scope::Level(level.0.clone()), Some(entry.span))],
        ScopeEntry::Places(kinds) => kinds
            .iter()
            .flat_map(|(kind, paths)| {
                let place = move |path: &Spanned<Text>| {
                    (Scope::within(kind.value.as_str(), path.value.as_str()), Some(path.span))
                };
                paths.0.iter().map(place)
            })
            .collect(),
    };
    let mut places: Vec<Place> = Vec::new();
    for (scope, span) in all {
        let text = match &scope {
            Scope::In { path, .. } => path.raw(),
            Scope::Target | Scope::Level(_) => "",
        };
        let site = span.unwrap_or(entry.span).site(source);
        if matches!(scope, Scope::In { .. }) && !is_path(text) {
            let finding = Finding::new(Code::Grammar, format!("`{}` is no place", short(text)))
                .at(site, "")
                .help("Write its path or id: letters, digits, and `._-:@~|`, with `/` between segments.");
            findings.push(finding);
            continue;
        }
        if let Some((_, first)) = places.iter().find(|(known, _)| *known == scope) {
            let finding = Finding::new(Code::DeclaredTwice, format!("`{}` stands twice", short(text)))
                .at(site, "again here")
                .at(first.unwrap_or(entry.span).site(source), "first here")
                .help("Remove one of the two.");
            findings.push(finding);
            continue;
        }
        places.push((scope, span));
    }
    places
}

/// Whether a text can be the path or id of a place.
fn is_path(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-:@~|".contains(&b);
    (1..=255).contains(&text.len())
        && text.split('/').all(|segment| {
            !segment.is_empty() && segment.bytes().all(allowed) && segment.bytes().any(|b| b != b'.')
        })
}

/// Why a class with these places cannot have an object at a place.
pub(crate) struct Refusal {
    /// The code of the finding.
    pub(crate) code: Code,
    /// What is wrong, to follow a sentence.
    pub(crate) what: String,
    /// What to write instead.
    pub(crate) help: String,
}

/// Why a class with these places cannot have an object at `scope`; `None` where it can.
pub(crate) fn refused(scopes: &[ScopeSpec], scope: &Scope) -> Option<Refusal> {
    if has_place(scopes, scope) {
        return misspelled(scopes, scope);
    }
    let what = match scope {
        Scope::Target => "`scope` is missing".to_owned(),
        Scope::Level(kind) => format!("not the level `{}`", short(kind)),
        Scope::In { kind, .. } => format!("not in one `{}`", short(kind)),
    };
    let code = Code::Unsupported;
    if scopes.is_empty() {
        return Some(Refusal { code, what, help: "Leave `scope` out.".to_owned() });
    }
    let forms = scopes.iter().map(|known| match known.form {
        ScopeForm::Target => format!("no `scope` ({})", known.about),
        ScopeForm::Level => format!("`scope: {}` ({})", known.kind, known.about),
        ScopeForm::Instance => format!("`scope: {{ {}: … }}` ({})", known.kind, known.about),
    });
    let help = format!("Possible here: {}.", forms.collect::<Vec<_>>().join(", "));
    Some(Refusal { code, what, help })
}

/// A path that no place of its kind can have at the provider.
fn misspelled(scopes: &[ScopeSpec], scope: &Scope) -> Option<Refusal> {
    let Scope::In { kind, path } = scope else { return None };
    let known = scopes.iter().find(|known| known.form == ScopeForm::Instance && known.kind == &**kind)?;
    let form = known.path.filter(|form| !(form.is_valid)(path.raw()))?;
    let what = format!("`{}` cannot be the path of a {}", short(path.raw()), known.kind);
    Some(Refusal { code: Code::Grammar, what, help: format!("Write {}.", form.about) })
}
