//! Reading Devin: roles, organizations, and who asks at once; who holds what beside them, as far as it
//! is asked for.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{OptionFuture, join_all};

use super::{
    activity,
    caller::{self, Caller},
    members::Members,
    organizations::{self, Organizations},
    pages::{self, List, Listed},
    place::{self, Place, looks_like_an_id},
    roles,
    spec::{IDP_GROUP, SERVICE_USER, USER},
    wire,
};
use crate::{
    contract::principal_id,
    model::{
        Kind, Scope, Untrusted,
        activity::{ActivityLog, ActivityQuery},
        desired::Spelling,
        directory::Directory,
        live::{Identity, LiveState, Query},
    },
    provider::{
        Fut, Read, ReadError,
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
    /// One request for each two hundred roles and organizations; with members one for whom the
    /// credential acts, one or two for its rights, one for each two hundred users, service users, and
    /// groups, and one for each organization in which service users or groups are asked for.
    fn fetch(&self, query: Query) -> Fut<'_, Result<LiveState, ReadError>> {
        Box::pin(fetch(self.client.begin(), query))
    }

    fn activity(&self, query: ActivityQuery) -> Option<Fut<'_, Result<ActivityLog, ReadError>>> {
        Some(Box::pin(activity::read(self.client.begin(), query)))
    }
}

/// Which lists a query needs.
struct Needs<'q> {
    query: &'q Query,
    /// Places of each class, as they are written.
    asked: BTreeMap<&'static str, BTreeSet<&'q Scope>>,
}

impl<'q> Needs<'q> {
    fn of(query: &'q Query) -> Self {
        let classes = [USER, SERVICE_USER, IDP_GROUP].into_iter().filter(|_| query.members);
        let asked = classes.map(|class| (class, query.places(Kind::Assignment, class).collect()));
        Self { query, asked: asked.collect() }
    }

    /// Whether anything of a class is needed.
    fn class(&self, class: &str) -> bool {
        self.everywhere() || self.asked.get(class).is_some_and(|places| !places.is_empty())
    }

    /// Whether what a class holds in the whole enterprise is needed.
    fn enterprise(&self, class: &str) -> bool {
        let enterprise = place::enterprise();
        self.everywhere() || self.asked.get(class).is_some_and(|places| places.contains(&enterprise))
    }

    fn everywhere(&self) -> bool {
        self.query.members && self.query.everywhere
    }

    /// Users are also read where anybody's role in the enterprise may change: who administers it is
    /// counted.
    fn users(&self) -> bool {
        self.class(USER) || [SERVICE_USER, IDP_GROUP].into_iter().any(|class| self.enterprise(class))
    }

    fn all(&self) -> BTreeSet<&'q Scope> {
        self.asked.values().flatten().copied().collect()
    }
}

async fn fetch(reading: Reading, query: Query) -> Result<LiveState, ReadError> {
    let needs = Needs::of(&query);
    let service_users = needs.class(SERVICE_USER);
    // Organizations that are written by their id are read at once, the others as soon as it is known.
    let early = early(&needs);
    let (roles, organizations, caller, users, service_users, groups, registered, early) = tokio::join!(
        list::<wire::Role>(&reading, &["roles"]),
        organizations::list(&reading),
        OptionFuture::from(query.members.then(|| caller::with_record(&reading, service_users))),
        OptionFuture::from(needs.users().then(|| list::<wire::User>(&reading, &["members", "users"]))),
        OptionFuture::from(
            service_users.then(|| list::<wire::ServiceUser>(&reading, &["members", "service-users"]))
        ),
        OptionFuture::from(
            needs.enterprise(IDP_GROUP).then(|| list::<wire::IdpGroup>(&reading, &["members", "idp-groups"]))
        ),
        OptionFuture::from(
            needs.class(IDP_GROUP).then(|| list::<wire::IdpGroupName>(&reading, &["idp-groups"]))
        ),
        in_organizations(&reading, early, 1),
    );
    // Of several failures the same one is reported in every run, whichever came first.
    let (roles, organizations, caller) = (roles?, organizations?, caller.transpose()?.flatten());
    let (users, service_users) = (users.transpose()?, service_users.transpose()?);
    let (groups, registered, early) = (groups.transpose()?, registered.transpose()?, early?);
    let mut read = Found::default();
    read.objects_of_roles(&reading, &roles)?;
    read.take_users(&reading, users)?;
    read.take_service_users(&reading, service_users)?;
    read.take_groups(&reading, groups, registered.as_ref())?;

    let mut places = organizations.places(&needs.all());
    let done: BTreeSet<(&'static str, String)> =
        early.iter().map(|one| (one.class, one.id.clone())).collect();
    let late = late(&needs, &organizations, &places, &done);
    let late = in_organizations(&reading, late, organizations.pages + 1).await?;
    let in_organizations: Vec<OfOrganization> = early.into_iter().chain(late).collect();
    let answered = in_organizations.iter().filter(|one| one.found.is_ok());
    let answered: BTreeSet<String> = answered.map(|one| one.id.clone()).collect();
    for one in in_organizations {
        match one.found {
            Ok(found) => read.take_organization(&reading, &one.id, found)?,
            Err(error) if organizations.has(&one.id) || answered.contains(&one.id) => {
                return Err(contradicted(*error, &one.id));
            }
            Err(error) => {
                let gone = place::organization(&one.id);
                places.retain(|written, place| {
                    let stays = *place != gone;
                    // A list that shows all organizations proves that it is gone.
                    if !stays && organizations.hidden {
                        read.state.absent.insert(written.clone(), error.message.clone());
                    }
                    stays
                });
            }
        }
    }
    if needs.everywhere() {
        places.extend(organizations.ids().map(|id| (place::organization(id), place::organization(id))));
    }
    read.look_up(&reading, &query).await?;
    let caller = match (caller, &organizations.oldest) {
        // What tells this enterprise from others where its organizations are not told.
        (None, None) if !query.members => caller::myself(&reading, organizations.pages + 1).await?,
        (caller, _) => caller,
    };
    let state = read.state(&reading, &needs, &organizations, caller, places);
    Ok(LiveState { read: query.clone(), ..state })
}

async fn list<T: serde::de::DeserializeOwned>(
    reading: &Reading,
    segments: &[&str],
) -> Result<Listed<T>, ReadError> {
    pages::read(reading, List { segments, wave: 1 }).await
}

/// What is to be read in one organization.
type InOrganization = (&'static str, String);

/// What was read there.
struct OfOrganization {
    class: &'static str,
    id: String,
    /// The error where the answer was that there is no such organization.
    found: Result<Lists, Box<ReadError>>,
}

/// One list of an organization.
enum Lists {
    ServiceUsers(Listed<wire::ServiceUser>),
    Groups(Listed<wire::IdpGroup>),
}

/// Classes of which only the list of an organization tells who holds what there. That of the users of
/// the enterprise tells it of all.
const BY_ORGANIZATION: [&str; 2] = [SERVICE_USER, IDP_GROUP];

fn early(needs: &Needs<'_>) -> BTreeSet<InOrganization> {
    let of = |class: &'static str| {
        let places = needs.asked.get(class).into_iter().flatten();
        places.filter_map(move |scope| match place::place(scope) {
            Ok(Place::Organization(id)) if looks_like_an_id(id) => Some((class, id.to_owned())),
            _ => None,
        })
    };
    BY_ORGANIZATION.into_iter().flat_map(of).collect()
}

fn late(
    needs: &Needs<'_>,
    organizations: &Organizations,
    places: &BTreeMap<Scope, Scope>,
    done: &BTreeSet<InOrganization>,
) -> BTreeSet<InOrganization> {
    let mut late = BTreeSet::new();
    for class in BY_ORGANIZATION {
        let asked = needs.asked.get(class).into_iter().flatten().filter_map(|scope| places.get(scope));
        let asked = asked.filter_map(|scope| match place::place(scope) {
            Ok(Place::Organization(id)) => Some(id),
            _ => None,
        });
        let all = organizations.ids().filter(|_| needs.everywhere());
        late.extend(asked.chain(all).map(|id| (class, id.to_owned())));
    }
    late.retain(|one| !done.contains(one));
    late
}

/// Reads these lists; the connection lets only so many through at a time.
async fn in_organizations(
    reading: &Reading,
    asked: BTreeSet<InOrganization>,
    wave: u32,
) -> Result<Vec<OfOrganization>, ReadError> {
    let read = asked.into_iter().map(|(class, id)| async move {
        let kind = if class == SERVICE_USER { "service-users" } else { "idp-groups" };
        let list = List { segments: &["organizations", &id, "members", kind], wave };
        let found = match class {
            SERVICE_USER => pages::read(reading, list).await.map(Lists::ServiceUsers),
            _ => pages::read(reading, list).await.map(Lists::Groups),
        };
        match found {
            Ok(found) => Ok(OfOrganization { class, id, found: Ok(found) }),
            Err(error) if is_missing(&error) => Ok(OfOrganization { class, id, found: Err(Box::new(error)) }),
            Err(error) => Err(error),
        }
    });
    join_all(read).await.into_iter().collect()
}

/// One list says that there is no such organization, and another one has it: without the first nobody
/// knows who holds what there.
fn contradicted(error: ReadError, id: &str) -> ReadError {
    let message = format!("{}, although Devin shows the organization `{id}` elsewhere", error.message.raw());
    ReadError { message: message.into(), ..error }
}

/// Whether an error says that the organization does not exist.
fn is_missing(error: &ReadError) -> bool {
    let request = error.request.as_ref().map_or("", |request| &*request.0);
    error.message.raw().starts_with(&format!("{request} answered 404"))
}

/// Everything that was found, in the making.
#[derive(Default)]
struct Found {
    state: LiveState,
    members: Members,
}

impl Found {
    fn incomplete(&mut self, kind: Kind, why: Option<&String>) {
        if let Some(why) = why {
            self.state.incomplete.entry(kind).or_insert_with(|| why.as_str().into());
        }
    }

    fn objects_of_roles(&mut self, reading: &Reading, list: &Listed<wire::Role>) -> Result<(), ReadError> {
        self.state.objects = roles::objects(&list.items).map_err(|what| unexpected(reading, list, &what))?;
        self.incomplete(Kind::Role, list.incomplete.as_ref());
        Ok(())
    }

    fn take_users(&mut self, reading: &Reading, list: Option<Listed<wire::User>>) -> Result<(), ReadError> {
        let Some(list) = list else { return Ok(()) };
        self.incomplete(Kind::Assignment, list.incomplete.as_ref());
        for user in &list.items {
            let id = place::checked("id of a user", &user.user_id);
            let id = id.map_err(|what| unexpected(reading, &list, &what))?;
            self.members.add(USER, &id, &user.role_assignments.0, None);
            self.person(id, user.email.as_deref(), user.name.as_deref());
        }
        Ok(())
    }

    fn person(&mut self, id: Untrusted, email: Option<&str>, name: Option<&str>) {
        let directory = &mut self.state.directory;
        directory.add_id(USER, id.clone());
        if let Some(email) = email {
            directory.add(USER, Spelling::Email(email.into()), id.clone());
        }
        if let Some(called) = email.or(name) {
            self.state.names.insert((USER, id), called.into());
        }
    }

    fn take_service_users(
        &mut self,
        reading: &Reading,
        list: Option<Listed<wire::ServiceUser>>,
    ) -> Result<(), ReadError> {
        let Some(list) = list else { return Ok(()) };
        self.incomplete(Kind::Assignment, list.incomplete.as_ref());
        self.service_users(reading, &list, None)
    }

    fn service_users(
        &mut self,
        reading: &Reading,
        list: &Listed<wire::ServiceUser>,
        organization: Option<&str>,
    ) -> Result<(), ReadError> {
        for user in list.items.iter().filter(|user| user.deleted_at.is_none()) {
            let id = place::checked("id of a service user", &user.service_user_id);
            let id = id.map_err(|what| unexpected(reading, list, &what))?;
            self.members.add(SERVICE_USER, &id, &user.role_assignments.0, organization);
            let directory = &mut self.state.directory;
            directory.add_id(SERVICE_USER, id.clone());
            directory.add(SERVICE_USER, Spelling::Handle(user.name.as_str().into()), id.clone());
            self.state.names.insert((SERVICE_USER, id), user.name.as_str().into());
        }
        Ok(())
    }

    fn take_groups(
        &mut self,
        reading: &Reading,
        list: Option<Listed<wire::IdpGroup>>,
        registered: Option<&Listed<wire::IdpGroupName>>,
    ) -> Result<(), ReadError> {
        if let Some(list) = list {
            self.incomplete(Kind::Assignment, list.incomplete.as_ref());
            self.groups(reading, &list, None)?;
        }
        for group in registered.into_iter().flat_map(|list| &list.items) {
            let name = Untrusted::from(group.idp_group_name.as_str());
            self.state.directory.add(IDP_GROUP, Spelling::Handle(name.clone()), name);
        }
        Ok(())
    }

    fn groups(
        &mut self,
        reading: &Reading,
        list: &Listed<wire::IdpGroup>,
        organization: Option<&str>,
    ) -> Result<(), ReadError> {
        for group in &list.items {
            let name = place::checked("name of a group", &group.idp_group_name);
            let name = name.map_err(|what| unexpected(reading, list, &what))?;
            self.members.add(IDP_GROUP, &name, &group.role_assignments.0, organization);
        }
        Ok(())
    }

    fn take_organization(&mut self, reading: &Reading, id: &str, found: Lists) -> Result<(), ReadError> {
        match found {
            Lists::ServiceUsers(list) => {
                self.incomplete(Kind::Assignment, list.incomplete.as_ref());
                self.service_users(reading, &list, Some(id))
            }
            Lists::Groups(list) => {
                self.incomplete(Kind::Assignment, list.incomplete.as_ref());
                self.groups(reading, &list, Some(id))
            }
        }
    }

    /// People who are there through a group alone may stand in a list of their own. It is read where
    /// somebody was not found otherwise.
    async fn look_up(&mut self, reading: &Reading, query: &Query) -> Result<(), ReadError> {
        let unknown = |directory: &Directory| {
            let asked = query.people.get(USER).into_iter().flatten();
            let found = |who: &&Spelling| principal_id(&super::Devin, directory, USER, who).is_none();
            asked.filter(found).count() > 0
        };
        if !query.members || !unknown(&self.state.directory) {
            return Ok(());
        }
        let list = List { segments: &["members", "idp-users"], wave: 2 };
        let list: Listed<wire::IdpUser> = pages::read(reading, list).await?;
        for user in &list.items {
            let id = place::checked("id of a user", &user.user_id);
            let id = id.map_err(|what| unexpected(reading, &list, &what))?;
            self.person(id, user.email.as_deref(), user.name.as_deref());
        }
        Ok(())
    }

    fn state(
        self,
        reading: &Reading,
        needs: &Needs<'_>,
        organizations: &Organizations,
        caller: Option<Caller>,
        places: BTreeMap<Scope, Scope>,
    ) -> LiveState {
        let Self { mut state, members } = self;
        let listed: BTreeSet<&str> =
            state.objects.iter().filter_map(|role| role.id.as_ref()).map(Untrusted::raw).collect();
        if let Some(first) = members.unlisted(&listed).first() {
            let why = format!("somebody holds the role {first:?}, which is not in the list of roles");
            state.incomplete.entry(Kind::Role).or_insert_with(|| why.into());
        }
        state.caller_holds = caller.as_ref().and_then(|caller| match &caller.record {
            Some(record) => Some(record.of(caller.class, &caller.id)),
            None if caller.class == SERVICE_USER && needs.class(SERVICE_USER) => {
                Some(members.of(SERVICE_USER, &caller.id))
            }
            None => None,
        });
        let anchor = organizations.oldest.clone().or_else(|| caller.as_ref().map(|caller| caller.id.clone()));
        state.caller = caller.map(|caller| caller.id);
        state.identity = Identity { host: reading.connection().identity_host(), tenant: None, anchor };
        let asked: BTreeSet<(&str, &Scope)> = needs
            .asked
            .iter()
            .flat_map(|(class, scopes)| scopes.iter().filter_map(|scope| Some((*class, places.get(*scope)?))))
            .collect();
        let enterprise = place::enterprise();
        let wanted = |class: &str, scope: &Scope| {
            needs.everywhere() || asked.contains(&(class, scope)) || (class == USER && *scope == enterprise)
        };
        let (slots, unclear) = members.objects(wanted);
        if let Some(why) = unclear {
            state.incomplete.entry(Kind::Assignment).or_insert_with(|| why.into());
        }
        state.objects.extend(slots);
        state.objects.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
        state.places = places;
        state
    }
}

/// An answer that is not what the description says.
fn unexpected<T>(reading: &Reading, list: &Listed<T>, what: &str) -> ReadError {
    let what = format!("answered with an unexpected body: {what}");
    reading.connection().malformed(&list.request, &what).into()
}
