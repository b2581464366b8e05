//! The list of users, page by page.

use std::collections::{BTreeMap, HashSet};

use super::{USERS_QUOTA, help::explain, wire::UserPage};
use crate::{
    model::Untrusted,
    provider::{
        ReadError, ReadErrorKind,
        http::{Get, Loose, Reading},
    },
};

/// Users of a page. Source: `/api-reference/users-list`.
pub(super) const PAGE_SIZE: usize = 100;
/// Longest cursor and longest user id in bytes.
const LONGEST_CURSOR: usize = 4096;
const LONGEST_ID: usize = 255;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// What the list says about the role; `None` where that is no text, or two different ones.
    pub(super) role: Option<Untrusted>,
    /// What to call the user.
    pub(super) name: Option<Untrusted>,
}

/// All users by id.
pub(super) type Members = BTreeMap<Untrusted, Member>;

/// Reads all pages. They follow each other, and ten are allowed in a minute.
pub(super) async fn list(reading: &Reading, org_id: Option<&str>) -> Result<Members, ReadError> {
    let connection = reading.connection();
    let mut members = Members::new();
    let mut cursors: HashSet<String> = HashSet::new();
    let mut cursor: Option<String> = None;
    let mut wave = 0;
    let limit = PAGE_SIZE.to_string();
    loop {
        wave += 1;
        let mut query = vec![("limit", &*limit)];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        query.extend(org_id.map(|id| ("org_id", id)));
        let get = Get { segments: &["v1", "users"], query: &query, wave, quota: Some(USERS_QUOTA) };
        let answer = reading.get(get).await.map_err(|failure| explain(failure, org_id.is_some()))?;
        let page: UserPage<'_> = connection.parse(&answer)?;
        let users = page.users.map(|users| users.0);
        // Without an organization a workspace token gets people with all their organizations.
        let foreign = match &users {
            None => true,
            Some(users) => {
                !users.is_empty() && users.iter().all(|user| user.role.is_none() || user.user_id.is_none())
            }
        };
        if foreign && org_id.is_none() {
            return Err(ReadError {
                kind: ReadErrorKind::Rejected,
                message: format!("{} answered with the users of a whole workspace", answer.request.0).into(),
                request: Some(answer.request),
                help: Some("Set `settings.org_id` to the git provider's id of the organization.".to_owned()),
            });
        }
        let Some(users) = users else {
            return Err(connection.malformed(&answer.request, "answered without the list `users`").into());
        };
        for (index, user) in users.into_iter().enumerate() {
            let id = user.user_id.map(|id| id.0.into_owned()).unwrap_or_default();
            let bad = id.is_empty() || id.len() > LONGEST_ID || matches!(&*id, "." | "..");
            if bad || id.chars().any(char::is_control) {
                let what =
                    format!("answered with an unexpected body: users[{index}].user_id: {id:?} is no id");
                return Err(connection.malformed(&answer.request, &what).into());
            }
            // Other shapes may be another way to say it; a number or a truth value is none.
            if matches!(user.role, Some(Loose::Count(_) | Loose::Flag(_))) {
                let what = format!("answered with an unexpected body: users[{index}].role is not text");
                return Err(connection.malformed(&answer.request, &what).into());
            }
            let role = match user.role {
                Some(Loose::Text(text)) if !text.is_empty() => Some(Untrusted::from(&*text)),
                _ => None,
            };
            let name =
                [user.user_name, user.name, user.email].into_iter().flatten().find_map(|name| match name {
                    Loose::Text(text) if !text.is_empty() => Some(Untrusted::from(&*text)),
                    _ => None,
                });
            let member = Member { role, name };
            members
                .entry(id.into())
                // A user who moved between pages is listed twice; with two roles nobody knows which.
                .and_modify(|known| {
                    if known.role != member.role {
                        known.role = None;
                    }
                })
                .or_insert(member);
        }
        match page.next_cursor.map(|next| next.0.into_owned()) {
            None => return Ok(members),
            Some(next) if next.is_empty() => return Ok(members),
            Some(next) if next.len() > LONGEST_CURSOR => {
                return Err(connection
                    .malformed(&answer.request, "answered with a cursor that is too long")
                    .into());
            }
            Some(next) => {
                if !cursors.insert(next.clone()) {
                    let what = "answered with a cursor that it gave before, so the list would never end";
                    return Err(connection.malformed(&answer.request, what).into());
                }
                cursor = Some(next);
            }
        }
    }
}
