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
    provider::{Effect, WriteError, http::Failure},
};

/// Most names in one request. Source: `POST /v3/enterprise/idp-groups` (`idp_group_names`: 1 to 100).
const AT_ONCE: usize = 100;

impl Writer {
    /// Registers a group, unless it is, and others of this run with it. What is registered is asked once in a run; registering a name
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
        let coming = self.coming.get().into_iter().flatten().map(String::as_str);
        let others = coming.filter(|other| *other != group.raw() && !known.contains(*other));
        let names: Vec<String> =
            [group.raw()].into_iter().chain(others.take(AT_ONCE - 1)).map(str::to_owned).collect();
        let sent = self.register_all(&names).await;
        let names = match sent {
            // One of the others may be what is refused: none of them stops this one.
            Err(failure) if names.len() > 1 && matches!(failure.status, Some(400 | 409 | 422)) => {
                let alone = vec![group.raw().to_owned()];
                self.register_all(&alone).await.map_err(explain_write)?;
                alone
            }
            Err(failure) => return Err(explain_write(failure).into()),
            Ok(()) => names,
        };
        known.extend(names);
        Ok(())
    }

    async fn register_all(&self, names: &[String]) -> Result<(), Failure> {
        let body = json!({ "idp_group_names": names });
        self.send(Method::POST, &pages::path(&["idp-groups"]), Some(body)).await.map(|_| ())
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
