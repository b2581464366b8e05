//! What a person has to do where a provider has no API for it.

use crate::model::{Field, RoleState, Scope, Untrusted};

/// One thing to do by hand, with the exact values.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Class of the role, or of the principal.
    pub class: &'static str,
    /// Where.
    pub scope: &'a Scope,
    /// What.
    pub what: ByHand<'a>,
}

/// What is done by hand.
#[derive(Clone, Copy, Debug)]
pub enum ByHand<'a> {
    /// A role is made.
    Create {
        /// As it has to be.
        role: &'a RoleState,
    },
    /// Fields of a role change.
    Change {
        /// Its name in the dashboard now.
        name: &'a Untrusted,
        /// As it is; permissions that nobody can tell are `None`.
        before: &'a RoleState,
        /// As it has to be.
        after: &'a RoleState,
        /// The fields to change by hand, sorted; what the API can change is not among them.
        fields: &'a [Field],
    },
    /// A role is deleted.
    Delete {
        /// Its name in the dashboard.
        name: &'a Untrusted,
        /// The type of resource that it is for, where there are several.
        resource_type: Option<&'a Untrusted>,
        /// How many hold it now, where that is known: they are moved first.
        holders: Option<u64>,
    },
    /// A principal is given a role.
    Assign {
        /// What to call the principal.
        principal: &'a Untrusted,
        /// The role.
        role: Shown<'a>,
        /// The one that is held until then.
        instead_of: Option<Shown<'a>>,
    },
    /// A role is taken from a principal.
    Unassign {
        /// What to call the principal.
        principal: &'a Untrusted,
        /// The role.
        role: Shown<'a>,
    },
}

/// A role as a dashboard shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Its name.
    pub name: &'a Untrusted,
    /// Its slug, where it has one beside its name: several roles may have one name there.
    pub slug: Option<&'a Untrusted>,
}

impl<'a> Shown<'a> {
    /// A role that nothing but its name tells apart.
    pub fn by_name(name: &'a Untrusted) -> Self {
        Self { name, slug: None }
    }

    /// Its name in a sentence, and its slug where that is something else.
    pub fn quoted(&self) -> String {
        match self.slug.filter(|slug| *slug != self.name) {
            Some(slug) => format!("`{}` (`{}`)", self.name.raw(), slug.raw()),
            None => format!("`{}`", self.name.raw()),
        }
    }
}

/// The name of a place in a sentence, `None` for the target itself.
pub fn place(scope: &Scope) -> Option<String> {
    match scope {
        Scope::Target => None,
        Scope::Level(kind) => Some(kind.to_string()),
        Scope::In { kind, path } => Some(format!("{kind} `{}`", path.raw())),
    }
}

/// Steps that hold for a dashboard of which nothing more is known: a provider says `where` its roles
/// are found, and may add to them or say it all in its own words.
pub fn steps(title: &str, place_of_roles: &str, task: &Task<'_>) -> Vec<String> {
    let level = match place(task.scope) {
        Some(place) => format!(" ({place})"),
        None => String::new(),
    };
    let open = format!("In {title}, open {place_of_roles}{level}.");
    let mut steps = vec![open];
    match task.what {
        ByHand::Create { role } => {
            steps.push(format!("Create a role with the name `{}`.", role.name.raw()));
            if let Some(Some(text)) = &role.description {
                steps.push(format!("Set its description to `{}`.", text.raw()));
            }
            steps.push(permissions("Choose exactly these permissions", role));
            steps.push("Save it.".into());
        }
        ByHand::Change { name, before, after, fields } => {
            steps.push(format!("Edit the role `{}`.", name.raw()));
            for field in fields {
                steps.extend(change(field, before, after));
            }
            steps.push("Save it.".into());
        }
        ByHand::Delete { name, holders, .. } => {
            if holders != Some(0) {
                steps.push(format!("Make sure that nobody holds the role `{}` any more.", name.raw()));
            }
            steps.push(format!("Delete the role `{}`.", name.raw()));
        }
        ByHand::Assign { principal, role, instead_of } => {
            let instead = instead_of.map_or_else(String::new, |old| format!(" in place of {}", old.quoted()));
            steps.push(format!("Give `{}` the role {}{instead}.", principal.raw(), role.quoted()));
        }
        ByHand::Unassign { principal, role } => {
            steps.push(format!("Take the role {} from `{}`.", role.quoted(), principal.raw()));
        }
    }
    steps
}

fn change(field: Field, before: &RoleState, after: &RoleState) -> Vec<String> {
    use crate::model::field::{DESCRIPTION, NAME, PERMISSIONS};
    match field {
        NAME => vec![format!("Change its name to `{}`.", after.name.raw())],
        DESCRIPTION => match after.description.clone().flatten() {
            Some(text) => vec![format!("Set its description to `{}`.", text.raw())],
            None => vec!["Clear its description.".into()],
        },
        PERMISSIONS => {
            let Some(old) = &before.permissions else {
                return vec![permissions("Choose exactly these permissions", after)];
            };
            let new = after.permissions.clone().unwrap_or_default();
            let list = |names: Vec<&Untrusted>| {
                names.iter().map(|name| format!("`{}`", name.raw())).collect::<Vec<_>>().join(", ")
            };
            let mut steps = Vec::new();
            let (gone, come): (Vec<_>, Vec<_>) =
                (old.difference(&new).collect(), new.difference(old).collect());
            if !gone.is_empty() {
                steps.push(format!("Take away the permissions {}.", list(gone)));
            }
            if !come.is_empty() {
                steps.push(format!("Add the permissions {}.", list(come)));
            }
            steps
        }
        other => vec![format!("Change its `{other}`.")],
    }
}

fn permissions(verb: &str, role: &RoleState) -> String {
    let names: Vec<String> =
        role.permissions.iter().flatten().map(|name| format!("`{}`", name.raw())).collect();
    match names.as_slice() {
        [] => "Choose no permission.".into(),
        names => format!("{verb}, and no other: {}.", names.join(", ")),
    }
}
