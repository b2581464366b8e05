//! The JSON of REST.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::abilities;
use super::access::Effective;
use super::caller::Context;
use super::page::base_url;
use super::roles::uses_seat;
use super::switches::LAPSED_MEMBER_ROLE;
use super::world::{Group, Place, Project, Role, Share, User};

/// A custom role with one boolean for every ability of the version.
pub(super) fn role(context: Context<'_>, role: &Role) -> Value {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(role.id));
    if !role.is_admin() {
        fields.insert("group_id".to_owned(), json!(role.group));
        fields.insert("base_access_level".to_owned(), json!(role.base));
    }
    fields.insert("name".to_owned(), json!(role.name));
    fields.insert("description".to_owned(), json!(role.description));
    for ability in abilities::all(context.switches) {
        fields.insert(ability.name.to_owned(), json!(role.permissions.contains(ability.name)));
    }
    Value::Object(fields)
}

/// The short form of a user.
pub(super) fn user(context: Context<'_>, user: &User) -> Value {
    json!({
        "id": user.id, "username": user.username, "name": user.name, "state": user.state, "locked": false,
        "avatar_url": null, "web_url": format!("{}/{}", base_url(context.call), user.username),
    })
}

/// Custom roles of one answer: each is put together once, however many people hold it.
#[derive(Debug, Default)]
pub(super) struct Roles(BTreeMap<u64, Option<Arc<RawValue>>>);

impl Roles {
    fn of(&mut self, context: Context<'_>, one: &Role) -> Option<Arc<RawValue>> {
        let text = || serde_json::value::to_raw_value(&role(context, one)).ok().map(Arc::from);
        self.0.entry(one.id).or_insert_with(text).clone()
    }
}

/// A membership as it is written.
#[derive(Debug, Serialize)]
pub(super) struct Membership {
    #[serde(flatten)]
    fields: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_role: Option<Arc<RawValue>>,
}

/// A membership.
pub(super) fn member(
    context: Context<'_>,
    effective: &Effective<'_>,
    seat_info: bool,
    roles: &mut Roles,
) -> Option<Membership> {
    let world = context.world;
    let member = effective.member;
    let person = world.users.get(&member.user)?;
    let mut fields = user(context, person);
    let shown = context.licensed() || context.switches.is(&LAPSED_MEMBER_ROLE, "shown");
    let role = effective.role.filter(|_| shown).and_then(|id| world.roles.get(&id));
    if let Some(fields) = fields.as_object_mut() {
        let mut add = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        add("access_level", json!(effective.level));
        add("created_at", json!(member.created_at));
        add("expires_at", json!(member.expires_at));
        add("membership_state", json!("active"));
        if let Some(creator) = member.created_by.and_then(|id| world.users.get(&id)) {
            add("created_by", user(context, creator));
        }
        if let Some(uid) = person.extern_uid.as_deref().filter(|_| !context.is_instance()) {
            add(
                "group_saml_identity",
                json!({ "extern_uid": uid, "provider": "group_saml", "saml_provider_id": 1 }),
            );
        }
        if seat_info {
            add("is_using_seat", json!(uses_seat(effective.level, role.map(Arc::as_ref))));
        }
    }
    Some(Membership { fields, member_role: role.and_then(|role| roles.of(context, role)) })
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn shared_with(context: Context<'_>, place: Place) -> Vec<Value> {
    let shape = |share: &Arc<Share>| {
        let group = context.world.groups.get(&share.group)?;
        Some(json!({
            "group_id": share.group, "group_name": group.name, "group_full_path": group.full_path,
            "group_access_level": share.access_level, "expires_at": share.expires_at,
            "member_role_id": share.role,
        }))
    };
    let shares = context.world.shares.get(&place);
    shares.into_iter().flat_map(|shares| shares.values()).filter_map(shape).collect()
}

/// A group as in lists.
pub(super) fn group(context: Context<'_>, group: &Group) -> Value {
    json!({
        "id": group.id, "name": group.name, "path": last(&group.full_path), "full_path": group.full_path,
        "full_name": group.full_path.replace('/', " / "), "parent_id": group.parent, "description": "",
        "visibility": "private", "created_at": group.created_at,
        "web_url": format!("{}/groups/{}", base_url(context.call), group.full_path),
    })
}

/// A group on its own, with the groups it is shared with.
pub(super) fn one_group(context: Context<'_>, one: &Group) -> Value {
    let mut shape = group(context, one);
    shape["shared_with_groups"] = json!(shared_with(context, Place::Group(one.id)));
    shape
}

/// A project.
pub(super) fn project(context: Context<'_>, project: &Project) -> Value {
    let namespace = context.world.groups.get(&project.group).map(|group| {
        json!({ "id": group.id, "name": group.name, "full_path": group.full_path, "kind": "group", "parent_id": group.parent })
    });
    json!({
        "id": project.id, "name": project.name, "path": last(&project.full_path),
        "path_with_namespace": project.full_path, "namespace": namespace, "visibility": "private",
        "created_at": project.created_at, "archived": false,
        "web_url": format!("{}/{}", base_url(context.call), project.full_path),
        "shared_with_groups": shared_with(context, Place::Project(project.id)),
    })
}
