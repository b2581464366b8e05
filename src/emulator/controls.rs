//! The dashboard routes that every emulator has: state, logs, switches, faults and the clock.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::core::Core;
use super::fault::Fault;
use super::product::Registered;
use super::switch::Switches;

/// The routes of [`answer`], for whoever asks what there is.
const ROUTES: [&str; 6] = [
    "GET, PUT /_dashboard/state",
    "GET, DELETE /_dashboard/requests",
    "GET, DELETE /_dashboard/writes",
    "GET, PUT, PATCH /_dashboard/switches",
    "GET, PUT /_dashboard/faults",
    "GET, POST /_dashboard/clock",
];

/// Answers a dashboard route; what is not common to all emulators is the product's.
pub(crate) fn answer(core: &mut Core, registered: &Registered, call: &Call) -> Answer {
    let route = call.route();
    let (method, name) = match route.as_slice() {
        ["_dashboard", name] => (call.method.as_str(), *name),
        _ => return core.dashboard(call),
    };
    match (method, name) {
        ("GET", "requests") => Answer::json(200, &core.requests.to_json()),
        ("DELETE", "requests") => {
            core.requests.clear();
            Answer::empty(204)
        }
        ("GET", "writes") => Answer::json(200, &json!({ "count": core.writes.len(), "writes": core.writes })),
        ("DELETE", "writes") => {
            core.writes.clear();
            Answer::empty(204)
        }
        ("GET", "state") => Answer::json(200, &core.product.export()),
        ("PUT", "state") => or_400(put_state(core, registered, call)),
        ("GET", "switches") => Answer::json(200, &json!(core.switches.values())),
        ("PUT", "switches") => or_400(put_switches(core, registered, call, true)),
        ("PATCH", "switches") => or_400(put_switches(core, registered, call, false)),
        ("GET", "faults") => Answer::json(200, &core.faults_json()),
        ("PUT", "faults") => or_400(put_faults(core, call)),
        ("GET", "clock") => Answer::json(200, &clock(core)),
        ("POST", "clock") => or_400(advance(core, call)),
        (_, "requests" | "writes" | "state" | "switches" | "faults" | "clock") => {
            Answer::plain_error(405, &format!("{method} is not for /_dashboard/{name}"))
        }
        _ => core.dashboard(call),
    }
}

/// What `GET /` says: somebody looks what listens here. It is not logged.
pub(crate) fn hint(registered: &Registered) -> Answer {
    Answer::json(
        200,
        &json!({
            "emulator": registered.name,
            "use": "give this address as `settings.url` of a target; the API's own paths begin below it",
            "dashboard": ROUTES,
            "more": "docs/emulator.md, and `rolecall emulate --help`",
        }),
    )
}

fn or_400(result: Result<Answer, String>) -> Answer {
    result.unwrap_or_else(|reason| Answer::plain_error(400, &reason))
}

fn body<T: serde::de::DeserializeOwned>(call: &Call) -> Result<T, String> {
    serde_json::from_slice(&call.body).map_err(|error| format!("the body is not valid: {error}"))
}

fn put_state(core: &mut Core, registered: &Registered, call: &Call) -> Result<Answer, String> {
    let seed: Value = body(call)?;
    let product = (registered.build)(&seed)?;
    core.replace(product).map_err(|error| error.to_string())?;
    Ok(Answer::empty(204))
}

fn put_switches(core: &mut Core, registered: &Registered, call: &Call, all: bool) -> Result<Answer, String> {
    let values: BTreeMap<String, String> = body(call)?;
    let mut switches =
        if all { Switches::new(registered.name, registered.switches) } else { core.switches.clone() };
    switches
        .set_all(values.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        .map_err(|error| error.to_string())?;
    core.switches = switches;
    Ok(Answer::json(200, &json!(core.switches.values())))
}

fn put_faults(core: &mut Core, call: &Call) -> Result<Answer, String> {
    let specs: Vec<String> = body(call)?;
    let faults: Vec<Fault> = specs
        .iter()
        .map(|spec| Fault::parse(spec))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    core.faults = faults.into_iter().map(Into::into).collect();
    Ok(Answer::json(200, &core.faults_json()))
}

fn clock(core: &Core) -> Value {
    json!({ "now_ms": core.now(), "offset_ms": core.clock_offset })
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u32,
}

fn advance(core: &mut Core, call: &Call) -> Result<Answer, String> {
    let Advance { advance_ms } = body(call)?;
    core.clock_offset = core.clock_offset.saturating_add(i64::from(advance_ms));
    Ok(Answer::json(200, &clock(core)))
}
