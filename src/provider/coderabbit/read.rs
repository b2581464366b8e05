//! Reading CodeRabbit: roles, catalogue, and identity at once; users beside them where asked.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;
use tokio::task::JoinSet;

use super::{
    ORG_ID, audit,
    help::explain,
    holders, members,
    roles::{Roles, canonical, checked_id},
    spec::USER,
    wire::{Me, Options, Role, RoleList, Word},
};
use crate::{
    model::{
        Kind, Untrusted,
        activity::{ActivityLog, ActivityQuery},
        directory::Directory,
        live::{Identity, LiveState, Query},
    },
    provider::{
        Fut, Read, ReadError, ReadErrorKind, RequestLine,
        http::{Answer, Failure, Get, ReadClient, Reading, Text},
    },
};

/// Most roles that are read one by one where the list holds no permissions.
const MOST_SINGLE_READS: usize = 20;

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
    /// Three requests for the roles, none of which waits for another, and one for each hundred users.
    fn fetch(&self, query: Query) -> Fut<'_, Result<LiveState, ReadError>> {
        Box::pin(fetch(self.client.begin(), query))
    }

    fn activity(&self, query: ActivityQuery) -> Option<Fut<'_, Result<ActivityLog, ReadError>>> {
        Some(Box::pin(audit::read(self.client.begin(), query)))
    }
}

async fn fetch(reading: Reading, query: Query) -> Result<LiveState, ReadError> {
    let org_id = reading.connection().setting(ORG_ID).map(|id| id.raw().to_owned());
    let org_id = org_id.as_deref();
    let catalogue = async { if query.roles { catalogue(&reading).await } else { Ok(None) } };
    let members =
        async { if query.members { members::list(&reading, org_id).await.map(Some) } else { Ok(None) } };
    // Of several failures the same one is reported in every run, whichever came first.
    let (roles, me, catalogue, members) =
        tokio::join!(roles(&reading, org_id), me(&reading), catalogue, members);
    let (roles, me, catalogue, members) = (roles?, me?, catalogue?, members?);

    let mut incomplete = BTreeMap::new();
    let mut objects = roles.objects();
    if let Some(why) = &roles.incomplete {
        incomplete.insert(Kind::Role, Untrusted::from(why.as_str()));
    }
    let (mut directory, mut names, mut caller) = (Directory::default(), BTreeMap::new(), None);
    if let Some(members) = members {
        let holders = holders::resolve(&members, &roles);
        objects.extend(holders.objects);
        if let Some(why) = holders.incomplete {
            incomplete.insert(Kind::Assignment, Untrusted::from(why));
        }
        caller = me.user_id().map(Untrusted::from).filter(|id| members.contains_key(id));
        // Only ids are looked up. Names are for display: anybody can take the name that is
        // somebody else's id.
        for (id, member) in members {
            if let Some(name) = member.name {
                names.insert((USER, id.clone()), name);
            }
            directory.add_id(USER, id);
        }
    }
    objects.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    Ok(LiveState {
        identity: identity(&reading, &me, &roles, org_id),
        objects,
        directory,
        names,
        catalogue,
        caller,
        caller_holds: None,
        barred: me
            .is_agentic()
            .then(|| "it is an agentic key, which may read and change nothing administrative".into()),
        read: Query { roles: true, ..query.clone() },
        incomplete,
        ..LiveState::default()
    })
}

/// `scope.id` of `/v1/me` is CodeRabbit's own id of the organization, or of the workspace; then the
/// organization inside it belongs to the identity.
fn identity(reading: &Reading, me: &Me, roles: &Roles, org_id: Option<&str>) -> Identity {
    let tenant = me.scope_id().map(|scope| match org_id {
        Some(org_id) => Untrusted::from(format!("{scope}/{org_id}")),
        None => Untrusted::from(scope),
    });
    let anchor = match (&tenant, roles.anchor(), org_id) {
        (Some(_), ..) => None,
        (None, Some(anchor), Some(org_id)) => Some(Untrusted::from(format!("{}/{org_id}", anchor.raw()))),
        (None, Some(anchor), None) => Some(anchor),
        (None, None, org_id) => org_id.map(Untrusted::from),
    };
    Identity { host: reading.connection().identity_host(), tenant, anchor }
}

async fn roles(reading: &Reading, org_id: Option<&str>) -> Result<Roles, ReadError> {
    let connection = reading.connection();
    let mut query =
        vec![("role_type", "all"), ("include_permissions", "true"), ("include_user_count", "true")];
    query.extend(org_id.map(|id| ("org_id", id)));
    let answer = get(reading, &["v1", "roles"], &query, 1)
        .await
        .map_err(|failure| explain(failure, org_id.is_some()))?;
    let list: RoleList<'_> = connection.parse(&answer)?;
    let unexpected = |request: &RequestLine, what: &str| {
        connection.malformed(request, &format!("answered with an unexpected body: {what}"))
    };
    let mut roles = Roles::new(&list).map_err(|what| unexpected(&answer.request, &what))?;

    let lacking = roles.without_permissions();
    if lacking.len() > MOST_SINGLE_READS {
        return Ok(roles);
    }
    let mut single = JoinSet::new();
    for id in lacking {
        let (reading, org_id) = (reading.clone(), org_id.map(str::to_owned));
        single.spawn(async move {
            let mut query = vec![("include_permissions", "true")];
            query.extend(org_id.as_deref().map(|id| ("org_id", id)));
            let answer = get(&reading, &["v1", "roles", id.raw()], &query, 2).await;
            (id, answer)
        });
    }
    while let Some(joined) = single.join_next().await {
        // A task that was cancelled leaves its role unreadable.
        let Ok((id, answer)) = joined else { continue };
        let answer = answer.map_err(|failure| explain(failure, org_id.is_some()))?;
        let role: Role<'_> = connection.parse(&answer)?;
        let request = &answer.request;
        checked_id(&role.id.0)
            .and_then(|_| roles.supply(&id, &role))
            .map_err(|what| unexpected(request, &what))?;
    }
    Ok(roles)
}

/// Who the credential belongs to. An API without this path, or one that does not let this key use it,
/// has no tenant to tell; a credential that is not accepted at all is an error.
async fn me(reading: &Reading) -> Result<Me, ReadError> {
    match get(reading, &["v1", "me"], &[], 1).await {
        Ok(answer) => Ok(reading.connection().parse(&answer).unwrap_or_default()),
        Err(failure) if tells_nothing(&failure) => Ok(Me::default()),
        Err(failure) => Err(explain(failure, true).into()),
    }
}

/// What the permissions are called; `None` where that cannot be read.
///
/// # Errors
///
/// Where the credential is not accepted, or where a list is there and holds something else than
/// text: every permission of the definitions would be unknown then.
async fn catalogue(reading: &Reading) -> Result<Option<BTreeSet<Untrusted>>, ReadError> {
    let answer = match get(reading, &["v1", "roles", "permissions"], &[], 1).await {
        Ok(answer) => answer,
        Err(failure) if failure.status == Some(401) => return Err(failure.into()),
        Err(_) => return Ok(None),
    };
    let connection = reading.connection();
    if connection.parse::<BTreeMap<Text<'_>, IgnoredAny>>(&answer).is_err() {
        return Ok(None);
    }
    let options: Options<'_> = connection.parse(&answer)?;
    let (Some(resources), Some(accesses)) = (&options.resource_ids, &options.access_types) else {
        return Ok(None);
    };
    let of = |resource| accesses.0.iter().map(move |access: &Word<'_>| canonical(resource, &access.0));
    Ok(Some(resources.0.iter().flat_map(|resource| of(&resource.0)).collect()))
}

fn tells_nothing(failure: &Failure) -> bool {
    failure.kind != ReadErrorKind::RateLimited && matches!(failure.status, Some(400 | 402..=499 | 500..=599))
}

async fn get(
    reading: &Reading,
    segments: &[&str],
    query: &[(&str, &str)],
    wave: u32,
) -> Result<Answer, Failure> {
    reading.get(Get { segments, query, wave, quota: None }).await
}
