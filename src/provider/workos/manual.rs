//! What a person does in the WorkOS dashboard where there is no API.
//! Source: `/rbac/configuration` (deleting a role), `/rbac/idp-role-assignment` (groups of an identity
//! provider).

use super::{slug, spec::SSO_GROUP};
use crate::{
    contract::{
        ByHand, Task,
        manual::{self},
    },
    model::Scope,
};

/// Where roles of the environment are.
const ROLES: &str = "Authorization > Roles, in the environment of the key";

/// The steps of a task. A role of the environment is deleted by hand, and groups of an identity provider
/// are mapped by hand.
pub(super) fn steps(task: &Task<'_>) -> Vec<String> {
    match task.what {
        ByHand::Delete { name, resource_type, .. } => {
            let open = format!("In the WorkOS dashboard, open {ROLES}.");
            let name = name.raw();
            let delete = format!("Delete the role `{name}`.");
            // On a resource nobody has a default role.
            match resource_type.filter(|kind| kind.raw() != slug::ORGANIZATION) {
                Some(kind) => vec![
                    open,
                    format!("Make sure that nobody holds the role `{name}` any more: whoever still does on a resource of the type `{}` would have it no more, and get no other there.", kind.raw()),
                    delete,
                ],
                None => vec![
                    open,
                    format!("Make sure that nobody holds the role `{name}` any more: whoever still does would get the default role of their organization, and no later plan could tell."),
                    delete,
                    "Where it is the default role, of the environment or of organizations, the dashboard asks for another one: choose what their members are to have.".to_owned(),
                ],
            }
        }
        ByHand::Assign { principal, role, instead_of } => {
            let instead = instead_of.map_or_else(String::new, |old| format!(" in place of {}", old.quoted()));
            mapping(
                task,
                format!(
                    "Map the group `{}` to the role {}{instead}, and save.",
                    principal.raw(),
                    role.quoted()
                ),
            )
        }
        ByHand::Unassign { principal, role } => mapping(
            task,
            format!(
                "Take the mapping of the group `{}` to the role {} out, and save.",
                principal.raw(),
                role.quoted()
            ),
        ),
        ByHand::Create { .. } | ByHand::Change { .. } => manual::steps("WorkOS", ROLES, task),
    }
}

/// The steps around a change of a mapping.
fn mapping(task: &Task<'_>, change: String) -> Vec<String> {
    let organization = match task.scope {
        Scope::In { path, .. } => format!("the organization `{}`", path.raw()),
        Scope::Target | Scope::Level(_) => "the organization".to_owned(),
    };
    let (place, then) = match task.class {
        SSO_GROUP => ("SSO connection", "with their next sign-in"),
        _ => ("directory", "with its next synchronization"),
    };
    vec![
        format!(
            "In the WorkOS dashboard, open {organization}, its {place}, and there the role assignment of groups; the organization's own administrators find it in their Admin Portal."
        ),
        change,
        format!("Who is in the group gets the role that follows from it {then}."),
    ]
}

#[cfg(test)]
mod tests {
    use super::{super::spec::DIRECTORY_GROUP, *};
    use crate::{contract::Shown, model::Untrusted};

    #[test]
    fn a_group_of_an_identity_provider_is_mapped_with_exact_values() {
        let scope = Scope::within("organization", "org_acme");
        let (group, role, slug, old): (Untrusted, Untrusted, Untrusted, Untrusted) =
            ("Front desk".into(), "Desk".into(), "org-desk".into(), "member".into());
        let (role, old) = (Shown { name: &role, slug: Some(&slug) }, Shown { name: &old, slug: Some(&old) });
        let said = |class, what| steps(&Task { class, scope: &scope, what }).join("\n");
        let assign = |instead_of| ByHand::Assign { principal: &group, role, instead_of };
        insta::assert_snapshot!(said(DIRECTORY_GROUP, assign(None)), @"
        In the WorkOS dashboard, open the organization `org_acme`, its directory, and there the role assignment of groups; the organization's own administrators find it in their Admin Portal.
        Map the group `Front desk` to the role `Desk` (`org-desk`), and save.
        Who is in the group gets the role that follows from it with its next synchronization.
        ");
        insta::assert_snapshot!(said(SSO_GROUP, assign(Some(old))), @"
        In the WorkOS dashboard, open the organization `org_acme`, its SSO connection, and there the role assignment of groups; the organization's own administrators find it in their Admin Portal.
        Map the group `Front desk` to the role `Desk` (`org-desk`) in place of `member`, and save.
        Who is in the group gets the role that follows from it with their next sign-in.
        ");
        insta::assert_snapshot!(said(SSO_GROUP, ByHand::Unassign { principal: &group, role }), @"
        In the WorkOS dashboard, open the organization `org_acme`, its SSO connection, and there the role assignment of groups; the organization's own administrators find it in their Admin Portal.
        Take the mapping of the group `Front desk` to the role `Desk` (`org-desk`) out, and save.
        Who is in the group gets the role that follows from it with their next sign-in.
        ");
    }
}
