//! Seeds of the CodeRabbit emulator, and the state in the same form.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::permission::{Catalog, Permission, Permissions};
use super::world::{
    ADMIN, BILLING_ADMIN, Entry, Key, MEMBER, Org, OrgFacts, Role, Tenant, TenantFacts, User, World,
    long_ago, scope, yes,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    provider: String,
    #[serde(default)]
    any_key: Option<bool>,
    tenants: Vec<SeedTenant>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedTenant {
    name: String,
    #[serde(default)]
    workspace_id: Option<String>,
    #[serde(default)]
    caller: Option<String>,
    #[serde(default)]
    keys: Vec<Key>,
    orgs: Vec<SeedOrg>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedOrg {
    id: String,
    #[serde(default)]
    scope_id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default = "seats")]
    seats_purchased: u64,
    #[serde(default = "manual")]
    seat_assignment_mode: String,
    #[serde(default)]
    catalog: Option<Catalog>,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    audit: Vec<Entry>,
    #[serde(default)]
    next: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generate: Option<Generate>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Generate {
    #[serde(default)]
    roles: u32,
    #[serde(default)]
    permissions_each: u32,
    #[serde(default)]
    users: u32,
}

fn seats() -> u64 {
    50
}

fn manual() -> String {
    "manual".to_owned()
}

/// The id that follows from an organization and a number: always the same, and in the form of a random UUID.
pub(super) fn generated_id(scope: &str, number: u64) -> String {
    let digest = Sha256::digest(format!("{scope}#{number}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Builds the world of a seed, or says what is wrong with it.
pub(super) fn build(document: &Value) -> Result<World, String> {
    let document = Document::deserialize(document).map_err(|error| error.to_string())?;
    if document.provider != "coderabbit" {
        return Err(format!("the field `provider` is `{}`, not `coderabbit`", document.provider));
    }
    if document.tenants.is_empty() {
        return Err("the field `tenants` is empty; an emulator needs at least one".to_owned());
    }
    let any_key =
        document.any_key.unwrap_or_else(|| document.tenants.iter().all(|tenant| tenant.keys.is_empty()));
    let mut world = World::default();
    let mut keys = BTreeSet::new();
    for (index, tenant) in document.tenants.into_iter().enumerate() {
        let name = tenant.name.clone();
        for key in &tenant.keys {
            if key.key.is_empty() || !keys.insert(key.key.clone()) {
                return Err(format!("tenant `{name}`: a `key` is empty or given twice"));
            }
        }
        let built = build_tenant(tenant, any_key && index == 0)
            .map_err(|reason| format!("tenant `{name}`: {reason}"))?;
        if world.tenants.insert(name.clone(), built).is_some() {
            return Err(format!("there are two tenants named `{name}`"));
        }
    }
    Ok(world)
}

fn build_tenant(seed: SeedTenant, any_key: bool) -> Result<Tenant, String> {
    if seed.name.is_empty() || seed.name.contains('/') {
        return Err("`name` must not be empty and must not have a slash".to_owned());
    }
    let mut orgs = IndexMap::new();
    for org in seed.orgs {
        let id = org.id.clone();
        let built = build_org(&seed.name, org).map_err(|reason| format!("org `{id}`: {reason}"))?;
        if orgs.insert(id.clone(), built).is_some() {
            return Err(format!("there are two orgs `{id}`"));
        }
    }
    if orgs.is_empty() {
        return Err("`orgs` is empty; a tenant needs at least one".to_owned());
    }
    let is_member = |user: &str| orgs.values().any(|org| org.users.contains_key(user));
    if let Some(caller) = seed.caller.as_deref().filter(|caller| !is_member(caller)) {
        return Err(format!("`caller` {caller} is not a user of its orgs"));
    }
    for key in &seed.keys {
        if let Some(owner) = key.owner.as_deref().filter(|owner| !is_member(owner)) {
            return Err(format!("the `owner` {owner} of a key is not a user of its orgs"));
        }
        if let Some(org) = key.org.as_deref().filter(|org| !orgs.contains_key(*org)) {
            return Err(format!("the `org` {org} of a key is not one of its orgs"));
        }
    }
    let workspace_id = seed.workspace_id.unwrap_or_else(|| format!("crws-{}", seed.name));
    let facts = TenantFacts { workspace_id, caller: seed.caller, keys: seed.keys, any_key };
    Ok(Tenant { facts, orgs })
}

fn build_org(tenant: &str, seed: SeedOrg) -> Result<Org, String> {
    let id = seed.id;
    if id.is_empty() {
        return Err("`id` must not be empty".to_owned());
    }
    if !matches!(seed.seat_assignment_mode.as_str(), "manual" | "automatic") {
        return Err("`seat_assignment_mode` is `manual` or `automatic`".to_owned());
    }
    let scope = scope(tenant, &id);
    let facts = OrgFacts {
        scope_id: seed.scope_id.unwrap_or_else(|| format!("crorg-{tenant}-{id}")),
        name: seed.name.unwrap_or_else(|| tenant.to_owned()),
        active: seed.active,
        seats_purchased: seed.seats_purchased,
        seat_assignment_mode: seed.seat_assignment_mode,
        catalog: seed.catalog.unwrap_or_default(),
        next: seed.next.max(3),
    };
    let roles = system_roles(&facts.catalog);
    let mut org = Org { facts, roles, users: BTreeMap::new(), audit: BTreeMap::new() };
    add_roles(&mut org, &scope, seed.roles)?;
    if let Some(generate) = &seed.generate {
        if generate.roles.max(generate.users) > 1_000_000 {
            return Err("`generate` makes at most 1000000 roles and users".to_owned());
        }
        generate_into(&mut org, &scope, generate);
    }
    for user in seed.users {
        if user.user_id.is_empty() {
            return Err("a `user_id` is empty".to_owned());
        }
        if !org.roles.contains_key(&user.role) {
            return Err(format!(
                "user `{}` has the `role` {}, which does not exist",
                user.user_id, user.role
            ));
        }
        let user_id = user.user_id.clone();
        if org.users.insert(user_id.clone(), Arc::new(user)).is_some() {
            return Err(format!("there are two users with the `user_id` {user_id}"));
        }
    }
    for mut entry in seed.audit {
        if entry.id.is_empty() {
            org.facts.next += 1;
            entry.id = format!("{:08}", org.facts.next);
        }
        org.audit.insert(entry.id.clone(), Arc::new(entry));
    }
    Ok(org)
}

fn add_roles(org: &mut Org, scope: &str, roles: Vec<Role>) -> Result<(), String> {
    let mut custom = BTreeSet::new();
    for mut role in roles {
        if role.id.is_empty() {
            org.facts.next += 1;
            role.id = generated_id(scope, org.facts.next);
        }
        if role.order == 0 {
            org.facts.next += 1;
            role.order = org.facts.next;
        }
        org.facts.next = org.facts.next.max(role.order);
        if role.id == "permissions" || !custom.insert(role.id.clone()) {
            return Err(format!("there are two roles with the `id` {0}, or `{0}` is reserved", role.id));
        }
        org.roles.insert(role.id.clone(), Arc::new(role));
    }
    if org.roles.values().filter(|role| role.is_default).count() > 1 {
        return Err("at most one role can have `is_default`".to_owned());
    }
    Ok(())
}

/// The roles that every organization has.
fn system_roles(catalog: &Catalog) -> BTreeMap<String, Arc<Role>> {
    let member = [
        ("integrations", "read"),
        ("integrations", "write"),
        ("learnings", "read"),
        ("learnings", "write"),
        ("metrics_dashboard", "read"),
        ("metrics_dashboard", "write"),
        ("organization_settings", "read"),
        ("reports", "read"),
        ("reports", "write"),
        ("repository_management", "read"),
        ("repository_settings", "read"),
        ("repository_settings", "write"),
        ("user_management", "read"),
    ];
    let billing = [
        ("billing_management", "read"),
        ("billing_management", "write"),
        ("subscription_management", "read"),
        ("subscription_management", "write"),
        ("user_management", "read"),
    ];
    let role = |id: &str, name: &str, permissions: Permissions, order: u64| {
        let role = Role {
            id: id.to_owned(),
            name: name.to_owned(),
            description: None,
            is_default: false,
            permissions,
            created_at: long_ago(),
            updated_at: long_ago(),
            order,
        };
        (id.to_owned(), Arc::new(role))
    };
    [
        role(ADMIN, "Admin", catalog.pairs(), 1),
        role(MEMBER, "Member", catalog.only(&member), 2),
        role(BILLING_ADMIN, "Billing Admin", catalog.only(&billing), 3),
    ]
    .into_iter()
    .collect()
}

/// Adds `Generated role 00001` and so on, and users `900001` and so on: every second with a generated role in turn,
/// the others with `cr_member`.
fn generate_into(org: &mut Org, scope: &str, generate: &Generate) {
    let pairs: Vec<Permission> = org.facts.catalog.pairs().into_iter().collect();
    let mut ids = Vec::new();
    for index in 0..generate.roles as usize {
        org.facts.next += 1;
        let permissions = (0..(generate.permissions_each as usize).min(pairs.len()))
            .filter_map(|offset| pairs.get((index * 7 + offset) % pairs.len().max(1)).cloned())
            .collect();
        let role = Role {
            id: generated_id(scope, org.facts.next),
            name: format!("Generated role {:05}", index + 1),
            description: Some(format!("Generated for scale, number {}", index + 1)),
            is_default: false,
            permissions,
            created_at: long_ago(),
            updated_at: long_ago(),
            order: org.facts.next,
        };
        ids.push(role.id.clone());
        org.roles.insert(role.id.clone(), Arc::new(role));
    }
    for index in 0..generate.users as usize {
        let user_id = format!("{}", 900_001 + index);
        let role = match ids.get(index / 2 % ids.len().max(1)) {
            Some(id) if index % 2 == 1 => id.clone(),
            _ => MEMBER.to_owned(),
        };
        let user = User {
            user_name: Some(format!("generated-{user_id}")),
            email: Some(format!("generated-{user_id}@example.test")),
            name: None,
            user_id: user_id.clone(),
            role,
            seat_assigned: true,
        };
        org.users.insert(user_id, Arc::new(user));
    }
}

/// The world as a seed.
pub(super) fn export(world: &World) -> Value {
    let tenants = world
        .tenants
        .iter()
        .map(|(name, tenant)| SeedTenant {
            name: name.clone(),
            workspace_id: Some(tenant.facts.workspace_id.clone()),
            caller: tenant.facts.caller.clone(),
            keys: tenant.facts.keys.clone(),
            orgs: tenant.orgs.iter().map(|(id, org)| export_org(id, org)).collect(),
        })
        .collect();
    let document = Document {
        provider: "coderabbit".to_owned(),
        any_key: Some(world.tenants.values().any(|tenant| tenant.facts.any_key)),
        tenants,
    };
    serde_json::to_value(document).unwrap_or(Value::Null)
}

fn export_org(id: &str, org: &Org) -> SeedOrg {
    SeedOrg {
        id: id.to_owned(),
        scope_id: Some(org.facts.scope_id.clone()),
        name: Some(org.facts.name.clone()),
        active: org.facts.active,
        seats_purchased: org.facts.seats_purchased,
        seat_assignment_mode: org.facts.seat_assignment_mode.clone(),
        catalog: Some(org.facts.catalog.clone()),
        roles: org.roles.values().map(|role| role.as_ref().clone()).collect(),
        users: org.users.values().map(|user| user.as_ref().clone()).collect(),
        audit: org.audit.values().map(|entry| entry.as_ref().clone()).collect(),
        next: org.facts.next,
        generate: None,
    }
}

/// The seed that holds when nobody gives one.
pub(super) fn default_seed() -> Value {
    let user = |id: &str, handle: &str, name: &str, host: &str, role: &str| json!({ "user_id": id, "user_name": handle, "email": format!("{handle}@{host}"), "name": name, "role": role });
    let acme = |id, handle, name, role| user(id, handle, name, "acme.example.test", role);
    let globex = |id, handle, name, role| user(id, handle, name, "globex.example.test", role);
    json!({
        "provider": "coderabbit",
        "any_key": true,
        "tenants": [
            {
                "name": "acme", "workspace_id": "crws-acme", "caller": "1001",
                "keys": [{ "key": "cr-acme", "kind": "user", "owner": "1001" }],
                "orgs": [{
                    "id": "88321", "scope_id": "crorg-acme", "name": "acme",
                    "users": [
                        acme("1001", "ada", "Ada Admin", ADMIN),
                        acme("1002", "ben", "Ben Admin", ADMIN),
                        acme("1003", "mira", "Mira Member", MEMBER),
                        acme("1004", "okan", "Okan Member", MEMBER),
                        acme("1005", "lena", "Lena Member", MEMBER),
                        acme("1006", "tomas", "Tomas Member", MEMBER),
                        acme("1007", "yuki", "Yuki Member", MEMBER),
                        acme("1008", "bill", "Bill Billing", BILLING_ADMIN),
                    ],
                    "audit": [{
                        "action": "api_key_create", "resource_type": "api_key", "summary": "Created an API key",
                        "actor": { "name": "Ada Admin", "subtitle": "ada@acme.example.test" },
                    }],
                }],
            },
            {
                "name": "globex", "workspace_id": "crws-globex", "caller": "2001",
                "keys": [{ "key": "cr-globex", "kind": "user", "owner": "2001" }],
                "orgs": [{
                    "id": "99454", "scope_id": "crorg-globex", "name": "globex",
                    "users": [
                        globex("2001", "gail", "Gail Admin", ADMIN),
                        globex("2002", "hugo", "Hugo Admin", ADMIN),
                        globex("2003", "ines", "Ines Member", MEMBER),
                    ],
                }],
            },
        ],
    })
}
