//! Seeds of the Devin emulator, and the state in the same form.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::edit::id;
use super::objects::{Event, Group, Holder, Level, Organization, Role, ServiceUser, User};
use super::table::{Stored, Table};
use super::world::{Enterprise, Facts, Token, World};

/// The roles that every enterprise has: id, name, level, permissions. The id of the last is not documented.
const BUILTIN: [(&str, &str, Level, &[&str]); 5] = [
    ("account_admin", "Admin", Level::Enterprise, &["*"]),
    ("account_member", "Member", Level::Enterprise, &["ReadAccountMeta"]),
    ("org_admin", "Admin", Level::Org, &["*"]),
    ("org_member", "Member", Level::Org, &["UseDevinSessions"]),
    ("org_deepwiki", "DeepWiki Only", Level::Org, &[]),
];

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    provider: String,
    enterprises: Vec<SeedEnterprise>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedEnterprise {
    name: String,
    #[serde(default)]
    tokens: Vec<Token>,
    #[serde(default)]
    anybody: Option<String>,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    organizations: Vec<Organization>,
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    service_users: Vec<ServiceUser>,
    #[serde(default)]
    idp_groups: Vec<Group>,
    #[serde(default)]
    events: Vec<Event>,
    #[serde(default)]
    last: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generate: Option<Generate>,
}

/// How much a seed asks for besides what it lists.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Generate {
    #[serde(default)]
    organizations: u32,
    #[serde(default)]
    users: u32,
}

impl Generate {
    /// Adds organizations `org-generated-001` and people `user-generated-00001`, each a member of every one of them.
    fn add_to(&self, seed: &mut SeedEnterprise) -> Result<(), String> {
        if self.organizations.saturating_mul(self.users.max(1)) > 1_000_000 {
            return Err("`generate` makes at most 1000000 memberships".to_owned());
        }
        let organizations: Vec<String> =
            (1..=self.organizations).map(|number| format!("org-generated-{number:03}")).collect();
        for (index, id) in organizations.iter().enumerate() {
            let name = format!("Generated {:03}", index + 1);
            seed.organizations.push(Organization {
                id: id.clone(),
                name,
                created_at: super::objects::long_ago(),
                updated_at: super::objects::long_ago(),
                max_session_acu_limit: None,
                max_cycle_acu_limit: None,
                order: 0,
            });
        }
        for number in 1..=self.users {
            let role = |id: &String| (id.clone(), "org_member".to_owned());
            seed.users.push(User {
                id: format!("user-generated-{number:05}"),
                email: Some(format!("generated-{number:05}@example.test")),
                name: Some(format!("Generated {number:05}")),
                role: Some(super::objects::MEMBER.to_owned()),
                organizations: organizations.iter().map(role).collect(),
                groups: Vec::new(),
                order: 0,
            });
        }
        Ok(())
    }
}

/// Builds the world of a seed, or says what is wrong with it.
pub(super) fn build(document: &Value) -> Result<World, String> {
    let document = Document::deserialize(document).map_err(|error| error.to_string())?;
    if document.provider != "devin" {
        return Err(format!("the field `provider` is `{}`, not `devin`", document.provider));
    }
    if document.enterprises.is_empty() {
        return Err("the field `enterprises` is empty; an emulator needs at least one".to_owned());
    }
    let mut world = World::default();
    let mut tokens = BTreeSet::new();
    for mut seed in document.enterprises {
        let name = seed.name.clone();
        let wrong = |reason| format!("enterprise `{name}`: {reason}");
        for token in &seed.tokens {
            if token.token.is_empty() || !tokens.insert(token.token.clone()) {
                return Err(wrong("a `token` is empty or given twice".to_owned()));
            }
        }
        if let Some(generate) = seed.generate.take() {
            generate.add_to(&mut seed).map_err(wrong)?;
        }
        let enterprise = Builder { name: name.clone(), last: seed.last }.enterprise(seed).map_err(wrong)?;
        if world.enterprises.insert(name.clone(), enterprise).is_some() {
            return Err(format!("there are two enterprises named `{name}`"));
        }
    }
    Ok(world)
}

/// What is counted while an enterprise is built.
struct Builder {
    name: String,
    last: u64,
}

impl Builder {
    /// Gives an object its place and its id where the seed does not.
    fn name(&mut self, order: &mut u64, key: Option<(&mut String, &str)>) {
        if *order == 0 {
            self.last += 1;
            *order = self.last;
        }
        self.last = self.last.max(*order);
        if let Some((key, prefix)) = key.filter(|(key, _)| key.is_empty()) {
            *key = id(prefix, &self.name, *order);
        }
    }

    fn enterprise(mut self, seed: SeedEnterprise) -> Result<Enterprise, String> {
        let mut enterprise = Enterprise::default();
        for (id, name, level, permissions) in BUILTIN {
            if !seed.roles.iter().any(|role| role.id == id || role.level == level && role.name == name) {
                let permissions = permissions.iter().map(|&permission| permission.to_owned()).collect();
                let (id, name) = (id.to_owned(), name.to_owned());
                let mut role = Role { id, name, level, permissions, builtin: true, order: 0 };
                self.name(&mut role.order, None);
                insert(&mut enterprise.roles, role)?;
            }
        }
        for mut role in seed.roles {
            self.name(&mut role.order, Some((&mut role.id, "role-")));
            if enterprise.roles.values().any(|other| other.level == role.level && other.name == role.name) {
                return Err(format!("there are two roles `{}` at one level", role.name));
            }
            insert(&mut enterprise.roles, role)?;
        }
        for mut organization in seed.organizations {
            self.name(&mut organization.order, Some((&mut organization.id, "org-")));
            insert(&mut enterprise.organizations, organization)?;
        }
        for mut user in seed.users {
            self.name(&mut user.order, Some((&mut user.id, "user-")));
            check(&enterprise, &user)?;
            insert(&mut enterprise.users, user)?;
        }
        for mut service_user in seed.service_users {
            self.name(&mut service_user.order, Some((&mut service_user.id, "service-user-")));
            check(&enterprise, &service_user)?;
            insert(&mut enterprise.service_users, service_user)?;
        }
        for mut group in seed.idp_groups {
            self.name(&mut group.order, None);
            check(&enterprise, &group)?;
            insert(&mut enterprise.groups, group)?;
        }
        for mut event in seed.events {
            self.name(&mut event.order, None);
            insert(&mut enterprise.events, event)?;
        }
        let known = |id: &str| match super::caller::principal(&enterprise, id) {
            Some(_) => Ok(()),
            None => Err(format!("there is no user and no service user `{id}`")),
        };
        for token in &seed.tokens {
            known(&token.of)?;
        }
        let anybody = seed.anybody.or_else(|| {
            let administrators = enterprise.users.values().filter(|_| seed.tokens.is_empty());
            administrators.filter(|user| user.role() == Some("account_admin")).map(|it| it.id.clone()).next()
        });
        if let Some(anybody) = &anybody {
            known(anybody)?;
        }
        enterprise.facts = Facts { tokens: seed.tokens, anybody };
        enterprise.last = self.last;
        Ok(enterprise)
    }
}

fn insert<T: Stored>(table: &mut Table<T>, object: T) -> Result<(), String> {
    let key = object.key().to_owned();
    match table.put(object) {
        None => Ok(()),
        Some(_) => Err(format!("there are two objects `{key}` of the kind {}", T::KIND)),
    }
}

/// Checks that the roles of a holder exist, and fit where they are held.
fn check<T: Holder>(enterprise: &Enterprise, holder: &T) -> Result<(), String> {
    let fits = |role: &str, level: Level| match enterprise.roles.get(role) {
        Some(found) if found.level == level => Ok(()),
        Some(_) => Err(format!("the role `{role}` of `{}` is of the other type", holder.key())),
        None => Err(format!("there is no role `{role}` for `{}`", holder.key())),
    };
    if let Some(role) = holder.role() {
        fits(role, Level::Enterprise)?;
    }
    for (org, role) in holder.organizations() {
        if enterprise.organizations.get(org).is_none() {
            return Err(format!("there is no organization `{org}` for `{}`", holder.key()));
        }
        fits(role, Level::Org)?;
    }
    Ok(())
}

/// The world as a seed.
pub(super) fn export(world: &World) -> Value {
    let enterprises = world.enterprises.iter().map(|(name, enterprise)| SeedEnterprise {
        name: name.clone(),
        tokens: enterprise.facts.tokens.clone(),
        anybody: enterprise.facts.anybody.clone(),
        roles: enterprise.roles.values().cloned().collect(),
        organizations: enterprise.organizations.values().cloned().collect(),
        users: enterprise.users.values().cloned().collect(),
        service_users: enterprise.service_users.values().cloned().collect(),
        idp_groups: enterprise.groups.values().cloned().collect(),
        events: enterprise.events.values().cloned().collect(),
        last: enterprise.last,
        generate: None,
    });
    let document = Document { provider: "devin".to_owned(), enterprises: enterprises.collect() };
    serde_json::to_value(document).unwrap_or(Value::Null)
}
