//! The permissions of the environment, those that WorkOS manages itself among them.

use std::collections::BTreeMap;

use super::{
    pages::{self, List},
    wire,
};
use crate::{
    model::{
        Key, Kind, Scope, Untrusted, Value,
        live::{Live, LiveObject},
        object::field,
    },
    provider::{ReadError, http::Reading},
};

/// Class of permissions; there is one.
const PERMISSION: &str = "permission";

/// Reads all of them, a hundred at a time.
pub(super) async fn list(reading: &Reading) -> Result<Vec<LiveObject>, ReadError> {
    let list = List { segments: &["authorization", "permissions"], query: &[], wave: 1, quota: None };
    let listed: pages::Listed<wire::Permission> = pages::read(reading, list, None).await?;
    let mut objects: Vec<LiveObject> = listed.items.into_iter().map(object).collect();
    // One that moves between pages is listed twice.
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    objects.dedup_by(|a, b| a.key == b.key);
    Ok(objects)
}

fn object(permission: wire::Permission) -> LiveObject {
    let text = |text: Option<String>| Live::Known(Value::Text(text.map(Untrusted::from)));
    LiveObject {
        key: Key {
            kind: Kind::Permission,
            class: PERMISSION,
            scope: Scope::Target,
            name: permission.slug.into(),
            role: None,
        },
        id: Some(permission.id.into()),
        builtin: permission.system,
        fields: BTreeMap::from([
            (field::NAME, text(Some(permission.name))),
            (field::DESCRIPTION, text(permission.description)),
            (field::RESOURCE_TYPE, text(Some(permission.resource_type_slug))),
        ]),
        holders: None,
        locked: None,
    }
}
