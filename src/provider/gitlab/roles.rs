//! The list of roles with the catalogue and the identity of whom they belong to, page by page.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use super::{
    GRAPHQL,
    deployment::Deployment,
    help::explain,
    level, queries,
    spec::catalogue,
    wire::{
        Catalogue, Enumeration, GroupData, InstanceData, PageInfo, RoleNode, RolePage, number, permission,
    },
};
use crate::{
    model::Untrusted,
    provider::{
        ReadError, ReadErrorKind, RequestLine,
        http::{Answer, Document, Failure, Query, Reading},
    },
};

/// Most pages of roles that are read.
const MOST_PAGES: u32 = 1_000;
/// Longest cursor in bytes.
const LONGEST_CURSOR: usize = 4096;

/// A role as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    /// Its number.
    pub(super) id: Untrusted,
    pub(super) name: Untrusted,
    pub(super) description: Option<Untrusted>,
    /// Id of its base; `None` where the level is unknown.
    pub(super) base: Option<&'static str>,
    /// `None` where one cannot be understood, or where not all came.
    pub(super) permissions: Option<BTreeSet<Untrusted>>,
    /// Users who hold it; links are not among them.
    pub(super) holders: Option<u64>,
    /// Memberships with it: of one user in several places there are several.
    pub(super) memberships: Option<u64>,
}

/// Everything that the queries of roles tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The number of the top-level group.
    pub(super) group: Option<Untrusted>,
    pub(super) standard: Vec<Role>,
    pub(super) admin: Vec<Role>,
    /// The live catalogue; `None` where it could not be read as a whole.
    pub(super) catalogue: Option<BTreeSet<Untrusted>>,
    /// The built-in roles that the server lets custom roles start from; `None` where it does not tell.
    pub(super) bases: Option<BTreeSet<Untrusted>>,
    /// How many requests followed each other.
    pub(super) waves: u32,
}

/// Reads the roles of a deployment.
pub(super) async fn read(reading: &Reading, deployment: &Deployment) -> Result<Found, ReadError> {
    match deployment {
        Deployment::Group(path) => of_group(reading, path).await,
        Deployment::Instance => of_instance(reading).await,
    }
}

/// Asks one query.
pub(super) async fn ask(
    reading: &Reading,
    document: Document,
    variables: Map<String, Value>,
    wave: u32,
) -> Result<Answer, Failure> {
    reading.query(Query { segments: GRAPHQL, document, variables, wave, quota: None }).await
}

pub(super) fn variables(values: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn of_group(reading: &Reading, path: &str) -> Result<Found, ReadError> {
    let connection = reading.connection();
    let (mut found, mut list, mut after) = (Found::default(), List::default(), None::<String>);
    loop {
        found.waves += 1;
        let document = if found.waves == 1 { queries::GROUP } else { queries::GROUP_NEXT };
        let values = variables([("group", json!(path)), ("after", json!(after))]);
        let answer = ask(reading, document, values, found.waves).await.map_err(explain)?;
        let data: GroupData<'_> = connection.data(&answer).map_err(explain)?;
        let wrong = |what: String| connection.malformed(&answer.request, &what);
        let Some(group) = data.group else { return Err(no_group(path, answer.request)) };
        if found.waves == 1 {
            let id = number(&group.id.0, "Group")
                .ok_or_else(|| wrong(format!("answered with the group id {:?}", group.id.0)))?;
            found.group = Some(id);
            found.catalogue = data.member_role_permissions.and_then(|all| set(&all));
            found.bases = data.bases.and_then(|all| bases(&all));
        }
        // The roles of an instance lie below its administration.
        let foreign = |role: &RoleNode<'_>| {
            role.details_path.as_ref().is_some_and(|path| path.0.starts_with("/admin/"))
        };
        if group.member_roles.nodes.0.iter().any(foreign) {
            return Err(not_this_deployment(answer.request));
        }
        after = list.take(&group.member_roles).map_err(wrong)?;
        if after.is_none() {
            found.standard = list.roles;
            return Ok(found);
        }
    }
}

async fn of_instance(reading: &Reading) -> Result<Found, ReadError> {
    let connection = reading.connection();
    let values = variables([("after", Value::Null)]);
    let answer = ask(reading, queries::INSTANCE, values, 1).await.map_err(explain)?;
    let data: InstanceData<'_> = connection.data(&answer).map_err(explain)?;
    let (Some(standard), Some(admin)) = (&data.member_roles, &data.admin_member_roles) else {
        return Err(connection.malformed(&answer.request, "answered without lists of roles").into());
    };
    let catalogues = [&data.member_role_permissions, &data.admin_member_role_permissions];
    let catalogue = catalogues.into_iter().map(|all| set(all.as_ref()?)).collect::<Option<Vec<_>>>();
    let next_standard = rest(reading, &answer, standard, queries::INSTANCE_NEXT, |data| data.member_roles);
    let next_admin = rest(reading, &answer, admin, queries::ADMIN_NEXT, |data| data.admin_member_roles);
    let (standard, admin) = tokio::join!(next_standard, next_admin);
    let ((standard, a), (admin, b)) = (standard?, admin?);
    Ok(Found {
        group: None,
        standard,
        admin,
        catalogue: catalogue.map(|sets| sets.into_iter().flatten().collect()),
        bases: data.bases.as_ref().and_then(bases),
        waves: a.max(b),
    })
}

/// The roles of a first page and of the pages after it, and how many pages there were.
async fn rest(
    reading: &Reading,
    answer: &Answer,
    first: &RolePage<'_>,
    document: Document,
    of: for<'a> fn(InstanceData<'a>) -> Option<RolePage<'a>>,
) -> Result<(Vec<Role>, u32), ReadError> {
    let connection = reading.connection();
    let mut list = List::default();
    let mut wave = 1;
    let mut after = list.take(first).map_err(|what| connection.malformed(&answer.request, &what))?;
    while let Some(cursor) = after {
        wave += 1;
        let answer =
            ask(reading, document, variables([("after", json!(cursor))]), wave).await.map_err(explain)?;
        let wrong = |what: String| connection.malformed(&answer.request, &what);
        let data: InstanceData<'_> = connection.data(&answer).map_err(explain)?;
        let page = of(data).ok_or_else(|| wrong("answered without a list of roles".to_owned()))?;
        after = list.take(&page).map_err(wrong)?;
    }
    Ok((list.roles, wave))
}

/// Pages put together.
#[derive(Default)]
struct List {
    roles: Vec<Role>,
    ids: HashSet<Untrusted>,
    cursors: Cursors,
}

impl List {
    /// Takes a page and returns the cursor of the next one. The error says what is wrong.
    fn take(&mut self, page: &RolePage<'_>) -> Result<Option<String>, String> {
        for node in &page.nodes.0 {
            let role = role(node)?;
            if !self.ids.insert(role.id.clone()) {
                return Err(format!("answered with the role {} twice", role.id.raw()));
            }
            self.roles.push(role);
        }
        self.cursors.next(&page.page_info)
    }
}

/// Cursors that were seen.
#[derive(Debug, Default)]
pub(super) struct Cursors(HashSet<String>);

impl Cursors {
    /// The cursor of the next page, if there is one. The error says what is wrong with it.
    pub(super) fn next(&mut self, info: &PageInfo<'_>) -> Result<Option<String>, String> {
        let PageInfo { has_next_page: true, end_cursor } = info else { return Ok(None) };
        let cursor = end_cursor.as_ref().map(|cursor| cursor.0.clone().into_owned()).unwrap_or_default();
        if cursor.is_empty() || cursor.len() > LONGEST_CURSOR {
            return Err("answered that there are more roles, with a cursor that cannot be used".to_owned());
        }
        if !self.0.insert(cursor.clone()) || self.0.len() > MOST_PAGES as usize {
            return Err("answered with a cursor that it gave before, so the list would never end".to_owned());
        }
        Ok(Some(cursor))
    }
}

fn role(node: &RoleNode<'_>) -> Result<Role, String> {
    let id = number(&node.id.0, "MemberRole")
        .ok_or_else(|| format!("answered with the role id {:?}", node.id.0))?;
    Ok(Role {
        id,
        name: (&*node.name.0).into(),
        description: node.description.as_ref().map(|text| (&*text.0).into()),
        base: node
            .base_access_level
            .as_ref()
            .and_then(|level| Some(level::by_number(level.integer_value)?.id)),
        permissions: set(&node.enabled_permissions),
        holders: node.users_count,
        memberships: node.members_count,
    })
}

/// The permissions; `None` where one cannot be understood, or where these are not all.
fn set(catalogue: &Catalogue<'_>) -> Option<BTreeSet<Untrusted>> {
    if catalogue.page_info.as_ref().is_some_and(|page| page.has_next_page) {
        return None;
    }
    catalogue.nodes.0.iter().map(|node| permission(&node.value.0)).collect()
}

/// The built-in roles of an enum; `None` where it has none that is known, so that it is no such list.
fn bases(all: &Enumeration<'_>) -> Option<BTreeSet<Untrusted>> {
    let names = all.enum_values.iter().flat_map(|values| &values.0);
    let bases: BTreeSet<Untrusted> = names.filter_map(|one| permission(&one.name.0)).collect();
    bases.iter().any(|base| catalogue().builtin(base.raw()).is_some()).then_some(bases)
}

fn no_group(path: &str, request: RequestLine) -> ReadError {
    ReadError {
        kind: ReadErrorKind::Rejected,
        message: format!("{} knows no group `{path}`, or the token does not see it", request.0).into(),
        request: Some(request),
        help: Some(
            "Set `settings.group` to the path of a top-level group of which the token's owner is an Owner."
                .to_owned(),
        ),
    }
}

fn not_this_deployment(request: RequestLine) -> ReadError {
    ReadError {
        kind: ReadErrorKind::Rejected,
        message: format!("{} answered with roles of a whole instance", request.0).into(),
        request: Some(request),
        help: Some(
            "On an instance of your own custom roles belong to the instance: take `settings.group` out."
                .to_owned(),
        ),
    }
}
