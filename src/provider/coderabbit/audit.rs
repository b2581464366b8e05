//! Reading the audit log: who changed what outside git.
//!
//! Which names CodeRabbit gives to actions and resource types about roles is not documented, so the
//! first request filters by time only. Where that finds more than one page, the second, and last, request
//! asks for the resource types that the answer itself lists, or for the next page where the first held
//! little else.
//! Source: `/api-reference/platform/audit-logs/list-audit-log-entries`.

use std::{cmp::Reverse, collections::BTreeSet};

use jiff::Timestamp;

use super::{
    ORG_ID,
    audit_wire::{Moment, Page, RawActor, RawEntry, words},
    help::explain,
};
use crate::{
    model::{
        Kind, Untrusted,
        activity::{ActivityLog, ActivityQuery, Entry, Mention},
    },
    provider::{
        ReadError,
        http::{Connection, Failure, Get, Reading},
    },
};

/// Entries of a page, the most that is documented.
const PAGE_SIZE: &str = "100";
/// Most resource types in one request, documented.
const MOST_TYPES: usize = 50;
/// Numbers from here on are milliseconds: as seconds they would be in the year 5138.
const MILLISECONDS: u64 = 100_000_000_000;

/// Filters of the log.
type Filters<'a> = Vec<(&'a str, &'a str)>;

/// Reads one page of the log, or two.
pub(super) async fn read(reading: Reading, query: ActivityQuery) -> Result<ActivityLog, ReadError> {
    let connection = reading.connection();
    let org_id = connection.setting(ORG_ID).map(|id| id.raw().to_owned());
    let since = query.since.map(|since| since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let mut filters: Filters<'_> = vec![("page_size", PAGE_SIZE)];
    filters.extend(since.as_deref().map(|since| ("date_from", since)));
    filters.extend(org_id.as_deref().map(|id| ("org_id", id)));

    // Parameters that it does not know are refused with 400. Whether `org_id` is one of those, and
    // whether a date may have a time, is not documented.
    let (mut wave, mut plain) = (1, false);
    let mut answer = page(&reading, &filters, wave).await;
    if filters.len() > 1 && matches!(&answer, Err(failure) if failure.status == Some(400)) {
        (wave, plain) = (2, true);
        filters.truncate(1);
        answer = page(&reading, &filters, wave).await;
    }
    let first = answer.map_err(|failure| explain(failure, org_id.is_some()))?;
    let mut log = Collected { plain: org_id.as_deref().filter(|_| plain), ..Collected::default() };
    let (all, more, types) = (first.entries.len(), first.more, about_access(&first.types));
    let mut unread = first.total.map(|total| total.saturating_sub(all as u64));
    log.add(connection, first.entries, query.since);
    let mut cut = more;
    if more {
        let narrow = !types.is_empty() && log.about_access < all.div_ceil(2);
        filters.push(if narrow { ("resource_types", &types) } else { ("page", "2") });
        if let Ok(second) = page(&reading, &filters, wave + 1).await {
            cut = second.more;
            let left = if narrow { second.total } else { unread };
            unread = left.map(|left| left.saturating_sub(second.entries.len() as u64));
            log.add(connection, second.entries, query.since);
        }
    }
    Ok(log.finish(cut, unread))
}

async fn page(reading: &Reading, query: &Filters<'_>, wave: u32) -> Result<Page, Failure> {
    let answer = reading.get(Get { segments: &["v1", "audit-logs"], query, wave, quota: None }).await?;
    reading.connection().parse(&answer)
}

/// The resource types that roles and people may have, as the filter takes them.
fn about_access(types: &[String]) -> String {
    let usable = |one: &&String| !one.contains(',') && kind(&words(one)).is_some_and(|kind| kind.is_some());
    types.iter().filter(usable).take(MOST_TYPES).map(String::as_str).collect::<Vec<_>>().join(",")
}

/// What an entry with these words in its action or its resource type is about; the outer `None` is
/// something else than roles and people.
fn kind(words: &[String]) -> Option<Option<Kind>> {
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&&**word));
    let begins =
        |starts: &[&str]| words.iter().any(|word| starts.iter().any(|start| word.starts_with(start)));
    if has(&["repository", "seat", "seats"]) || (has(&["api"]) && has(&["key", "keys"])) {
        return None;
    }
    let people = has(&["user", "users", "member", "members"]);
    if people || begins(&["assign", "unassign", "reassign", "promot", "demot"]) {
        return Some(Some(Kind::Assignment));
    }
    Some(has(&["role", "roles", "permission", "permissions"]).then_some(Kind::Role))
}

/// What was read so far.
#[derive(Default)]
struct Collected<'a> {
    entries: Vec<Entry>,
    ids: BTreeSet<String>,
    /// The organization, where the log was not asked for that one alone.
    plain: Option<&'a str>,
    /// Entries that do not say that they are of it.
    foreign: usize,
    /// Entries about roles and people.
    about_access: usize,
}

impl Collected<'_> {
    fn add(&mut self, connection: &Connection, entries: Vec<RawEntry>, since: Option<Timestamp>) {
        for raw in entries {
            // A page that is asked for with another filter repeats entries.
            if raw.id.as_ref().is_some_and(|id| !self.ids.insert(id.clone())) {
                continue;
            }
            let said = [&raw.action, &raw.resource_type, &raw.type_label];
            let said: Vec<String> = said.into_iter().flatten().flat_map(|text| words(text)).collect();
            let Some(kind) = kind(&said) else { continue };
            self.about_access += usize::from(kind.is_some());
            let instant = raw.created_at.as_ref().and_then(instant);
            if since.is_some_and(|since| instant.is_some_and(|instant| instant < since)) {
                continue;
            }
            if self.plain.is_some_and(|org| !raw.found.ids.contains(org)) {
                self.foreign += 1;
                continue;
            }
            let entry = Entry {
                instant,
                time: match (instant, &raw.created_at) {
                    (Some(instant), _) => instant.to_string().into(),
                    (None, Some(Moment::Text(text))) => connection.quote(text).into(),
                    _ => "at an unknown time".into(),
                },
                actor: connection.quote(&actor(&raw.actor)).into(),
                what: connection.quote(&what(&raw)).into(),
                object: Mention {
                    kind,
                    ids: raw.found.ids,
                    names: raw.found.names,
                    text: raw.summary.unwrap_or_default().into(),
                },
            };
            if raw.id.is_some() || !self.entries.contains(&entry) {
                self.entries.push(entry);
            }
        }
    }

    fn finish(mut self, cut: bool, unread: Option<u64>) -> ActivityLog {
        self.entries.sort_by_key(|entry| Reverse(entry.instant));
        let mut notes: Vec<Untrusted> = Vec::new();
        if cut {
            let rest = match unread {
                Some(1) => "1 entry".to_owned(),
                Some(unread) if unread > 1 => format!("{unread} entries"),
                _ => "Some entries".to_owned(),
            };
            notes.push(
                format!(
                    "{rest} of the audit log {} not read: who made a change may stand there.",
                    if unread == Some(1) { "was" } else { "were" }
                )
                .into(),
            );
        }
        if self.foreign > 0 {
            let entries =
                if self.foreign == 1 { "1 entry".to_owned() } else { format!("{} entries", self.foreign) };
            notes.push(format!("{entries} of the audit log were left out: the log does not take `settings.org_id`, and they do not say of which organization they are.").into());
        }
        ActivityLog { entries: self.entries, notes }
    }
}

/// A point in time, whatever of the usual formats it is in; a time without its zone is none.
fn instant(moment: &Moment) -> Option<Timestamp> {
    match moment {
        Moment::Text(text) => text.parse().ok(),
        Moment::Number(number) => {
            let number = *number;
            let milliseconds = if number < MILLISECONDS { number.checked_mul(1000)? } else { number };
            Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()
        }
    }
}

/// `Mira (mira@acme.test, bot)`: anybody can choose a name, so what stands below it belongs to it.
fn actor(actor: &RawActor) -> String {
    let bot = actor.bot.then_some("bot");
    let (name, below) = match (&actor.name, &actor.subtitle) {
        (Some(name), subtitle) => (name.as_str(), subtitle.as_deref().filter(|subtitle| subtitle != name)),
        (None, Some(subtitle)) => (subtitle.as_str(), None),
        (None, None) => ("somebody", None),
    };
    match below.into_iter().chain(bot).collect::<Vec<_>>() {
        beside if beside.is_empty() => name.to_owned(),
        beside => format!("{name} ({})", beside.join(", ")),
    }
}

/// `Role update: Release auditor`.
fn what(entry: &RawEntry) -> String {
    let label = [&entry.action_label, &entry.action, &entry.type_label, &entry.resource_type];
    let label = label.into_iter().flatten().next();
    match (label, &entry.summary) {
        (Some(label), Some(summary)) => format!("{label}: {summary}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => "an action that the log does not name".to_owned(),
    }
}
