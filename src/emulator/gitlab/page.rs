//! Pages of lists in REST: by offset, and by key.

use serde::Serialize;
use serde_json::Value;

use crate::emulator::call::{Answer, Call};
use crate::emulator::encode;

use super::input::{Given, Params};
use super::refusal::Refusal;

const PER_PAGE: usize = 20;
const MOST_PER_PAGE: usize = 100;
/// Above so many records GitLab does not count.
const COUNTED: usize = 10_000;

fn positive(params: &Params, name: &str, default: usize) -> Result<usize, Refusal> {
    match params.number(name)? {
        Given::Absent | Given::Null => Ok(default),
        Given::Value(number) => usize::try_from(number)
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| Refusal::parameter(format!("{name} does not have a valid value"))),
    }
}

fn link(call: &Call, changed: &[(&str, String)], rel: &str) -> String {
    let kept = call.query.iter().filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .extend_pairs(changed)
        .finish();
    format!("<{}{}?{query}>; rel=\"{rel}\"", base_url(call), call.path)
}

/// The address that the request was sent to, up to the path.
pub(super) fn base_url(call: &Call) -> String {
    format!("http://{}", call.header("host").unwrap_or("localhost"))
}

/// One page by offset of a list, with the headers that lead to the others.
pub(super) fn by_offset<T, S: Serialize>(
    call: &Call,
    params: &Params,
    items: &[T],
    shape: impl FnMut(&T) -> S,
) -> Result<Answer, Refusal> {
    let page = positive(params, "page", 1)?;
    let per_page = positive(params, "per_page", PER_PAGE)?.min(MOST_PER_PAGE);
    let start = page.saturating_sub(1).saturating_mul(per_page).min(items.len());
    let end = start.saturating_add(per_page).min(items.len());
    let body: Vec<S> = items.get(start..end).unwrap_or_default().iter().map(shape).collect();
    let pages = items.len().div_ceil(per_page).max(1);
    let next = (end < items.len()).then(|| page + 1);
    let previous = (page > 1).then(|| page - 1);
    let number = |number: Option<usize>| number.map_or_else(String::new, |number| number.to_string());
    let to =
        |page: usize, rel| link(call, &[("page", page.to_string()), ("per_page", per_page.to_string())], rel);
    let counted = items.len() <= COUNTED;
    let mut links = Vec::new();
    links.extend(previous.map(|page| to(page, "prev")));
    links.extend(next.map(|page| to(page, "next")));
    links.push(to(1, "first"));
    links.extend(counted.then(|| to(pages, "last")));
    let mut answer = Answer::json(200, &body)
        .header("link", links.join(", "))
        .header("x-page", page.to_string())
        .header("x-per-page", per_page.to_string())
        .header("x-next-page", number(next))
        .header("x-prev-page", number(previous));
    if counted {
        answer = answer.header("x-total", items.len().to_string()).header("x-total-pages", pages.to_string());
    }
    Ok(answer)
}

/// One page of groups, projects or people: by key where that is asked for, else by offset. `key` is the text that
/// `order_by` orders by, and the id.
pub(super) fn by_key_or_offset<T>(
    call: &Call,
    params: &Params,
    mut items: Vec<T>,
    orders: &[&str],
    key: impl Fn(&T, &str) -> (String, u64),
    shape: impl FnMut(&T) -> Value,
) -> Result<Answer, Refusal> {
    let order =
        params.text("order_by")?.unwrap_or_else(|| orders.first().copied().unwrap_or_default().to_owned());
    if !orders.contains(&order.as_str()) {
        return Err(Refusal::parameter("order_by does not have a valid value"));
    }
    let sort = params.text("sort")?.unwrap_or_else(|| "asc".to_owned());
    if !matches!(sort.as_str(), "asc" | "desc") {
        return Err(Refusal::parameter("sort does not have a valid value"));
    }
    items.sort_by_cached_key(|item| key(item, &order));
    if sort == "desc" {
        items.reverse();
    }
    if params.text("pagination")?.as_deref() != Some("keyset") {
        return by_offset(call, params, &items, shape);
    }
    let per_page = positive(params, "per_page", PER_PAGE)?.min(MOST_PER_PAGE);
    let start = match params.text("cursor")? {
        None => 0,
        Some(cursor) => {
            let id: u64 = encode::unhex(&cursor)
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .and_then(|id| id.parse().ok())
                .ok_or_else(|| Refusal::parameter("cursor is invalid"))?;
            items.iter().position(|item| key(item, &order).1 == id).map_or(items.len(), |index| index + 1)
        }
    };
    let end = start.saturating_add(per_page).min(items.len());
    let page = items.get(start..end).unwrap_or_default();
    let body: Vec<Value> = page.iter().map(shape).collect();
    let answer = Answer::json(200, &body);
    match page.last().filter(|_| end < items.len()) {
        None => Ok(answer),
        Some(last) => {
            let cursor = encode::hex(key(last, &order).1.to_string().as_bytes());
            Ok(answer.header("link", link(call, &[("cursor", cursor)], "next")))
        }
    }
}
