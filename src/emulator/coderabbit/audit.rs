//! `GET /v1/audit-logs`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::emulator::call::{Answer, Call};

use super::caller::{Context, Right, authorize_any};
use super::input::{Body, number};
use super::refusal::Refusal;
use super::switches::ROLE_AUDIT;
use super::time::Moment;
use super::world::Entry;

const PARAMETERS: [&str; 8] =
    ["search", "actions", "resource_types", "date_from", "date_to", "page", "page_size", "org_id"];

/// Milliseconds of a day but one.
const REST_OF_DAY: i64 = 86_399_999;

/// Answers the request.
pub(super) fn answer(context: Context<'_>) -> Result<Answer, Refusal> {
    let (caller, access) = authorize_any(context, &Body::default(), Right::Audit)?;
    let call = context.call;
    if let Some((name, _)) = call.query.iter().find(|(name, _)| !PARAMETERS.contains(&name.as_str())) {
        return Err(Refusal::invalid(format!("the query parameter {name} is not supported")));
    }
    let search = call.parameter("search").unwrap_or_default().to_lowercase();
    if search.chars().count() > 200 {
        return Err(Refusal::invalid("search must have at most 200 characters"));
    }
    let actions = words(call, "actions")?;
    let types = words(call, "resource_types")?;
    let from = date(call, "date_from", 0)?;
    let to = date(call, "date_to", REST_OF_DAY)?;
    let page = number(call, "page", 1, 1, 1_000_000)?;
    let page_size = number(call, "page_size", 10, 1, 100)?;
    let org = match access {
        Some(access) => access.org,
        None => caller.own_org()?.1,
    };
    let logged = context.switches.is(&ROLE_AUDIT, "logged");
    let all: Vec<&Entry> = org
        .audit
        .values()
        .rev()
        .map(AsRef::as_ref)
        .filter(|entry| logged || entry.resource_type != "role")
        .collect();
    let found: Vec<&Entry> = all
        .iter()
        .copied()
        .filter(|entry| {
            (actions.is_empty() || actions.contains(&entry.action.as_str()))
                && (types.is_empty() || types.contains(&entry.resource_type.as_str()))
                && from.is_none_or(|from| entry.created_at >= from)
                && to.is_none_or(|to| entry.created_at <= to)
                && (search.is_empty()
                    || format!("{} {}", entry.summary, entry.actor.name).to_lowercase().contains(&search))
        })
        .collect();
    let total_pages = found.len().div_ceil(page_size);
    let data: Vec<Value> = found
        .iter()
        .skip((page - 1) * page_size)
        .take(page_size)
        .map(|entry| entry_json(entry, context.now))
        .collect();
    Ok(Answer::json(
        200,
        &json!({
            "data": data,
            "pagination": {
                "page": page, "page_size": page_size, "total_count": found.len(), "total_pages": total_pages,
                "has_next_page": page < total_pages, "has_previous_page": page > 1,
            },
            "filter_options": {
                "actions": options(all.iter().map(|entry| entry.action.as_str())),
                "resource_types": options(all.iter().map(|entry| entry.resource_type.as_str())),
            },
        }),
    ))
}

fn words<'a>(call: &'a Call, name: &str) -> Result<Vec<&'a str>, Refusal> {
    let words: Vec<&str> = call
        .parameter(name)
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    if words.len() > 50 {
        Err(Refusal::invalid(format!("{name} takes at most 50 values")))
    } else {
        Ok(words)
    }
}

/// A point in time; a mere date is extended by `rest`.
fn date(call: &Call, name: &str, rest: i64) -> Result<Option<Moment>, Refusal> {
    let Some(text) = call.parameter(name) else {
        return Ok(None);
    };
    let moment =
        Moment::parse(text).ok_or_else(|| Refusal::invalid(format!("{name} must be an ISO 8601 date")))?;
    Ok(Some(if text.len() == 10 { Moment(moment.0.saturating_add(rest)) } else { moment }))
}

fn label(value: &str) -> String {
    let text = value.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn options<'a>(values: impl Iterator<Item = &'a str>) -> Value {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(value, count)| json!({ "value": value, "label": label(value), "count": count }))
        .collect()
}

fn entry_json(entry: &Entry, now: i64) -> Value {
    let seconds = now.saturating_sub(entry.created_at.0) / 1000;
    let relative = match seconds {
        ..60 => "just now".to_owned(),
        60..3600 => format!("{} minutes ago", seconds / 60),
        3600..86_400 => format!("{} hours ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    };
    json!({
        "id": entry.id, "action": entry.action, "actionLabel": label(&entry.action),
        "resourceType": entry.resource_type, "resourceTypeLabel": label(&entry.resource_type),
        "resourceSummary": entry.summary,
        "actor": {
            "name": entry.actor.name, "subtitle": entry.actor.subtitle, "isBot": entry.actor.is_bot, "avatarUrl": null,
        },
        "metadata": entry.metadata, "ipAddress": "127.0.0.1",
        "createdAt": entry.created_at.text("rfc3339_millis"), "relativeTime": relative,
    })
}
