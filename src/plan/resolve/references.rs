//! Which role a reference names, and which place a scope.

use super::Resolver;
use crate::{
    contract,
    model::{
        Address, Code, RoleId, Scope, Site, Untrusted, Value,
        desired::{RoleName, RoleRef},
        field,
        live::LiveObject,
    },
};

impl<'a> Resolver<'a> {
    pub(super) fn id_of(&self, index: usize) -> RoleId {
        let role = &self.input.desired.roles[index];
        let live = self.replaced.get(&index).copied().unwrap_or(self.matches[index].0);
        match live.and_then(|live| live.id.as_ref()) {
            Some(id) => RoleId::Live(id.clone()),
            None => RoleId::New(Address::role(&self.input.target.name, &role.key, &role.scope)),
        }
    }

    /// How the API spells a place; a finding where there is none.
    pub(super) fn place(&mut self, scope: &'a Scope, site: Site) -> Option<Scope> {
        if let Some(place) = self.input.live.place(scope) {
            return Some(place.clone());
        }
        if self.missing.insert(scope)
            && let Some(place) = contract::manual::place(scope)
        {
            let message = format!("{} knows no {place}", self.input.spec.title());
            let help = "Write it as the product does, and make sure that the credential may see it.";
            self.error(Code::UnknownScope, site, message, "not found", Some(help.into()));
        }
        None
    }

    /// The declared role of a key as it is meant at `at`: the one that lives there, else the one of a place
    /// around it, of the whole target, or of a level, else the only one.
    pub(super) fn declared(&self, key: &str, at: &Scope) -> Option<usize> {
        let all = self.by_name.get(key)?;
        let scope = |index: &&usize| &self.input.desired.roles[**index].scope;
        let here = |index: &&usize| self.input.live.place(scope(index)) == Some(at);
        let wide = |index: &&usize| !matches!(scope(index), Scope::In { .. });
        let around = |index: &&usize| {
            let place = self.input.live.place(scope(index));
            place.is_some_and(|place| self.input.spec.lies_in(at, place))
        };
        let only = || if let [only] = all.as_slice() { Some(only) } else { None };
        let elsewhere = || all.iter().find(around).or_else(|| all.iter().find(wide)).or_else(only);
        all.iter().find(here).or_else(elsewhere).copied()
    }

    /// The live built-in role that is meant by its id or its name.
    pub(super) fn builtin(&self, name: &Untrusted, at: &Scope) -> Option<&'a LiveObject> {
        let by_id = self.by_id.get(name).into_iter();
        let by_name = || self.by_live_name.get(name).into_iter().flatten();
        let here = by_name().filter(|object| contract::counts_at(self.input.spec, &object.key.scope, at));
        by_id.chain(here).chain(by_name()).copied().find(|object| object.builtin)
    }

    /// Says of a built-in role that nobody can tell whether it is there.
    fn note_doubt(&mut self, id: &Untrusted) {
        let Some(why) = self.input.live.doubtful.get(id) else { return };
        let note = format!(
            "Nobody can tell whether {} has the built-in role `{}` here: {}. Where it has not, the apply ends at the first change that needs it.",
            self.input.spec.title(),
            id.raw(),
            why.raw()
        );
        if !self.notes.iter().any(|known| known.raw() == note) {
            self.notes.push(note.into());
        }
    }

    /// The role that is held at `at`; a finding where there is none, or it cannot be held there.
    pub(super) fn held_role(&mut self, reference: &RoleRef, at: &Scope) -> Option<RoleId> {
        let role = self.counting_role(reference, at)?;
        self.fits_the_type(&role, reference, at).then_some(role)
    }

    /// The role that counts at `at`, whatever type of resource it is for; a finding where there is none, or
    /// it lives elsewhere.
    pub(super) fn counting_role(&mut self, reference: &RoleRef, at: &Scope) -> Option<RoleId> {
        let role = self.role(reference, at)?;
        let lives = match &role {
            RoleId::Live(id) => self.by_id.get(id).map(|object| object.key.scope.clone()),
            RoleId::New(_) => match &reference.value {
                RoleName::Key(key) => self
                    .declared(key, at)
                    .and_then(|index| self.input.live.place(&self.input.desired.roles[index].scope).cloned()),
                RoleName::Builtin(_) | RoleName::Live(_) => None,
            },
        };
        if lives.as_ref().is_none_or(|lives| contract::counts_at(self.input.spec, lives, at)) {
            return Some(role);
        }
        let place = |scope: &Scope| contract::manual::place(scope).unwrap_or_else(|| "the target".into());
        let lives = lives.as_ref().map(place).unwrap_or_default();
        let message = format!("this role is one of {lives}, and cannot be held at {}", place(at));
        let help = "Name a role of that place, or correct `scope`.";
        self.error(Code::Unsupported, reference.site, message, "lives elsewhere", Some(help.into()));
        None
    }

    /// Whether the role is for resources of the type that the place is of; a finding where it is for
    /// others.
    fn fits_the_type(&mut self, role: &RoleId, reference: &RoleRef, at: &Scope) -> bool {
        let Some(wanted) = self.input.spec.resource_type_at(at) else { return true };
        let Some(kind) = self.resource_type(role).filter(|kind| kind.raw() != wanted) else { return true };
        let place = contract::manual::place(at).unwrap_or_else(|| "the target".into());
        let message = format!(
            "this role is for resources of the type `{}`, and {place} is of the type `{wanted}`",
            kind.raw()
        );
        let help = format!("Name a role whose type is `{wanted}`, or correct `scope`.");
        self.error(Code::Unsupported, reference.site, message, "of another type", Some(help));
        false
    }

    /// The type of resource that a role is for: what is live never changes.
    pub(super) fn resource_type(&self, role: &RoleId) -> Option<Untrusted> {
        let of_live = |live: &LiveObject| match live.fields.get(field::RESOURCE_TYPE)?.value()? {
            Value::Text(text) => text.clone(),
            _ => None,
        };
        match role {
            RoleId::Live(id) => of_live(self.by_id.get(id)?),
            RoleId::New(_) => {
                let index = (0..self.matches.len()).find(|index| self.id_of(*index) == *role)?;
                let declared = &self.input.desired.roles[index];
                let said = declared.resource_type.as_ref().map(|kind| kind.value.clone());
                let usual = || {
                    let class = contract::role_class(self.input.spec, declared.class)?;
                    Some(class.resource_type?.usual.into())
                };
                said.or_else(|| self.matches[index].0.and_then(of_live)).or_else(usual)
            }
        }
    }

    /// The role that a reference names where it is used; a finding where there is none.
    pub(super) fn role(&mut self, reference: &RoleRef, at: &Scope) -> Option<RoleId> {
        match &reference.value {
            RoleName::Key(key) => {
                if let Some(index) = self.declared(key, at) {
                    return Some(self.id_of(index));
                }
                let (message, label) = match contract::manual::place(at) {
                    Some(place) if self.by_name.contains_key(&**key) => {
                        (format!("role `{key}` is not declared for {place}"), "not there")
                    }
                    _ if self.by_name.contains_key(&**key) => {
                        (format!("role `{key}` lives in several places"), "which one?")
                    }
                    _ => (format!("role `{key}` is not declared"), "unknown role"),
                };
                self.error(Code::UnknownRole, reference.site, message, label, None);
                None
            }
            RoleName::Builtin(name) => {
                if let Some(id) = self.builtin(name, at).and_then(|object| object.id.clone()) {
                    self.note_doubt(&id);
                    return Some(RoleId::Live(id));
                }
                let known: Vec<&str> = self
                    .by_id
                    .values()
                    .filter(|object| object.builtin)
                    .filter_map(|object| object.id.as_ref())
                    .map(Untrusted::raw)
                    .collect();
                // Some are there only where somebody has switched them on.
                let gated = self.input.spec.catalogue().builtin(name.raw()).is_some_and(|one| one.gated);
                let here =
                    if gated { " here: it is not switched on, or newer than what runs there" } else { "" };
                let message =
                    format!("{} has no built-in role `{}`{here}", self.input.spec.title(), name.raw());
                let help = format!("Built-in roles here: {}.", known.join(", "));
                self.error(
                    Code::UnknownBuiltin,
                    reference.site,
                    message,
                    "unknown built-in role",
                    Some(help),
                );
                None
            }
            RoleName::Live(name) => {
                let found = self.by_live_name.get(name).and_then(|found| found.first());
                let id = found.and_then(|object| object.id.clone()).map(RoleId::Live);
                if id.is_none() {
                    let message = format!("no live role is named `{}`", name.raw());
                    self.error(Code::UnknownRole, reference.site, message, "unknown role", None);
                }
                id
            }
        }
    }
}
