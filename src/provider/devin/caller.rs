//! Whom the credential acts for. Source: `GET /v3/self`, whose list of fields is not documented as a
//! whole, and the record of that user or service user.

use super::{
    help::explain,
    members::Members,
    pages,
    place::is_segment,
    spec::{SERVICE_USER, USER},
    wire::{Myself, RoleAssignment, ServiceUser, User},
};
use crate::{
    model::Untrusted,
    provider::{
        ReadError, ReadErrorKind,
        http::{Get, Reading},
    },
};

/// Whom the credential acts for.
#[derive(Debug)]
pub(super) struct Caller {
    /// Its class.
    pub(super) class: &'static str,
    /// Its id.
    pub(super) id: Untrusted,
    /// What its record tells; `None` where it was not read.
    pub(super) record: Option<Members>,
}

/// Asks who that is; `None` where the API does not tell. A credential may be kept from asking.
pub(super) async fn myself(reading: &Reading, wave: u32) -> Result<Option<Caller>, ReadError> {
    let get = Get { segments: &["v3", "self"], query: &[], wave, quota: None };
    let answer = match reading.get(get).await.map_err(explain) {
        Ok(answer) => answer,
        Err(failure) => return untold(failure.into()).map(|()| None),
    };
    let myself: Myself = reading.connection().parse(&answer).unwrap_or_default();
    let found = match (myself.service_user_id, myself.user_id) {
        (Some(id), None) => Some((SERVICE_USER, id)),
        (None, Some(id)) => Some((USER, id)),
        _ => None,
    };
    let found = found.filter(|(_, id)| is_segment(id));
    Ok(found.map(|(class, id)| Caller { class, id: id.into(), record: None }))
}

/// Asks who that is and what they hold: of a person also what comes through groups, which no list
/// tells. The record of a service user is left out where its list is read anyway.
pub(super) async fn with_record(reading: &Reading, listed: bool) -> Result<Option<Caller>, ReadError> {
    let Some(mut caller) = myself(reading, 1).await? else { return Ok(None) };
    let kind = match caller.class {
        USER => "users",
        _ if listed => return Ok(Some(caller)),
        _ => "service-users",
    };
    let segments = pages::path(&["members", kind, caller.id.raw()]);
    let get = Get { segments: &segments, query: &[], wave: 2, quota: None };
    let answer = match reading.get(get).await.map_err(explain) {
        Ok(answer) => answer,
        Err(failure) => return untold(failure.into()).map(|()| Some(caller)),
    };
    let connection = reading.connection();
    let held: Vec<RoleAssignment> = if caller.class == USER {
        let user: User = connection.parse(&answer)?;
        user.role_assignments.0.into_iter().chain(user.idp_role_assignments.0).collect()
    } else {
        connection.parse::<ServiceUser>(&answer)?.role_assignments.0
    };
    let mut record = Members::default();
    record.add(caller.class, &caller.id, &held, None);
    caller.record = Some(record);
    Ok(Some(caller))
}

/// A refusal tells nothing; everything else is an error.
fn untold(error: ReadError) -> Result<(), ReadError> {
    match error.kind {
        ReadErrorKind::Denied | ReadErrorKind::Rejected => Ok(()),
        ReadErrorKind::RateLimited | ReadErrorKind::Unreachable | ReadErrorKind::Malformed => Err(error),
    }
}
