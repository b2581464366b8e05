//! `/organizations`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::emulator::call::Answer;

use super::caller::Request;
use super::edit::Edit;
use super::input::Body;
use super::page;
use super::refusal::{Refusal, status_of};
use super::shape;
use super::switches::ORGANIZATION_DELETE;
use super::world::{Domain, Organization, OrganizationFacts};

const KNOWN: [&str; 6] =
    ["name", "allow_profiles_outside_organization", "domains", "domain_data", "metadata", "external_id"];

/// Answers a request; `rest` is what follows `/organizations`.
pub(super) fn answer(request: Request<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    match (request.call.method.as_str(), rest) {
        ("GET", []) => list(request),
        ("POST", []) => create(request),
        ("GET", ["external_id", external_id]) => {
            let found = by_external_id(request, external_id);
            let found = found.ok_or_else(|| Refusal::not_found("Organization", external_id))?;
            Ok(Answer::json(200, &shape::organization(&found.facts)))
        }
        ("GET", [id]) => Ok(Answer::json(200, &shape::organization(&request.organization(id)?.facts))),
        ("PUT", [id]) => update(request, request.organization(id)?),
        ("DELETE", [id]) => {
            let mut edit = Edit::new(request);
            edit.remove_organization(request.organization(id)?);
            let status = status_of(request.switches.get(&ORGANIZATION_DELETE));
            Ok(Answer::empty(status).changing(edit.finish()))
        }
        _ => Err(request.no_route()),
    }
}

fn by_external_id<'a>(request: Request<'a>, external_id: &str) -> Option<&'a Organization> {
    request
        .environment
        .organizations
        .values()
        .find(|organization| organization.facts.external_id.as_deref() == Some(external_id))
}

fn list(request: Request<'_>) -> Result<Answer, Refusal> {
    let domains: Vec<&str> =
        request.call.parameter("domains").into_iter().flat_map(|d| d.split(',')).collect();
    let search = request.call.parameter("search").map(str::to_lowercase);
    let organizations = request
        .environment
        .organizations_by_age()
        .into_iter()
        .map(|organization| &organization.facts)
        .filter(|facts| {
            let in_domain = domains.is_empty()
                || facts.domains.iter().any(|domain| domains.contains(&domain.domain.as_str()));
            in_domain && search.as_ref().is_none_or(|search| facts.name.to_lowercase().contains(search))
        })
        .collect();
    Ok(page::cut(request, organizations, |facts: &&OrganizationFacts| &facts.id)?.answer(shape::organization))
}

fn create(request: Request<'_>) -> Result<Answer, Refusal> {
    let body = Body::with_fields(request.call, request.switches, &KNOWN)?;
    let name = body.required_text("name")?.to_owned();
    let mut edit = Edit::new(request);
    let (id, order) = edit.id("org_");
    let (resource_id, _) = edit.id("authz_resource_");
    let mut facts = OrganizationFacts {
        id,
        name,
        external_id: None,
        domains: Vec::new(),
        metadata: BTreeMap::new(),
        stripe_customer_id: None,
        allow_profiles_outside_organization: false,
        resource_id,
        own: None,
        created_at: edit.now(),
        updated_at: edit.now(),
        order,
    };
    read_into(&mut edit, &body, &mut facts)?;
    edit.put_organization(&facts);
    Ok(Answer::json(201, &shape::organization(&facts)).changing(edit.finish()))
}

fn update(request: Request<'_>, organization: &Organization) -> Result<Answer, Refusal> {
    let known: Vec<&str> = KNOWN.iter().copied().chain(["stripe_customer_id"]).collect();
    let body = Body::with_fields(request.call, request.switches, &known)?;
    let mut facts = organization.facts.clone();
    if let Some(customer) = body.text("stripe_customer_id")? {
        let taken = request.environment.organizations.values().any(|other| {
            other.facts.id != facts.id && other.facts.stripe_customer_id.as_deref() == Some(customer)
        });
        if taken {
            return Err(Refusal::new(400, "The Stripe customer ID is already used.")
                .code("stripe_customer_id_already_used"));
        }
        facts.stripe_customer_id = Some(customer.to_owned());
    }
    let mut edit = Edit::new(request);
    read_into(&mut edit, &body, &mut facts)?;
    if facts != organization.facts {
        facts.updated_at = edit.now();
        edit.put_organization(&facts);
    }
    Ok(Answer::json(200, &shape::organization(&facts)).changing(edit.finish()))
}

/// Takes over what a create and an update have in common.
fn read_into(edit: &mut Edit<'_>, body: &Body, facts: &mut OrganizationFacts) -> Result<(), Refusal> {
    if let Some(name) = body.text("name")? {
        if name.is_empty() {
            return Err(Refusal::invalid("name", "name must not be empty"));
        }
        name.clone_into(&mut facts.name);
    }
    if let Some(allow) = body.flag("allow_profiles_outside_organization")? {
        facts.allow_profiles_outside_organization = allow;
    }
    if let Some(metadata) = body.get("metadata") {
        facts.metadata = read_metadata(metadata)?;
    }
    if let Some(external_id) = body.nullable_text("external_id")? {
        let others = edit.request.environment.organizations.values();
        if let Some(external_id) = &external_id {
            if external_id.is_empty() || external_id.len() > 128 || !external_id.is_ascii() {
                return Err(Refusal::invalid(
                    "external_id",
                    "external_id must have 1 to 128 ASCII characters",
                ));
            }
            if others
                .filter(|other| other.facts.id != facts.id)
                .any(|other| other.facts.external_id.as_ref() == Some(external_id))
            {
                return Err(Refusal::new(400, format!("The external_id '{external_id}' is already used."))
                    .code("external_id_already_used"));
            }
        }
        facts.external_id = external_id;
    }
    if let Some(domains) = read_domains(body)? {
        set_domains(edit, facts, domains)?;
    }
    Ok(())
}

fn read_metadata(metadata: &Value) -> Result<BTreeMap<String, String>, Refusal> {
    let invalid = || {
        Refusal::new(400, "metadata must have at most 50 texts: keys of 40, values of 600 characters")
            .code("invalid_metadata")
    };
    if metadata.is_null() {
        return Ok(BTreeMap::new());
    }
    let fields = metadata.as_object().filter(|fields| fields.len() <= 50).ok_or_else(invalid)?;
    fields
        .iter()
        .map(|(key, value)| {
            let value = value.as_str().filter(|value| value.chars().count() <= 600);
            value
                .filter(|_| key.chars().count() <= 40)
                .map(|value| (key.clone(), value.to_owned()))
                .ok_or_else(invalid)
        })
        .collect()
}

/// Domains with their states, from either of the two fields that can hold them.
fn read_domains(body: &Body) -> Result<Option<Vec<(String, String)>>, Refusal> {
    if let Some(items) = body.list("domain_data")? {
        return items
            .iter()
            .map(|item| {
                let item = Body::item("domain_data", item)?;
                let state = item.required_text("state")?;
                if !matches!(state, "pending" | "verified") {
                    return Err(Refusal::invalid("domain_data", "state must be pending or verified"));
                }
                Ok((item.required_text("domain")?.to_owned(), state.to_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Some);
    }
    let domains = body.texts("domains")?;
    Ok(domains.map(|domains| domains.into_iter().map(|domain| (domain, "verified".to_owned())).collect()))
}

fn set_domains(
    edit: &mut Edit<'_>,
    facts: &mut OrganizationFacts,
    domains: Vec<(String, String)>,
) -> Result<(), Refusal> {
    let mut kept = Vec::with_capacity(domains.len());
    for (domain, state) in domains {
        let taken = edit.request.environment.organizations.values().any(|other| {
            other.facts.id != facts.id && other.facts.domains.iter().any(|held| held.domain == domain)
        });
        if taken {
            return Err(Refusal::new(409, format!("The domain '{domain}' belongs to another organization.")));
        }
        let known = facts.domains.iter().find(|held| held.domain == domain && held.state == state).cloned();
        kept.push(known.unwrap_or_else(|| {
            let (id, _) = edit.id("org_domain_");
            Domain { id, domain, state, created_at: edit.now() }
        }));
    }
    facts.domains = kept;
    Ok(())
}
