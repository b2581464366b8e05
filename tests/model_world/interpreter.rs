//! Executes operations on a world the way a strict API would: whatever a careful provider could
//! refuse is refused.

use std::collections::BTreeMap;

use rolecall::{
    contract::{Base, Do, OnChange},
    model::{RoleId, Untrusted, Value, field},
    plan::operation::{Made, Op, RoleBody, Verb},
};

use super::{
    spec::BATCH,
    world::{Role, Who, World, plain_role},
};

/// Executes one request; a refusal changes nothing.
pub(crate) fn execute(world: &mut World, made: &mut Made, verb: &Verb) -> Result<(), String> {
    match verb {
        Verb::CreateRole { address, class, scope, body } => {
            let role = Role { class, scope: scope.clone(), ..role(body)? };
            let spec =
                world.spec.roles().iter().find(|known| known.class == *class).ok_or("no such class")?;
            if spec.create != Do::Api {
                return Err(format!("only a person makes {address}"));
            }
            if (spec.base == Base::Floor) != role.base.is_some() {
                return Err(format!("{address} with the base {:?}", role.base));
            }
            world.name_is_free(&role, None)?;
            let same = |other: &&Role| !other.builtin && other.class == *class && other.scope == *scope;
            let there = world.roles.values().filter(same).count();
            if spec.limit.is_some_and(|limit| there >= limit as usize) {
                return Err(format!("{address} is one role too many"));
            }
            let id = format!("made-{}", world.made);
            world.made += 1;
            world.roles.insert(id.clone(), role);
            if made.insert(address.clone(), id.into()).is_some() {
                return Err(format!("{address} is made twice"));
            }
        }
        Verb::UpdateRole { role: target, class, scope, send, full } => {
            let id = world.existing(target, made)?;
            let mut changed = world.roles[&id].clone();
            if (changed.class, &changed.scope) != (*class, scope) {
                return Err(format!("role {id} is no {class} at {scope:?}"));
            }
            if let Some(name) = &send.name {
                changed.name = name.raw().to_owned();
                world.name_is_free(&changed, Some(&id))?;
            }
            if !send.fields.is_empty() {
                return Err(format!("{:?} of role {id} cannot change", send.fields));
            }
            let by_hand = *class == "office";
            if by_hand && send.permissions.is_some() {
                return Err(format!("only a person changes the permissions of role {id}"));
            }
            if let Some(description) = &send.description {
                changed.description = description.as_ref().map(|text| text.raw().to_owned());
            }
            if let Some(permissions) = &send.permissions {
                changed.permissions = permissions.iter().map(|p| p.raw().to_owned()).collect();
            }
            if changed == world.roles[&id] {
                return Err(format!("a request that changes nothing of role {id}"));
            }
            let whole = role(full)?;
            // Nobody can tell the permissions that the API does not tell.
            let permissions = if by_hand { changed.permissions.clone() } else { whole.permissions.clone() };
            let whole = Role { class, scope: scope.clone(), permissions, ..whole };
            if changed != whole {
                return Err(format!("role {id} becomes {changed:?}, and `full` says {full:?}"));
            }
            world.roles.insert(id, changed);
        }
        Verb::DeleteRole { role, class, scope, natural } => {
            let id = world.existing(role, made)?;
            let there = &world.roles[&id];
            if (there.class, &there.scope, &*there.name) != (*class, scope, natural.raw()) {
                return Err(format!("role {id} is not {natural:?} at {scope:?}"));
            }
            if *class == "office" {
                return Err(format!("only a person deletes role {id}"));
            }
            if world.holders(&id) > 0 {
                return Err(format!("role {id} is held"));
            }
            if world.default.as_ref() == Some(&id) {
                return Err(format!("role {id} is the default"));
            }
            world.roles.remove(&id);
        }
        Verb::SetDefault { role, clears } => {
            let new = role.as_ref().map(|role| world.known(role, made)).transpose()?;
            let old = clears.as_ref().map(|role| world.known(role, made)).transpose()?;
            if old != world.default {
                return Err(format!("{old:?} is not the default, {:?} is", world.default));
            }
            world.default = new;
        }
        Verb::Unassign { role, scope, class, principals } => {
            if world.spec.name() == "madeup" {
                return Err("there is no call that takes a role away".to_owned());
            }
            let id = world.known(role, made)?;
            let principals = batch(world, class, principals)?;
            for principal in &principals {
                let place = (*class, scope.clone(), principal.clone());
                if !world.held.get(&place).is_some_and(|roles| roles.contains(&id)) {
                    return Err(format!("{place:?} does not hold {id}"));
                }
            }
            for principal in principals {
                if let Some(roles) = world.held.get_mut(&(*class, scope.clone(), principal)) {
                    roles.remove(&id);
                }
            }
        }
        Verb::Assign { role, scope, class, principals, held, .. } if world.spec.name() != "madeup" => {
            let id = world.known(role, made)?;
            let principals = batch(world, class, principals)?;
            let spec =
                world.spec.principals().iter().find(|known| known.class == *class).ok_or("no class")?;
            let several = !spec.one_role(&BTreeMap::new());
            for principal in &principals {
                let place = (*class, scope.clone(), principal.clone());
                let roles = world.held.get(&place).cloned().unwrap_or_default();
                if roles.contains(&id) {
                    return Err(format!("{place:?} holds {id} already"));
                }
                let had = held.get(&Untrusted::from(&**principal)).map(|role| world.known(role, made));
                let had = had.transpose()?;
                if !several && had.as_ref() != roles.first() {
                    return Err(format!("{place:?} holds {roles:?}, not {had:?}"));
                }
                if spec.on_change == OnChange::Replace && !roles.is_empty() {
                    return Err(format!("{place:?} holds {roles:?} and cannot be given another role"));
                }
            }
            for principal in principals {
                let roles = world.held.entry((*class, scope.clone(), principal)).or_default();
                if !several {
                    roles.clear();
                }
                roles.insert(id.clone());
            }
        }
        Verb::Assign { role, class, principals, .. } => {
            let id = world.known(role, made)?;
            let most = if *class == "bot" { 1 } else { BATCH };
            if !(1..=most).contains(&principals.len()) {
                return Err(format!("{} principals in one request", principals.len()));
            }
            for principal in principals {
                world.can_move(&(class, principal.raw().to_owned()), &id)?;
            }
            for principal in principals {
                world.people.insert((class, principal.raw().to_owned()), Some(id.clone()));
            }
        }
    }
    Ok(())
}

/// Executes operations in their order, and shows the world after each. Stops at the first that is
/// refused.
pub(crate) fn execute_all(
    world: &World,
    ops: &[Op],
    mut after_each: impl FnMut(&World, &Op),
) -> Result<World, String> {
    let (mut now, mut made) = (world.clone(), Made::new());
    for (index, op) in ops.iter().enumerate() {
        execute(&mut now, &mut made, &op.verb).map_err(|why| format!("operation {index}: {why}"))?;
        after_each(&now, op);
    }
    Ok(now)
}

fn role(body: &RoleBody) -> Result<Role, String> {
    let base = match body.fields.get(field::BASE) {
        None => None,
        Some(Value::Role(Some(RoleId::Live(base)))) => Some(base.raw().to_owned()),
        Some(other) => return Err(format!("the base {other:?}")),
    };
    Ok(Role {
        description: body.description.as_ref().map(|text| text.raw().to_owned()),
        base,
        ..plain_role(body.name.raw(), body.permissions.iter().map(|p| p.raw().to_owned()).collect())
    })
}

/// Principals of one request, at most as many as their class allows.
fn batch(world: &World, class: &str, principals: &[Untrusted]) -> Result<Vec<String>, String> {
    let spec = world.spec.principals().iter().find(|known| known.class == class).ok_or("no such class")?;
    if !(1..=spec.batch).contains(&principals.len()) {
        return Err(format!("{} principals in one request", principals.len()));
    }
    Ok(principals.iter().map(|principal| principal.raw().to_owned()).collect())
}

impl World {
    fn name_is_free(&self, new: &Role, but: Option<&str>) -> Result<(), String> {
        let name = &*new.name;
        let folded = |name: &str| if self.folds_case { name.to_lowercase() } else { name.to_owned() };
        let taken = self
            .roles
            .iter()
            .filter(|(_, role)| (role.class, &role.scope) == (new.class, &new.scope))
            .find(|(id, role)| Some(id.as_str()) != but && folded(&role.name) == folded(name));
        match taken {
            Some((id, _)) => Err(format!("the name {name:?} is taken by role {id}")),
            None if name.is_empty() => Err("a role without a name".to_owned()),
            None => Ok(()),
        }
    }

    /// The id of any role.
    fn known(&self, role: &RoleId, made: &Made) -> Result<String, String> {
        let id = role.id(made).map(Untrusted::raw).ok_or_else(|| format!("{role:?} was not made"))?;
        if self.roles.contains_key(id) { Ok(id.to_owned()) } else { Err(format!("there is no role {id}")) }
    }

    /// The id of a role that may be changed.
    fn existing(&self, role: &RoleId, made: &Made) -> Result<String, String> {
        let id = self.known(role, made)?;
        if self.roles[&id].builtin { Err(format!("role {id} is built in")) } else { Ok(id) }
    }

    fn can_move(&self, who: &Who, to: &str) -> Result<(), String> {
        match self.people.get(who) {
            None => Err(format!("there is no {who:?}")),
            Some(Some(held)) if held == "frozen" => Err(format!("{who:?} is frozen")),
            Some(Some(held)) if held == to => Err(format!("{who:?} holds {to} already")),
            Some(_) if to == "frozen" => Err("nobody can be frozen".to_owned()),
            Some(_) => Ok(()),
        }
    }
}
