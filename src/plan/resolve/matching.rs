//! Which live role a declared one is.

use std::collections::{BTreeMap, BTreeSet};

use super::{super::temporary, Matched, Resolver};
use crate::{
    contract,
    model::{
        Address, Code, Key, Kind, Scope, Site, Untrusted, config::Placed, desired::DesiredRole,
        live::LiveObject,
    },
};

impl<'a> Resolver<'a> {
    /// `id`, the recorded id, the attested one, then the name, then earlier names, then the live role of
    /// the same address where that is known; all of one kind before the next, so that a role is never
    /// matched by an earlier name that another role bears today.
    pub(super) fn match_roles(&mut self, twins: &BTreeMap<Address, &'a LiveObject>) {
        let mut desired: Vec<(usize, &'a DesiredRole)> =
            self.input.desired.roles.iter().enumerate().collect();
        desired.sort_by(|(_, a), (_, b)| (&a.key, &a.scope).cmp(&(&b.key, &b.scope)));
        let mut claimed: BTreeMap<&Untrusted, usize> = BTreeMap::new();
        for &(index, role) in &desired {
            let Some(id) = role.id.as_ref().filter(|_| self.matches[index].0.is_none()) else { continue };
            match self.by_id.get(&id.value).copied() {
                Some(live) if live.builtin && !self.declares_builtin(role) => {
                    self.builtin_named(role, id.site, "this id");
                }
                Some(live) => {
                    if claimed.insert(&id.value, index).is_some() {
                        let message = format!("two roles have the id `{}`", id.value.raw());
                        self.error(Code::DeclaredTwice, id.site, message, "second use", None);
                    }
                    self.matches[index] = (Some(live), Matched::Id);
                }
                // Making it anew is refused for the same reason.
                None if self.is_unread(role) => {}
                None => self.error(
                    Code::UnknownId,
                    id.site,
                    format!("no live role has the id `{}`", id.value.raw()),
                    "not found",
                    Some("If the role was deleted and should be made anew, remove this line.".into()),
                ),
            }
        }
        for how in [Matched::Recorded, Matched::Attested] {
            for (index, live) in self.known_by_key(how, &desired, &claimed) {
                claimed.extend(live.id.as_ref().map(|id| (id, index)));
                self.matches[index] = (Some(live), how);
            }
        }
        for &(index, role) in &desired {
            if role.id.is_none()
                && self.matches[index].0.is_none()
                && let Some(live) = self.by_natural_key(role, role.natural(), &claimed)
            {
                if let Some(id) = &live.id {
                    claimed.insert(id, index);
                }
                self.matches[index] = (Some(live), Matched::Name);
            }
        }
        for &(index, role) in &desired {
            if role.id.is_some() || self.matches[index].0.is_some() {
                continue;
            }
            let address = Address::role(&self.input.target.name, &role.key, &role.scope);
            let interrupted = Placed { value: temporary::name(&address), site: role.site };
            let earlier = self.earlier_roles.get(&(&*role.key, &role.scope)).into_iter().flatten();
            let earlier: Vec<Placed<Untrusted>> =
                earlier.map(|role| Placed { value: role.natural().value.clone(), site: role.site }).collect();
            for earlier in role.previously.iter().chain([&interrupted]).chain(&earlier) {
                if let Some(live) = self.by_natural_key(role, earlier, &claimed) {
                    if let Some(id) = &live.id {
                        claimed.insert(id, index);
                    }
                    self.matches[index] = (Some(live), Matched::Previously);
                    break;
                }
            }
        }
        for &(index, role) in desired.iter().filter(|_| !twins.is_empty()) {
            let address = Address::role(&self.input.target.name, &role.key, &role.scope);
            if self.matches[index].0.is_none()
                && let Some(live) = twins.get(&address).copied()
                && live.id.as_ref().is_some_and(|id| claimed.insert(id, index).is_none())
            {
                self.matches[index] = (Some(live), Matched::Previously);
            }
        }
    }

    /// Roles whose live role the record of the last apply knows by its id, or a reviewed snapshot does. Both
    /// speak of the past: they count only for a key that git declared then, and for a custom role of the
    /// same class and scope that nothing else means.
    fn known_by_key(
        &self,
        how: Matched,
        desired: &[(usize, &'a DesiredRole)],
        claimed: &BTreeMap<&Untrusted, usize>,
    ) -> Vec<(usize, &'a LiveObject)> {
        let earlier = self.input.earlier;
        let before: BTreeSet<(&str, &Scope)> = {
            // The base may be newer than the record, and a snapshot tells of it too.
            let base = earlier.base.filter(|_| how == Matched::Attested);
            let states = base.into_iter().chain(earlier.applied).chain(earlier.released);
            let roles = states.flat_map(|state| &state.roles);
            // What was left to a person was applied as far as it could be.
            let left = earlier.left.iter().flat_map(|state| &state.roles).filter(|role| {
                let address = self.address(role);
                earlier.open.is_some_and(|open| open.contains_key(&Untrusted::from(address.as_str())))
            });
            roles.chain(left).map(|role| (&*role.key, &role.scope)).collect()
        };
        let is_known = earlier.is_known() || earlier.open.is_some();
        let mut taken = BTreeSet::new();
        let found =
            desired.iter().filter(|(index, role)| role.id.is_none() && self.matches[*index].0.is_none());
        let found = found.filter_map(|(index, role)| {
            let id = match how {
                Matched::Attested => self.attested_id(role),
                _ => self.recorded_id(role),
            }?;
            if is_known && !before.contains(&(&*role.key, &role.scope)) {
                return None;
            }
            let live = self.by_id.get(id).copied()?;
            let here = self.input.live.place(&role.scope) == Some(&live.key.scope);
            let fits = !live.builtin && live.key.class == role.class && here;
            (fits && !claimed.contains_key(id) && taken.insert(id)).then_some((*index, live))
        });
        found.collect()
    }

    /// Whether the list in which a role would stand was not read as a whole.
    fn is_unread(&self, role: &DesiredRole) -> bool {
        let live = self.input.live;
        let place = live.place(&role.scope).unwrap_or(&role.scope);
        live.incomplete_at(Kind::Role, role.class, place).is_some()
    }

    /// Whether a role that the provider ships can be declared, too.
    fn declares_builtin(&self, role: &DesiredRole) -> bool {
        contract::role_class(self.input.spec, role.class).is_some_and(|class| class.declares_builtin)
    }

    fn builtin_named(&mut self, role: &DesiredRole, site: Site, what: &str) {
        let message = format!("role `{}` is a built-in role of {}", role.key, self.input.spec.title());
        let help = "Built-in roles are never changed. Give the role another name, or refer to the built-in one as `builtin:NAME`.";
        self.error(
            Code::SameName,
            site,
            message,
            &format!("{what} belongs to a built-in role"),
            Some(help.into()),
        );
    }

    fn by_natural_key(
        &mut self,
        role: &DesiredRole,
        name: &Placed<Untrusted>,
        claimed: &BTreeMap<&Untrusted, usize>,
    ) -> Option<&'a LiveObject> {
        let key = Key {
            kind: Kind::Role,
            class: role.class,
            scope: self.input.live.place(&role.scope)?.clone(),
            name: name.value.clone(),
            role: None,
        };
        let found: Vec<&LiveObject> = self
            .by_key
            .get(&key)
            .into_iter()
            .flatten()
            .copied()
            .filter(|live| live.id.as_ref().is_none_or(|id| !claimed.contains_key(id)))
            .collect();
        match found.as_slice() {
            [] => None,
            [live] if live.builtin && !self.declares_builtin(role) => {
                self.builtin_named(role, name.site, "this name");
                None
            }
            [live] => Some(live),
            several => {
                let ids: Vec<&str> =
                    several.iter().filter_map(|l| l.id.as_ref()).map(Untrusted::raw).collect();
                let message = format!("{} live roles are named `{}`", several.len(), name.value.raw());
                let help = format!("Say which one with `id:`: {}.", ids.join(" or "));
                self.error(Code::Ambiguous, name.site, message, "more than one live role", Some(help));
                None
            }
        }
    }
}
