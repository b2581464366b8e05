//! Security policies that name roles: a role that one names is not deleted (`/api/member_roles/`).
//!
//! They are asked for in queries of their own, and only where a role may go: GitLab 19.4 fails at this
//! field, and with it at the whole query.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    deployment::Deployment,
    help::explain,
    queries,
    roles::{self, ask, variables},
    wire::{PolicyData, PolicyPage, number},
};
use crate::{
    model::Untrusted,
    provider::{
        ReadError, ReadErrorKind,
        http::{Document, Failure, Reading},
    },
};

/// Which policies name which roles, by the number of the role; or why nobody can tell.
#[derive(Debug)]
pub(super) struct Policies(Result<BTreeMap<Untrusted, Vec<Untrusted>>, String>);

impl Policies {
    /// Why roles cannot be deleted, by their ids.
    pub(super) fn of(&self, roles: &[roles::Role]) -> BTreeMap<Untrusted, Untrusted> {
        let why = |role: &roles::Role| match &self.0 {
            Ok(named) => {
                let names: Vec<String> =
                    named.get(&role.id)?.iter().map(|name| format!("`{}`", name.raw())).collect();
                let policies = if names.len() == 1 { "policy" } else { "policies" };
                Some(format!("it is named by the security {policies} {}", names.join(", ")))
            }
            Err(why) => Some(format!("nobody can tell which security policies name it: {why}")),
        };
        roles.iter().filter_map(|role| Some((role.id.clone(), why(role)?.into()))).collect()
    }
}

/// Reads them page by page.
///
/// # Errors
///
/// Where there is no answer. One that tells nothing is no error: nothing is deleted then.
pub(super) async fn read(reading: &Reading, deployment: &Deployment) -> Result<Policies, ReadError> {
    match pages(reading, deployment).await {
        Ok(named) => Ok(Policies(Ok(named))),
        Err(failure)
            if matches!(failure.kind, ReadErrorKind::Unreachable | ReadErrorKind::RateLimited)
                && failure.status != Some(200) =>
        {
            Err(explain(failure).into())
        }
        Err(failure) => Ok(Policies(Err(failure.message))),
    }
}

async fn pages(
    reading: &Reading,
    deployment: &Deployment,
) -> Result<BTreeMap<Untrusted, Vec<Untrusted>>, Failure> {
    let connection = reading.connection();
    let (mut named, mut cursors) = (BTreeMap::new(), roles::Cursors::default());
    let (mut after, mut wave) = (None::<String>, 0);
    loop {
        wave += 1;
        let (document, values): (Document, Vec<(&str, Value)>) = match deployment.group() {
            Some(path) => (queries::GROUP_POLICIES, vec![("group", json!(path)), ("after", json!(after))]),
            None => (queries::INSTANCE_POLICIES, vec![("after", json!(after))]),
        };
        let answer = ask(reading, document, variables(values), wave).await?;
        let wrong = |what: &str| connection.malformed(&answer.request, what);
        let data: PolicyData<'_> = connection.data(&answer)?;
        let page: PolicyPage<'_> = match (data.group, data.member_roles) {
            (Some(group), None) => group.member_roles,
            (None, Some(page)) => page,
            _ => return Err(wrong("answered without a list of roles")),
        };
        for node in &page.nodes.0 {
            let id =
                number(&node.id.0, "MemberRole").ok_or_else(|| wrong("answered with an id that is none"))?;
            let policies = node.dependent_security_policies.as_ref();
            let names: Vec<Untrusted> =
                policies.into_iter().flat_map(|all| &all.0).map(|policy| (&*policy.name.0).into()).collect();
            if !names.is_empty() {
                named.insert(id, names);
            }
        }
        after = cursors.next(&page.page_info).map_err(|what| wrong(&what))?;
        if after.is_none() {
            return Ok(named);
        }
    }
}
