//! Nobody is given more than whoever the credential acts for holds. Devin itself refuses it for service
//! users (`/api-reference/release-notes`, 2026-01-14); whether for others too is not documented, so that
//! it is held here for everybody. The API tells nobody's permissions: those of custom roles are known
//! from the attested snapshot, those of built-in ones as far as they are documented.

use std::collections::BTreeSet;

use super::{
    place::{self, ENTERPRISE},
    spec::{ACCOUNT_ADMIN, ORG_ADMIN, SERVICE_USER},
};
use crate::{
    contract::{Given, TooMuch},
    model::{
        Kind, Scope, Untrusted, Value, field,
        live::{Live, LiveObject, LiveState},
    },
};

/// What a role may never permit that a service user is given over the API.
const NEVER: &str = "manage_account_service_users";
/// What helps there. Source: `/api-reference/release-notes`, 2026-01-14: it holds whatever the caller may.
const BY_NOBODY: &str = "No credential may, so that allowing it does not help. Give the service user a role without that permission; whether the dashboard gives it this one is not documented.";

/// Permissions of organizations that one of the enterprise brings in each of them. Source:
/// `/enterprise/custom-roles`, what each permission of the account level grants.
const BRINGS: &[(&str, &[&str])] = &[
    ("manage_account_membership", &["manage_membership", "view_org_membership"]),
    ("view_account_membership", &["view_org_membership"]),
    ("manage_enterprise_settings", &["manage_settings"]),
    ("manage_git_integrations", &["index_repositories"]),
    ("use_account_tools", &["use_deepwiki", "use_ask_devin", "use_devin_sessions"]),
    ("manage_account_resources", &["manage_playbooks", "manage_secrets", "manage_knowledge"]),
    ("manage_account_knowledge", &["manage_knowledge"]),
    ("manage_account_playbooks", &["manage_playbooks"]),
    ("manage_account_snapshots", &["manage_snapshots", "index_repositories"]),
    ("manage_account_api_keys", &["manage_api_keys"]),
    ("manage_account_service_users", &["manage_org_service_users"]),
    ("manage_account_mcp_servers", &["manage_mcp_servers"]),
    ("view_account_metrics", &["view_metrics"]),
    ("manage_billing", &["view_consumption"]),
    ("view_account_sessions", &["view_sessions"]),
    ("manage_account_sessions", &["manage_sessions", "view_sessions"]),
];

/// What is known of a role's permissions.
enum Permits<'a> {
    /// Everything of its level.
    Everything,
    /// What the documentation calls core functions, standard access, or reading alone: nothing that
    /// manages anything.
    Basics,
    /// This.
    These(&'a BTreeSet<Untrusted>),
    /// Nobody knows.
    Unknown,
}

fn role<'a>(live: &'a LiveState, id: &Untrusted) -> Option<&'a LiveObject> {
    live.of(Kind::Role).find(|role| role.id.as_ref() == Some(id))
}

fn permits<'a>(live: &'a LiveState, id: &Untrusted) -> Permits<'a> {
    if [ACCOUNT_ADMIN, ORG_ADMIN].contains(&id.raw()) {
        return Permits::Everything;
    }
    let Some(role) = role(live, id) else { return Permits::Unknown };
    match role.fields.get(field::PERMISSIONS).and_then(Live::value) {
        _ if role.builtin => Permits::Basics,
        Some(Value::Set(set)) => Permits::These(set),
        _ => Permits::Unknown,
    }
}

/// What to call a role.
fn called<'a>(live: &'a LiveState, id: &'a Untrusted) -> &'a str {
    role(live, id).map_or(id.raw(), |role| role.key.name.raw())
}

/// Whether the credential may give this; the error says why not, or why nobody can tell.
pub(super) fn may_give(given: Given<'_>, live: &LiveState) -> Result<(), TooMuch> {
    let wanted = permits(live, given.role);
    let name = called(live, given.role);
    if given.class == SERVICE_USER {
        let manages = match &wanted {
            Permits::Everything => given.role.raw() == ACCOUNT_ADMIN,
            Permits::These(set) => set.contains(NEVER),
            Permits::Basics | Permits::Unknown => false,
        };
        if manages {
            let why = format!(
                "`{name}` permits `{NEVER}`, and no role that does can be given to a service user over the API"
            );
            return Err(TooMuch { why, help: Some(BY_NOBODY) });
        }
    }
    if matches!(wanted, Permits::Basics) {
        return Ok(());
    }
    let Some(holds) = &live.caller_holds else {
        let why = format!(
            "the API does not tell what this credential's own role is, so that nobody can tell whether `{name}` is more"
        );
        return Err(why.into());
    };
    let enterprise = place::enterprise();
    let counts = |scope: &Scope| *scope == enterprise || scope == given.scope;
    let own: Vec<&Untrusted> =
        holds.iter().filter(|(scope, _)| counts(scope)).map(|(_, role)| role).collect();
    let admin = |role: &&&Untrusted| match role.raw() {
        ACCOUNT_ADMIN => true,
        ORG_ADMIN => *given.scope != enterprise,
        _ => **role == given.role,
    };
    if own.iter().any(|role| admin(&role)) {
        return Ok(());
    }
    let needed = match wanted {
        Permits::These(set) => set,
        Permits::Everything | Permits::Basics => {
            let why = format!(
                "`{name}` permits everything there, and this credential acts for somebody who does not hold it"
            );
            return Err(why.into());
        }
        Permits::Unknown => {
            let why = format!(
                "nobody has attested what `{name}` permits, so that nobody can tell whether it is more than this credential may do itself"
            );
            return Err(why.into());
        }
    };
    let (mut have, mut unknown) = (BTreeSet::new(), None);
    for id in own {
        match permits(live, id) {
            Permits::These(set) => {
                let of_enterprise = role(live, id).is_some_and(
                    |role| matches!(&role.key.scope, Scope::Level(level) if &**level == ENTERPRISE),
                );
                let brought =
                    BRINGS.iter().filter(|(permission, _)| of_enterprise && set.contains(*permission));
                have.extend(brought.flat_map(|(_, brought)| brought.iter().copied()));
                have.extend(set.iter().map(Untrusted::raw));
            }
            Permits::Everything | Permits::Basics => {}
            Permits::Unknown => unknown = Some(called(live, id)),
        }
    }
    let more: Vec<String> = needed
        .iter()
        .filter(|name| !have.contains(name.raw()))
        .map(|name| format!("`{}`", name.raw()))
        .collect();
    let why = match (more.is_empty(), unknown) {
        (true, _) => return Ok(()),
        (false, Some(own)) => format!(
            "nobody has attested what `{own}` permits, the role that this credential acts with, so that nobody can tell whether `{name}` is more"
        ),
        (false, None) => {
            format!("`{name}` permits {}, and this credential acts for somebody who may not", more.join(", "))
        }
    };
    Err(why.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        model::Key,
        provider::devin::spec::{ROLE, USER},
    };

    fn object(id: &str, level: &str, builtin: bool, permissions: Option<&[&str]>) -> LiveObject {
        let permissions = permissions
            .map(|names| Live::Attested(Value::Set(names.iter().map(|name| (*name).into()).collect())));
        LiveObject {
            key: Key {
                kind: Kind::Role,
                class: ROLE,
                scope: Scope::Level(level.into()),
                name: id.to_uppercase().into(),
                role: None,
            },
            id: Some(id.into()),
            builtin,
            fields: permissions
                .map(|live| (field::PERMISSIONS, live))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            holders: None,
            locked: None,
        }
    }

    fn live(holds: Option<&[(&str, &str)]>) -> LiveState {
        let place = |at: &str| if at.is_empty() { place::enterprise() } else { place::organization(at) };
        LiveState {
            objects: vec![
                object("account_admin", "enterprise", true, None),
                object("account_member", "enterprise", true, None),
                object("org_admin", "organization", true, None),
                object("org_member", "organization", true, None),
                object("curator", "organization", false, Some(&["manage_knowledge"])),
                object("helper", "enterprise", false, Some(&["manage_account_resources"])),
                object("keys", "enterprise", false, Some(&["manage_account_service_users"])),
                object("secret", "organization", false, None),
            ],
            caller_holds: holds
                .map(|holds| holds.iter().map(|(at, role)| (place(at), Untrusted::from(*role))).collect()),
            ..LiveState::default()
        }
    }

    fn judge(
        holds: Option<&[(&str, &str)]>,
        class: &'static str,
        at: &str,
        role: &str,
    ) -> Result<(), String> {
        let scope = if at.is_empty() { place::enterprise() } else { place::organization(at) };
        let given = Given { class, scope: &scope, principal: &"x".into(), role: &role.into() };
        may_give(given, &live(holds)).map_err(|too_much| too_much.why)
    }

    #[test]
    fn an_administrator_gives_everything_and_one_of_an_organization_everything_there() {
        let admin: &[(&str, &str)] = &[("", "account_admin")];
        for role in ["account_admin", "helper", "keys"] {
            assert_eq!(judge(Some(admin), USER, "", role), Ok(()), "{role}");
        }
        assert_eq!(judge(Some(admin), USER, "org-1", "secret"), Ok(()));
        let local: &[(&str, &str)] = &[("org-1", "org_admin")];
        assert_eq!(judge(Some(local), USER, "org-1", "secret"), Ok(()));
        assert!(judge(Some(local), USER, "org-2", "curator").is_err());
        assert!(judge(Some(local), USER, "", "helper").is_err());
    }

    #[test]
    fn what_is_more_or_not_known_is_refused_and_the_reason_names_it() {
        let helper: &[(&str, &str)] = &[("", "helper")];
        assert_eq!(judge(Some(helper), USER, "org-1", "curator"), Ok(()), "resources bring knowledge");
        assert_eq!(judge(Some(helper), USER, "", "helper"), Ok(()), "the same role");
        let refused = |holds, at, role| judge(holds, USER, at, role).err().unwrap_or_default();
        assert!(refused(Some(helper), "", "keys").contains("`manage_account_service_users`"));
        assert!(refused(Some(helper), "org-1", "org_admin").contains("everything"));
        assert!(refused(Some(helper), "org-1", "secret").contains("attested what `SECRET` permits"));
        assert!(refused(Some(&[("org-1", "secret")]), "org-1", "curator").contains("attested what `SECRET`"));
        assert!(refused(None, "org-1", "curator").contains("does not tell"));
        for role in ["org_member", "account_member"] {
            assert_eq!(judge(None, USER, "org-1", role), Ok(()), "{role}");
        }
    }

    #[test]
    fn a_service_user_is_never_given_what_manages_service_users() {
        let admin: &[(&str, &str)] = &[("", "account_admin")];
        for role in ["account_admin", "keys"] {
            assert!(judge(Some(admin), SERVICE_USER, "", role).is_err(), "{role}");
        }
        assert_eq!(judge(Some(admin), SERVICE_USER, "", "helper"), Ok(()));
        assert_eq!(judge(Some(admin), SERVICE_USER, "org-1", "org_admin"), Ok(()));
    }
}
