//! Making, changing, and deleting permissions. Source: `/reference/roles/permission`.

use reqwest::Method;
use serde_json::{Map, Value as Json};

use super::{Writer, not_sent};
use crate::{
    contract::equal_text,
    model::{Untrusted, Value, field},
    plan::operation::{PermissionAct, PermissionBody},
    provider::{
        Effect, Outcome, WriteError,
        http::{Failure, Get},
        workos::{
            help::{TAKEN_PERMISSION, explain_write},
            slug, wire,
        },
    },
};

const PERMISSIONS: [&str; 2] = ["authorization", "permissions"];

impl Writer {
    pub(super) async fn permission(
        &self,
        slug: &Untrusted,
        act: &PermissionAct,
    ) -> Result<Outcome, WriteError> {
        if !slug::is_permission_slug(slug.raw()) {
            return Err(not_sent(&format!("{slug:?} is no slug of a permission")));
        }
        let path = [PERMISSIONS[0], PERMISSIONS[1], slug.raw()];
        match act {
            PermissionAct::Create(body) => return self.create_permission(slug, body).await,
            PermissionAct::Update { name, description } => {
                let mut json = Map::new();
                if let Some(name) = name {
                    json.insert("name".to_owned(), name.raw().into());
                }
                if let Some(description) = description {
                    json.insert("description".to_owned(), description.as_ref().map(Untrusted::raw).into());
                }
                self.send(Method::PATCH, &path, Some(Json::Object(json)), None)
                    .await
                    .map_err(explain_write)?;
            }
            PermissionAct::Delete => match self.send(Method::DELETE, &path, None, None).await {
                Ok(_) => {}
                // Somebody else was faster.
                Err(failure) if failure.status == Some(404) => {}
                Err(failure) => return Err(explain_write(failure).into()),
            },
        }
        Ok(Outcome::Done { id: None })
    }

    async fn create_permission(
        &self,
        slug: &Untrusted,
        body: &PermissionBody,
    ) -> Result<Outcome, WriteError> {
        let mut json = Map::new();
        json.insert("slug".to_owned(), slug.raw().into());
        json.insert("name".to_owned(), body.name.raw().into());
        if let Some(description) = &body.description {
            json.insert("description".to_owned(), description.raw().into());
        }
        if let Some(Value::Text(Some(resource_type))) = body.fields.get(field::RESOURCE_TYPE) {
            json.insert("resource_type_slug".to_owned(), resource_type.raw().into());
        }
        match self.send(Method::POST, &PERMISSIONS, Some(Json::Object(json)), None).await {
            Ok(_) => Ok(Outcome::Done { id: None }),
            Err(failure) if is_taken(&failure) || failure.effect == Effect::Unknown => {
                self.reconcile_permission(slug, body, failure).await
            }
            Err(failure) => Err(explain_write(failure).into()),
        }
    }

    /// Where a permission was to be made, and the request was not answered, or answered that the slug is
    /// taken: one that is as it was to be is the one that was meant. Any other is not touched.
    async fn reconcile_permission(
        &self,
        slug: &Untrusted,
        body: &PermissionBody,
        failure: Failure,
    ) -> Result<Outcome, WriteError> {
        let segments = [PERMISSIONS[0], PERMISSIONS[1], slug.raw()];
        let reading = self.reader.begin();
        let get = Get { segments: &segments, query: &[], wave: 1, quota: None };
        let Ok(answer) = reading.get(get).await else { return Err(explain_write(failure).into()) };
        let Ok(there) = reading.connection().parse::<wire::Permission>(&answer) else {
            return Err(explain_write(failure).into());
        };
        let text = |text: Option<&str>| Value::Text(text.map(Untrusted::from));
        let wanted = text(body.description.as_ref().map(Untrusted::raw));
        let kind = match body.fields.get(field::RESOURCE_TYPE) {
            Some(Value::Text(Some(kind))) => kind.raw() == there.resource_type_slug,
            _ => true,
        };
        let same = there.slug == slug.raw()
            && there.name == body.name.raw()
            && equal_text(&text(there.description.as_deref()), &wanted)
            && kind;
        if same { Ok(Outcome::Done { id: None }) } else { Err(explain_write(failure).into()) }
    }
}

/// Whether the slug is taken; a 409 without a code can mean nothing else there.
fn is_taken(failure: &Failure) -> bool {
    failure.status == Some(409) && failure.code.as_deref().is_none_or(|code| code == TAKEN_PERMISSION)
}
