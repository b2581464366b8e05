//! What a person does in Devin's dashboard, where roles are made. Source: `/enterprise/custom-roles`.

use std::collections::BTreeSet;

use super::{
    place::{ENTERPRISE, ORGANIZATION},
    spec::catalogue,
};
use crate::{
    contract::{ByHand, Task, manual},
    model::{Field, RoleState, Scope, Untrusted, field},
};

/// Where roles of both levels are.
const ROLES: &str = "Enterprise Settings > Roles";

/// The steps of a task. Assignments are never done by hand.
pub(super) fn steps(task: &Task<'_>) -> Vec<String> {
    let open = format!(
        "In Devin, open {ROLES}, as an administrator of the enterprise or somebody with `Manage Account Membership`."
    );
    let level = level(task.scope);
    let mut steps = vec![open];
    match task.what {
        ByHand::Create { role } => {
            steps.push(format!(
                "Create a custom role of the level `{level}`. Where the page does not offer it, custom roles have to be unlocked by Devin's support."
            ));
            steps.push(format!("Name it `{}`.", role.name.raw()));
            steps.push(exactly(role));
            steps.push("Save it.".to_owned());
        }
        ByHand::Change { name, before, after, fields } => {
            steps.push(format!("Edit the role `{}` of the level `{level}`.", name.raw()));
            steps.extend(fields.iter().flat_map(|field| change(field, before, after)));
            steps.push("Save it.".to_owned());
        }
        ByHand::Delete { name, holders, .. } => {
            if holders != Some(0) {
                steps.push(format!(
                    "Make sure that no user, service user, or group holds the role `{}` any more.",
                    name.raw()
                ));
            }
            steps.push(format!("Delete the role `{}` of the level `{level}`.", name.raw()));
        }
        ByHand::Assign { .. } | ByHand::Unassign { .. } => {
            return manual::steps("Devin", "the members", task);
        }
    }
    steps
}

/// What the dashboard calls a level.
fn level(scope: &Scope) -> &str {
    match scope {
        Scope::Level(level) if &**level == ENTERPRISE => "Account (enterprise)",
        Scope::Level(level) if &**level == ORGANIZATION => "Organization",
        Scope::Level(level) => level,
        Scope::Target | Scope::In { .. } => "Organization",
    }
}

fn change(field: Field, before: &RoleState, after: &RoleState) -> Vec<String> {
    match field {
        field::NAME => vec![format!("Change its name to `{}`.", after.name.raw())],
        field::PERMISSIONS => {
            let (Some(old), Some(new)) = (&before.permissions, &after.permissions) else {
                return vec![exactly(after)];
            };
            let (gone, come): (BTreeSet<&Untrusted>, BTreeSet<&Untrusted>) =
                (old.difference(new).collect(), new.difference(old).collect());
            let mut steps = Vec::new();
            if !gone.is_empty() {
                steps.push(format!("Clear these permissions: {}.", labels(gone)));
            }
            if !come.is_empty() {
                steps.push(format!("Tick these permissions: {}.", labels(come)));
            }
            steps
        }
        other => vec![format!("Change its `{other}`.")],
    }
}

fn exactly(role: &RoleState) -> String {
    match role.permissions.as_ref().filter(|permissions| !permissions.is_empty()) {
        Some(permissions) => {
            format!("Tick exactly these permissions, and no other: {}.", labels(permissions.iter().collect()))
        }
        None => "Tick no permission.".to_owned(),
    }
}

/// Permissions as the dashboard calls them; of one that has no documented label the name that the API's
/// documentation uses.
fn labels(permissions: BTreeSet<&Untrusted>) -> String {
    let label = |permission: &Untrusted| {
        let meaning = catalogue().permissions.get(permission);
        let documented = meaning.and_then(|meaning| meaning.label.as_ref());
        match (documented, meaning.and_then(|meaning| meaning.aliases.first())) {
            (Some(label), _) => format!("`{label}`"),
            (None, Some(name)) => format!("`{name}` (its name in the API; no label is documented)"),
            (None, None) => format!("`{}`", permission.raw()),
        }
    };
    permissions.into_iter().map(label).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(permissions: Option<&[&str]>) -> RoleState {
        RoleState {
            name: "Curator".into(),
            description: None,
            permissions: permissions.map(|names| names.iter().map(|name| (*name).into()).collect()),
            fields: Default::default(),
        }
    }

    fn of(what: ByHand<'_>, level: &str) -> Vec<String> {
        steps(&Task { class: "role", scope: &Scope::Level(level.into()), what })
    }

    #[test]
    fn the_values_are_those_of_the_dashboard() {
        let role = state(Some(&["manage_knowledge", "manage_org_service_users", "use_novelty"]));
        let steps = of(ByHand::Create { role: &role }, "organization");
        assert!(steps[1].contains("`Organization`"), "{steps:#?}");
        assert_eq!(steps[2], "Name it `Curator`.");
        assert_eq!(
            steps[3],
            "Tick exactly these permissions, and no other: `Manage Knowledge`, `ManageOrgServiceUsers` (its name in the API; no label is documented), `use_novelty`."
        );
        assert!(of(ByHand::Create { role: &state(Some(&[])) }, "enterprise")[3].contains("no permission"));
    }

    #[test]
    fn a_change_says_what_to_tick_and_all_of_it_where_nobody_knows_what_is_there() {
        let after = state(Some(&["manage_knowledge", "use_deepwiki"]));
        let fields = [field::NAME, field::PERMISSIONS];
        let old = Untrusted::from("Old");
        let change = |before: &RoleState| {
            of(ByHand::Change { name: &old, before, after: &after, fields: &fields }, "enterprise")
        };
        let known = change(&state(Some(&["use_ask_devin", "use_deepwiki"])));
        assert_eq!(
            known[1..],
            [
                "Edit the role `Old` of the level `Account (enterprise)`.",
                "Change its name to `Curator`.",
                "Clear these permissions: `Use Ask Devin`.",
                "Tick these permissions: `Manage Knowledge`.",
                "Save it.",
            ]
        );
        assert!(change(&state(None))[3].starts_with("Tick exactly these permissions"));
    }

    #[test]
    fn a_role_that_goes_is_left_first() {
        let name = Untrusted::from("Old");
        let delete = |holders| ByHand::Delete { name: &name, resource_type: None, holders };
        assert_eq!(of(delete(Some(0)), "organization").len(), 2);
        assert_eq!(of(delete(None), "organization").len(), 3);
    }
}
