//! What a person does in the WorkOS dashboard where there is no API.
//! Source: `/rbac/configuration` (deleting a role).

use crate::contract::{
    ByHand, Task,
    manual::{self},
};

/// Where roles of the environment are.
const ROLES: &str = "Authorization > Roles, in the environment of the key";

/// The steps of a task. Only a role of the environment has to be deleted by hand.
pub(super) fn steps(task: &Task<'_>) -> Vec<String> {
    let ByHand::Delete { name, .. } = task.what else {
        return manual::steps("WorkOS", ROLES, task);
    };
    vec![
        format!("In the WorkOS dashboard, open {ROLES}."),
        format!("Delete the role `{}`.", name.raw()),
        "Where it is the default role, of the environment or of organizations, the dashboard asks for another one: choose what their members are to have.".to_owned(),
        "Whoever held the role gets the default role of their organization. That takes a moment.".to_owned(),
    ]
}
