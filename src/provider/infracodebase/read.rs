//! Reading Infracodebase: who the target is, and which workspaces there are. Roles, members, and
//! permissions have no documented request; what is known of them is attested.

use std::collections::BTreeMap;

use super::{
    enterprises, probe,
    spec::{MEMBER, ROLE, catalogue},
};
use crate::{
    model::{
        Key, Kind, Scope, Untrusted, Value,
        desired::Spelling,
        field,
        live::{Identity, Live, LiveObject, LiveState, Query},
    },
    provider::{
        Fut, Noticed, Read, ReadError,
        http::{ReadClient, Reading},
    },
};

/// Reads, and nothing else.
#[derive(Debug)]
pub(super) struct Reader {
    client: ReadClient,
}

impl Reader {
    pub(super) fn new(client: ReadClient) -> Self {
        Self { client }
    }
}

impl Read for Reader {
    /// One request, and another one where somebody holds a role in a workspace.
    fn fetch(&self, query: Query) -> Fut<'_, Result<LiveState, ReadError>> {
        Box::pin(fetch(self.client.begin(), query))
    }

    fn notice(&self) -> Option<Fut<'_, Vec<Noticed>>> {
        Some(Box::pin(probe::look(self.client.begin())))
    }
}

async fn fetch(reading: Reading, query: Query) -> Result<LiveState, ReadError> {
    let in_place = |scope: &Scope| matches!(scope, Scope::In { .. });
    let named: Vec<Scope> =
        query.places(Kind::Assignment, MEMBER).filter(|scope| in_place(scope)).cloned().collect();
    let found = enterprises::find(&reading, !named.is_empty()).await?;
    let unchecked: BTreeMap<Scope, Untrusted> = found
        .unlisted
        .iter()
        .flat_map(|why| named.iter().map(|scope| (scope.clone(), format!("{}.", why.raw()).into())))
        .collect();
    let mut state = LiveState {
        identity: Identity {
            host: reading.connection().identity_host(),
            tenant: Some(found.enterprise),
            anchor: None,
        },
        objects: builtin(),
        // Only the names of workspaces are checked there, so that what is to be done does not wait for it.
        places: found.places.into_iter().chain(unchecked.keys().map(|at| (at.clone(), at.clone()))).collect(),
        unchecked,
        ..LiveState::default()
    };
    // Nothing tells who is a member: an address stands for itself.
    for spelling in query.people.get(MEMBER).into_iter().flatten() {
        let Spelling::Email(address) = spelling else { continue };
        let id = Untrusted::from(address.raw().to_lowercase());
        state.directory.add(MEMBER, spelling.clone(), id.clone());
        state.names.entry((MEMBER, id)).or_insert_with(|| address.clone());
    }
    state.read = query;
    Ok(state)
}

/// The built-in roles that the documentation names.
fn builtin() -> Vec<LiveObject> {
    let roles = catalogue().builtin.iter().map(|role| LiveObject {
        key: Key {
            kind: Kind::Role,
            class: ROLE,
            scope: role.scope.map_or(Scope::Target, |level| Scope::Level(level.into())),
            name: role.title.into(),
            role: None,
        },
        id: Some(role.id.into()),
        builtin: true,
        fields: BTreeMap::from([(field::NAME, Live::Known(Value::Text(Some(role.title.into()))))]),
        holders: None,
        locked: None,
    });
    let mut roles: Vec<LiveObject> = roles.collect();
    roles.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    roles
}
