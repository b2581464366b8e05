//! What the random definitions of each product are made of, and how its emulator tells its state.

use serde_json::{Value, json};

use super::definitions::State;
use crate::common::emulator::{text, texts};

/// A product.
#[derive(Clone, Copy)]
pub(super) struct Product {
    pub(super) name: &'static str,
    /// Of its emulator.
    pub(super) arguments: &'static [&'static str],
    pub(super) seed: fn() -> Value,
    /// What stands before `url` in `settings`.
    pub(super) settings: &'static str,
    pub(super) on_unassign: &'static str,
    /// A role is known by its name; else by its key, which is its slug.
    pub(super) named: bool,
    pub(super) bases: &'static [&'static str],
    /// Lines under `permissions:` of a role that lives in these places.
    pub(super) permissions: fn(&[&'static str]) -> &'static [&'static str],
    /// What the API calls the permission of such a line.
    pub(super) plain: fn(&'static str) -> &'static str,
    /// Organizations that have roles of their own; none where all roles are the target's.
    pub(super) role_places: &'static [&'static str],
    pub(super) can_delete: fn(&[&'static str]) -> bool,
    /// The `scope` of a role that lives in these places.
    pub(super) role_scope: fn(&[&'static str]) -> Option<String>,
    /// The `scope` of those who hold roles in a place.
    pub(super) person_scope: fn(&str) -> Option<String>,
    /// Whether a role that lives in these places can be held in that one.
    pub(super) is_held_in: fn(&[&'static str], &str) -> bool,
    pub(super) people: &'static [Person],
    /// A role that is always in a place.
    pub(super) builtin: fn(&str) -> &'static str,
    pub(super) way: Way,
    /// What the emulator's state says.
    pub(super) state: fn(&Value) -> State,
}

/// How roles come to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By requests.
    Api,
    /// By a person, and the emulator knows nothing of it.
    Attested,
    /// By a person in the dashboard; who holds them, by requests. Nothing tells their permissions.
    Dashboard,
}

/// Somebody who is given roles in one place.
#[derive(Clone, Copy)]
pub(super) struct Person {
    pub(super) spelled: &'static str,
    pub(super) id: &'static str,
    pub(super) place: &'static str,
}

const fn person(spelled: &'static str, id: &'static str, place: &'static str) -> Person {
    Person { spelled, id, place }
}

fn list<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    value[field].as_array().into_iter().flatten()
}

/// The line of a list.
fn item(line: &'static str) -> &'static str {
    line.trim_start_matches("- ").trim_matches('"')
}

fn says(base: Option<&str>, role: &Value) -> String {
    let mut permissions = texts(&role["permissions"]);
    permissions.sort();
    format!("{base:?} {} {permissions:?}", text(role, "description"))
}

pub(super) const CODERABBIT: Product = Product {
    name: "coderabbit",
    arguments: &["--switch", "rate_limits=off"],
    seed: || {
        let user =
            |id: &str, role: &str| json!({ "user_id": id, "user_name": format!("user-{id}"), "role": role });
        let users: Vec<Value> =
            ["1003", "1004", "1005", "1006"].iter().map(|id| user(id, "cr_member")).collect();
        let admins = ["1001", "1002"].map(|id| user(id, "cr_admin"));
        let users = [&admins[..], &users[..]].concat();
        let org = json!({ "id": "88321", "scope_id": "crorg-acme", "users": users });
        json!({ "provider": "coderabbit", "any_key": true, "tenants": [{ "name": "acme", "caller": "1001", "orgs": [org] }] })
    },
    settings: "",
    on_unassign: "{ to: builtin:cr_member }",
    named: true,
    bases: &[],
    permissions: |_| {
        &[
            "reports: [read]",
            "learnings: [read]",
            "integrations: [write]",
            "api_keys: [delete]",
            "audit_logs: [read]",
            "repository_settings: [write]",
        ]
    },
    plain: |line| match line {
        "reports: [read]" => "reports:read",
        "learnings: [read]" => "learnings:read",
        "integrations: [write]" => "integrations:write",
        "api_keys: [delete]" => "api_keys:delete",
        "audit_logs: [read]" => "audit_logs:read",
        _ => "repository_settings:write",
    },
    role_places: &[],
    can_delete: |_| true,
    role_scope: |_| None,
    person_scope: |_| None,
    is_held_in: |_, _| true,
    people: &[
        person("1003", "1003", ""),
        person("1004", "1004", ""),
        person("1005", "1005", ""),
        person("1006", "1006", ""),
    ],
    builtin: |_| "builtin:cr_member",
    way: Way::Api,
    state: |state| {
        let org = &state["tenants"][0]["orgs"][0];
        let mut read = State::default();
        for role in list(org, "roles").filter(|role| !text(role, "id").starts_with("cr_")) {
            read.roles.insert((String::new(), text(role, "name")), says(None, role));
        }
        for user in list(org, "users") {
            let held = list(org, "roles").find(|role| role["id"] == user["role"]);
            let custom = held.filter(|role| !text(role, "id").starts_with("cr_"));
            let who = (String::new(), text(user, "user_id"));
            read.holds.insert(who, custom.map(|role| text(role, "name")));
        }
        read
    },
};

pub(super) const GITLAB: Product = Product {
    name: "gitlab",
    arguments: &["--switch", "rate_limits=off"],
    seed: || {
        let user = |(id, name): (u64, &str)| json!({ "id": id, "username": name, "name": name });
        let users = [(1, "ada"), (2, "mira"), (3, "okan"), (4, "zoe"), (5, "yuki")].map(user);
        json!({
            "provider": "gitlab",
            "deployment": "group",
            "caller": "ada",
            "users": users,
            "groups": [
                { "id": 84, "path": "acme", "members": [{ "user": "ada", "access_level": 50 }] },
                { "id": 85, "path": "acme/platform", "members": [{ "user": "zoe", "access_level": 10 }] },
            ],
        })
    },
    settings: "group: acme, ",
    on_unassign: "keep_base",
    named: true,
    bases: &["guest", "reporter"],
    permissions: |_| {
        &[
            "- admin_web_hook",
            "- admin_push_rules",
            "- archive_project",
            "- remove_project",
            "- read_runners",
            "- manage_deploy_tokens",
        ]
    },
    plain: item,
    role_places: &[],
    can_delete: |_| true,
    role_scope: |_| None,
    person_scope: |place| Some(format!("{{ group: {place} }}")),
    is_held_in: |_, _| true,
    people: &[
        person("mira", "mira", "acme"),
        person("okan", "okan", "acme"),
        person("zoe", "zoe", "acme/platform"),
        person("yuki", "yuki", "acme/platform"),
    ],
    builtin: |_| "builtin:reporter",
    way: Way::Api,
    state: |state| {
        let mut read = State::default();
        for role in list(state, "roles") {
            let base = match role["base_access_level"].as_u64() {
                Some(10) => "guest",
                Some(20) => "reporter",
                _ => "another",
            };
            read.roles.insert((String::new(), text(role, "name")), says(Some(base), role));
        }
        for group in list(state, "groups") {
            for member in list(group, "members") {
                let held = list(state, "roles").find(|role| role["id"] == member["member_role_id"]);
                let who = (text(group, "path"), text(member, "user"));
                read.holds.insert(who, held.map(|role| text(role, "name")));
            }
        }
        read
    },
};

pub(super) const WORKOS: Product = Product {
    name: "workos",
    arguments: &["--switch", "rate_limits=off"],
    seed: || {
        let organization = |id: &str, users: &[&str]| {
            let members: Vec<Value> = users
                .iter()
                .map(|user| json!({ "id": format!("om_{id}_{user}"), "user": user, "roles": ["member"] }))
                .collect();
            json!({ "id": id, "name": id, "memberships": members })
        };
        let users = ["user_ada", "user_mira", "user_okan"]
            .map(|id| json!({ "id": id, "email": format!("{id}@acme.example.test") }));
        let permissions = [
            "billing:read",
            "billing:write",
            "members:manage",
            "reports:read",
            "audit:export",
            "settings:write",
        ]
        .map(|slug| json!({ "slug": slug, "name": slug }));
        json!({
            "provider": "workos",
            "any_key": true,
            "environments": [{
                "name": "production",
                "users": users,
                "permissions": permissions,
                "organizations": [
                    organization("org_acme", &["user_mira", "user_okan"]),
                    organization("org_globex", &["user_mira"]),
                    organization("org_initech", &["user_ada"]),
                ],
            }],
        })
    },
    settings: "",
    on_unassign: "{ to: builtin:member }",
    named: false,
    bases: &[],
    permissions: |_| {
        &[
            "- \"billing:read\"",
            "- \"billing:write\"",
            "- \"members:manage\"",
            "- \"reports:read\"",
            "- \"audit:export\"",
            "- \"settings:write\"",
        ]
    },
    plain: item,
    role_places: &["org_acme", "org_globex", "org_initech"],
    can_delete: |places| !places.is_empty(),
    role_scope: |places| (!places.is_empty()).then(|| format!("{{ organization: [{}] }}", places.join(", "))),
    person_scope: |place| Some(format!("{{ organization: {place} }}")),
    is_held_in: |places, place| places.is_empty() || places.contains(&place),
    people: &[
        person("id:user_mira", "user_mira", "org_acme"),
        person("id:user_okan", "user_okan", "org_acme"),
        person("id:user_mira", "user_mira", "org_globex"),
        person("id:user_ada", "user_ada", "org_initech"),
    ],
    builtin: |_| "builtin:member",
    way: Way::Api,
    state: |state| {
        let environment = &state["environments"][0];
        let mut read = State::default();
        for role in list(environment, "roles").filter(|role| text(role, "slug") != "member") {
            read.roles.insert((String::new(), text(role, "name")), says(None, role));
        }
        for organization in list(environment, "organizations") {
            let id = text(organization, "id");
            for role in list(organization, "roles") {
                read.roles.insert((id.clone(), text(role, "name")), says(None, role));
            }
            for member in list(organization, "memberships") {
                let slug = member["roles"][0].as_str().unwrap_or_default();
                let roles = list(organization, "roles").chain(list(environment, "roles"));
                let held = roles
                    .filter(|role| text(role, "slug") != "member")
                    .find(|role| text(role, "slug") == slug);
                read.holds.insert((id.clone(), text(member, "user")), held.map(|role| text(role, "name")));
            }
        }
        read
    },
};

pub(super) const INFRACODEBASE: Product = Product {
    name: "infracodebase",
    arguments: &[],
    seed: || Value::Null,
    settings: "enterprise: ent-acme, ",
    on_unassign: "{ to: builtin:member }",
    named: true,
    bases: &[],
    permissions: |_| {
        &[
            "- enterprise.rulesets.approve",
            "- enterprise.compliance.approve",
            "- enterprise.members.manage",
            "- enterprise.billing.read",
            "- workspace.rulesets.manage",
            "- workspace.files.write",
        ]
    },
    plain: item,
    role_places: &["workspace"],
    can_delete: |_| true,
    role_scope: |places| Some(if places.is_empty() { "enterprise" } else { "workspace" }.to_owned()),
    person_scope: |place| {
        Some(if place == "enterprise" { place.to_owned() } else { format!("{{ workspace: [{place}] }}") })
    },
    is_held_in: |places, place| places.is_empty() == (place == "enterprise"),
    people: &[
        person("email:mira@example.test", "mira", "enterprise"),
        person("email:okan@example.test", "okan", "enterprise"),
        person("email:mira@example.test", "mira", "ws-network"),
        person("email:zoe@example.test", "zoe", "ws-storage"),
    ],
    builtin: |place| if place == "enterprise" { "builtin:member" } else { "builtin:workspace_editor" },
    way: Way::Attested,
    state: |_| State::default(),
};

pub(super) const DEVIN: Product = Product {
    name: "devin",
    arguments: &[],
    seed: || {
        let user = |name: &str| json!({ "id": format!("user-{name}"), "email": format!("{name}@acme.test"), "role": "account_member" });
        let users = ["mira", "okan", "zoe", "yuki"].map(user);
        let organization = |id: &str| json!({ "id": format!("org-{id}"), "name": id });
        json!({
            "provider": "devin",
            "enterprises": [{
                "name": "acme",
                "anybody": "service-user-rolecall",
                "organizations": [organization("apps"), organization("data")],
                "users": users,
                "service_users": [{ "id": "service-user-rolecall", "name": "rolecall", "role": "account_admin" }],
            }],
        })
    },
    settings: "",
    on_unassign: "remove_member",
    named: true,
    bases: &[],
    permissions: |places| match places {
        [] => &["- manage_billing", "- manage_account_playbooks", "- manage_account_knowledge"],
        _ => &[
            "- manage_playbooks",
            "- manage_knowledge",
            "- manage_api_keys",
            "- use_deepwiki",
            "- use_ask_devin",
        ],
    },
    plain: item,
    role_places: &["organization"],
    can_delete: |_| true,
    role_scope: |places| Some(if places.is_empty() { "enterprise" } else { "organization" }.to_owned()),
    person_scope: |place| Some(format!("{{ organization: [{place}] }}")),
    is_held_in: |places, _| !places.is_empty(),
    people: &[
        person("id:user-mira", "user-mira", "org-apps"),
        person("id:user-okan", "user-okan", "org-apps"),
        person("id:user-mira", "user-mira", "org-data"),
        person("email:zoe@acme.test", "user-zoe", "org-data"),
    ],
    builtin: |_| "builtin:org_member",
    way: Way::Dashboard,
    state: |state| {
        let enterprise = &state["enterprises"][0];
        let custom = || list(enterprise, "roles").filter(|role| role["builtin"] != true);
        let mut read = State::default();
        for role in custom() {
            let place = if text(role, "type") == "org" { "organization" } else { "" };
            read.roles.insert((place.to_owned(), text(role, "name")), String::new());
        }
        for user in list(enterprise, "users") {
            for (place, id) in user["organizations"].as_object().into_iter().flatten() {
                let held = custom().find(|role| role["id"] == *id);
                read.holds.insert((place.clone(), text(user, "id")), held.map(|role| text(role, "name")));
            }
        }
        read
    },
};
