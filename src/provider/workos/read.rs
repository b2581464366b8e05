//! Reading WorkOS: the roles of the environment, its permissions, and the organizations at once; the
//! roles of each organization, and its members where asked, as soon as its id is known.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{
    groups::{self, Groups},
    help::explain,
    members::{self, Members},
    organizations, permissions,
    roles::Roles,
    slug::{self, Place},
    spec::{GROUP, MEMBERSHIP, ORGANIZATION_ROLE, several_roles},
    wire::RoleList,
};
use crate::{
    model::{
        Kind, Scope,
        desired::Spelling,
        live::{Identity, LiveState, Query},
    },
    provider::{
        Fut, Read, ReadError,
        http::{Get, ReadClient, Reading},
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
    /// One request for the roles of the environment, one for each organization, and one for each
    /// hundred permissions and, where they are asked for, organizations, members of an organization,
    /// and groups of it; then one for each group.
    fn fetch(&self, query: Query) -> Fut<'_, Result<LiveState, ReadError>> {
        Box::pin(fetch(self.client.begin(), query))
    }
}

async fn fetch(reading: Reading, query: Query) -> Result<LiveState, ReadError> {
    let held = [MEMBERSHIP, GROUP].into_iter().filter(|_| query.members);
    let held = held.flat_map(|class| query.places(Kind::Assignment, class));
    let asked: BTreeSet<&Scope> = query.places(Kind::Role, ORGANIZATION_ROLE).chain(held).collect();
    let permissions =
        async { if query.roles { permissions::list(&reading).await.map(Some) } else { Ok(None) } };
    let environment = roles(&reading, None, 1);
    let organizations = organizations(&reading, &asked, &query);
    // Of several failures the same one is reported in every run, whichever came first.
    let (environment, permissions, organizations) = tokio::join!(environment, permissions, organizations);
    let (environment, permissions, organizations) = (environment?, permissions?, organizations?);
    let environment = environment.unwrap_or_default();

    let mut state = LiveState {
        identity: Identity {
            host: reading.connection().identity_host(),
            tenant: None,
            anchor: environment.member.clone(),
        },
        catalogue: permissions.as_ref().map(|all| all.iter().map(|one| one.key.name.clone()).collect()),
        read: query,
        ..LiveState::default()
    };
    incomplete(&mut state, Kind::Role, environment.incomplete.as_ref());
    let Organizations { places, of } = organizations;
    for organization in of.into_values() {
        incomplete(&mut state, Kind::Role, organization.roles.incomplete.as_ref());
        if let Some(members) = organization.members {
            incomplete(&mut state, Kind::Assignment, members.incomplete.as_ref());
            state.objects.extend(members.objects);
            for (id, email) in members.people {
                state.directory.add_id(MEMBERSHIP, id.clone());
                state.directory.add(MEMBERSHIP, Spelling::Email(email.clone()), id.clone());
                state.names.insert((MEMBERSHIP, id), email);
            }
        }
        if let Some(groups) = organization.groups {
            incomplete(&mut state, Kind::Assignment, groups.incomplete.as_ref());
            state.objects.extend(groups.objects);
            for (id, name) in groups.names {
                state.directory.add_id(GROUP, id.clone());
                state.names.insert((GROUP, id), name);
            }
        }
        state.objects.extend(organization.roles.objects);
    }
    state.objects.extend(environment.objects);
    state.objects.extend(permissions.into_iter().flatten());
    state.objects.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    state.places = places;
    Ok(state)
}

fn incomplete(state: &mut LiveState, kind: Kind, why: Option<&String>) {
    if let Some(why) = why {
        state.incomplete.entry(kind).or_insert_with(|| why.as_str().into());
    }
}

/// What was read of all organizations.
struct Organizations {
    /// Each place as it was asked for, with its canonical spelling.
    places: BTreeMap<Scope, Scope>,
    of: BTreeMap<String, Organization>,
}

/// What was read of one.
struct Organization {
    roles: Roles,
    members: Option<Members>,
    groups: Option<Groups>,
}

/// Who is asked for in one organization.
#[derive(Clone, Copy)]
struct Who {
    members: bool,
    groups: bool,
}

async fn organizations(
    reading: &Reading,
    asked: &BTreeSet<&Scope>,
    query: &Query,
) -> Result<Organizations, ReadError> {
    let found = organizations::find(reading, asked, query.everywhere).await?;
    let mut places = found.places;
    let ids: BTreeSet<String> = places
        .values()
        .filter_map(|scope| match slug::place(scope) {
            Ok(Place::Id(id)) => Some(id.to_owned()),
            _ => None,
        })
        .collect();
    let wave = found.waves + 1;
    let asked = |class| -> BTreeSet<&Scope> {
        query.places(Kind::Assignment, class).filter_map(|scope| places.get(scope)).collect()
    };
    let (members, groups) = (asked(MEMBERSHIP), asked(GROUP));
    let who = |id: &str| {
        let is_asked = |of: &BTreeSet<&Scope>| {
            query.members && (query.everywhere || of.contains(&Scope::within(slug::ORGANIZATION, id)))
        };
        Who { members: is_asked(&members), groups: is_asked(&groups) }
    };
    let read = join_all(ids.iter().map(|id| organization(reading, id, who(id), wave))).await;
    let mut of = BTreeMap::new();
    for (id, read) in ids.into_iter().zip(read) {
        match read? {
            Some(organization) => {
                of.insert(id, organization);
            }
            None => places.retain(|_, scope| slug::place(scope) != Ok(Place::Id(&id))),
        }
    }
    Ok(Organizations { places, of })
}

/// Roles, members, and groups of one organization; `None` where it does not exist.
async fn organization(
    reading: &Reading,
    id: &str,
    who: Who,
    wave: u32,
) -> Result<Option<Organization>, ReadError> {
    let members = async {
        match who.members {
            true => members::list(reading, id, wave).await.map(Some),
            false => Ok(None),
        }
    };
    let groups = async {
        match who.groups {
            true => groups::list(reading, id, wave).await.map(Some),
            false => Ok(None),
        }
    };
    let (roles, members, groups) = tokio::join!(roles(reading, Some(id), wave), members, groups);
    let Some(roles) = roles? else { return Ok(None) };
    let groups = groups?.map(|list| groups::resolve(list, id, &roles));
    let several = several_roles(reading.connection());
    let members = members?.map(|list| members::resolve(&list, id, &roles, several));
    Ok(Some(Organization { roles, members, groups }))
}

/// The roles of the environment, or those that can be held in one organization; `None` where there is
/// no such organization.
async fn roles(reading: &Reading, organization: Option<&str>, wave: u32) -> Result<Option<Roles>, ReadError> {
    let connection = reading.connection();
    let of_organization = organization.map(|id| ["authorization", "organizations", id, "roles"]);
    let segments = of_organization.as_ref().map_or(&["authorization", "roles"][..], |path| &path[..]);
    let answer = match reading.get(Get { segments, query: &[], wave, quota: None }).await {
        Ok(answer) => answer,
        Err(failure) if failure.status == Some(404) && organization.is_some() => return Ok(None),
        Err(failure) => return Err(explain(failure).into()),
    };
    let list: RoleList<'_> = connection.parse(&answer)?;
    Roles::new(&list, organization).map(Some).map_err(|what| {
        connection.malformed(&answer.request, &format!("answered with an unexpected body: {what}")).into()
    })
}
