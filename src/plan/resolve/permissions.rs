//! Which permissions a role has: its own, from sets, and from its base.

use std::collections::{BTreeMap, BTreeSet};

use super::{MOST_GUESSES, ResolvedRole, Resolver, nearest};
use crate::{
    contract::Base,
    model::{
        Address, Code, RoleId, Untrusted, Value,
        desired::{RoleName, RoleRef, Via},
        field,
    },
};

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
        let mut roles: Vec<ResolvedRole<'a>> = desired
            .iter()
            .zip(sets)
            .enumerate()
            .map(|(index, (desired, permissions))| ResolvedRole {
                address: Address::role(&self.input.target.name, &desired.key, &desired.scope),
                desired,
                live: self.matches[index].0,
                matched: self.matches[index].1,
                permissions: permissions.unwrap_or_default(),
            })
            .collect();
        roles.sort_by(|a, b| a.address.cmp(&b.address));
        self.check_catalogue(&roles);
        roles
    }

    /// The role that another one copies, where it is declared too.
    fn declared_base(&self, index: usize) -> Option<usize> {
        match &self.input.desired.roles[index].base.as_ref()?.value {
            RoleName::Key(key) => self.by_name.get(&**key).copied(),
            RoleName::Builtin(_) | RoleName::Live(_) => None,
        }
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
                    self.role(base);
                    Vec::new()
                }
                (RoleName::Builtin(_) | RoleName::Live(_), _) => self.live_permissions(base),
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

    fn live_permissions(&mut self, base: &RoleRef) -> Vec<Untrusted> {
        let Some(RoleId::Live(id)) = self.role(base) else { return Vec::new() };
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
            if !roles.is_empty() {
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
                if catalogue.contains(permission) {
                    continue;
                }
                let name = permission.raw();
                let of_resource = self.input.desired.resource_of(site).zip(name.rsplit_once(':'));
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
                let message = format!("{title} does not know the {what} `{word}`");
                let list = format!("`rolecall catalog --target {}` lists them.", self.input.target.name);
                let help = match near {
                    Some(near) => format!("Did you mean {near}? {list}"),
                    None => list,
                };
                self.error(Code::UnknownPermission, at, message, "unknown to the live catalogue", Some(help));
            }
        }
    }
}
