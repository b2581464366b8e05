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
    /// What declared roles are known by, or shall be: class, place, and name or slug.
    pub names: BTreeSet<(&'static str, Scope, Untrusted)>,
    /// Keys that roles had in files which are written anew, by live id.
    pub preferred: BTreeMap<Untrusted, Arc<str>>,
    /// Permissions that are declared, or removed on purpose, by slug.
    pub permissions: BTreeSet<Untrusted>,
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
    /// Where it lives; empty for the target itself.
    pub scopes: Vec<Scope>,
    /// Its live id, where the name is not enough to find it.
    pub id: Option<Untrusted>,
    /// Its slug, where it has one that is not its key.
    pub slug: Option<Untrusted>,
    /// Its name.
    pub name: Untrusted,
    /// The type of resource that it is for, where that is not the usual one.
    pub resource_type: Option<Untrusted>,
    /// Its description, where there is one.
    pub description: Option<Untrusted>,
    /// The built-in role that is its floor, by id, where its class has such bases.
    pub base: Option<Untrusted>,
    /// Its permissions.
    pub permissions: BTreeSet<Untrusted>,
    /// What differs in single places, by path.
    pub overrides: BTreeMap<Untrusted, NewOverride>,
}

/// What differs in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewOverride {
    /// Another name.
    pub name: Option<Untrusted>,
    /// A description of its own.
    pub description: Option<Untrusted>,
    /// Permissions that it has there too.
    pub permissions: BTreeSet<Untrusted>,
    /// Permissions that it does not have there.
    pub except: BTreeSet<Untrusted>,
}

/// A permission to write as a resource of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPermission {
    /// Its slug.
    pub slug: Untrusted,
    /// Its name.
    pub name: Untrusted,
    /// Its description, where there is one.
    pub description: Option<Untrusted>,
    /// The type of resource that it is for, where that is not the usual one.
    pub resource_type: Option<Untrusted>,
}

/// Something that is live and is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// `role`, `permission`, `description of role`, `holder`.
    pub what: &'static str,
    /// Names of those whom it concerns.
    pub names: Vec<Untrusted>,
    /// Why; may quote what somebody else wrote.
    pub why: Untrusted,
}

/// What to add.
#[derive(Clone, Debug, Default)]
pub struct Additions {
    /// Permissions as resources of their own, sorted by slug.
    pub permissions: Vec<NewPermission>,
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
        self.permissions.is_empty()
            && self.roles.is_empty()
            && self.default.is_none()
            && self.assignments.is_empty()
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
    let mut names: BTreeMap<_, usize> = BTreeMap::new();
    for role in live.of(Kind::Role) {
        *names.entry((role.key.class, &role.key.scope, &role.key.name)).or_default() += 1;
    }
    let mut roles: Vec<&LiveObject> = live.of(Kind::Role).filter(|role| !role.builtin).collect();
    let mut named: BTreeMap<&Untrusted, usize> = BTreeMap::new();
    for role in &roles {
        *named.entry(&role.key.name).or_default() += 1;
    }
    // Of several of one name it is said where each lives.
    let called = |role: &LiveObject| match contract::manual::place(&role.key.scope) {
        Some(place) if named.get(&role.key.name).is_some_and(|count| *count > 1) => {
            format!("{} ({place})", role.key.name.raw()).into()
        }
        _ => role.key.name.clone(),
    };
    roles.sort_by_key(|role| (&role.key.name, &role.id));
    // One definition for all places in which a role has the same slug.
    let mut stamped: BTreeMap<Stamp<'_>, Vec<(&Untrusted, NewRole)>> = BTreeMap::new();
    for role in roles {
        let name = &role.key.name;
        let Some(id) = &role.id else {
            skips.add("role", &called(role), "the API does not tell its id");
            continue;
        };
        if wish.roles.as_ref().is_some_and(|wanted| !wanted.contains(id)) {
            continue;
        }
        if known.roles.contains_key(id) {
            additions.declared_roles += 1;
            continue;
        }
        let (class, scope) = (role.key.class, &role.key.scope);
        // Of a role that the API does not list there is no id to write.
        let listed = contract::role_class(spec, class).is_none_or(|class| class.listed);
        let ambiguous = listed
            && (names.get(&(class, scope, name)).is_some_and(|count| *count > 1)
                || known.names.contains(&(class, scope.clone(), name.clone()))
                || contract::ships(spec, name.raw(), scope));
        let new = match fields(role, spec, known) {
            Ok(fields) => NewRole { id: ambiguous.then(|| id.clone()), ..fields },
            Err(why) => {
                skips.add("role", &called(role), &why);
                continue;
            }
        };
        let (kind, has_slug) = match (scope, contract::role_class(spec, class)) {
            (Scope::In { kind, .. }, Some(class)) => (&**kind, class.slug.is_some()),
            _ => ("", false),
        };
        // Others are known by their name, which need not mean the same in two places.
        let alone = (!has_slug || ambiguous).then_some(id);
        let stamp = (name, class, kind, new.resource_type.clone(), alone);
        stamped.entry(stamp).or_default().push((id, new));
    }
    for ((name, ..), places) in stamped {
        let ids: Vec<&Untrusted> = places.iter().map(|(id, _)| *id).collect();
        let preferred = ids.iter().find_map(|id| known.preferred.get(*id));
        let key = match preferred {
            Some(key) => key.clone(),
            None => keys::pick(name.raw(), &taken),
        };
        let Some(new) = united(places.into_iter().map(|(_, new)| new).collect()) else { continue };
        let slug = new.slug.clone().filter(|slug| slug.raw() != &*key);
        let new = NewRole { key, slug, ..new };
        let own = ids.first().copied().filter(|_| ids.len() == 1);
        if let Some(new) = accepted(&new, own, &trial, spec, &mut skips) {
            taken.insert(new.key.clone());
            keys.extend(ids.into_iter().map(|id| (id.clone(), new.key.clone())));
            additions.roles.push(new);
        }
    }
    additions.roles.sort_by(|a, b| a.key.cmp(&b.key));
    if wish.roles.is_none() {
        additions.permissions = permissions(live, spec, known, &trial, &mut skips);
    }
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

/// What makes live roles one definition: name or slug, class, kind of place, type of resource, and the id
/// of one that stands alone.
type Stamp<'a> = (&'a Untrusted, &'static str, &'a str, Option<Untrusted>, Option<&'a Untrusted>);

/// One definition for the same role in several places: what most of them have, and what differs in the
/// others.
fn united(places: Vec<NewRole>) -> Option<NewRole> {
    let name = usual(places.iter().map(|one| &one.name))?.clone();
    let permissions = usual(places.iter().map(|one| &one.permissions))?.clone();
    // A place cannot say that it has no description.
    let description = usual(places.iter().map(|one| &one.description))?.clone();
    let description = description.filter(|_| places.iter().all(|one| one.description.is_some()));
    let mut overrides = BTreeMap::new();
    for one in &places {
        let differs = NewOverride {
            name: Some(&one.name).filter(|own| **own != name).cloned(),
            description: one.description.clone().filter(|own| Some(own) != description.as_ref()),
            permissions: one.permissions.difference(&permissions).cloned().collect(),
            except: permissions.difference(&one.permissions).cloned().collect(),
        };
        if let (Some(Scope::In { path, .. }), true) = (one.scopes.first(), differs != NewOverride::default())
        {
            overrides.insert(path.clone(), differs);
        }
    }
    let mut scopes: Vec<Scope> = places.iter().flat_map(|one| one.scopes.clone()).collect();
    scopes.sort();
    let first = places.into_iter().next()?;
    if scopes.len() < 2 {
        return Some(first);
    }
    Some(NewRole { scopes, name, description, permissions, overrides, ..first })
}

/// The value that most have, the least of several.
fn usual<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(value, _)| value)
}

/// Permissions that somebody made, sorted by slug.
fn permissions(
    live: &LiveState,
    spec: &dyn Spec,
    known: &Known,
    trial: &Trial<'_>,
    skips: &mut Skips,
) -> Vec<NewPermission> {
    let Some(class) = spec.permission_class() else { return Vec::new() };
    let mut all = Vec::new();
    for one in live.of(Kind::Permission) {
        let slug = &one.key.name;
        if one.builtin || known.permissions.contains(slug) {
            continue;
        }
        let text = |name| match one.fields.get(name).and_then(Live::value) {
            Some(Value::Text(text)) => text.clone().filter(|text| !text.is_empty()),
            _ => None,
        };
        let usual = class.resource_type.map(|resource_type| resource_type.usual);
        let new = NewPermission {
            slug: slug.clone(),
            name: text(field::NAME).unwrap_or_else(|| slug.clone()),
            description: text(field::DESCRIPTION),
            resource_type: text(field::RESOURCE_TYPE).filter(|kind| Some(kind.raw()) != usual),
        };
        let part = Part { permissions: vec![&new], ..Part::default() };
        match trial.fault(new_text(&part, spec, None)) {
            None => all.push(new),
            Some(why) => skips.add("permission", slug, &why),
        }
    }
    all.sort_by(|a, b| a.slug.cmp(&b.slug));
    all
}

/// What the fields of a role say, without key and id; the error says why it cannot be written.
fn fields(role: &LiveObject, spec: &dyn Spec, known: &Known) -> Result<NewRole, String> {
    if role.id.as_ref().is_some_and(|id| known.removed.contains(id)) {
        return Err("it is under `removed`".to_owned());
    }
    let scope = &role.key.scope;
    let class = contract::role_class(spec, role.key.class);
    let Some(class) = class else { return Err("definitions cannot say what kind of role it is".to_owned()) };
    if !contract::has_place(class.scopes, scope) {
        return Err("definitions cannot say where it lives".to_owned());
    }
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
    let text = |name| match role.fields.get(name).and_then(Live::value) {
        Some(Value::Text(text)) => text.clone(),
        _ => None,
    };
    let scopes = [scope.clone()].into_iter().filter(|scope| *scope != Scope::Target).collect();
    let usual_type = class.resource_type.map(|resource_type| resource_type.usual);
    let resource_type = text(field::RESOURCE_TYPE).filter(|_| class.resource_type.is_some());
    Ok(NewRole {
        key: "".into(),
        kind: (contract::class_at(spec, [scope]) != Some(class.class)).then_some(class.class),
        scopes,
        id: None,
        slug: class.slug.map(|_| role.key.name.clone()),
        name: text(field::NAME).unwrap_or_else(|| role.key.name.clone()),
        resource_type: resource_type.filter(|kind| Some(kind.raw()) != usual_type),
        description,
        base,
        permissions,
        overrides: BTreeMap::new(),
    })
}

/// The role as the definitions accept it: as it is, with its id, without its description, or not at
/// all.
fn accepted(
    new: &NewRole,
    live_id: Option<&Untrusted>,
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
    let with_id = NewRole { id: live_id.cloned(), ..new.clone() };
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
    let same = |other: &&LiveObject| {
        (other.key.class, &other.key.scope, &other.key.name) == (role.key.class, &role.key.scope, name)
    };
    let twins = live.of(Kind::Role).filter(same).count();
    let ships = contract::ships(spec, name.raw(), &role.key.scope);
    let trial = Trial::new(spec);
    let bare = NewRole {
        key: key.clone(),
        kind: None,
        scopes: Vec::new(),
        id: None,
        slug: None,
        name: name.clone(),
        resource_type: None,
        description: None,
        base: None,
        permissions: BTreeSet::new(),
        overrides: BTreeMap::new(),
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
