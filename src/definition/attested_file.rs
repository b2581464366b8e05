//! What a person attests of a target because its API does not tell it: `.rolecall/attested/TARGET.json`.
//!
//! The file is committed and reviewed like a definition. It says what is in place, not what is wanted;
//! nobody verified it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    contract::Spec,
    model::{
        Field, Key, Kind, RoleId, Scope, Untrusted, Value,
        desired::Spelling,
        field,
        live::{Live, LiveObject, LiveState},
    },
};

/// What is attested of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestedFile {
    /// Version of this format: 1.
    pub version: u32,
    /// The provider.
    pub provider: String,
    /// Roles, sorted.
    pub roles: Vec<AttestedRole>,
    /// Who holds which role, for classes of which the API does not tell it, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<AttestedAssignment>,
}

/// Fields of a role that the API does not tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestedRole {
    /// Its class.
    pub class: String,
    /// Where it lives; absent for the target itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<AttestedPlace>,
    /// What the provider knows it by.
    pub role: Untrusted,
    /// The key that it has in the definitions: another name tomorrow makes it no other role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its id, of a role that the API lists: another one of the same name is not what was attested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Untrusted>,
    /// Its name, where that is not what the provider knows it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Untrusted>,
    /// Its description; empty for none, absent where it is not attested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Untrusted>,
    /// Its permissions; absent where they are not attested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<BTreeSet<Untrusted>>,
}

/// An assignment of a class of which the API does not tell any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestedAssignment {
    /// Class of the principal.
    pub class: String,
    /// Where; absent for the target itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<AttestedPlace>,
    /// Its id.
    pub principal: Untrusted,
    /// The id of the role: of one that the API does not list [`AttestedFile::role_id`].
    pub role: Untrusted,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestedPlace {
    /// Its kind, or the level.
    pub kind: String,
    /// Which one; absent for a level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Untrusted>,
}

impl AttestedPlace {
    /// The same as a file says it; `None` for the target itself.
    pub fn of(scope: &Scope) -> Option<Self> {
        match scope {
            Scope::Target => None,
            Scope::Level(kind) => Some(Self { kind: kind.to_string(), path: None }),
            Scope::In { kind, path } => Some(Self { kind: kind.to_string(), path: Some(path.clone()) }),
        }
    }

    fn scope(place: Option<&Self>) -> Scope {
        match place {
            None => Scope::Target,
            Some(Self { kind, path: None }) => Scope::Level(kind.as_str().into()),
            Some(Self { kind, path: Some(path) }) => Scope::within(kind, path.clone()),
        }
    }
}

impl AttestedFile {
    /// The version that is written and read.
    pub const VERSION: u32 = 1;

    /// Where the file of a target lies, relative to the root of the definitions.
    pub fn path(target: &str) -> String {
        format!(".rolecall/attested/{target}.json")
    }

    /// The id of a role that the API does not list: nothing else tells one. Roles of one name at two
    /// levels have two, and no built-in role has such an id.
    pub fn role_id(scope: &Scope, natural: &Untrusted) -> Untrusted {
        let natural = natural.raw();
        match scope {
            Scope::Target => format!("={natural}"),
            Scope::Level(level) => format!("{level}={natural}"),
            Scope::In { kind, path } => format!("{kind}:{}={natural}", path.raw()),
        }
        .into()
    }

    /// Reads the file of a target of `provider`; the error is one sentence.
    pub(crate) fn parse(bytes: &[u8], provider: &str) -> Result<Self, String> {
        let file: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("line {}, column {}: not a snapshot", error.line(), error.column()))?;
        if file.version != Self::VERSION {
            return Err(format!("version {} of the format is not known", file.version));
        }
        if file.provider != provider {
            return Err("it belongs to another provider".to_owned());
        }
        Ok(file)
    }

    /// Adds what is attested where the API does not tell it. What it tells counts: of a role that it
    /// lists only what was attested of this very one, by its id. Gives what a reader should know of what
    /// does not count.
    pub fn overlay(&self, live: &mut LiveState, spec: &dyn Spec) -> Vec<Untrusted> {
        let mut notes = Vec::new();
        for attested in &self.roles {
            let Some(class) = spec.roles().iter().find(|class| class.class == attested.class) else {
                continue;
            };
            let scope = AttestedPlace::scope(attested.scope.as_ref());
            let key =
                Key { kind: Kind::Role, class: class.class, scope, name: attested.role.clone(), role: None };
            let named = |object: &&mut LiveObject| object.key == key && !object.builtin;
            let same = |object: &&mut LiveObject| match &attested.id {
                Some(id) if class.listed => {
                    let Key { kind, class, scope, .. } = &object.key;
                    object.id.as_ref() == Some(id)
                        && (kind, class, scope) == (&key.kind, &key.class, &key.scope)
                        && !object.builtin
                }
                _ => !class.listed && named(object),
            };
            let there = live.objects.iter_mut().find(same);
            let object = match there {
                Some(object) => object,
                None if class.listed => {
                    let other = live.objects.iter_mut().find(named).and_then(|object| object.id.as_ref());
                    notes.extend(other.map(|other| attested.is_another(other))); // Else it is gone.
                    continue;
                }
                None => {
                    let id = Self::role_id(&key.scope, &attested.role);
                    live.objects.push(attested_object(key, Some(id)));
                    let Some(object) = live.objects.last_mut() else { continue };
                    object
                }
            };
            for (name, value) in attested.fields() {
                if !class.reads(name) {
                    object.fields.insert(name, Live::Attested(value));
                }
            }
            if let (Some(key), Some(id)) = (&attested.key, &object.id) {
                let at = (key.as_str().into(), object.key.scope.clone());
                live.keys.entry(at).or_insert_with(|| id.clone());
            }
        }
        for attested in &self.assignments {
            let class = spec.principals().iter().find(|class| class.class == attested.class);
            let Some(class) = class.filter(|class| !class.listed) else { continue };
            let scope = AttestedPlace::scope(attested.scope.as_ref());
            let key = Key {
                kind: Kind::Assignment,
                class: class.class,
                scope,
                name: attested.principal.clone(),
                role: None,
            };
            // Where nothing else is written than addresses, the id is one.
            if class.spellings.email && !class.spellings.id && !class.spellings.handle {
                let spelling = Spelling::Email(attested.principal.clone());
                live.directory.add(class.class, spelling, attested.principal.clone());
            }
            let mut object = attested_object(key, None);
            let role = Value::Role(Some(RoleId::Live(attested.role.clone())));
            object.fields.insert(field::ROLE, Live::Attested(role));
            live.objects.push(object);
        }
        live.objects.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
        notes
    }
}

impl AttestedRole {
    /// That the live role of this name, with the id `other`, is not the attested one.
    fn is_another(&self, other: &Untrusted) -> Untrusted {
        let role = self.role.raw();
        match &self.id {
            Some(id) => format!(
                "What is attested of `{role}` counts no more: it was attested of the role `{}`, and the one that bears this name now is `{}`. Look at it, and attest it anew.",
                id.raw(),
                other.raw()
            ),
            None => format!(
                "What is attested of `{role}` does not count: the file does not say of which role, as its id is missing. `rolecall import --attest` writes it."
            ),
        }
        .into()
    }

    fn fields(&self) -> Vec<(Field, Value)> {
        let text = |text: &Untrusted| Value::Text((!text.is_empty()).then(|| text.clone()));
        let name = self.name.as_ref().unwrap_or(&self.role);
        [
            Some((field::NAME, text(name))),
            self.description.as_ref().map(|description| (field::DESCRIPTION, text(description))),
            self.permissions.as_ref().map(|set| (field::PERMISSIONS, Value::Set(set.clone()))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn attested_object(key: Key, id: Option<Untrusted>) -> LiveObject {
    LiveObject { key, id, builtin: false, fields: BTreeMap::new(), holders: None, locked: None }
}
