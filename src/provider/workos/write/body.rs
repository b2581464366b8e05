//! The bodies of requests about roles.

use serde_json::{Map, Value as Json};

use crate::{
    model::{Untrusted, Value, field},
    plan::operation::{RoleBody, RolePatch},
};

/// A whole role as it is made.
pub(super) struct Full<'a> {
    pub(super) slug: &'a str,
    pub(super) json: Json,
}

/// The body that makes a role; it takes no permissions.
pub(super) fn full(body: &RoleBody) -> Result<Full<'_>, String> {
    let Some(Value::Text(Some(slug))) = body.fields.get(field::SLUG) else {
        return Err("the role has no slug".to_owned());
    };
    if !super::super::slug::is_role_slug(slug.raw()) {
        return Err(format!("{slug:?} is no slug of a role"));
    }
    let mut json = Map::new();
    json.insert("slug".to_owned(), slug.raw().into());
    json.insert("name".to_owned(), body.name.raw().into());
    if let Some(description) = &body.description {
        json.insert("description".to_owned(), description.raw().into());
    }
    if let Some(Value::Text(Some(resource_type))) = body.fields.get(field::RESOURCE_TYPE) {
        json.insert("resource_type_slug".to_owned(), resource_type.raw().into());
    }
    Ok(Full { slug: slug.raw(), json: Json::Object(json) })
}

/// The body that changes a role's name and description; `None` where neither changes. A cleared
/// description is `null`.
pub(super) fn details(send: &RolePatch) -> Option<Json> {
    let mut json = Map::new();
    if let Some(name) = &send.name {
        json.insert("name".to_owned(), name.raw().into());
    }
    if let Some(description) = &send.description {
        json.insert("description".to_owned(), description.as_ref().map(Untrusted::raw).into());
    }
    (!json.is_empty()).then_some(Json::Object(json))
}
