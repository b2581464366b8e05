//! Who is asking, and which environment the request reaches.

use crate::emulator::call::Call;
use crate::emulator::product::Limit;
use crate::emulator::switch::Switches;

use super::objects::Power;
use super::refusal::Refusal;
use super::switches::{AUTHORIZATION_LIMIT, CONCURRENT_ROLE_WRITES, RATE_LIMIT_SCOPE, RATE_LIMITS};
use super::world::{Environment, Organization, World};

/// A request with the world that it meets.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) world: &'a World,
    pub(super) switches: &'a Switches,
    pub(super) now: i64,
    pub(super) call: &'a Call,
}

/// A request within the environment of its key.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    /// The environment's name.
    pub(super) name: &'a str,
    pub(super) environment: &'a Environment,
    pub(super) switches: &'a Switches,
    pub(super) now: i64,
    pub(super) call: &'a Call,
}

/// The key that a request presents.
pub(super) fn credential(call: &Call) -> Option<&str> {
    let (scheme, key) = call.header("authorization")?.trim().split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

/// Finds the environment of a request's key, without asking what the key may do.
pub(super) fn environment_of<'a>(context: Context<'a>) -> Option<(&'a str, &'a Environment, Power)> {
    let presented = credential(context.call)?;
    let environments = &context.world.environments;
    environments
        .iter()
        .find_map(|(name, environment)| {
            let key = environment.facts.keys.iter().find(|key| key.key == presented)?;
            Some((name.as_str(), environment, key.access))
        })
        .or_else(|| {
            let (name, environment) =
                environments.iter().find(|(_, environment)| environment.facts.any_key)?;
            Some((name.as_str(), environment, Power::Full))
        })
}

/// Finds the environment of a request, and refuses what its key may not do.
pub(super) fn identify(context: Context<'_>) -> Result<Request<'_>, Refusal> {
    let (name, environment, power) =
        environment_of(context).ok_or_else(|| Refusal::new(401, "Unauthorized"))?;
    if power == Power::None || power == Power::Read && context.call.is_mutating() {
        return Err(Refusal::new(403, "The API key does not have permission for this request."));
    }
    Ok(Request { name, environment, switches: context.switches, now: context.now, call: context.call })
}

/// The limit that a request falls under: that of its route if it has one, else the general one.
pub(super) fn limit(context: Context<'_>) -> Option<Limit> {
    let (name, ..) = environment_of(context)?;
    let limit = |key: String, requests, window_ms| Some(Limit { key, requests, window_ms, concurrent: None });
    let key = credential(context.call)?;
    match (context.call.method.as_str(), context.call.route().as_slice()) {
        (_, ["authorization", "organizations", id, "roles", ..])
            if context.call.is_mutating() && context.switches.is(&CONCURRENT_ROLE_WRITES, "409") =>
        {
            let key = format!("{name}/{id}/roles");
            Some(Limit { key, requests: 6_000, window_ms: 60_000, concurrent: Some(1) })
        }
        (_, ["authorization", ..]) if context.switches.is(&AUTHORIZATION_LIMIT, "50_per_10s") => {
            limit(format!("{name}/authorization"), 50, 10_000)
        }
        _ if context.switches.is(&RATE_LIMITS, "off") => None,
        (_, ["user_management", ..]) if context.call.is_mutating() => {
            limit(format!("{name}/user_management/write"), 500, 10_000)
        }
        (_, ["user_management", ..]) => limit(format!("{name}/user_management/read"), 1_000, 10_000),
        ("DELETE", ["organizations", _]) => limit(format!("delete_organization/{key}"), 50, 60_000),
        _ if context.switches.is(&RATE_LIMIT_SCOPE, "ip") => limit("general".to_owned(), 6_000, 60_000),
        _ => limit(format!("general/{key}"), 6_000, 60_000),
    }
}

impl<'a> Request<'a> {
    /// An organization by id.
    pub(super) fn organization(&self, id: &str) -> Result<&'a Organization, Refusal> {
        self.environment.organizations.get(id).ok_or_else(|| Refusal::not_found("Organization", id))
    }

    /// A refusal for a path or method that does not exist.
    pub(super) fn no_route(&self) -> Refusal {
        Refusal::no_route(self.switches, &self.call.method, &self.call.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::workos::{sample, seed, switches};

    /// The limit of a request, as its key, requests and window.
    fn limit_of(switch: &[(&str, &str)], method: &str, path: &str) -> Option<(String, usize, i64)> {
        let world = seed::build(&sample::seed()).unwrap();
        let mut switches = Switches::new("workos", switches::ALL);
        switches.set_all(switch.iter().copied()).unwrap();
        let headers = vec![("authorization".to_owned(), "Bearer sk_a".to_owned())];
        let call = Call::new(method, path, "", headers, Vec::new());
        limit(Context { world: &world, switches: &switches, now: 0, call: &call })
            .map(|limit| (limit.key, limit.requests, limit.window_ms))
    }

    #[test]
    fn each_request_falls_under_the_limit_of_its_route() {
        let expect = |key: &str, requests, window| Some((key.to_owned(), requests, window));
        assert_eq!(limit_of(&[], "GET", "/authorization/roles"), expect("general/sk_a", 6_000, 60_000));
        let by_address = [("rate_limit_scope", "ip")];
        assert_eq!(limit_of(&by_address, "GET", "/organizations"), expect("general", 6_000, 60_000));
        let members = "/user_management/organization_memberships";
        assert_eq!(limit_of(&[], "GET", members), expect("production/user_management/read", 1_000, 10_000));
        assert_eq!(limit_of(&[], "PUT", members), expect("production/user_management/write", 500, 10_000));
        let delete = expect("delete_organization/sk_a", 50, 60_000);
        assert_eq!(limit_of(&[], "DELETE", "/organizations/org_acme"), delete);
        assert_eq!(limit_of(&[("rate_limits", "off")], "GET", members), None);
    }
}
