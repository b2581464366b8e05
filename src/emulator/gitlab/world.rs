//! GitLab's objects: people, tokens, groups, projects, roles, memberships and links.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Display;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::emulator::product::Change;

use super::time::{Moment, long_ago};

/// Which kind of GitLab it is; it decides where standard custom roles live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Deployment {
    /// gitlab.com: roles belong to a top-level group.
    #[default]
    Group,
    /// Self-managed or Dedicated: roles belong to the instance.
    Instance,
}

/// What holds for everything.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Facts {
    pub(super) deployment: Deployment,
    /// Whether unknown tokens reach the caller.
    pub(super) any_token: bool,
    /// The user that unknown tokens act as.
    pub(super) caller: Option<u64>,
    /// The number that the next id comes after.
    pub(super) next: u64,
}

/// A personal access token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) id: u64,
    pub(super) user: u64,
    pub(super) scopes: Vec<String>,
}

/// A person or a bot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
    /// `active`, `blocked` and so on.
    pub(super) state: String,
    pub(super) admin: bool,
    /// The id at the SAML provider of the top-level group.
    pub(super) extern_uid: Option<String>,
    /// The custom admin role.
    pub(super) admin_role: Option<u64>,
    pub(super) created_at: Moment,
}

/// What a group's SAML provider gives to whoever signs in first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SamlProvider {
    #[serde(default = "guest")]
    pub(super) default_membership_role: u8,
    #[serde(default)]
    pub(super) member_role_id: Option<u64>,
}

pub(super) const fn guest() -> u8 {
    super::levels::GUEST
}

/// A group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    pub(super) name: String,
    pub(super) full_path: String,
    pub(super) saml: Option<SamlProvider>,
    pub(super) created_at: Moment,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Project {
    pub(super) id: u64,
    pub(super) group: u64,
    pub(super) name: String,
    pub(super) full_path: String,
    pub(super) created_at: Moment,
}

/// A custom role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    pub(super) id: u64,
    /// The top-level group it belongs to; `None` is the instance.
    pub(super) group: Option<u64>,
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// `None` for an admin role.
    pub(super) base: Option<u8>,
    /// REST names of abilities.
    pub(super) permissions: BTreeSet<String>,
    pub(super) created_at: Moment,
}

impl Role {
    pub(super) fn is_admin(&self) -> bool {
        self.base.is_none()
    }
}

/// Where somebody is a member, or what is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Group(u64),
    Project(u64),
}

impl Place {
    /// `g84` or `p5`: the scope of its objects.
    pub(super) fn scope(self) -> String {
        match self {
            Self::Group(id) => format!("g{id}"),
            Self::Project(id) => format!("p{id}"),
        }
    }

    pub(super) fn of_scope(scope: &str) -> Option<Self> {
        let id = scope.get(1..)?.parse().ok()?;
        match scope.as_bytes().first()? {
            b'g' => Some(Self::Group(id)),
            b'p' => Some(Self::Project(id)),
            _ => None,
        }
    }
}

/// A direct membership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) user: u64,
    pub(super) access_level: u8,
    pub(super) role: Option<u64>,
    pub(super) expires_at: Option<String>,
    pub(super) created_at: Moment,
    pub(super) created_by: Option<u64>,
}

/// A group or project shared with a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Share {
    /// The invited group.
    pub(super) group: u64,
    pub(super) access_level: u8,
    pub(super) role: Option<u64>,
    pub(super) expires_at: Option<String>,
}

/// A SAML group that maps to a level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SamlLink {
    #[serde(default)]
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) access_level: u8,
    #[serde(default)]
    pub(super) member_role_id: Option<u64>,
    #[serde(default)]
    pub(super) provider: Option<String>,
}

/// An LDAP group or filter that maps to a level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LdapLink {
    #[serde(default)]
    pub(super) id: u64,
    #[serde(default)]
    pub(super) cn: Option<String>,
    #[serde(default)]
    pub(super) filter: Option<String>,
    pub(super) group_access: u8,
    pub(super) provider: String,
    #[serde(default)]
    pub(super) member_role_id: Option<u64>,
}

/// An LDAP group or filter that maps to a custom admin role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdminLink {
    #[serde(default)]
    pub(super) id: u64,
    #[serde(default)]
    pub(super) cn: Option<String>,
    #[serde(default)]
    pub(super) filter: Option<String>,
    pub(super) provider: String,
    pub(super) member_role_id: u64,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
}

/// Something else that refers to roles: a security policy or a protected branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    #[serde(default)]
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) member_role_ids: BTreeSet<u64>,
}

type Objects<T> = BTreeMap<u64, Arc<T>>;

/// Everything.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) facts: Facts,
    pub(super) tokens: BTreeMap<String, Arc<Token>>,
    pub(super) users: Objects<User>,
    pub(super) groups: Objects<Group>,
    pub(super) projects: Objects<Project>,
    pub(super) roles: Objects<Role>,
    /// Memberships by place and user.
    pub(super) members: BTreeMap<Place, Objects<Member>>,
    /// Shares by place and invited group.
    pub(super) shares: BTreeMap<Place, Objects<Share>>,
    /// SAML links by place and id.
    pub(super) saml_links: BTreeMap<Place, Objects<SamlLink>>,
    /// LDAP links by place and id.
    pub(super) ldap_links: BTreeMap<Place, Objects<LdapLink>>,
    pub(super) admin_links: Objects<AdminLink>,
    pub(super) policies: Objects<Reference>,
    pub(super) branches: Objects<Reference>,
    usernames: HashMap<String, u64>,
}

/// A change that puts an object in place.
pub(super) fn put<T: Serialize>(scope: &str, kind: &str, id: impl Display + Copy, object: &T) -> Change {
    // Serialization of these types cannot fail; a null would be refused when it is applied.
    let value = serde_json::to_value(object).unwrap_or(Value::Null);
    Change { scope: scope.to_owned(), kind: kind.to_owned(), id: id.to_string(), value: Some(value) }
}

/// A change that removes an object.
pub(super) fn remove(scope: &str, kind: &str, id: impl Display + Copy) -> Change {
    Change { scope: scope.to_owned(), kind: kind.to_owned(), id: id.to_string(), value: None }
}

impl World {
    /// The user with this name; GitLab does not tell upper from lower case here.
    pub(super) fn user_named(&self, username: &str) -> Option<&Arc<User>> {
        self.users.get(self.usernames.get(&username.to_lowercase())?)
    }

    /// The direct memberships of a place.
    pub(super) fn members_of(&self, place: Place) -> impl Iterator<Item = &Arc<Member>> {
        self.members.get(&place).into_iter().flat_map(BTreeMap::values)
    }

    pub(super) fn member(&self, place: Place, user: u64) -> Option<&Arc<Member>> {
        self.members.get(&place)?.get(&user)
    }

    /// The group and its ancestors, nearest first.
    pub(super) fn lineage(&self, group: u64) -> impl Iterator<Item = &Arc<Group>> {
        let mut next = self.groups.get(&group);
        std::iter::from_fn(move || {
            let group = next?;
            next = group.parent.and_then(|parent| self.groups.get(&parent));
            Some(group)
        })
    }

    /// The top-level group above a group.
    pub(super) fn root(&self, group: u64) -> u64 {
        self.lineage(group).last().map_or(group, |root| root.id)
    }

    /// The group that a place is, or lies in.
    pub(super) fn group_of(&self, place: Place) -> Option<u64> {
        match place {
            Place::Group(id) => Some(id),
            Place::Project(id) => self.projects.get(&id).map(|project| project.group),
        }
    }

    /// The groups and projects below a group.
    pub(super) fn below(&self, group: u64) -> Vec<Place> {
        let Some(top) = self.groups.get(&group) else {
            return Vec::new();
        };
        let prefix = format!("{}/", top.full_path);
        let groups = self.groups.values().filter(|group| group.full_path.starts_with(&prefix));
        let projects = self.projects.values().filter(|project| project.full_path.starts_with(&prefix));
        groups
            .map(|group| Place::Group(group.id))
            .chain(projects.map(|project| Place::Project(project.id)))
            .collect()
    }

    /// Puts one object in place or removes it, and returns the change that undoes this.
    pub(super) fn apply(&mut self, change: &Change) -> Result<Change, String> {
        let before = match change.kind.as_str() {
            "facts" => {
                let before = json_of(&self.facts);
                self.facts = typed(change.value.as_ref().ok_or("the facts cannot be removed")?)?;
                Some(before)
            }
            "token" => {
                let before = match &change.value {
                    None => self.tokens.remove(&change.id),
                    Some(value) => self.tokens.insert(change.id.clone(), Arc::new(typed(value)?)),
                };
                before.map(|token| json_of(token.as_ref()))
            }
            "user" => self.apply_user(change)?,
            "group" => apply_to(&mut self.groups, change)?,
            "project" => apply_to(&mut self.projects, change)?,
            "role" => apply_to(&mut self.roles, change)?,
            "member" => apply_to(at(&mut self.members, change)?, change)?,
            "share" => apply_to(at(&mut self.shares, change)?, change)?,
            "saml_link" => apply_to(at(&mut self.saml_links, change)?, change)?,
            "ldap_link" => apply_to(at(&mut self.ldap_links, change)?, change)?,
            "admin_link" => apply_to(&mut self.admin_links, change)?,
            "policy" => apply_to(&mut self.policies, change)?,
            "branch" => apply_to(&mut self.branches, change)?,
            kind => return Err(format!("there are no objects of the kind `{kind}`")),
        };
        Ok(Change { value: before, ..change.clone() })
    }

    fn apply_user(&mut self, change: &Change) -> Result<Option<Value>, String> {
        let before = number(change).ok().and_then(|id| self.users.get(&id));
        if let Some(user) = before {
            self.usernames.remove(&user.username.to_lowercase());
        }
        let before = apply_to(&mut self.users, change)?;
        if let Some(user) = self.users.get(&number(change)?) {
            self.usernames.insert(user.username.to_lowercase(), user.id);
        }
        Ok(before)
    }

    /// Every object, in an order in which [`apply`](Self::apply) accepts them.
    pub(super) fn objects(&self) -> Vec<Change> {
        let mut objects = vec![put("", "facts", "", &self.facts)];
        objects.extend(self.tokens.iter().map(|(id, token)| put("", "token", id, token.as_ref())));
        flat(&mut objects, "user", &self.users);
        flat(&mut objects, "group", &self.groups);
        flat(&mut objects, "project", &self.projects);
        flat(&mut objects, "role", &self.roles);
        nested(&mut objects, "member", &self.members);
        nested(&mut objects, "share", &self.shares);
        nested(&mut objects, "saml_link", &self.saml_links);
        nested(&mut objects, "ldap_link", &self.ldap_links);
        flat(&mut objects, "admin_link", &self.admin_links);
        flat(&mut objects, "policy", &self.policies);
        flat(&mut objects, "branch", &self.branches);
        objects
    }
}

fn flat<T: Serialize>(into: &mut Vec<Change>, kind: &str, objects: &Objects<T>) {
    into.extend(objects.iter().map(|(id, object)| put("", kind, id, object.as_ref())));
}

fn nested<T: Serialize>(into: &mut Vec<Change>, kind: &str, objects: &BTreeMap<Place, Objects<T>>) {
    for (place, objects) in objects {
        let scope = place.scope();
        into.extend(objects.iter().map(|(id, object)| put(&scope, kind, id, object.as_ref())));
    }
}

fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

fn json_of<T: Serialize>(object: &T) -> Value {
    serde_json::to_value(object).unwrap_or(Value::Null)
}

fn number(change: &Change) -> Result<u64, String> {
    change.id.parse().map_err(|_| format!("`{}` is not an id of a {}", change.id, change.kind))
}

fn at<'a, T>(
    objects: &'a mut BTreeMap<Place, Objects<T>>,
    change: &Change,
) -> Result<&'a mut Objects<T>, String> {
    let place =
        Place::of_scope(&change.scope).ok_or_else(|| format!("`{}` is no group or project", change.scope))?;
    Ok(objects.entry(place).or_default())
}

fn apply_to<T: Serialize + DeserializeOwned>(
    objects: &mut Objects<T>,
    change: &Change,
) -> Result<Option<Value>, String> {
    let id = number(change)?;
    let before = match &change.value {
        None => objects.remove(&id),
        Some(value) => objects.insert(id, Arc::new(typed(value)?)),
    };
    Ok(before.map(|object| json_of(object.as_ref())))
}
