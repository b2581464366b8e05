//! Changing GitLab. Each operation is one mutating request.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    GRAPHQL,
    deployment::Deployment,
    help::{explain, explain_member},
    level,
    links::{LdapGroup, SamlGroup, Selects},
    place::Place,
    queries,
    quota::REMOVALS,
    spec::{ADMIN, LDAP_GROUP, SAML_GROUP, SHARED_GROUP, USER},
    wire::{Changed, enum_value, is_number, number, role_gid},
};
use crate::{
    model::{RoleId, Scope, Untrusted, Value as FieldValue, object::field},
    plan::operation::{Made, RoleBody, RolePatch, Verb},
    provider::{
        Effect, Fut, Outcome, Write, WriteError,
        http::{Document, Mutation, Send, WriteClient},
    },
};

/// Writes.
#[derive(Debug)]
pub(super) struct Writer {
    client: WriteClient,
}

/// What a membership or link is given: a level, and a custom role on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Access {
    level: u32,
    custom: Option<u64>,
}

impl Write for Writer {
    fn execute<'a>(&'a self, verb: &'a Verb, made: &'a Made) -> Fut<'a, Result<Outcome, WriteError>> {
        Box::pin(self.run(verb, made))
    }

    fn insist<'a>(&'a self, _: &'a Verb, _: &'a Made) -> Option<Fut<'a, Result<Outcome, WriteError>>> {
        None
    }
}

impl Writer {
    pub(super) fn new(client: WriteClient) -> Self {
        Self { client }
    }

    async fn run(&self, verb: &Verb, made: &Made) -> Result<Outcome, WriteError> {
        match verb {
            Verb::CreateRole { class, body, .. } => self.create(class, body).await,
            Verb::UpdateRole { role, class, send, full, .. } => {
                self.update(known("update", role, made)?, class, send, full).await
            }
            Verb::DeleteRole { role, class, .. } => self.delete(known("delete", role, made)?, class).await,
            Verb::SetDefault { .. } => Err(not_sent("set the default", "GitLab has no default role")),
            Verb::Permission { .. } => Err(not_sent("permission", "GitLab ships every permission")),
            Verb::Assign { role, base, scope, class, principals, held } => {
                let place = place(scope)?;
                let access = access(known("assign", role, made)?, base.as_ref())?;
                for principal in principals {
                    self.assign(class, &place, principal, access, held.contains_key(principal)).await?;
                }
                Ok(Outcome::Done { id: None })
            }
            Verb::Unassign { scope, class, principals, .. } => {
                let place = place(scope)?;
                for principal in principals {
                    self.unassign(class, &place, principal).await?;
                }
                Ok(Outcome::Done { id: None })
            }
        }
    }

    async fn create(&self, class: &str, body: &RoleBody) -> Result<Outcome, WriteError> {
        let mut input = Map::new();
        input.insert("name".to_owned(), body.name.raw().into());
        if let Some(text) = &body.description {
            input.insert("description".to_owned(), text.raw().into());
        }
        input.insert("permissions".to_owned(), permissions(&body.permissions)?);
        if class == ADMIN {
            return self.change(queries::ADMIN_CREATE, input).await;
        }
        let base = match body.fields.get(field::BASE) {
            Some(FieldValue::Role(Some(RoleId::Live(id)))) => id,
            _ => return Err(not_sent("create", "the role has no base role")),
        };
        let level = level::as_base(base)
            .ok_or_else(|| not_sent("create", &format!("{base:?} cannot be the base of a role")))?;
        input.insert("baseAccessLevel".to_owned(), level.into());
        let deployment = Deployment::of(self.client.connection())
            .map_err(|error| not_sent("create", error.message.raw()))?;
        if let Some(group) = deployment.group() {
            input.insert("groupPath".to_owned(), group.into());
        }
        self.change(queries::CREATE, input).await
    }

    /// The set is always sent, and whole: without it every permission would be taken away.
    async fn update(
        &self,
        id: &Untrusted,
        class: &str,
        send: &RolePatch,
        full: &RoleBody,
    ) -> Result<Outcome, WriteError> {
        let mut input = Map::new();
        input.insert("id".to_owned(), gid("update", id)?);
        input.insert("permissions".to_owned(), permissions(&full.permissions)?);
        if let Some(name) = &send.name {
            input.insert("name".to_owned(), name.raw().into());
        }
        if let Some(description) = &send.description {
            input.insert("description".to_owned(), description.as_ref().map_or("", Untrusted::raw).into());
        }
        let document = if class == ADMIN { queries::ADMIN_UPDATE } else { queries::UPDATE };
        self.change(document, input).await.map(|_| Outcome::Done { id: None })
    }

    async fn delete(&self, id: &Untrusted, class: &str) -> Result<Outcome, WriteError> {
        let input = Map::from_iter([("id".to_owned(), gid("delete", id)?)]);
        let document = if class == ADMIN { queries::ADMIN_DELETE } else { queries::DELETE };
        self.change(document, input).await.map(|_| Outcome::Done { id: None })
    }

    /// Sends a mutation of a role and looks for its refusals, which come with status 200.
    async fn change(&self, document: Document, input: Map<String, Value>) -> Result<Outcome, WriteError> {
        let variables = Map::from_iter([("input".to_owned(), Value::Object(input))]);
        let mutation = Mutation { segments: GRAPHQL, document, variables, quota: None };
        let answer = self.client.mutate(mutation).await.map_err(explain)?;
        let connection = self.client.connection();
        let changed: Changed<'_> = connection.data(&answer).map_err(explain)?;
        let unclear = |what: &str| {
            let failure = connection.malformed(&answer.request, what);
            WriteError { status: Some(answer.status), ..failure.into() }
        };
        let outcome = changed.outcome.ok_or_else(|| unclear("answered without an outcome"))?;
        if !outcome.errors.0.is_empty() {
            let errors: Vec<&str> = outcome.errors.0.iter().map(|text| &*text.0).collect();
            let said = connection.quote(&errors.join(", "));
            return Err(WriteError {
                effect: Effect::Refused,
                status: Some(answer.status),
                message: format!("{} answered: {said}", answer.request.0).into(),
                help: Some(refusal_help(&said).to_owned()),
                request: answer.request,
            });
        }
        let id = match &outcome.member_role {
            Some(made) => Some(
                number(&made.id.0, "MemberRole")
                    .ok_or_else(|| unclear("answered with an id that is none"))?,
            ),
            None => None,
        };
        Ok(Outcome::Done { id })
    }

    /// A membership that is there is changed, another one made. The custom role is always sent:
    /// without it the server keeps the one that is there.
    async fn assign(
        &self,
        class: &str,
        place: &Place,
        principal: &Untrusted,
        access: Access,
        there: bool,
    ) -> Result<(), WriteError> {
        let Access { level, custom } = access;
        let id = principal.raw();
        let (method, segments, body) = match class {
            USER if !is_number(id) => {
                return Err(not_sent("assign", &format!("{principal:?} is no user's number")));
            }
            USER if there => (
                Method::PUT,
                place.segments(&["members", id]),
                json!({ "access_level": level, "member_role_id": custom }),
            ),
            USER => (
                Method::POST,
                place.segments(&["members"]),
                json!({ "user_id": id.parse::<u64>().ok(), "access_level": level, "member_role_id": custom }),
            ),
            SAML_GROUP => {
                let group = SamlGroup::of(id)
                    .ok_or_else(|| not_sent("assign", &format!("{principal:?} is no SAML group")))?;
                let mut body =
                    json!({ "saml_group_name": group.name, "access_level": level, "member_role_id": custom });
                if let Some(provider) = group.provider {
                    body["provider"] = provider.into();
                }
                (Method::POST, place.segments(&["saml_group_links"]), body)
            }
            LDAP_GROUP => {
                let group = LdapGroup::of(id)
                    .ok_or_else(|| not_sent("assign", &format!("{principal:?} is no LDAP group")))?;
                let mut body =
                    json!({ "provider": group.provider, "group_access": level, "member_role_id": custom });
                match group.selects {
                    Selects::Cn(cn) => body["cn"] = cn.into(),
                    Selects::Filter(filter) => body["filter"] = filter.into(),
                }
                (Method::POST, place.segments(&["ldap_group_links"]), body)
            }
            SHARED_GROUP if is_number(id) => (
                Method::POST,
                place.segments(&["share"]),
                json!({ "group_id": id.parse::<u64>().ok(), "group_access": level, "member_role_id": custom }),
            ),
            _ => return Err(not_sent("assign", &format!("{principal:?} cannot hold a role here"))),
        };
        let send = Send { method, segments: &segments, query: &[], body: Some(body), quota: None };
        self.client.send(send).await.map_err(explain_member)?;
        Ok(())
    }

    /// Takes the membership or the link away; what people hold further down stays.
    async fn unassign(&self, class: &str, place: &Place, principal: &Untrusted) -> Result<(), WriteError> {
        let id = principal.raw();
        let wrong = || not_sent("unassign", &format!("{principal:?} cannot hold a role here"));
        let (segments, query, quota): (Vec<&str>, Vec<(&str, &str)>, _) = match class {
            USER if is_number(id) => {
                (place.segments(&["members", id]), vec![("skip_subresources", "true")], Some(REMOVALS))
            }
            SAML_GROUP => {
                let group = SamlGroup::of(id).ok_or_else(wrong)?;
                let query = group.provider.map(|provider| ("provider", provider));
                (place.segments(&["saml_group_links", group.name]), query.into_iter().collect(), None)
            }
            LDAP_GROUP => {
                let group = LdapGroup::of(id).ok_or_else(wrong)?;
                let selects = match group.selects {
                    Selects::Cn(cn) => ("cn", cn),
                    Selects::Filter(filter) => ("filter", filter),
                };
                (place.segments(&["ldap_group_links"]), vec![selects, ("provider", group.provider)], None)
            }
            SHARED_GROUP if is_number(id) => (place.segments(&["share", id]), Vec::new(), None),
            _ => return Err(wrong()),
        };
        let send = Send { method: Method::DELETE, segments: &segments, query: &query, body: None, quota };
        self.client.send(send).await.map_err(explain_member)?;
        Ok(())
    }
}

/// What giving a role means: its base as the level, and itself where it is no built-in role.
fn access(role: &Untrusted, base: Option<&RoleId>) -> Result<Access, WriteError> {
    if let Some(level) = level::number(role) {
        return Ok(Access { level, custom: None });
    }
    let custom = role.raw().parse().map_err(|_| not_sent("assign", &format!("{role:?} is no role")))?;
    let level = match base {
        Some(RoleId::Live(base)) => level::number(base),
        _ => None,
    };
    let level = level.ok_or_else(|| not_sent("assign", "the base of the role is unknown"))?;
    Ok(Access { level, custom: Some(custom) })
}

/// What to do about a refusal of a role (`/api/member_roles/`).
fn refusal_help(said: &str) -> &'static str {
    let says = |words: &str| said.contains(words);
    if says("already been taken") {
        "Somebody made a role of this name meanwhile. Plan again."
    } else if says("maximum number of Member Roles") {
        "A top-level group holds ten roles. Remove one first."
    } else if says("is assigned to one or more") {
        "Somebody was given the role meanwhile, perhaps where the token does not see it. Plan again."
    } else if says("linked with a security policy") {
        "Take the role out of the security policy first (Secure > Policies, in the group or project), then apply again: the deletion stays planned."
    } else if says("protected branch") {
        "Whoever held the role has moved, and the role is left until no protected branch names it. Choose another role in the projects and groups that do (Settings > Repository > Protected branches; `GET /projects/:id/protected_branches` tells `member_role_id`), then apply again: the deletion stays planned."
    } else if says("has to be enabled in order to enable") {
        "Add the permission that is required; `rolecall catalog` lists what requires what."
    } else if says("Unknown permission") {
        "The permission is switched off on this server, or of the other kind of role."
    } else if says("top-level") {
        "Set `settings.group` to the top-level group."
    } else {
        "Plan again; `-v` shows each request."
    }
}

/// The id of a role that exists by now.
fn known<'a>(what: &str, role: &'a RoleId, made: &'a Made) -> Result<&'a Untrusted, WriteError> {
    role.id(made).ok_or_else(|| not_sent(what, "the role that it is about was not made"))
}

fn gid(what: &str, id: &Untrusted) -> Result<Value, WriteError> {
    role_gid(id).map(Into::into).ok_or_else(|| not_sent(what, &format!("{id:?} is no role's number")))
}

fn permissions(set: &std::collections::BTreeSet<Untrusted>) -> Result<Value, WriteError> {
    let value = |permission: &Untrusted| {
        enum_value(permission)
            .ok_or_else(|| not_sent("POST /api/graphql", &format!("{permission:?} is no permission")))
    };
    Ok(set.iter().map(value).collect::<Result<Vec<_>, _>>()?.into())
}

fn place(scope: &Scope) -> Result<Place, WriteError> {
    Place::of(scope).ok_or_else(|| not_sent("assign", &format!("{scope:?} is no group or project")))
}

fn not_sent(line: &str, what: &str) -> WriteError {
    WriteError {
        effect: Effect::NotSent,
        request: line.into(),
        status: None,
        message: format!("{line}: nothing was sent, because {what}").into(),
        help: None,
    }
}
