//! Executes operations on a world the way a strict API would: whatever a careful provider could
//! refuse is refused.

use rolecall::{
    model::{RoleId, Untrusted},
    plan::operation::{Made, Op, RoleBody, Verb},
};

use super::{
    spec::BATCH,
    world::{Role, Who, World},
};

/// Executes one request; a refusal changes nothing.
pub(crate) fn execute(world: &mut World, made: &mut Made, verb: &Verb) -> Result<(), String> {
    match verb {
        Verb::CreateRole { address, body, .. } => {
            world.name_is_free(body.name.raw(), None)?;
            let id = format!("made-{}", world.made);
            world.made += 1;
            world.roles.insert(id.clone(), role(body));
            if made.insert(address.clone(), id.into()).is_some() {
                return Err(format!("{address} is made twice"));
            }
        }
        Verb::UpdateRole { role: target, send, full, .. } => {
            let id = world.existing(target, made)?;
            let mut changed = world.roles[&id].clone();
            if let Some(name) = &send.name {
                world.name_is_free(name.raw(), Some(&id))?;
                changed.name = name.raw().to_owned();
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
            if changed != role(full) {
                return Err(format!("role {id} becomes {changed:?}, and `full` says {full:?}"));
            }
            world.roles.insert(id, changed);
        }
        Verb::DeleteRole { role, .. } => {
            let id = world.existing(role, made)?;
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
        Verb::Unassign { .. } => return Err("there is no call that takes a role away".to_owned()),
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

fn role(body: &RoleBody) -> Role {
    Role {
        name: body.name.raw().to_owned(),
        description: body.description.as_ref().map(|text| text.raw().to_owned()),
        permissions: body.permissions.iter().map(|p| p.raw().to_owned()).collect(),
        builtin: false,
    }
}

impl World {
    fn name_is_free(&self, name: &str, but: Option<&str>) -> Result<(), String> {
        let folded = |name: &str| if self.folds_case { name.to_lowercase() } else { name.to_owned() };
        let taken = self
            .roles
            .iter()
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
