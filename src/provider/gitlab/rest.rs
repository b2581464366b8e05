//! The list of roles over REST, for servers whose GraphQL does not tell them: every role there is an
//! Experiment. REST needs an Owner of the group, or an administrator of the instance.

use std::collections::BTreeSet;

use super::{
    deployment::Deployment,
    help::explain,
    level, quota,
    roles::{Found, Role},
    wire::{RestGroup, RestRole, RestRoles},
};
use crate::{
    model::Untrusted,
    provider::{
        ReadError,
        http::{Answer, Failure, Get, Loose, Quota, Reading, Text},
    },
};

/// Fields of a role that are no permissions.
const FIELDS: &[&str] = &["id", "group_id", "name", "description", "base_access_level"];

/// Path of the list of roles.
pub(super) fn list_path(deployment: &Deployment) -> Vec<&str> {
    match deployment {
        Deployment::Group(path) => vec!["api", "v4", "groups", path, "member_roles"],
        Deployment::Instance => vec!["api", "v4", "member_roles"],
    }
}

/// Reads the roles; `before` requests were sent one after the other for nothing.
pub(super) async fn read(
    reading: &Reading,
    deployment: &Deployment,
    before: u32,
) -> Result<Found, ReadError> {
    let wave = before + 1;
    let admins = async {
        match deployment {
            Deployment::Group(_) => Ok(None),
            Deployment::Instance => {
                get(reading, &["api", "v4", "admin_member_roles"], wave, None).await.map(Some)
            }
        }
    };
    let group = async {
        match deployment {
            Deployment::Group(path) => {
                let quota = quota::of_single_groups(reading.connection());
                get(reading, &["api", "v4", "groups", path], wave, quota).await.map(Some)
            }
            Deployment::Instance => Ok(None),
        }
    };
    let path = list_path(deployment);
    let (list, admins, group) = tokio::join!(get(reading, &path, wave, None), admins, group);
    let (list, admins, group) = (list?, admins?, group?);
    let connection = reading.connection();
    let group = match &group {
        Some(answer) => Some(connection.parse::<RestGroup<'_>>(answer)?.id.to_string().into()),
        None => None,
    };
    let admin = match &admins {
        Some(answer) => roles(reading, answer, true)?,
        None => Vec::new(),
    };
    Ok(Found {
        group,
        standard: roles(reading, &list, false)?,
        admin,
        catalogue: None,
        bases: None,
        waves: wave,
    })
}

async fn get(
    reading: &Reading,
    segments: &[&str],
    wave: u32,
    quota: Option<Quota>,
) -> Result<Answer, Failure> {
    reading.get(Get { segments, query: &[], wave, quota }).await.map_err(explain)
}

fn roles(reading: &Reading, answer: &Answer, admin: bool) -> Result<Vec<Role>, ReadError> {
    let connection = reading.connection();
    let list: RestRoles<'_> = connection.parse(answer)?;
    let read = list.0.iter().enumerate().map(|(index, entry)| {
        role(entry, admin).ok_or_else(|| {
            connection.malformed(
                &answer.request,
                &format!("answered with an unexpected body: [{index}] is no role"),
            )
        })
    });
    Ok(read.collect::<Result<_, _>>()?)
}

fn role(entry: &RestRole<'_>, admin: bool) -> Option<Role> {
    let value = |name: &'static str| entry.get(&Text(name.into()));
    let Loose::Count(id) = value("id")? else { return None };
    let Loose::Text(name) = value("name")? else { return None };
    let base = match value("base_access_level") {
        Some(Loose::Count(level)) if !admin => {
            u32::try_from(*level).ok().and_then(level::by_number).map(|base| base.id)
        }
        _ => None,
    };
    let description = match value("description") {
        Some(Loose::Text(text)) => Some(Untrusted::from(&**text)),
        _ => None,
    };
    let flags = entry.iter().filter(|(name, _)| !FIELDS.contains(&&*name.0));
    let permissions: BTreeSet<Untrusted> =
        flags.filter(|(_, flag)| **flag == Loose::Flag(true)).map(|(name, _)| (&*name.0).into()).collect();
    Some(Role {
        id: id.to_string().into(),
        name: (&**name).into(),
        description,
        base,
        permissions: Some(permissions),
        holders: None,
        memberships: None,
    })
}
