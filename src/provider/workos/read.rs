//! Reading WorkOS: the roles of the environment, its permissions, and the organizations at once; the
//! roles of each organization, and its members where asked, as soon as its id is known.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::future::join_all;

use super::{
    groups::{self, Groups},
    help::explain,
    members::{self, Members},
    organizations, pages, permissions,
    resources::{self, Held},
    roles::Roles,
    slug::{self, Place, Resource},
    spec::{
        DIRECTORY_GROUP, GROUP, MEMBERSHIP, ORGANIZATION_ROLE, RESOURCE_GROUP, RESOURCE_MEMBER, SSO_GROUP,
        several_roles,
    },
    wire::RoleList,
};
use crate::{
    model::{
        Kind, Scope, Untrusted,
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
    /// and groups of it; then one for each group. Where it is asked who holds roles on any resource, and
    /// there are roles for resources, one more for each member.
    fn fetch(&self, query: Query) -> Fut<'_, Result<LiveState, ReadError>> {
        Box::pin(fetch(self.client.begin(), query))
    }
}

async fn fetch(reading: Reading, query: Query) -> Result<LiveState, ReadError> {
    let held = [MEMBERSHIP, GROUP, DIRECTORY_GROUP, SSO_GROUP].into_iter().filter(|_| query.members);
    let held = held.flat_map(|class| query.places(Kind::Assignment, class));
    let resources = query.places(Kind::Assignment, RESOURCE_MEMBER);
    let resources = resources.chain(query.places(Kind::Assignment, RESOURCE_GROUP));
    let resources = resources.filter(|_| query.members).filter_map(Resource::of);
    let owners: Vec<Scope> = resources.map(|resource| resource.organization()).collect();
    let inside = query.inside.iter().filter(|scope| query.members && matches!(scope, Scope::In { .. }));
    let asked = query.places(Kind::Role, ORGANIZATION_ROLE).chain(held).chain(&owners).chain(inside);
    let asked: BTreeSet<&Scope> = asked.collect();
    let permissions =
        async { if query.roles { permissions::list(&reading).await.map(Some) } else { Ok(None) } };
    let environment = roles(&reading, None, 1);
    let organizations = organizations(&reading, &asked, &query);
    // Of several failures the same one is reported in every run, whichever came first.
    let (environment, permissions, organizations) = tokio::join!(environment, permissions, organizations);
    let (environment, permissions, organizations) = (environment?, permissions?, organizations?);
    let environment = environment?;

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
    state.facts.push(order("the environment", &environment));
    let Organizations { mut places, of } = organizations;
    for (id, organization) in of {
        incomplete(&mut state, Kind::Role, organization.roles.incomplete.as_ref());
        // Others have the order of the environment.
        if !organization.roles.objects.is_empty() {
            state.facts.push(order(&format!("`{id}`"), &organization.roles));
        }
        let here = Scope::within(slug::ORGANIZATION, id.as_str());
        let inner = organization.on_resources.places.values();
        // Without membership nobody is given a role, neither there nor on a resource.
        let mut belong = |class, inner_class, ids: BTreeSet<Untrusted>| {
            let ids = Arc::new(ids);
            let inner = inner.clone().map(|scope| (inner_class, scope.clone()));
            let places = [(class, here.clone())].into_iter().chain(inner);
            state.members.extend(places.map(|place| (place, Arc::clone(&ids))));
        };
        if let Some(members) = &organization.members {
            belong(MEMBERSHIP, RESOURCE_MEMBER, members.people.keys().cloned().collect());
        }
        if let Some(groups) = &organization.groups {
            belong(GROUP, RESOURCE_GROUP, groups.names.keys().cloned().collect());
        }
        if let Some(members) = organization.members {
            incomplete(&mut state, Kind::Assignment, members.incomplete.as_ref());
            state.objects.extend(members.objects);
            for (id, email) in members.people {
                for class in [MEMBERSHIP, RESOURCE_MEMBER] {
                    state.directory.add_id(class, id.clone());
                    state.directory.add(class, Spelling::Email(email.clone()), id.clone());
                    state.names.insert((class, id.clone()), email.clone());
                }
            }
        }
        if let Some(groups) = organization.groups {
            incomplete(&mut state, Kind::Assignment, groups.incomplete.as_ref());
            state.objects.extend(groups.objects);
            for (id, name) in groups.names {
                for class in [GROUP, RESOURCE_GROUP] {
                    state.directory.add_id(class, id.clone());
                    state.names.insert((class, id.clone()), name.clone());
                }
            }
        }
        incomplete(&mut state, Kind::Assignment, organization.on_resources.incomplete.as_ref());
        state.objects.extend(organization.on_resources.objects);
        places.extend(organization.on_resources.places);
        state.objects.extend(organization.roles.objects);
    }
    state.objects.extend(environment.objects);
    state.objects.extend(permissions.into_iter().flatten());
    state.objects.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    state.places = places;
    Ok(state)
}

/// In which order roles count where a member can hold one of several. No documented request changes it,
/// nor tells or sets the default role. Source: `/rbac/configuration`.
fn order(of: &str, roles: &Roles) -> Untrusted {
    let slugs: Vec<String> = roles.order.iter().map(|slug| format!("`{}`", slug.raw())).collect();
    format!("order of priority in {of}: {}; it is changed in the dashboard", slugs.join(", ")).into()
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
    on_resources: Held,
}

/// Who is asked for in one organization.
#[derive(Default)]
struct Who<'q> {
    members: bool,
    groups: bool,
    /// Who holds roles on these of its resources.
    resources: BTreeSet<Resource<'q>>,
    /// Whether groups do.
    resource_groups: bool,
    /// Who holds roles on whichever of its resources.
    inside: bool,
}

async fn organizations(
    reading: &Reading,
    asked: &BTreeSet<&Scope>,
    query: &Query,
) -> Result<Organizations, ReadError> {
    let found = organizations::find(reading, asked, query.everywhere).await?;
    let (mut places, shown, all) = (found.places, found.shown, found.all);
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
        if !query.members {
            return Who::default();
        }
        let own = Scope::within(slug::ORGANIZATION, id);
        let is_asked = |of: &BTreeSet<&Scope>| query.everywhere || of.contains(&own);
        let on = |class| -> BTreeSet<Resource<'_>> {
            let all = query.places(Kind::Assignment, class).filter_map(Resource::of);
            all.filter(|resource| places.get(&resource.organization()) == Some(&own)).collect()
        };
        let (of_users, of_groups) = (on(RESOURCE_MEMBER), on(RESOURCE_GROUP));
        Who {
            members: is_asked(&members),
            groups: is_asked(&groups),
            resource_groups: !of_groups.is_empty(),
            inside: query.asks_inside(&Scope::Target)
                || query.inside.iter().any(|scope| places.get(scope) == Some(&own)),
            resources: of_users.into_iter().chain(of_groups).collect(),
        }
    };
    let read = join_all(ids.iter().map(|id| organization(reading, id, who(id), wave))).await;
    let mut of = BTreeMap::new();
    for (id, read) in ids.into_iter().zip(read) {
        match read? {
            Ok(organization) => {
                of.insert(id, organization);
            }
            // Who is there would drop out of the plan without a word, so that one answer is not enough.
            Err(missing)
                if shown.contains(&id) || (!all && organizations::exists(reading, &id, wave + 1).await?) =>
            {
                let message = format!("{}, although the organization `{id}` is there", missing.message.raw());
                return Err(ReadError { message: message.into(), ..missing });
            }
            Err(_) => places.retain(|_, scope| slug::place(scope) != Ok(Place::Id(&id))),
        }
    }
    Ok(Organizations { places, of })
}

/// Roles, members, and groups of one organization; the inner error where its roles answer that it does not
/// exist.
async fn organization(
    reading: &Reading,
    id: &str,
    who: Who<'_>,
    wave: u32,
) -> Result<Result<Organization, ReadError>, ReadError> {
    let members = async {
        match who.members || who.inside || !who.resources.is_empty() {
            true => members::list(reading, id, wave).await.map(Some),
            false => Ok(None),
        }
    };
    let groups = async {
        match who.groups || who.inside || who.resource_groups {
            true => groups::list(reading, id, wave).await.map(Some),
            false => Ok(None),
        }
    };
    let on_resources = resources::list(reading, id, &who.resources, wave);
    let roles = roles(reading, Some(id), wave);
    let (roles, members, groups, on_resources) = tokio::join!(roles, members, groups, on_resources);
    let roles = match roles? {
        Ok(roles) => roles,
        Err(missing) => return Ok(Err(missing)),
    };
    let (members, groups, on_resources) = (members?, groups?, on_resources?);
    let users: BTreeMap<&str, &str> =
        members.iter().flatten().map(|one| (one.id.as_str(), one.user_id.as_str())).collect();
    // Where no role is for resources, nobody holds one there.
    let inside = who.inside && roles.on_resources;
    let of_members = match inside {
        true => {
            let pages = users.len().div_ceil(pages::SIZE).max(1) as u32;
            Some(resources::of_members(reading, users.keys().copied(), wave + pages).await?)
        }
        false => None,
    };
    let groups_there = groups.as_ref().filter(|_| inside || who.resource_groups);
    let found =
        resources::Found { named: &on_resources, of_members: of_members.as_deref(), groups: groups_there };
    let on_resources = resources::resolve(found, &users, id, &roles);
    let groups = groups.map(|list| groups::resolve(list, id, &roles).only(who.groups));
    let several = several_roles(reading.connection());
    let members = members.map(|list| members::resolve(&list, id, &roles, several).only(who.members));
    Ok(Ok(Organization { roles, members, groups, on_resources }))
}

/// The roles of the environment, or those that can be held in one organization; the inner error where the
/// answer is that there is no such organization.
async fn roles(
    reading: &Reading,
    organization: Option<&str>,
    wave: u32,
) -> Result<Result<Roles, ReadError>, ReadError> {
    let connection = reading.connection();
    let of_organization = organization.map(|id| ["authorization", "organizations", id, "roles"]);
    let segments = of_organization.as_ref().map_or(&["authorization", "roles"][..], |path| &path[..]);
    let answer = match reading.get(Get { segments, query: &[], wave, quota: None }).await {
        Ok(answer) => answer,
        Err(failure) if failure.status == Some(404) && organization.is_some() => {
            return Ok(Err(explain(failure).into()));
        }
        Err(failure) => return Err(explain(failure).into()),
    };
    let list: RoleList<'_> = connection.parse(&answer)?;
    Roles::new(&list, organization).map(Ok).map_err(|what| {
        connection.malformed(&answer.request, &format!("answered with an unexpected body: {what}")).into()
    })
}
