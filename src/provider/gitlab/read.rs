//! Reading GitLab: roles, catalogue, and identity in one query; members and links beside it where
//! they are asked for.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{
    deployment::Deployment,
    everywhere::{self, Everywhere},
    invited, licence,
    links::Links,
    objects, people,
    place::{Place, PlaceKind},
    places::{self, AtPlace, Wanted},
    policies, rest,
    roles::{self, Found, Role},
    spec::{ADMIN, LDAP_GROUP, ROLE, SAML_GROUP, SHARED_GROUP, USER, catalogue},
    token,
    wire::Member,
};
use crate::{
    model::{
        Kind, RoleId, Scope, Untrusted, Value,
        desired::Spelling,
        directory::Directory,
        live::{Identity, Live, LiveState, Query},
        object::field,
    },
    provider::{
        Fut, Noticed, Read, ReadError, ReadErrorKind,
        http::{ReadClient, Reading},
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

    fn notice(&self) -> Option<Fut<'_, Vec<Noticed>>> {
        Some(Box::pin(token::look(self.client.begin())))
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
    // What goes is read everywhere; only then it matters what else depends on it.
    let whole = query.members && query.everywhere;
    let kept = async {
        match whole {
            true => policies::read(&reading, &deployment).await.map(Some),
            false => Ok(None),
        }
    };
    // Of several failures the same one is reported in every run, whichever came first.
    let (found, holders, kept) = tokio::join!(role_list(&reading, &deployment), holders, kept);
    let ((found, doubt), holders, kept) = (found?, holders?, kept?);
    let mut state = LiveState {
        identity: identity(&reading, &found),
        catalogue: found.catalogue.clone(),
        barred: doubt.as_deref().map(Into::into),
        ..LiveState::default()
    };
    if let Some(kept) = kept {
        state.kept = kept.of(&found.standard);
    }
    if let Some(holders) = &holders {
        let shared = |role: &Role| Some((role.id.clone(), holders.everywhere.keeps(&role.id)?));
        for (role, why) in found.standard.iter().filter_map(shared) {
            state.kept.entry(role).or_insert(why);
        }
    }
    let doubt = doubt.or_else(|| holders.as_ref()?.contradicts(&found));
    if let Some(holders) = holders {
        holders.add_to(&mut state);
    }
    if let Some(why) = doubt {
        state.incomplete = [Kind::Role, Kind::Assignment].map(|kind| (kind, why.as_str().into())).into();
        doubted(&mut state);
    }
    // The API counts direct members only: that nobody holds a role is known where every list was read.
    let whole = whole && state.unread.is_empty();
    if whole {
        miscounted(&found, &mut state);
    }
    let holds = |direct: Option<u64>| direct.filter(|count| whole || *count > 0);
    for builtin in &catalogue().builtin {
        let id = Untrusted::from(builtin.id);
        match &found.bases {
            // Whatever is not switched on is not there at all.
            Some(bases) if builtin.gated && !bases.contains(&id) => continue,
            None if builtin.gated => {
                state.doubtful.insert(id, "the server does not tell which built-in roles it has".into());
            }
            _ => {}
        }
        state.objects.push(objects::builtin(builtin));
    }
    state.objects.extend(found.standard.iter().map(|role| objects::role(ROLE, role, holds(role.holders))));
    // Links never give admin roles.
    state.objects.extend(found.admin.iter().map(|role| objects::role(ADMIN, role, role.holders)));
    state.objects.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    state.read = Query { roles: true, ..query };
    Ok(state)
}

/// Without a licence memberships and links need not tell their custom role: whoever holds nothing but
/// what a custom role can start from may hold one. Where they tell it, no list says which one that is.
fn doubted(state: &mut LiveState) {
    let is_base =
        |id: &Untrusted| catalogue().builtin(id.raw()).is_none_or(|builtin| builtin.base || builtin.vacant);
    for slot in state.objects.iter_mut().filter(|object| object.key.kind == Kind::Assignment) {
        let Some(held) = slot.fields.get_mut(field::ROLE) else { continue };
        if matches!(held.value(), Some(Value::Role(Some(RoleId::Live(id)))) if is_base(id)) {
            *held = Live::Unreadable;
        }
    }
}

/// Memberships that GitLab counts, and that no list names: such a role is not deleted.
fn miscounted(found: &Found, state: &mut LiveState) {
    let mut listed: BTreeMap<&Untrusted, u64> = BTreeMap::new();
    for slot in state.objects.iter().filter(|object| object.key.class == USER) {
        if let Some(Value::Role(Some(RoleId::Live(id)))) = slot.fields.get(field::ROLE).and_then(Live::value)
        {
            *listed.entry(id).or_default() += 1;
        }
    }
    let wrong = found.standard.iter().filter_map(|role| {
        let (counted, listed) = (role.memberships?, listed.get(&role.id).copied().unwrap_or(0));
        let why =
            format!("GitLab counts {counted} memberships with it, and the lists of members name {listed}");
        (counted != listed).then(|| (role.id.clone(), Untrusted::from(why)))
    });
    let wrong: Vec<_> = wrong.collect();
    for (id, why) in wrong {
        state.kept.entry(id).or_insert(why);
    }
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

/// Who holds what.
struct Holders {
    places: Vec<AtPlace>,
    everywhere: Everywhere,
    /// Every place that was asked for, as it was written.
    asked: BTreeSet<Scope>,
    caller: Option<Untrusted>,
    /// People and groups that were looked up, with their spelling and number.
    found: Vec<(&'static str, Spelling, Untrusted)>,
    names: BTreeMap<(&'static str, Untrusted), Untrusted>,
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
        let mut wanted: BTreeMap<Place, Wanted> = BTreeMap::new();
        for place in query.places(Kind::Assignment, USER).filter_map(known) {
            // Nobody can be less in a place than in a group above it.
            for above in place.above() {
                wanted.entry(above).or_default().members = true;
            }
            wanted.entry(place).or_default().members = true;
        }
        for class in LINKS {
            for place in query.places(Kind::Assignment, class).filter_map(known) {
                wanted.entry(place).or_default().links.insert(class);
            }
        }
        // Nothing of the places depends on the caller.
        let (caller, places) = tokio::join!(people::caller(reading), async {
            let all = match query.everywhere {
                true => everywhere::all(reading, deployment).await?,
                false => Everywhere::default(),
            };
            for place in &all.places {
                let group = place.kind == PlaceKind::Group;
                let wanted = wanted.entry(place.clone()).or_default();
                wanted.members = true;
                wanted.listed = true;
                wanted.links.extend(group.then_some(LINKS).into_iter().flatten());
            }
            // The roles were read of this group.
            let root = deployment.group().map(|path| Place { kind: PlaceKind::Group, path: path.to_owned() });
            if let Some(wanted) = root.and_then(|root| wanted.get_mut(&root)) {
                wanted.listed = true;
            }
            let wave = 1 + all.waves;
            Ok::<_, ReadError>((places::read(reading, wanted, wave).await?, all, wave))
        });
        let (caller, (places, everywhere, wave)) = (caller?, places?);
        let mut holders = Self {
            places,
            everywhere,
            asked,
            caller: Some(caller.id.to_string().into()),
            found: Vec::new(),
            names: BTreeMap::from([((USER, caller.id.to_string().into()), caller.username.into())]),
        };
        holders.look_up(reading, query, wave + 2).await?;
        Ok(holders)
    }

    /// People and groups that definitions name and no list holds.
    async fn look_up(&mut self, reading: &Reading, query: &Query, wave: u32) -> Result<(), ReadError> {
        let members = || self.places.iter().flat_map(AtPlace::members);
        let names: HashSet<&str> = members().map(|member| &*member.username).collect();
        let ids: HashSet<String> = members().map(|member| member.id.to_string()).collect();
        let unknown = |spelling: &&Spelling| match spelling {
            Spelling::Handle(name) => !names.contains(name.raw()),
            Spelling::Id(id) => !ids.contains(id.raw()),
            Spelling::Email(_) => false,
        };
        let people: BTreeSet<Spelling> =
            query.people.get(USER).into_iter().flatten().filter(unknown).cloned().collect();
        let groups = query.people.get(SHARED_GROUP).cloned().unwrap_or_default();
        let (people, groups) =
            tokio::join!(people::find(reading, &people, wave), invited::find(reading, &groups, wave));
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

    /// Why a list without any role is not to be believed although REST says the same: somebody holds one.
    fn contradicts(&self, found: &Found) -> Option<String> {
        if !found.standard.is_empty() {
            return None;
        }
        let of_member = |member: &Member| member.member_role.is_some();
        let of_links = |links: &Links| {
            links.parts().filter_map(|(_, part)| part.as_ref().ok()).flatten().any(|link| link.role.is_some())
        };
        let named =
            self.places.iter().find(|at| at.members().iter().any(of_member) || of_links(&at.links))?;
        Some(format!(
            "the list of roles is empty, which a licence that has run out looks like too, and the members or links of {} name a custom role",
            named.place.path
        ))
    }

    fn add_to(mut self, state: &mut LiveState) {
        let mut directory = Directory::default();
        let mut known = HashSet::new();
        for at in &self.places {
            let canonical = at.place.scope();
            if at.exists {
                state.places.insert(canonical.clone(), canonical);
            }
            for member in at.members().iter().filter(|member| known.insert((member.id, &*member.username))) {
                let (id, name) = (Untrusted::from(member.id.to_string()), Untrusted::from(&*member.username));
                directory.add_id(USER, id.clone());
                directory.add(USER, Spelling::Handle(name.clone()), id.clone());
                self.names.insert((USER, id), name);
            }
            add_members(at, state);
            self.names.extend(add_links(at, state, &mut directory));
        }
        for at in self.places.iter().filter(|at| at.members.is_some()) {
            let above = at.place.above().map(|place| place.scope());
            let above: Vec<Scope> = above.filter(|scope| state.places.contains_key(scope)).collect();
            if !above.is_empty() {
                state.above.insert((USER, at.place.scope()), above);
            }
        }
        let denials = self.places.iter().filter_map(|at| Some((at.place.scope(), at.denial()?.into())));
        let denied: BTreeMap<Scope, Untrusted> = denials.collect();
        for scope in self.asked {
            let canonical = Place::of(&scope).map(|place| place.scope());
            let Some(canonical) = canonical else { continue };
            if state.places.contains_key(&canonical) {
                state.places.insert(scope, canonical);
            } else if let Some(why) = denied.get(&canonical) {
                state.absent.insert(scope, why.clone());
            }
        }
        for (class, spelling, id) in self.found {
            directory.add_id(class, id.clone());
            directory.add(class, spelling, id);
        }
        state.directory = directory;
        state.names = self.names;
        state.caller = self.caller;
    }
}

/// What to call a principal of a class.
type Called = ((&'static str, Untrusted), Untrusted);

/// The members of a place.
fn add_members(at: &AtPlace, state: &mut LiveState) {
    let (mut seen, scope) = (BTreeSet::new(), at.place.scope());
    if let Some(why) = at.members_unread() {
        state.unread.insert((Kind::Assignment, USER, scope.clone()), why.into());
    }
    // Somebody who moved between pages is listed twice.
    let once = at.members().iter().filter(|member| seen.insert(member.id));
    state.objects.extend(once.map(|member| objects::member(&scope, member, at.by_saml.as_deref())));
}

/// The links of a place; what to call them.
fn add_links(at: &AtPlace, state: &mut LiveState, directory: &mut Directory) -> Vec<Called> {
    let (mut called, scope) = (Vec::new(), at.place.scope());
    for (class, part) in at.links.parts().filter(|_| at.exists) {
        let mut unread = |why: &str| {
            let list = (Kind::Assignment, class, scope.clone());
            state.unread.entry(list).or_insert_with(|| why.into());
        };
        let list = match part {
            Ok(list) => list.as_slice(),
            Err(because) => {
                unread(&because.why);
                &[]
            }
        };
        for link in list {
            let Some(id) = link.id.clone() else {
                unread(&format!("{} has a link that cannot be told from others", at.place.path));
                continue;
            };
            if let Some(name) = &link.name {
                directory.add(class, Spelling::Handle(name.clone()), id.clone());
                called.push(((class, id.clone()), name.clone()));
            }
            directory.add_id(class, id.clone());
            let mut object = objects::assignment(class, &scope, id, link.level, link.role);
            object.fields.extend(link.ends.as_ref().map(|day| objects::ends(day.raw())));
            state.objects.push(object);
        }
    }
    called
}
