//! `/authorization/groups/{id}/role_assignments`.

use serde_json::{Value, json};

use crate::emulator::call::Answer;

use super::caller::Request;
use super::edit::Edit;
use super::held;
use super::input::Body;
use super::objects::GroupAssignment;
use super::page;
use super::refusal::Refusal;
use super::world::Organization;

const CRITERIA: [&str; 4] = ["role_slug", "resource_id", "resource_external_id", "resource_type_slug"];

/// Answers a request; `rest` is what follows `/authorization/groups/{id}/role_assignments`.
pub(super) fn answer(request: Request<'_>, id: &str, rest: &[&str]) -> Result<Answer, Refusal> {
    let organization = request
        .environment
        .home(id)
        .filter(|organization| organization.groups.has(id))
        .ok_or_else(|| Refusal::not_found("Group", id))?;
    let group = Assigned { request, organization, group: id };
    match (request.call.method.as_str(), rest) {
        ("GET", []) => {
            let page = page::cut(request, group.all(), |held: &&GroupAssignment| &held.id)?;
            Ok(page.answer(|held| group.json(held)))
        }
        ("POST", []) => group.create(),
        ("PUT", []) => group.replace(),
        ("PATCH", []) => group.update(),
        ("DELETE", []) => group.delete(),
        ("GET", [assignment]) => Ok(Answer::json(200, &group.json(group.find(assignment)?))),
        ("DELETE", [assignment]) => {
            let found = group.find(assignment)?;
            let mut edit = Edit::new(request);
            edit.remove_in::<GroupAssignment>(&organization.facts.id, &found.id);
            Ok(Answer::empty(204).changing(edit.finish()))
        }
        _ => Err(request.no_route()),
    }
}

/// A group with what is assigned to it.
struct Assigned<'a> {
    request: Request<'a>,
    organization: &'a Organization,
    group: &'a str,
}

impl<'a> Assigned<'a> {
    /// What is assigned, the oldest first.
    fn all(&self) -> Vec<&'a GroupAssignment> {
        self.organization.group_assignments.values().filter(|held| held.group == self.group).collect()
    }

    fn find(&self, id: &str) -> Result<&'a GroupAssignment, Refusal> {
        self.organization
            .group_assignments
            .get(id)
            .filter(|held| held.group == self.group)
            .ok_or_else(|| Refusal::not_found("Group role assignment", id))
    }

    fn json(&self, held: &GroupAssignment) -> Value {
        let resource = held::target_by_id(self.request, self.organization, &held.resource);
        json!({
            "object": "group_role_assignment", "id": held.id, "group_id": held.group,
            "role": { "slug": held.role }, "resource": resource.map(|target| target.json()).unwrap_or_default(),
            "created_at": held.created_at, "updated_at": held.created_at,
        })
    }

    fn body(&self, known: &[&str]) -> Result<Body, Refusal> {
        Body::with_fields(self.request.call, self.request.switches, known)
    }

    /// The role and resource that a body names, if the one can be assigned on the other.
    fn wanted(&self, body: &Body) -> Result<(String, String), Refusal> {
        let target = held::target_in_body(self.request, self.organization, body)?
            .unwrap_or_else(|| held::own_target(self.request, self.organization));
        let role = held::role_for(self.request, self.organization, &target, body)?;
        Ok((role.slug.clone(), target.id.to_owned()))
    }

    /// The entries of a list, each once.
    fn entries(&self, body: &Body, name: &str) -> Result<Vec<(String, String)>, Refusal> {
        let items = body.list(name)?.unwrap_or_default();
        if items.len() > 100 {
            return Err(Refusal::invalid(name, format!("{name} must have at most 100 entries")));
        }
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            let entry = self.wanted(&Body::item(name, item)?)?;
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    fn holds(&self, role: &str, resource: &str) -> Option<&'a GroupAssignment> {
        self.all().into_iter().find(|held| held.role == role && held.resource == resource)
    }

    fn add(&self, edit: &mut Edit<'_>, (role, resource): (String, String)) -> GroupAssignment {
        let (id, order) = edit.id("gra_");
        let group = self.group.to_owned();
        let held = GroupAssignment { id, group, role, resource, created_at: edit.now(), order };
        edit.put_in(&self.organization.facts.id, &held);
        held
    }

    fn create(&self) -> Result<Answer, Refusal> {
        let (role, resource) = self.wanted(&self.body(&CRITERIA)?)?;
        if self.holds(&role, &resource).is_some() {
            return Err(Refusal::new(409, "The group has the role on the resource already.")
                .code("duplicate_group_role_assignment"));
        }
        let mut edit = Edit::new(self.request);
        let held = self.add(&mut edit, (role, resource));
        Ok(Answer::json(201, &self.json(&held)).changing(edit.finish()))
    }

    fn replace(&self) -> Result<Answer, Refusal> {
        let body = self.body(&["role_assignments"])?;
        if !body.has("role_assignments") {
            return Err(Refusal::invalid("role_assignments", "role_assignments is required"));
        }
        let wanted = self.entries(&body, "role_assignments")?;
        let mut edit = Edit::new(self.request);
        for held in self.all() {
            if !wanted.iter().any(|(role, resource)| held.role == *role && held.resource == *resource) {
                edit.remove_in::<GroupAssignment>(&self.organization.facts.id, &held.id);
            }
        }
        let mut data = Vec::with_capacity(wanted.len());
        for (role, resource) in wanted {
            data.push(match self.holds(&role, &resource) {
                Some(held) => self.json(held),
                None => self.json(&self.add(&mut edit, (role, resource))),
            });
        }
        let list = json!({
            "object": "list", "data": data, "list_metadata": { "before": null, "after": null },
        });
        Ok(Answer::json(200, &list).changing(edit.finish()))
    }

    /// Adds and removes; what is there already or not there is passed over. Only the vendor's client documents it.
    fn update(&self) -> Result<Answer, Refusal> {
        let body = self.body(&["add", "remove"])?;
        let (add, remove) = (self.entries(&body, "add")?, self.entries(&body, "remove")?);
        let mut edit = Edit::new(self.request);
        for (role, resource) in remove {
            if let Some(held) = self.holds(&role, &resource) {
                edit.remove_in::<GroupAssignment>(&self.organization.facts.id, &held.id);
            }
        }
        for entry in add {
            if self.holds(&entry.0, &entry.1).is_none() {
                self.add(&mut edit, entry);
            }
        }
        Ok(Answer::empty(204).changing(edit.finish()))
    }

    fn delete(&self) -> Result<Answer, Refusal> {
        let body = self.body(&CRITERIA)?;
        let role = body.required_text("role_slug")?;
        let target = held::target_in_body(self.request, self.organization, &body)?
            .unwrap_or_else(|| held::own_target(self.request, self.organization));
        let found =
            self.holds(role, target.id).ok_or_else(|| Refusal::not_found("Group role assignment", role))?;
        let mut edit = Edit::new(self.request);
        edit.remove_in::<GroupAssignment>(&self.organization.facts.id, &found.id);
        Ok(Answer::empty(204).changing(edit.finish()))
    }
}
