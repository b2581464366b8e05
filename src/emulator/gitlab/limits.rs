//! Rate limits, and what answers tell about them.

use crate::emulator::call::{Answer, Call};
use crate::emulator::product::{Failure, Limit, Usage};
use crate::emulator::switch::Switches;

use super::caller::{Context, identify};
use super::refusal::Refusal;
use super::switches::{APPLICATION_RETRY_AFTER, RATE_LIMITS, THROTTLE, THROTTLE_BODY};
use super::time::Moment;

const MINUTE: i64 = 60_000;
const APPLICATION: &str = "This endpoint has been requested too many times. Try again later.";

fn limit(key: String, requests: usize) -> Limit {
    Limit { key, requests, window_ms: MINUTE, concurrent: None }
}

/// The limit of a single endpoint.
pub(super) fn of_endpoint(context: Context<'_>) -> Option<Limit> {
    if context.switches.is(&RATE_LIMITS, "off") {
        return None;
    }
    let user = identify(context).ok()??.user.id;
    let route = context.call.route();
    match (context.call.method.as_str(), route.as_slice()) {
        ("DELETE", ["api", "v4", kind @ ("groups" | "projects"), key, "members", _]) => {
            Some(limit(format!("delete/{kind}/{key}/{user}"), 60))
        }
        ("GET", ["api", "v4", "groups" | "projects", _, "members", "all"]) => {
            Some(limit(format!("members_all/{user}"), 200))
        }
        ("GET", ["api", "v4", "groups", _]) if !context.is_instance() => {
            Some(limit(format!("group/{user}"), 400))
        }
        ("GET", ["api", "v4", "groups"]) if !context.is_instance() => {
            Some(limit(format!("groups/{user}"), 200))
        }
        _ => None,
    }
}

/// The limit over all requests of a user.
pub(super) fn of_user(context: Context<'_>) -> Option<Limit> {
    let counted = match context.switches.get(&THROTTLE) {
        "deployment" => !context.is_instance(),
        value => value == "on",
    };
    if !counted || context.switches.is(&RATE_LIMITS, "off") {
        return None;
    }
    let user = identify(context).ok()??.user.id;
    Some(limit(format!("user/{user}"), 2000))
}

/// The headers that tell how far a user's limit is used up.
pub(super) fn headers(usage: Usage, answer: Answer) -> Answer {
    let reset = usage.reset.div_euclid(1000).saturating_add(1);
    let answer = answer
        .header("ratelimit-limit", usage.limit.to_string())
        .header("ratelimit-name", "throttle_authenticated_api")
        .header("ratelimit-observed", usage.observed.to_string())
        .header("ratelimit-remaining", usage.limit.saturating_sub(usage.observed).to_string())
        .header("ratelimit-reset", reset.to_string());
    if answer.status == 429 {
        answer.header("ratelimit-resettime", Moment(reset.saturating_mul(1000)).http_date())
    } else {
        answer
    }
}

fn seconds(wait_ms: i64) -> u64 {
    u64::try_from(wait_ms).unwrap_or(0).div_ceil(1000).max(1)
}

/// The 429 of a user's limit.
pub(super) fn throttled(switches: &Switches, wait_ms: i64) -> Answer {
    throttle_body(switches).header("retry-after", seconds(wait_ms).to_string())
}

fn throttle_body(switches: &Switches) -> Answer {
    match switches.get(&THROTTLE_BODY) {
        "empty" => Answer::empty(429),
        "json" => Refusal::message(429, "429 Too Many Requests").answer(),
        _ => Answer::raw(429, "text/plain", b"Retry later\n".to_vec()),
    }
}

/// The 429 of an endpoint's limit.
pub(super) fn application(switches: &Switches) -> Answer {
    let answer = Refusal::message(429, serde_json::json!({ "error": APPLICATION })).answer();
    if switches.is(&APPLICATION_RETRY_AFTER, "60") { answer.header("retry-after", "60") } else { answer }
}

/// An error on request: the code `application` is that of an endpoint's limit.
pub(super) fn failure(switches: &Switches, call: &Call, failure: &Failure) -> Answer {
    let retry = failure.retry_after_header.or(failure.retry_after);
    let mut answer = match (failure.status, failure.code.as_deref()) {
        (429, Some("application")) => application(switches),
        (429, _) => throttle_body(switches),
        (status, _) if call.path.ends_with("/graphql") => {
            Answer::json(status, &serde_json::json!({ "errors": [{ "message": failure.message }] }))
        }
        (status, code) => {
            let text =
                code.map_or_else(|| failure.message.clone(), |code| format!("{code}: {}", failure.message));
            Refusal::message(status, text).answer()
        }
    };
    if let Some(seconds) = retry {
        answer.headers.retain(|(name, _)| name != "retry-after");
        answer = answer.header("retry-after", seconds.to_string());
    }
    answer
}
