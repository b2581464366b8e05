//! What is live and not declared, as definitions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    HOLDERS_KEY,
    holders::{NewAssignment, Search},
    keys,
    text::{Part, new_text},
    trial::Trial,
};
use crate::{
    contract::{self, Base, PermissionForm, Spec},
    model::{
        Kind, RoleId, Scope, Untrusted, Value, field,
        live::{Live, LiveObject, LiveState},
    },
};

/// What the definitions say already, as live ids: found by the rules of the planner.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Declared roles, by live id, with their keys.
    pub roles: BTreeMap<Untrusted, Arc<str>>,
    /// Keys that are taken.
    pub keys: BTreeSet<Arc<str>>,
    /// Names that declared roles have or shall have.
    pub names: BTreeSet<Untrusted>,
    /// Keys that roles had in files which are written anew, by live id.
    pub preferred: BTreeMap<Untrusted, Arc<str>>,
    /// Roles that are removed on purpose.
    pub removed: BTreeSet<Untrusted>,
    /// Principals for whom something is declared: class, place, and id.
    pub principals: BTreeSet<(&'static str, Scope, Untrusted)>,
    /// Roles with an exclusive list, by place and class of principals.
    pub exclusive: BTreeSet<(Untrusted, Scope, &'static str)>,
    /// Whether the default role is declared.
    pub default: bool,
}

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Only these roles, by live id; `None` is all.
    pub roles: Option<BTreeSet<Untrusted>>,
    /// Who holds them, too.
    pub assignments: bool,
}

/// A role to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRole {
    /// Its key.
    pub key: Arc<str>,
    /// Its class, where that is not the usual one.
    pub kind: Option<&'static str>,
    /// The level that it lives at, where that is not the target itself.
    pub level: Option<Arc<str>>,
    /// Its live id, where the name is not enough to find it.
    pub id: Option<Untrusted>,
    /// Its name.
    pub name: Untrusted,
    /// Its description, where there is one.
    pub description: Option<Untrusted>,
    /// The built-in role that is its floor, by id, where its class has such bases.
    pub base: Option<Untrusted>,
    /// Its permissions.
    pub permissions: BTreeSet<Untrusted>,
}

/// Something that is live and is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// `role`, `description of role`, `holder`.
    pub what: &'static str,
    /// Names of those whom it concerns.
    pub names: Vec<Untrusted>,
    /// Why; may quote what somebody else wrote.
    pub why: Untrusted,
}

/// What to add.
#[derive(Clone, Debug, Default)]
pub struct Additions {
    /// Roles, sorted by key.
    pub roles: Vec<NewRole>,
    /// The key of the default role.
    pub default: Option<Arc<str>>,
    /// Who holds what, sorted by role.
    pub assignments: Vec<NewAssignment>,
    /// What cannot be written.
    pub skipped: Vec<Skipped>,
    /// How many wanted roles are declared already.
    pub declared_roles: usize,
    /// How many of their holders are.
    pub declared_holders: usize,
}

impl Additions {
    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.default.is_none() && self.assignments.is_empty()
    }

    /// How many principals get an assignment.
    pub fn holders(&self) -> usize {
        self.assignments.iter().flat_map(|one| &one.people).map(|(_, people)| people.len()).sum()
    }
}

/// What is skipped, with those of one reason together.
#[derive(Default)]
pub(super) struct Skips(BTreeMap<(&'static str, String), Vec<Untrusted>>);

impl Skips {
    fn add(&mut self, what: &'static str, name: &Untrusted, why: &str) {
        self.0.entry((what, why.to_owned())).or_default().push(name.clone());
    }

    pub(super) fn person(&mut self, name: &Untrusted, why: &str) {
        self.add("holder", name, why);
    }
}

/// Everything that is wanted, live, and not declared.
pub fn draft(live: &LiveState, spec: &dyn Spec, known: &Known, wish: &Wish) -> Additions {
    let trial = Trial::new(spec);
    let mut skips = Skips::default();
    let mut additions = Additions::default();
    let mut keys = known.roles.clone();
    let mut taken = known.keys.clone();
    taken.insert(HOLDERS_KEY.into());
    taken.extend(known.preferred.values().cloned());
    let mut names: BTreeMap<&Untrusted, usize> = BTreeMap::new();
    for role in live.of(Kind::Role) {
        *names.entry(&role.key.name).or_default() += 1;
    }
    let mut roles: Vec<&LiveObject> = live.of(Kind::Role).filter(|role| !role.builtin).collect();
    roles.sort_by_key(|role| (&role.key.name, &role.id));
    for role in roles {
        let name = &role.key.name;
        let Some(id) = &role.id else {
            skips.add("role", name, "the API does not tell its id");
            continue;
        };
        if wish.roles.as_ref().is_some_and(|wanted| !wanted.contains(id)) {
            continue;
        }
        if known.roles.contains_key(id) {
            additions.declared_roles += 1;
            continue;
        }
        let ships = |name: &str| spec.catalogue().builtin.iter().any(|b| b.id == name || b.title == name);
        // Of a role that the API does not list there is no id to write.
        let listed = contract::role_class(spec, role.key.class).is_none_or(|class| class.listed);
        let ambiguous = listed
            && (names.get(name).is_some_and(|count| *count > 1)
                || known.names.contains(name)
                || ships(name.raw()));
        let key = match known.preferred.get(id) {
            Some(key) => key.clone(),
            None => keys::pick(name.raw(), &taken),
        };
        let new = match fields(role, spec, known) {
            Ok(fields) => NewRole { key, id: ambiguous.then(|| id.clone()), ..fields },
            Err(why) => {
                skips.add("role", name, &why);
                continue;
            }
        };
        if let Some(new) = accepted(&new, id, &trial, spec, &mut skips) {
            taken.insert(new.key.clone());
            keys.insert(id.clone(), new.key.clone());
            additions.roles.push(new);
        }
    }
    additions.roles.sort_by(|a, b| a.key.cmp(&b.key));
    if !known.default {
        let wanted = |id: &Untrusted| wish.roles.as_ref().is_none_or(|roles| roles.contains(id));
        additions.default = live_default(live).filter(|id| wanted(id)).and_then(|id| keys.get(id)).cloned();
    }
    if wish.assignments {
        let search = Search { live, spec, known, wish, trial: &trial, keys: &keys };
        (additions.assignments, additions.declared_holders) = search.run(&mut skips);
    }
    let skipped = skips.0.into_iter().map(|((what, why), names)| Skipped { what, names, why: why.into() });
    additions.skipped = skipped.collect();
    additions
}

/// What the fields of a role say, without key and id; the error says why it cannot be written.
fn fields(role: &LiveObject, spec: &dyn Spec, known: &Known) -> Result<NewRole, String> {
    if role.id.as_ref().is_some_and(|id| known.removed.contains(id)) {
        return Err("it is under `removed`".to_owned());
    }
    let class = contract::role_class(spec, role.key.class);
    let level = match &role.key.scope {
        Scope::Target => None,
        Scope::Level(level) => Some(level.clone()),
        Scope::In { .. } => return Err("definitions cannot say yet where it lives".to_owned()),
    };
    let Some(class) = class else { return Err("definitions cannot say what kind of role it is".to_owned()) };
    let permissions = match role.fields.get(field::PERMISSIONS).and_then(Live::value) {
        Some(Value::Set(permissions)) => permissions.clone(),
        _ => return Err("its permissions cannot be read".to_owned()),
    };
    let form = spec.permission_form();
    if let Some(odd) =
        permissions.iter().find(|p| form == PermissionForm::ResourceAccess && !p.raw().contains(':'))
    {
        return Err(format!("its permission `{}` names no access", odd.raw()));
    }
    let base = match (class.base, role.fields.get(field::BASE).map(Live::value)) {
        (Base::None | Base::Copy, _) | (Base::Floor, None | Some(Some(Value::Role(None)))) => None,
        (Base::Floor, Some(Some(Value::Role(Some(RoleId::Live(id)))))) => Some(id.clone()),
        (Base::Floor, Some(_)) => return Err("its base cannot be read".to_owned()),
    };
    let description = match role.fields.get(field::DESCRIPTION).and_then(Live::value) {
        Some(Value::Text(text)) => text.clone().filter(|text| !text.is_empty()),
        _ => None,
    };
    let usual = spec.roles().first().map(|class| class.class);
    Ok(NewRole {
        key: "".into(),
        kind: (usual != Some(class.class)).then_some(class.class),
        level,
        id: None,
        name: role.key.name.clone(),
        description,
        base,
        permissions,
    })
}

/// The role as the definitions accept it: as it is, with its id, without its description, or not at
/// all.
fn accepted(
    new: &NewRole,
    live_id: &Untrusted,
    trial: &Trial<'_>,
    spec: &dyn Spec,
    skips: &mut Skips,
) -> Option<NewRole> {
    let fault =
        |new: &NewRole| trial.fault(new_text(&Part { roles: vec![new], ..Part::default() }, spec, None));
    let first = match fault(new) {
        None => return Some(new.clone()),
        Some(first) => first,
    };
    let with_id = NewRole { id: Some(live_id.clone()), ..new.clone() };
    let described = match fault(&with_id) {
        None => return Some(with_id),
        // What is wrong beside the name, where the name is one of the problems.
        Some(described) => described,
    };
    if new.description.is_some() {
        for mut bare in [new.clone(), with_id] {
            bare.description = None;
            if fault(&bare).is_none() {
                skips.add("description of role", &new.name, &described);
                return Some(bare);
            }
        }
    }
    skips.add("role", &new.name, &first);
    None
}

/// How a declared role is told under the name that it has live: by the name alone (`None`), or with
/// its id beside it.
///
/// # Errors
///
/// Why the definitions accept neither.
pub fn naming(
    key: &Arc<str>,
    role: &LiveObject,
    live: &LiveState,
    spec: &dyn Spec,
) -> Result<Option<Untrusted>, String> {
    let name = &role.key.name;
    let twins = live.of(Kind::Role).filter(|other| other.key.name == *name).count();
    let ships = spec.catalogue().builtin.iter().any(|b| b.id == name.raw() || b.title == name.raw());
    let trial = Trial::new(spec);
    let bare = NewRole {
        key: key.clone(),
        kind: None,
        level: None,
        id: None,
        name: name.clone(),
        description: None,
        base: None,
        permissions: BTreeSet::new(),
    };
    // What else is wrong with it does not matter here.
    let told = fields(role, spec, &Known::default()).unwrap_or(bare);
    let fault = |id: Option<&Untrusted>| {
        let new = NewRole { key: key.clone(), id: id.cloned(), description: None, ..told.clone() };
        trial.fault(new_text(&Part { roles: vec![&new], ..Part::default() }, spec, None))
    };
    if twins < 2 && !ships && fault(None).is_none() {
        return Ok(None);
    }
    let Some(id) = &role.id else { return Err("the API does not tell its id".to_owned()) };
    fault(Some(id)).map_or_else(|| Ok(Some(id.clone())), Err)
}

/// The live id of the default role.
fn live_default(live: &LiveState) -> Option<&Untrusted> {
    match live.of(Kind::Default).next()?.fields.get(field::ROLE)?.value()? {
        Value::Role(Some(RoleId::Live(id))) => Some(id),
        _ => None,
    }
}
