//! Reading the audit log: who changed what outside git.
//!
//! Which actions there are is documented (`/api-reference/v3/audit-logs`); what `data` holds is not, so
//! that every text in it counts as a possible id and a possible name. The log takes one action as a
//! filter, and there are many about access: the newest entries are read, and what else they hold is left
//! out here.

use std::{cmp::Reverse, collections::BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::pages;
use crate::{
    model::{
        Kind, Untrusted,
        activity::{ActivityLog, ActivityQuery, Entry, Mention},
    },
    provider::{
        ReadError,
        http::{Bounded, Connection, Failure, Get, Reading},
    },
};

/// Entries of a page: the most that is documented for lists.
const PAGE: &str = "200";
/// Most entries of a page that are read, and most texts that are taken from one entry.
const MOST: usize = 1_000;

/// What each action about roles, and who holds them, is about.
const ACTIONS: &[(&str, Kind, &str)] = &[
    ("create_role", Kind::Role, "made a role"),
    ("update_role", Kind::Role, "changed a role"),
    ("delete_role", Kind::Role, "deleted a role"),
    ("assign_roles", Kind::Assignment, "gave a role"),
    ("add_enterprise_member", Kind::Assignment, "added somebody to the enterprise"),
    ("add_member", Kind::Assignment, "added somebody to an organization"),
    ("delete_member", Kind::Assignment, "removed somebody"),
    ("add_group_membership", Kind::Assignment, "gave a group a role"),
    ("update_group_membership", Kind::Assignment, "gave a group another role"),
    ("delete_group_membership", Kind::Assignment, "took the role of a group"),
    ("create_service_user", Kind::Assignment, "made a service user"),
    ("delete_service_user", Kind::Assignment, "deleted a service user"),
    ("assign_service_user_role", Kind::Assignment, "gave a service user a role"),
    ("remove_service_user_role", Kind::Assignment, "took the role of a service user"),
    ("approve_join_request", Kind::Assignment, "let somebody join"),
    ("automatic_join_event", Kind::Assignment, "joined by themselves"),
];

/// A page of the log.
#[derive(Debug, Deserialize)]
struct Page {
    items: Bounded<RawEntry, MOST>,
    #[serde(default)]
    end_cursor: Option<String>,
    #[serde(default)]
    has_next_page: Option<bool>,
}

/// An entry as it stands in the log; the last five fields are nullable.
#[derive(Debug, Deserialize)]
struct RawEntry {
    action: String,
    /// In seconds since 1970.
    #[serde(default)]
    created_at: Option<i64>,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
    user_email: Option<String>,
    #[serde(default)]
    service_user_id: Option<String>,
    #[serde(default)]
    service_user_name: Option<String>,
}

/// Reads one page of the log, newest first, or two.
pub(super) async fn read(reading: Reading, query: ActivityQuery) -> Result<ActivityLog, ReadError> {
    let connection = reading.connection();
    let since = query.since.map(|since| since.as_second().to_string());
    let mut filters = vec![("first", PAGE), ("order", "desc")];
    filters.extend(since.as_deref().map(|since| ("time_after", since)));
    let mut wave = 1;
    let mut answer = page(&reading, &filters, wave).await;
    // A span may be at most a hundred days; whether it counts up to now is not documented.
    if filters.len() > 2 && matches!(&answer, Err(failure) if matches!(failure.status, Some(400 | 422))) {
        filters.truncate(2);
        wave = 2;
        answer = page(&reading, &filters, wave).await;
    }
    let first = answer.map_err(explain)?;
    let mut log = ActivityLog::default();
    let mut next = first.next();
    let mut done = add(&mut log, connection, first, query.since);
    if let (Some(after), false) = (next.take(), done) {
        filters.push(("after", &after));
        next = Some(after.clone());
        if let Ok(second) = page(&reading, &filters, wave + 1).await {
            next = second.next();
            done = add(&mut log, connection, second, query.since);
        }
    }
    if next.is_some() && !done {
        let note = "Some entries of the audit log were not read: who made a change may stand there.";
        log.notes.push(note.into());
    }
    log.entries.sort_by_key(|entry| Reverse(entry.instant));
    Ok(log)
}

async fn page(reading: &Reading, query: &[(&str, &str)], wave: u32) -> Result<Page, Failure> {
    let segments = pages::path(&["audit-logs"]);
    let answer = reading.get(Get { segments: &segments, query, wave, quota: None }).await?;
    reading.connection().parse(&answer)
}

/// Reading the log takes another permission than reading members.
fn explain(mut failure: Failure) -> Failure {
    if failure.status == Some(403) {
        failure.help = Some("Reading the audit log takes `ManageEnterpriseSettings`.".to_owned());
        return failure;
    }
    super::help::explain(failure)
}

impl Page {
    /// Where the next page begins, where there is one.
    fn next(&self) -> Option<String> {
        self.end_cursor.clone().filter(|_| self.has_next_page == Some(true))
    }
}

/// Adds what is about roles and people; whether the page reaches back far enough.
fn add(log: &mut ActivityLog, connection: &Connection, page: Page, since: Option<Timestamp>) -> bool {
    let mut done = false;
    for raw in page.items.0 {
        let instant = raw.created_at.and_then(|seconds| Timestamp::from_second(seconds).ok());
        if let (Some(since), Some(instant)) = (since, instant)
            // The log counts whole seconds.
            && instant.as_second() < since.as_second()
        {
            done = true;
            continue;
        }
        let known = ACTIONS.iter().find(|(action, ..)| *action == raw.action);
        let Some((_, kind, what)) = known else { continue };
        let mut texts = BTreeSet::new();
        collect(&raw.data, &mut texts);
        log.entries.push(Entry {
            instant,
            time: match instant {
                Some(instant) => instant.to_string().into(),
                None => "at an unknown time".into(),
            },
            actor: connection.quote(&actor(&raw)).into(),
            what: (*what).into(),
            object: Mention {
                kind: Some(*kind),
                ids: texts.clone(),
                names: texts,
                text: Untrusted::default(),
            },
        });
    }
    done
}

/// Who it was: a person by their address, a service user by its name; else by the id.
fn actor(raw: &RawEntry) -> String {
    let person = raw.user_email.as_ref().or(raw.user_id.as_ref());
    if let Some(person) = person {
        return person.clone();
    }
    match raw.service_user_name.as_ref().or(raw.service_user_id.as_ref()) {
        Some(name) => format!("the service user {name}"),
        None => "somebody whom the log does not name".to_owned(),
    }
}

/// Every text in a value, as far as there are not too many.
fn collect(value: &Value, texts: &mut BTreeSet<Untrusted>) {
    match value {
        Value::String(text) if !text.is_empty() && texts.len() < MOST => {
            texts.insert(text.as_str().into());
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}
