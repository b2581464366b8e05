//! Registering groups of the identity provider: one that is not known cannot be given a role.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use super::{
    super::{
        help::explain_write,
        pages::{self, List},
        wire::IdpGroupName,
    },
    Writer,
};
use crate::{
    model::Untrusted,
    provider::{Effect, WriteError},
};

impl Writer {
    /// Registers a group, unless it is. What is registered is asked once in a run; registering a name
    /// again does nothing. A group stays registered when it loses its roles: it gives nobody anything,
    /// and its members may hang on it.
    pub(super) async fn register(&self, group: &Untrusted) -> Result<(), WriteError> {
        // Several places may need the same group at the same time.
        let mut registered = self.registered.lock().await;
        let known = match registered.take() {
            Some(known) => known,
            None => self.list_registered().await?,
        };
        let known = registered.insert(known);
        if known.contains(group.raw()) {
            return Ok(());
        }
        let body = json!({ "idp_group_names": [group.raw()] });
        let sent = self.send(Method::POST, &pages::path(&["idp-groups"]), Some(body)).await;
        sent.map_err(explain_write)?;
        known.insert(group.raw().to_owned());
        Ok(())
    }

    async fn list_registered(&self) -> Result<BTreeSet<String>, WriteError> {
        let list = List { segments: &["idp-groups"], wave: 1 };
        let listed: Result<pages::Listed<IdpGroupName>, _> = pages::read(&self.reader.begin(), list).await;
        let listed = listed.map_err(|error| WriteError {
            // Nothing was changed yet.
            effect: Effect::Refused,
            request: error.request.unwrap_or_else(|| "GET /v3/enterprise/idp-groups".into()),
            status: None,
            message: error.message,
            help: error.help,
        })?;
        Ok(listed.items.into_iter().map(|group| group.idp_group_name).collect())
    }
}
