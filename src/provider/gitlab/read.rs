//! Reading GitLab: roles, catalogue, and identity in one query; members and links beside it where
//! they are asked for.

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinSet;

use super::{
    deployment::Deployment,
    help::explain,
    licence, links, members, objects, people,
    place::{Place, PlaceKind, is_path},
    rest,
    roles::{self, Found},
    spec::{ADMIN, LDAP_GROUP, ROLE, SAML_GROUP, SHARED_GROUP, USER, catalogue},
    wire::{Groups, Member, Projects, RestGroup, is_number},
};
use crate::{
    model::{
        Kind, Scope, Untrusted,
        desired::Spelling,
        directory::Directory,
        live::{Identity, LiveState, Query},
    },
    provider::{
        Fut, Read, ReadError, ReadErrorKind,
        http::{Answer, Connection, Failure, Get, Items, List, ReadClient, Reading},
    },
};

/// Stands for the tenant where it is a whole instance: its host says which.
const INSTANCE: &str = "instance";

/// Classes of links.
const LINKS: [&str; 3] = [SAML_GROUP, LDAP_GROUP, SHARED_GROUP];

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
    /// One query for each hundred roles. With members one request for each hundred of each place, three
    /// for the links of a group, and one for each person who is a member nowhere.
    fn fetch(&self, query: Query) -> Fut<'_, Result<LiveState, ReadError>> {
        Box::pin(fetch(self.client.begin(), query))
    }
}

async fn fetch(reading: Reading, query: Query) -> Result<LiveState, ReadError> {
    let deployment = Deployment::of(reading.connection())?;
    let holders = async {
        match query.members {
            true => Holders::read(&reading, &deployment, &query).await.map(Some),
            false => Ok(None),
        }
    };
    // Of several failures the same one is reported in every run, whichever came first.
    let (found, holders) = tokio::join!(role_list(&reading, &deployment), holders);
    let ((found, doubt), holders) = (found?, holders?);
    let mut state = LiveState {
        identity: identity(&reading, &found),
        catalogue: found.catalogue.clone(),
        barred: doubt.as_deref().map(Into::into),
        ..LiveState::default()
    };
    // Where nobody says so there are no admin roles.
    let whole = query.members && query.everywhere;
    let holds = |direct: Option<u64>| direct.filter(|count| whole || *count > 0);
    state.objects = catalogue().builtin.iter().map(objects::builtin).collect();
    state.objects.extend(found.standard.iter().map(|role| objects::role(ROLE, role, holds(role.holders))));
    // Links never give admin roles.
    state.objects.extend(found.admin.iter().map(|role| objects::role(ADMIN, role, role.holders)));
    if let Some(why) = doubt {
        // Memberships may not tell their roles either.
        state.incomplete = [Kind::Role, Kind::Assignment].map(|kind| (kind, why.as_str().into())).into();
    }
    if let Some(holders) = holders {
        holders.add_to(&mut state);
    }
    state.objects.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    state.read = Query { roles: true, ..query };
    Ok(state)
}

/// The roles, and why an empty list is not to be believed.
async fn role_list(reading: &Reading, deployment: &Deployment) -> Result<(Found, Option<String>), ReadError> {
    let found = match roles::read(reading, deployment).await {
        // Whatever GraphQL does not know there, REST may.
        Err(error) if error.kind == ReadErrorKind::Rejected && error.request.is_some() => {
            rest::read(reading, deployment, 1).await.map_err(|_| error)?
        }
        found => found?,
    };
    let doubt = match found.standard.is_empty() && found.admin.is_empty() {
        true => licence::doubt(reading, deployment, found.waves + 1).await?,
        false => None,
    };
    Ok((found, doubt))
}

fn identity(reading: &Reading, found: &Found) -> Identity {
    Identity {
        host: reading.connection().identity_host(),
        tenant: found.group.clone(),
        anchor: found.group.is_none().then(|| INSTANCE.into()),
    }
}

/// What was read of one place.
struct AtPlace {
    place: Place,
    /// `None` where they were not asked for, or where there is no such place.
    members: Option<Items<Member>>,
    links: Option<links::Links>,
    /// Whether SAML group links decide who of those that sign in by SAML is a member.
    by_saml: bool,
    exists: bool,
}

/// Who holds what.
struct Holders {
    places: Vec<AtPlace>,
    /// Every place that was asked for, as it was written.
    asked: BTreeSet<Scope>,
    caller: Option<Untrusted>,
    /// People and groups that were looked up, with their spelling and number.
    found: Vec<(&'static str, Spelling, Untrusted)>,
    names: BTreeMap<(&'static str, Untrusted), Untrusted>,
    incomplete: Option<String>,
}

impl Holders {
    async fn read(reading: &Reading, deployment: &Deployment, query: &Query) -> Result<Self, ReadError> {
        let asked: BTreeSet<Scope> = [USER]
            .iter()
            .chain(&LINKS)
            .flat_map(|class| query.places(Kind::Assignment, class))
            .cloned()
            .collect();
        let known = |scope: &Scope| {
            Place::of(scope).filter(|place| deployment.group().is_none_or(|group| place.is_within(group)))
        };
        let of_class = |class: &'static str| {
            query.places(Kind::Assignment, class).filter_map(known).collect::<BTreeSet<Place>>()
        };
        let mut user_places = of_class(USER);
        let mut link_places: BTreeSet<Place> = LINKS.iter().flat_map(|class| of_class(class)).collect();
        let mut wave = 1;
        let caller = people::caller(reading);
        let (caller, all) = tokio::join!(caller, async {
            match query.everywhere {
                true => every_place(reading, deployment).await,
                false => Ok((BTreeSet::new(), 0)),
            }
        });
        let (caller, (all, waves)) = (caller?, all?);
        wave += waves;
        link_places.extend(all.iter().filter(|place| place.kind == PlaceKind::Group).cloned());
        user_places.extend(all);
        let places = read_places(reading, user_places, &link_places, wave).await?;
        let mut holders = Self {
            places,
            asked,
            caller: Some(caller.id.to_string().into()),
            found: Vec::new(),
            names: BTreeMap::from([((USER, caller.id.to_string().into()), caller.username.into())]),
            incomplete: None,
        };
        holders.look_up(reading, query, wave + 2).await?;
        Ok(holders)
    }

    /// People and groups that definitions name and no list holds.
    async fn look_up(&mut self, reading: &Reading, query: &Query, wave: u32) -> Result<(), ReadError> {
        let members = || self.places.iter().filter_map(|at| at.members.as_ref()).flat_map(|list| &list.items);
        let names: BTreeSet<&str> = members().map(|member| &*member.username).collect();
        let ids: BTreeSet<String> = members().map(|member| member.id.to_string()).collect();
        let unknown = |spelling: &&Spelling| match spelling {
            Spelling::Handle(name) => !names.contains(name.raw()),
            Spelling::Id(id) => !ids.contains(id.raw()),
            Spelling::Email(_) => false,
        };
        let people: BTreeSet<Spelling> =
            query.people.get(USER).into_iter().flatten().filter(unknown).cloned().collect();
        let groups = query.people.get(SHARED_GROUP).cloned().unwrap_or_default();
        let (people, groups) =
            tokio::join!(people::find(reading, &people, wave), find_groups(reading, &groups, wave));
        for (spelling, user) in people? {
            let id = Untrusted::from(user.id.to_string());
            self.names.insert((USER, id.clone()), user.username.into());
            self.found.push((USER, spelling, id));
        }
        for (spelling, id, path) in groups? {
            self.names.insert((SHARED_GROUP, id.clone()), path);
            self.found.push((SHARED_GROUP, spelling, id));
        }
        Ok(())
    }

    fn add_to(mut self, state: &mut LiveState) {
        let mut directory = Directory::default();
        let mut seen = BTreeSet::new();
        for at in &self.places {
            let canonical = at.place.scope();
            if at.exists {
                state.places.insert(canonical.clone(), canonical);
            }
            if let Some(list) = &at.members {
                self.incomplete = self.incomplete.take().or_else(|| list.incomplete.clone());
                for member in &list.items {
                    let object = objects::member(&at.place, member, at.by_saml);
                    let id = object.key.name.clone();
                    let name = Untrusted::from(&*member.username);
                    directory.add_id(USER, id.clone());
                    directory.add(USER, Spelling::Handle(name.clone()), id.clone());
                    self.names.insert((USER, id.clone()), name);
                    // Somebody who moved between pages is listed twice.
                    if seen.insert(object.key.clone()) {
                        state.objects.push(object);
                    }
                }
            }
            if let Some(links) = &at.links {
                for (class, list) in
                    [(SAML_GROUP, &links.saml), (LDAP_GROUP, &links.ldap), (SHARED_GROUP, &links.shares)]
                {
                    for link in list {
                        let Some(id) = link.id.clone() else {
                            let why = format!("{} has a link that cannot be told from others", at.place.path);
                            self.incomplete.get_or_insert(why);
                            continue;
                        };
                        if let Some(name) = &link.name {
                            directory.add(class, Spelling::Handle(name.clone()), id.clone());
                            self.names.insert((class, id.clone()), name.clone());
                        }
                        directory.add_id(class, id.clone());
                        state.objects.push(objects::assignment(class, &at.place, id, link.level, link.role));
                    }
                }
            }
        }
        for scope in self.asked {
            let canonical = Place::of(&scope).map(|place| place.scope());
            if let Some(canonical) = canonical.filter(|canonical| state.places.contains_key(canonical)) {
                state.places.insert(scope, canonical);
            }
        }
        for (class, spelling, id) in self.found {
            directory.add_id(class, id.clone());
            directory.add(class, spelling, id);
        }
        if let Some(why) = self.incomplete {
            state.incomplete.entry(Kind::Assignment).or_insert(why.into());
        }
        state.directory = directory;
        state.names = self.names;
        state.caller = self.caller;
    }
}

/// Members of `users` and links of `groups`, all at the same time.
async fn read_places(
    reading: &Reading,
    users: BTreeSet<Place>,
    groups: &BTreeSet<Place>,
    wave: u32,
) -> Result<Vec<AtPlace>, ReadError> {
    let mut tasks = JoinSet::new();
    let all: BTreeSet<Place> = users.union(groups).cloned().collect();
    for place in all {
        let reading = reading.clone();
        let (members, links) = (users.contains(&place), groups.contains(&place));
        tasks.spawn(async move {
            let members =
                async { if members { members::list(&reading, &place, wave).await } else { Ok(None) } };
            let links = async { if links { links::read(&reading, &place, wave).await } else { Ok(None) } };
            let (members, links) = tokio::join!(members, links);
            let read = match (members, links) {
                (Ok(members), Ok(links)) => {
                    owned_by_saml(&reading, &place, &members, &links, wave + 2).await.map(|by_saml| AtPlace {
                        exists: members.is_some() || links.is_some(),
                        place: place.clone(),
                        by_saml,
                        members,
                        links,
                    })
                }
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
            (place, read)
        });
    }
    let mut results = BTreeMap::new();
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok((place, read)) => results.insert(place, read),
            Err(_) => {
                return Err(reading
                    .connection()
                    .malformed(&"GET /members".into(), "was not read to its end")
                    .into());
            }
        };
    }
    results.into_values().collect()
}

/// Whether a group has SAML links and members who sign in by SAML; asked only where it has such
/// members.
async fn owned_by_saml(
    reading: &Reading,
    place: &Place,
    members: &Option<Items<Member>>,
    links: &Option<links::Links>,
    wave: u32,
) -> Result<bool, ReadError> {
    let signs_in = |member: &Member| member.group_saml_identity.is_some();
    if place.kind != PlaceKind::Group || !members.iter().flat_map(|list| &list.items).any(signs_in) {
        return Ok(false);
    }
    match links {
        Some(links) => Ok(!links.saml.is_empty()),
        None => Ok(!links::saml(reading, place, wave).await?.is_empty()),
    }
}

/// Every group and project whose members can hold the roles, and how many requests followed each
/// other for that.
async fn every_place(
    reading: &Reading,
    deployment: &Deployment,
) -> Result<(BTreeSet<Place>, u32), ReadError> {
    let list = |segments: &[&str], query: Vec<(&'static str, String)>| List {
        segments: segments.iter().map(|&segment| segment.to_owned()).collect(),
        query,
        per_page: members::PAGE_SIZE,
        pages_without_total: members::PAGES_WITHOUT_TOTAL,
        wave: 1,
        quota: None,
    };
    let (groups, projects) = match deployment {
        Deployment::Group(path) => (
            list(&["api", "v4", "groups", path, "descendant_groups"], Vec::new()),
            list(
                &["api", "v4", "groups", path, "projects"],
                vec![
                    ("include_subgroups", "true".into()),
                    ("with_shared", "false".into()),
                    ("simple", "true".into()),
                ],
            ),
        ),
        Deployment::Instance => (
            list(&["api", "v4", "groups"], vec![("all_available", "true".into())]),
            list(&["api", "v4", "projects"], vec![("simple", "true".into())]),
        ),
    };
    let (groups, projects) = tokio::join!(
        reading.pages(groups, |connection: &Connection, answer: &Answer| {
            Ok(connection.parse::<Groups>(answer)?.0.into_iter().map(|group| group.full_path).collect())
        }),
        reading.pages(projects, |connection: &Connection, answer: &Answer| {
            Ok(connection
                .parse::<Projects>(answer)?
                .0
                .into_iter()
                .map(|one| one.path_with_namespace)
                .collect())
        })
    );
    let (groups, projects): (Items<String>, Items<String>) =
        (groups.map_err(explain)?, projects.map_err(explain)?);
    let mut places = BTreeSet::new();
    if let Some(path) = deployment.group() {
        places.insert(Place { kind: PlaceKind::Group, path: path.to_owned() });
    }
    for (kind, paths) in [(PlaceKind::Group, groups), (PlaceKind::Project, projects)] {
        if let Some(why) = paths.incomplete {
            return Err(ReadError {
                kind: ReadErrorKind::Malformed,
                request: None,
                message: why.into(),
                help: Some("Run it again.".to_owned()),
            });
        }
        for path in paths.items {
            let path = Untrusted::from(path.to_ascii_lowercase());
            // What cannot stand in a URL is not asked for, and so nobody would know who is there.
            if !is_path(&path) {
                return Err(ReadError {
                    kind: ReadErrorKind::Malformed,
                    request: None,
                    message: format!("the {} {path:?} has a path that cannot be used", kind.word()).into(),
                    help: None,
                });
            }
            places.insert(Place { kind, path: path.raw().to_owned() });
        }
    }
    Ok((places, 2))
}

/// Groups that are invited, by path or number.
async fn find_groups(
    reading: &Reading,
    groups: &BTreeSet<Spelling>,
    wave: u32,
) -> Result<Vec<(Spelling, Untrusted, Untrusted)>, ReadError> {
    let found = futures_util::future::try_join_all(groups.iter().map(|spelling| async move {
        let path = match spelling {
            Spelling::Handle(path) if is_path(path) => path,
            Spelling::Id(id) if is_number(id.raw()) => id,
            _ => return Ok(None),
        };
        let segments = ["api", "v4", "groups", path.raw()];
        match reading.get(Get { segments: &segments, query: &[], wave, quota: None }).await {
            Ok(answer) => {
                let group: RestGroup<'_> = reading.connection().parse(&answer)?;
                Ok(Some((spelling.clone(), group.id.to_string().into(), (&*group.full_path.0).into())))
            }
            Err(failure) if failure.status == Some(404) => Ok(None),
            Err(failure) => Err(explain(failure)),
        }
    }));
    let found: Vec<Option<_>> = found.await.map_err(|failure: Failure| ReadError::from(failure))?;
    Ok(found.into_iter().flatten().collect())
}
