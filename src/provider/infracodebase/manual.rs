//! What a person does in Infracodebase: nothing of it can be asked for over the API. Source:
//! `/enterprises/roles` (roles are made in the enterprise settings; they are given at the invitation or on
//! the page of the people).

use super::spec::WORKSPACE;
use crate::{
    contract::{ByHand, Task, manual},
    model::Scope,
};

/// Where custom roles are.
const ROLES: &str = "the enterprise settings > Roles";
/// Where people are given their role in the enterprise.
const PEOPLE: &str = "the enterprise settings > People";

/// The steps of a task.
pub(super) fn steps(task: &Task<'_>) -> Vec<String> {
    match task.what {
        ByHand::Create { .. } | ByHand::Change { .. } | ByHand::Delete { .. } => {
            manual::steps("Infracodebase", ROLES, task)
        }
        ByHand::Assign { principal, role, instead_of } => {
            let instead = instead_of.map_or_else(String::new, |old| format!(" in place of {}", old.quoted()));
            let give = format!(
                "Give `{}` the {} role {}{instead}.",
                principal.raw(),
                level(task.scope),
                role.quoted()
            );
            let mut steps = vec![open(task.scope), give];
            if instead_of.is_none() && !matches!(task.scope, Scope::In { .. }) {
                steps.push("Who is no member of the enterprise yet is invited with that role.".to_owned());
            }
            steps
        }
        ByHand::Unassign { principal, role } => vec![
            open(task.scope),
            format!(
                "Take the {} role {} from `{}`, so that the role in the enterprise counts there.",
                level(task.scope),
                role.quoted(),
                principal.raw()
            ),
        ],
    }
}

fn open(scope: &Scope) -> String {
    match scope {
        Scope::In { path, .. } => {
            format!("In Infracodebase, open {PEOPLE}, and there the workspace `{}`.", path.raw())
        }
        Scope::Target | Scope::Level(_) => format!("In Infracodebase, open {PEOPLE}."),
    }
}

fn level(scope: &Scope) -> &'static str {
    match scope {
        Scope::In { .. } => WORKSPACE,
        Scope::Target | Scope::Level(_) => super::spec::ENTERPRISE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contract::Shown,
        model::{RoleState, Untrusted},
    };

    fn said(scope: &Scope, what: ByHand<'_>) -> String {
        steps(&Task { class: "role", scope, what }).join("\n")
    }

    #[test]
    fn a_role_is_made_with_exact_values() {
        let role = RoleState {
            name: "Ruleset Approver".into(),
            description: Some(Some("Approves".into())),
            permissions: Some(["enterprise.rulesets.approve".into()].into()),
            ..RoleState::default()
        };
        insta::assert_snapshot!(said(&Scope::Level("enterprise".into()), ByHand::Create { role: &role }), @"
        In Infracodebase, open the enterprise settings > Roles (enterprise).
        Create a role with the name `Ruleset Approver`.
        Set its description to `Approves`.
        Choose exactly these permissions, and no other: `enterprise.rulesets.approve`.
        Save it.
        ");
    }

    #[test]
    fn people_are_found_by_their_address() {
        let (mira, role, old): (Untrusted, Untrusted, Untrusted) =
            ("mira@acme.test".into(), "Ruleset Maintainer".into(), "Member".into());
        let role = Shown::by_name(&role);
        let assign = |instead_of| ByHand::Assign { principal: &mira, role, instead_of };
        let workspace = Scope::within(WORKSPACE, "ws-network");
        let enterprise = Scope::Level("enterprise".into());
        insta::assert_snapshot!(said(&enterprise, assign(None)), @"
        In Infracodebase, open the enterprise settings > People.
        Give `mira@acme.test` the enterprise role `Ruleset Maintainer`.
        Who is no member of the enterprise yet is invited with that role.
        ");
        insta::assert_snapshot!(said(&enterprise, assign(Some(Shown::by_name(&old)))), @"
        In Infracodebase, open the enterprise settings > People.
        Give `mira@acme.test` the enterprise role `Ruleset Maintainer` in place of `Member`.
        ");
        insta::assert_snapshot!(said(&workspace, assign(None)), @"
        In Infracodebase, open the enterprise settings > People, and there the workspace `ws-network`.
        Give `mira@acme.test` the workspace role `Ruleset Maintainer`.
        ");
        insta::assert_snapshot!(said(&workspace, ByHand::Unassign { principal: &mira, role }), @"
        In Infracodebase, open the enterprise settings > People, and there the workspace `ws-network`.
        Take the workspace role `Ruleset Maintainer` from `mira@acme.test`, so that the role in the enterprise counts there.
        ");
    }
}
