//! Which permissions a role has: its own, from sets, and from its base.

use std::collections::{BTreeMap, BTreeSet};

use super::{super::temporary, MOST_GUESSES, Matched, ResolvedRole, Resolver, nearest};
use crate::{
    catalog::Meaning,
    contract::{self, Base, OnChange},
    model::{
        Address, Code, Field, RoleId, Scope, Untrusted, Value,
        desired::{RoleName, RoleRef, Via},
        field,
        live::{Live, LiveObject},
    },
};

/// What a role says beside its permissions.
struct Rest {
    scope: Scope,
    fields: BTreeMap<Field, Value>,
    granted: BTreeSet<Untrusted>,
}

impl<'a> Resolver<'a> {
    pub(super) fn roles(&mut self) -> Vec<ResolvedRole<'a>> {
        let desired = &self.input.desired.roles;
        let mut sets: Vec<Option<BTreeMap<Untrusted, Via>>> = vec![None; desired.len()];
        let mut waits = vec![false; desired.len()];
        for index in 0..desired.len() {
            // Bases first. A chain of them can be as long as there are roles, so this is no recursion;
            // a ring of bases is refused with the definitions.
            let mut chain = Vec::new();
            let mut next = Some(index);
            while let Some(role) = next.filter(|role| !waits[*role]) {
                waits[role] = true;
                chain.push(role);
                next = self.declared_base(role);
            }
            for role in chain.into_iter().rev() {
                sets[role] = Some(self.permissions(role, &sets));
            }
        }
        let rest: Vec<Rest> = (0..desired.len()).map(|index| self.rest(index)).collect();
        let mut roles: Vec<ResolvedRole<'a>> = desired
            .iter()
            .zip(sets)
            .enumerate()
            .zip(rest)
            .map(|((index, (desired, permissions)), rest)| ResolvedRole {
                address: Address::role(&self.input.target.name, &desired.key, &desired.scope),
                desired,
                scope: rest.scope,
                live: self.matches[index].0,
                matched: self.matches[index].1,
                permissions: permissions.unwrap_or_default(),
                fields: rest.fields,
                granted: rest.granted,
                replaced: self.replaced.contains_key(&index),
                successor: self.replaced.get(&index).copied().flatten(),
            })
            .collect();
        roles.sort_by(|a, b| a.address.cmp(&b.address));
        self.check_catalogue(&roles);
        roles
    }

    /// The role that another one copies, where it is declared too.
    fn declared_base(&self, index: usize) -> Option<usize> {
        match &self.input.desired.roles[index].base.as_ref()?.value {
            RoleName::Key(key) => {
                let scope = &self.input.desired.roles[index].scope;
                self.declared(key, self.input.live.place(scope)?)
            }
            RoleName::Builtin(_) | RoleName::Live(_) => None,
        }
    }

    /// Where a role lives, its fields beside the common ones, and whether a new role has to take the
    /// place of the live one for them.
    fn rest(&mut self, index: usize) -> Rest {
        let role = &self.input.desired.roles[index];
        let scope = self.place(&role.scope, role.place).unwrap_or_else(|| role.scope.clone());
        let mut rest = Rest { scope, fields: BTreeMap::new(), granted: BTreeSet::new() };
        let Some(class) = contract::role_class(self.input.spec, role.class) else { return rest };
        if let Some(slug) = &role.slug {
            rest.fields.insert(field::SLUG, Value::Text(Some(slug.value.clone())));
        }
        if let Some(resource_type) = &role.resource_type {
            rest.fields.insert(field::RESOURCE_TYPE, Value::Text(Some(resource_type.value.clone())));
        }
        if let (Some(base), Base::Floor) = (&role.base, class.base)
            && let Some(id) = self.role(base, &rest.scope)
        {
            if let RoleId::Live(id) = &id
                && let Some(Value::Set(granted)) = self
                    .by_id
                    .get(id)
                    .and_then(|object| object.fields.get(field::PERMISSIONS))
                    .and_then(Live::value)
            {
                rest.granted.clone_from(granted);
            }
            rest.fields.insert(field::BASE, Value::Role(Some(id)));
        }
        let Some(live) = self.matches[index].0 else { return rest };
        if let Some(old) = self.left_over(index, &rest.scope) {
            self.replaced.insert(index, Some(live));
            self.matches[index] = (Some(old), Matched::Previously);
            return rest;
        }
        let differs = |(name, value): (&Field, &Value)| {
            class.on_change(name) == OnChange::Replace
                && live.fields.get(name).and_then(Live::value).is_some_and(|live| {
                    !class.field(name).map_or(contract::equal as _, |f| f.same)(live, value)
                })
        };
        let name = (&field::NAME, &Value::Text(Some(role.name.value.clone())));
        if rest.fields.iter().chain([name]).any(differs) {
            let address = Address::role(&self.input.target.name, &role.key, &role.scope);
            let temporary = temporary::name(&address);
            let successor = self.by_live_name.get(&temporary).into_iter().flatten();
            let successor = successor.copied().find(|found| {
                !found.builtin
                    && found.key.class == role.class
                    && found.key.scope == rest.scope
                    && found.id != live.id
            });
            self.replaced.insert(index, successor);
            // What is not said stays as it is, in the new role too.
            if let (Some(_), Some(there)) =
                (class.resource_type, live.fields.get(field::RESOURCE_TYPE).and_then(Live::value))
            {
                rest.fields.entry(field::RESOURCE_TYPE).or_insert_with(|| there.clone());
            }
        }
        rest
    }

    /// The role in whose place the live one was made under another slug by an interrupted run.
    fn left_over(&self, index: usize, scope: &Scope) -> Option<&'a LiveObject> {
        let role = &self.input.desired.roles[index];
        let live = self.matches[index].0?;
        if role.slug.as_ref()?.value != live.key.name {
            return None;
        }
        let meant =
            |found: &LiveObject| self.matches.iter().any(|(m, _)| m.is_some_and(|m| m.id == found.id));
        let earlier = role.previously.iter().filter_map(|name| self.by_live_name.get(&name.value)).flatten();
        let mut earlier = earlier.copied().filter(|found| {
            !found.builtin && found.key.class == role.class && found.key.scope == *scope && !meant(found)
        });
        earlier.next()
    }

    /// The full set of one role; that of a declared base is among `sets`.
    fn permissions(
        &mut self,
        index: usize,
        sets: &[Option<BTreeMap<Untrusted, Via>>],
    ) -> BTreeMap<Untrusted, Via> {
        let role = &self.input.desired.roles[index];
        let mut set = BTreeMap::clone(&role.permissions);
        if let Some(base) = &role.base
            && self.input.spec.roles().iter().any(|c| c.class == role.class && c.base == Base::Copy)
        {
            let inherited: Vec<Untrusted> = match (&base.value, self.declared_base(index)) {
                (RoleName::Key(_), Some(other)) => {
                    sets[other].iter().flat_map(BTreeMap::keys).cloned().collect()
                }
                (RoleName::Key(_), None) => {
                    let at = role.scope.clone();
                    self.role(base, &at);
                    Vec::new()
                }
                (RoleName::Builtin(_) | RoleName::Live(_), _) => self.live_permissions(base, &role.scope),
            };
            for permission in inherited {
                set.entry(permission).or_insert_with(|| Via::Base(base.value.clone()));
            }
        }
        for permission in role.except.keys() {
            set.remove(permission);
        }
        set
    }

    fn live_permissions(&mut self, base: &RoleRef, at: &Scope) -> Vec<Untrusted> {
        let Some(RoleId::Live(id)) = self.role(base, at) else { return Vec::new() };
        let value = self.by_id.get(&id).and_then(|object| object.fields.get(field::PERMISSIONS));
        match value.and_then(|live| live.value()) {
            Some(Value::Set(members)) => members.iter().cloned().collect(),
            _ => {
                let message = format!("the permissions of base role `{}` cannot be read", id.raw());
                let help = "List the permissions in the role itself instead of starting from this base.";
                self.error(Code::UnknownBuiltin, base.site, message, "unreadable base", Some(help.into()));
                Vec::new()
            }
        }
    }

    /// A permission that the live catalogue does not know is an error, where the catalogue could be
    /// read.
    fn check_catalogue(&mut self, roles: &[ResolvedRole<'a>]) {
        let Some(catalogue) = &self.input.live.catalogue else {
            // What a person does by hand is checked by what the product offers there.
            if !roles.is_empty() && contract::writes_permissions(self.input.spec) {
                self.notes.push("The live list of permissions could not be read: unknown ones are found only when they are written.".into());
            }
            return;
        };
        let parts = || catalogue.iter().filter_map(|known| known.raw().rsplit_once(':'));
        let resources: BTreeSet<&str> = parts().map(|(resource, _)| resource).collect();
        // One set may bring the same permission to many roles: one finding is enough.
        let mut seen = BTreeSet::new();
        for role in roles {
            for (permission, via) in &role.permissions {
                let site = match via {
                    Via::Own(site) | Via::Set { site, .. } => *site,
                    Via::Base(_) => continue,
                };
                // What the same definitions make is there in time.
                if self.input.desired.permissions.contains_key(permission) {
                    continue;
                }
                let name = permission.raw();
                let of_resource = self.input.desired.resource_of(site).zip(name.rsplit_once(':'));
                if catalogue.contains(permission) {
                    if !self.input.spec.catalogue().permissions.contains_key(permission) {
                        let places = [Some(site), of_resource.map(|(key, _)| key)];
                        let new = places.into_iter().flatten().map(|at| (at, permission.clone()));
                        self.new_permissions.extend(new);
                    }
                    continue;
                }
                let unknown = of_resource.filter(|(_, (resource, _))| !resources.contains(resource));
                let (what, word, at) = match unknown {
                    Some((key, (resource, _))) => ("resource", resource, key),
                    None => ("permission", name, site),
                };
                if !seen.insert(at) {
                    continue;
                }
                self.guesses += 1;
                let near = match (self.guesses > MOST_GUESSES, unknown, of_resource) {
                    (true, ..) => None,
                    (_, Some(_), _) => {
                        nearest(word, resources.iter().copied()).map(|near| format!("`{near}`"))
                    }
                    (_, _, Some((_, (resource, access)))) => {
                        let own = parts().filter(|(area, _)| *area == resource).map(|(_, access)| access);
                        nearest(access, own).map(|near| format!("`{near}` under `{resource}`"))
                    }
                    _ => nearest(word, catalogue.iter().map(Untrusted::raw)).map(|near| format!("`{near}`")),
                };
                let title = self.input.spec.title();
                let list = format!("`rolecall catalog --target {}` lists them.", self.input.target.name);
                if let (None, Some(meaning)) =
                    (unknown, self.input.spec.catalogue().permissions.get(permission))
                {
                    let message = format!("{title} does not offer the permission `{word}` here");
                    let help = format!("{} {list}", not_offered(meaning));
                    self.error(Code::UnknownPermission, at, message, "not offered here", Some(help));
                    continue;
                }
                let message = format!("{title} does not know the {what} `{word}`");
                let help = match near {
                    Some(near) => format!("Did you mean {near}? {list}"),
                    None => list,
                };
                self.error(Code::UnknownPermission, at, message, "unknown to the live catalogue", Some(help));
            }
        }
    }
}

/// What a permission that the product is known to have takes, and this server does not have.
fn not_offered(meaning: &Meaning) -> String {
    let version = meaning.since.as_ref().map(|version| format!("version {version} or later"));
    let flag = meaning.flag.as_ref().map(|flag| format!("the feature flag `{flag}` switched on"));
    let takes: Vec<String> = version.into_iter().chain(flag).collect();
    match takes.is_empty() {
        true => "The product is known to have it; here it is switched off, or of another version.".to_owned(),
        false => format!("It takes {}. Take it out until then.", takes.join(", and ")),
    }
}
