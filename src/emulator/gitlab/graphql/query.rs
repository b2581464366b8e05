//! What the fields of objects give.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};

use crate::emulator::gitlab::abilities::{self, Ability};
use crate::emulator::gitlab::caller::{Caller, Context};
use crate::emulator::gitlab::levels::{self, GUEST};
use crate::emulator::gitlab::switches::{CUSTOM_ADMIN_ROLES, INTROSPECTION, MEMBER_ROLES_WITHOUT_IDS};
use crate::emulator::gitlab::world::{Group, Place, Role, World};

use super::connection::page;
use super::node::{Failed, Node, Object};
use super::schema::SCHEMA;

/// How many people and memberships hold each role, counted when first asked for.
#[derive(Debug, Default)]
pub(super) struct Counts(OnceLock<HashMap<u64, (HashSet<u64>, usize)>>);

impl Counts {
    /// People and memberships.
    fn of(&self, world: &World, role: u64) -> (usize, usize) {
        let counts = self.0.get_or_init(|| {
            let mut counts: HashMap<u64, (HashSet<u64>, usize)> = HashMap::new();
            for member in world.members.values().flat_map(|members| members.values()) {
                if let Some(role) = member.role {
                    let (people, memberships) = counts.entry(role).or_default();
                    people.insert(member.user);
                    *memberships += 1;
                }
            }
            counts
        });
        counts.get(&role).map_or((0, 0), |(people, memberships)| (people.len(), *memberships))
    }
}

type Arguments = Map<String, Value>;
type Answered = Result<Node, Failed>;

/// Resolves fields for one caller.
pub(super) struct Resolver<'a, 'b> {
    pub(super) context: Context<'a>,
    pub(super) caller: Option<&'b Caller<'a>>,
    pub(super) counts: &'b Counts,
}

fn value(value: impl Into<Value>) -> Answered {
    Ok(Node::Value(value.into()))
}

fn optional(object: Option<Object>) -> Answered {
    Ok(object.map_or(Node::Null, Node::Object))
}

fn gid(model: &str, id: impl std::fmt::Display) -> Answered {
    value(format!("gid://gitlab/{model}/{id}"))
}

fn path(full: &str) -> Answered {
    value(full.rsplit('/').next().unwrap_or(full))
}

fn ids(arguments: &Arguments) -> Option<Vec<u64>> {
    let one = arguments.get("id").and_then(Value::as_u64);
    let many = arguments.get("ids").and_then(Value::as_array);
    if one.is_none() && many.is_none() {
        return None;
    }
    Some(one.into_iter().chain(many.into_iter().flatten().filter_map(Value::as_u64)).collect())
}

impl<'a> Resolver<'a, '_> {
    /// The value of a field.
    pub(super) fn field(&self, object: &Object, name: &str, arguments: &Arguments) -> Answered {
        match object {
            Object::Query => self.query(name, arguments),
            Object::Group(group) => self.group(group, name, arguments),
            Object::Project(project) => match name {
                "id" => gid("Project", project.id),
                "name" => value(project.name.as_str()),
                "path" => path(&project.full_path),
                "fullPath" => value(project.full_path.as_str()),
                _ => self.roles_at(Place::Project(project.id), arguments),
            },
            Object::Role(role) | Object::AdminRole(role) => self.role(role, name, arguments),
            Object::AccessLevel(level) => match name {
                "integerValue" => value(*level),
                "stringValue" => value(levels::name(*level)),
                _ => value(levels::human(*level)),
            },
            Object::StandardAbility(ability) | Object::AdminAbility(ability) => self.ability(ability, name),
            Object::StandardRole(level, group) => self.standard_role(*level, group.as_deref(), name),
            Object::AdminLink(link) => match name {
                "id" => gid("Authz::LdapAdminRoleLink", link.id),
                "cn" => value(link.cn.clone()),
                "filter" => value(link.filter.clone()),
                "createdAt" => value(link.created_at.seconds_text()),
                _ => optional(
                    self.context.world.roles.get(&link.member_role_id).cloned().map(Object::AdminRole),
                ),
            },
            Object::Policy(policy) => value(policy.as_str()),
            Object::EnumType(of, values) => match name {
                "name" => value(of.as_str()),
                _ => {
                    let values = values.iter().cloned().map(|one| Node::Object(Object::EnumValue(one)));
                    Ok(Node::List(values.collect()))
                }
            },
            Object::EnumValue(one) => value(one.as_str()),
            Object::User(user) => match name {
                "id" => gid("User", user.id),
                "username" => value(user.username.as_str()),
                _ => value(user.name.as_str()),
            },
            Object::UserRole(user, role) => match name {
                "id" => gid("Users::UserMemberRole", user.id),
                "memberRole" => optional(Some(Object::AdminRole(Arc::clone(role)))),
                _ => optional(Some(Object::User(Arc::clone(user)))),
            },
            Object::Connection(connection) => match name {
                "nodes" => {
                    let nodes = connection.items.iter().map(|(_, item)| Node::Object(item.clone()));
                    Ok(Node::List(nodes.collect()))
                }
                "edges" => {
                    let edge = |(cursor, item): &(String, Object)| {
                        let item = Box::new(item.clone());
                        Node::Object(Object::Edge(connection.of, cursor.clone(), item))
                    };
                    Ok(Node::List(connection.items.iter().map(edge).collect()))
                }
                _ => optional(Some(Object::PageInfo(Box::new(connection.page.clone())))),
            },
            Object::Edge(_, cursor, item) => match name {
                "cursor" => value(cursor.as_str()),
                _ => Ok(Node::Object(item.as_ref().clone())),
            },
            Object::PageInfo(page) => match name {
                "hasNextPage" => value(page.next),
                "hasPreviousPage" => value(page.previous),
                "startCursor" => value(page.start.clone()),
                _ => value(page.end.clone()),
            },
            Object::Payload(payload) => match name {
                "clientMutationId" => value(payload.client_id.clone()),
                "errors" => value(json!(payload.errors)),
                _ => Ok(payload.result.1.clone()),
            },
        }
    }

    fn query(&self, name: &str, arguments: &Arguments) -> Answered {
        let world = self.context.world;
        let full_path = arguments.get("fullPath").and_then(Value::as_str).unwrap_or_default();
        match name {
            "group" => {
                let found =
                    world.groups.values().find(|group| group.full_path.eq_ignore_ascii_case(full_path));
                let found = found.filter(|group| self.sees(Place::Group(group.id)));
                optional(found.cloned().map(Object::Group))
            }
            "project" => {
                let found =
                    world.projects.values().find(|project| project.full_path.eq_ignore_ascii_case(full_path));
                let found = found.filter(|project| self.sees(Place::Project(project.id)));
                optional(found.cloned().map(Object::Project))
            }
            "memberRole" => {
                let id = arguments.get("id").and_then(Value::as_u64);
                let role = id.and_then(|id| world.roles.get(&id)).filter(|role| self.reads(role));
                optional(role.cloned().map(Object::Role))
            }
            "memberRoles" => self.top_level_roles(arguments),
            "memberRolePermissions" => {
                let shown = abilities::all(self.context.switches)
                    .into_iter()
                    .filter(|ability| !ability.admin && ability.is_on(self.context.switches));
                page(
                    "CustomizableStandardPermission",
                    shown.map(Object::StandardAbility).collect(),
                    arguments,
                )
            }
            "adminMemberRolePermissions" => {
                let on = self.context.switches.is(&CUSTOM_ADMIN_ROLES, "on");
                let shown =
                    abilities::all(self.context.switches).into_iter().filter(|ability| ability.admin && on);
                page("CustomizableAdminPermission", shown.map(Object::AdminAbility).collect(), arguments)
            }
            "adminMemberRole" => {
                let id = arguments.get("id").and_then(Value::as_u64);
                let role = id.and_then(|id| world.roles.get(&id));
                let role = role.filter(|role| role.is_admin() && self.reads_admin_roles());
                optional(role.cloned().map(Object::AdminRole))
            }
            "adminMemberRoles" => {
                let roles = world.roles.values().filter(|role| role.is_admin() && self.reads_admin_roles());
                page("AdminMemberRole", self.ordered(roles, arguments, Object::AdminRole), arguments)
            }
            "__type" => {
                let of = arguments.get("name").and_then(Value::as_str).unwrap_or_default();
                let schema = SCHEMA.as_ref().ok();
                let schema = schema.filter(|_| self.context.switches.is(&INTROSPECTION, "on"));
                let values = schema.and_then(|schema| schema.values(of, self.context.switches));
                optional(values.map(|values| Object::EnumType(of.to_owned(), values)))
            }
            "standardRole" => {
                let level = arguments.get("accessLevel").and_then(Value::as_str).and_then(levels::of_name);
                optional(level.map(|level| Object::StandardRole(level, None)))
            }
            _ => self.standard_roles(None, arguments),
        }
    }

    fn sees(&self, place: Place) -> bool {
        self.caller.is_some_and(|caller| caller.sees(self.context, place))
    }

    fn reads_admin_roles(&self) -> bool {
        self.context.licensed()
            && self.context.switches.is(&CUSTOM_ADMIN_ROLES, "on")
            && self.caller.is_some_and(|caller| caller.is_admin(self.context))
    }

    /// Whether a standard role is shown to the caller.
    fn reads(&self, role: &Role) -> bool {
        let Some(caller) = self.caller else { return false };
        !role.is_admin()
            && self.context.licensed()
            && role.group.is_none_or(|group| caller.level(self.context, Place::Group(group)) >= GUEST)
    }

    fn top_level_roles(&self, arguments: &Arguments) -> Answered {
        if !self.context.is_instance() && ids(arguments).is_none() {
            let text = match self.context.switches.get(&MEMBER_ROLES_WITHOUT_IDS) {
                "argument_error" => "at least one of `id` or `ids` arguments is required",
                _ => "Internal server error",
            };
            return Err(Failed(text.to_owned()));
        }
        let roles = self.context.world.roles.values().filter(|role| self.reads(role));
        page("MemberRole", self.ordered(roles, arguments, Object::Role), arguments)
    }

    /// The standard roles that can be given at a place.
    fn roles_at(&self, place: Place, arguments: &Arguments) -> Answered {
        let world = self.context.world;
        let home = if self.context.is_instance() {
            None
        } else {
            world.group_of(place).map(|group| world.root(group))
        };
        let member = self.caller.is_some_and(|caller| caller.level(self.context, place) >= GUEST);
        let shown = member && self.context.licensed();
        let roles = world.roles.values().filter(|role| shown && !role.is_admin() && role.group == home);
        page("MemberRole", self.ordered(roles, arguments, Object::Role), arguments)
    }

    fn ordered<'r>(
        &self,
        roles: impl Iterator<Item = &'r Arc<Role>>,
        arguments: &Arguments,
        object: fn(Arc<Role>) -> Object,
    ) -> Vec<Object> {
        let wanted = ids(arguments);
        let mut found: Vec<&Arc<Role>> =
            roles.filter(|role| wanted.as_ref().is_none_or(|ids| ids.contains(&role.id))).collect();
        // CREATED_AT really orders by id.
        match arguments.get("orderBy").and_then(Value::as_str) {
            Some("ID" | "CREATED_AT") => found.sort_by_key(|role| role.id),
            _ => found.sort_by(|left, right| (&left.name, left.id).cmp(&(&right.name, right.id))),
        }
        if arguments.get("sort").and_then(Value::as_str) == Some("DESC") {
            found.reverse();
        }
        found.into_iter().cloned().map(object).collect()
    }

    fn group(&self, group: &Arc<Group>, name: &str, arguments: &Arguments) -> Answered {
        match name {
            "id" => gid("Group", group.id),
            "name" => value(group.name.as_str()),
            "path" => path(&group.full_path),
            "fullPath" => value(group.full_path.as_str()),
            "memberRoles" => self.roles_at(Place::Group(group.id), arguments),
            _ => self.standard_roles(Some(group), arguments),
        }
    }

    fn standard_roles(&self, group: Option<&Arc<Group>>, arguments: &Arguments) -> Answered {
        let wanted: Option<Vec<&str>> = arguments
            .get("accessLevel")
            .and_then(Value::as_array)
            .map(|wanted| wanted.iter().filter_map(Value::as_str).collect());
        let roles = levels::all(self.context.switches)
            .filter(|level| wanted.as_ref().is_none_or(|wanted| wanted.contains(&levels::name(*level))))
            .map(|level| Object::StandardRole(level, group.cloned()));
        page("StandardRole", roles.collect(), arguments)
    }

    fn roles_page(&self, group: Option<&Group>) -> String {
        match group {
            Some(group) => format!("/groups/{}/-/settings/roles_and_permissions", group.full_path),
            None => "/admin/application_settings/roles_and_permissions".to_owned(),
        }
    }

    fn standard_role(&self, level: u8, group: Option<&Group>, name: &str) -> Answered {
        match name {
            "id" => gid("StandardRole", levels::name(level)),
            "name" => value(levels::human(level)),
            "description" => Ok(Node::Null),
            "accessLevel" => value(level),
            _ => value(format!("{}/{}", self.roles_page(group), levels::name(level))),
        }
    }

    fn role(&self, role: &Arc<Role>, name: &str, arguments: &Arguments) -> Answered {
        let world = self.context.world;
        let group = role.group.and_then(|group| world.groups.get(&group)).map(AsRef::as_ref);
        match name {
            "id" => gid("MemberRole", role.id),
            "name" => value(role.name.as_str()),
            "description" => value(role.description.clone()),
            "createdAt" => value(role.created_at.seconds_text()),
            "detailsPath" => value(format!("{}/{}", self.roles_page(group), role.id)),
            "editPath" => value(format!("{}/{}/edit", self.roles_page(group), role.id)),
            "baseAccessLevel" => optional(role.base.map(Object::AccessLevel)),
            "enabledPermissions" => {
                let enabled = abilities::all(self.context.switches)
                    .into_iter()
                    .filter(|ability| role.permissions.contains(ability.name));
                if role.is_admin() {
                    page(
                        "CustomizableAdminPermission",
                        enabled.map(Object::AdminAbility).collect(),
                        arguments,
                    )
                } else {
                    let enabled = enabled.map(Object::StandardAbility).collect();
                    page("CustomizableStandardPermission", enabled, arguments)
                }
            }
            "membersCount" => value(self.counts.of(world, role.id).1),
            "usersCount" if role.is_admin() => {
                value(world.users.values().filter(|user| user.admin_role == Some(role.id)).count())
            }
            "usersCount" => value(self.counts.of(world, role.id).0),
            "dependentSecurityPolicies" => {
                let policies =
                    world.policies.values().filter(|policy| policy.member_role_ids.contains(&role.id));
                let policies = policies.map(|policy| Node::Object(Object::Policy(policy.name.clone())));
                Ok(Node::List(policies.collect()))
            }
            _ => {
                let links = world.admin_links.values().filter(|link| link.member_role_id == role.id);
                page("LdapAdminRoleLink", links.cloned().map(Object::AdminLink).collect(), arguments)
            }
        }
    }

    fn ability(&self, ability: &Ability, name: &str) -> Answered {
        let names = |levels: Option<Vec<u8>>| {
            levels.map_or(Value::Null, |levels| levels.into_iter().map(levels::name).collect())
        };
        let (group, project) =
            (ability.group_levels(self.context.switches), ability.project_levels(self.context.switches));
        match name {
            "value" => value(ability.value()),
            "name" => value(ability.title),
            "description" => value(ability.summary),
            "requirements" => {
                value(ability.requirement.map_or(Value::Null, |required| json!([required.to_uppercase()])))
            }
            "availableFor" => {
                let kinds = [("project", project.is_some()), ("group", group.is_some())];
                value(kinds.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind).collect::<Value>())
            }
            "enabledForGroupAccessLevels" => value(names(group)),
            _ => value(names(project)),
        }
    }
}
