//! People who are members nowhere yet, looked up one by one.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use super::{
    help::explain,
    wire::{User, Users, is_number},
};
use crate::{
    model::desired::Spelling,
    provider::{
        ReadError,
        http::{Get, Reading},
    },
};

/// Longest username in bytes that is asked for.
const LONGEST_USERNAME: usize = 255;

/// Everybody of `people` who exists, with the spelling that found them.
pub(super) async fn find(
    reading: &Reading,
    people: &BTreeSet<Spelling>,
    wave: u32,
) -> Result<Vec<(Spelling, User)>, ReadError> {
    let found = try_join_all(people.iter().map(|spelling| async move {
        let user = match spelling {
            Spelling::Handle(name) => by_username(reading, name.raw(), wave).await?,
            Spelling::Id(id) => by_id(reading, id.raw(), wave).await?,
            Spelling::Email(_) => None,
        };
        Ok::<_, ReadError>(user.map(|user| (spelling.clone(), user)))
    }));
    Ok(found.await?.into_iter().flatten().collect())
}

/// Usernames are found whatever their case (`/api/users/`).
async fn by_username(reading: &Reading, name: &str, wave: u32) -> Result<Option<User>, ReadError> {
    if name.is_empty() || name.len() > LONGEST_USERNAME {
        return Ok(None);
    }
    let get = Get { segments: &["api", "v4", "users"], query: &[("username", name)], wave, quota: None };
    let answer = reading.get(get).await.map_err(explain)?;
    let users: Users = reading.connection().parse(&answer)?;
    Ok(users.0.into_iter().find(|user| user.username.eq_ignore_ascii_case(name)))
}

async fn by_id(reading: &Reading, id: &str, wave: u32) -> Result<Option<User>, ReadError> {
    if !is_number(id) {
        return Ok(None);
    }
    let get = Get { segments: &["api", "v4", "users", id], query: &[], wave, quota: None };
    match reading.get(get).await {
        Ok(answer) => {
            let user: User = reading.connection().parse(&answer)?;
            Ok((user.id.to_string() == id).then_some(user))
        }
        Err(failure) if failure.status == Some(404) => Ok(None),
        Err(failure) => Err(explain(failure).into()),
    }
}

/// Whom the token acts for.
pub(super) async fn caller(reading: &Reading) -> Result<User, ReadError> {
    let get = Get { segments: &["api", "v4", "user"], query: &[], wave: 1, quota: None };
    let answer = reading.get(get).await.map_err(explain)?;
    Ok(reading.connection().parse(&answer)?)
}
