//! Roles that are deleted: who holds them, where those go, and what forbids it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        change::{Change, Verdict, What},
        document::{Action, Guard, Reason},
        origin::Origins,
        resolve::ResolvedRole,
    },
    Comparison, incomplete,
    roles::{hand, state},
};
use crate::{
    contract::{self, Do, PrincipalClass, ScopeForm},
    definition::emit,
    model::{
        Address, Kind, RoleId, Scope, Untrusted, Value,
        config::Mode,
        field,
        live::{Live, LiveObject},
    },
};

impl<'a> Comparison<'a> {
    /// Deletes a live role; its holders move first, where it is said to which role.
    pub(super) fn delete(
        &mut self,
        address: Address,
        object: &'a LiveObject,
        reassign_to: Option<&RoleId>,
        site: Option<crate::model::Site>,
        reason: Option<Reason>,
    ) {
        let name = &object.key.name;
        let mut verdicts = Vec::new();
        if let Some(why) = self.input.live.incomplete_at(Kind::Role, object.key.class, &object.key.scope) {
            verdicts.push(incomplete("delete", name.raw(), why));
        }
        if self.input.target.manage.roles == Mode::Additive {
            let message = format!("role `{}` is removed, and the mode `additive` never removes", name.raw());
            let help = "Set `manage: declared` for this target, or take the role out of `removed`.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.into())));
        }
        let class = self.class(object.key.class);
        let told = class.is_none_or(|class| class.reads(field::PERMISSIONS));
        if told && matches!(object.fields.get(field::PERMISSIONS), Some(Live::Unreadable)) {
            let message = format!(
                "the permissions of role `{}` cannot be read, and what is not read is not deleted",
                name.raw()
            );
            verdicts.push(Verdict::refuse(Guard::Incomplete, message, None));
        }
        if class.is_some_and(|class| class.delete == Do::Refuse) {
            let message = format!("{} has no way to delete role `{}`", self.input.spec.title(), name.raw());
            verdicts.push(Verdict::refuse(Guard::Blocked, message, None));
        }
        verdicts.extend(Self::locked(object));
        verdicts.extend(self.kept(object));
        verdicts.extend(self.holders_verdict(object, reassign_to));
        verdicts.extend(self.default_verdict(object));
        let state = state(object);
        verdicts.extend(self.unseen(object.key.class, &state));
        self.plan.changes.push(Change {
            address,
            action: Action::Delete,
            title: name.clone(),
            id: object.id.clone(),
            what: What::Role {
                class: object.key.class,
                scope: object.key.scope.clone(),
                described: state.description.clone().flatten(),
                before: Some(state),
                after: None,
                via: BTreeMap::new(),
                granted: BTreeSet::new(),
                successor: None,
            },
            origins: Origins::default(),
            adopts: false,
            reason,
            holders: object.holders,
            protect: self.protected(object, &BTreeSet::new()),
            side_effects: Vec::new(),
            site,
            verdicts,
            by_hand: hand(class.map(|class| class.delete)),
            blocked_by: Vec::new(),
        });
    }

    /// A role that somebody holds is deleted only after its holders were moved on purpose.
    fn holders_verdict(&self, object: &LiveObject, reassign_to: Option<&RoleId>) -> Option<Verdict> {
        if !self.class(object.key.class).is_some_and(|class| class.delete_needs_vacancy) {
            return None;
        }
        if let Some(verdict) = self.unknown_holders(object, "deleted") {
            return Some(verdict);
        }
        let name = &object.key.name;
        let slots = self.slots_of(object);
        // Whoever is given another role by the definitions, or loses this one by them, moves anyway.
        let left: Vec<&LiveObject> = slots.iter().copied().filter(|slot| !self.leaves(slot)).collect();
        if left.is_empty() || reassign_to.is_some() {
            return None;
        }
        let message = format!("role `{}` is held by {}", name.raw(), self.list(&left));
        let to = self.could_go_to(object);
        let line = emit::removal(name.raw(), &object.key.scope, Some(to.as_deref().unwrap_or("KEY")));
        let kind = resource_type(object).filter(|_| to.is_none());
        let what = kind.map_or_else(String::new, |kind| {
            format!(
                ", with the key of a role for resources of the type `{}`; or take it from them in {} first",
                kind.raw(),
                self.input.spec.title()
            )
        });
        let help = format!("Say under `removed:` where they go: `{line}`{what}.");
        Some(Verdict::refuse(Guard::Held, message, Some(help)))
    }

    /// A role that the holders of one that goes can have instead, as it is written: the one that everybody has
    /// who has no other, or a declared one for the same type of resource.
    fn could_go_to(&self, object: &LiveObject) -> Option<String> {
        let kind = resource_type(object);
        let vacant = self.input.spec.catalogue().builtin.iter().find(|builtin| builtin.vacant);
        let live =
            |id: &str| self.input.live.of(Kind::Role).find(|live| live.builtin && live.key.name.raw() == id);
        let fits = |id: &str| kind.is_none() || live(id).and_then(resource_type) == kind;
        if let Some(builtin) = vacant.filter(|builtin| fits(builtin.id)) {
            return Some(format!("builtin:{}", builtin.id));
        }
        let kind = kind?;
        let same = |role: &&ResolvedRole<'_>| {
            let said = role.desired.resource_type.as_ref().map(|said| &said.value);
            let is_of = said.or_else(|| role.live.and_then(resource_type)) == Some(kind);
            is_of && contract::counts_at(self.input.spec, &role.scope, &object.key.scope)
        };
        let other = self.input.resolved.roles.iter().find(same);
        other.map(|role| role.desired.key.to_string())
    }

    pub(super) fn slots_of(&self, object: &LiveObject) -> &[&'a LiveObject] {
        object.id.as_ref().and_then(|id| self.holders.get(id)).map_or(&[][..], Vec::as_slice)
    }

    /// Whether it is certain that nobody holds a role: the API counts its holders, or its members were
    /// read wherever it can be held.
    pub(super) fn nobody_holds(&self, object: &LiveObject) -> bool {
        let live = self.input.live;
        if let Some(holders) = object.holders {
            return holders == 0;
        }
        // What no request tells of, it cannot keep from being certain where others tell of everybody.
        let listed = self.input.spec.principals().iter().any(|class| class.listed);
        let inside = self.is_held_inside(object);
        let known = |class: &PrincipalClass| {
            (listed && !class.listed) || self.was_read(class, &object.key.scope, inside)
        };
        live.read.members
            && live.incomplete_anywhere(Kind::Assignment).is_none()
            && self.slots_of(object).is_empty()
            && self.input.spec.principals().iter().all(known)
    }

    /// Whether all people were listed who can hold a role that lives at `scope`; of those whom no request
    /// tells of only what is attested can be known. `inside` is whether it is held in places inside that one.
    pub(super) fn lists_people(&self, scope: &Scope, inside: bool) -> bool {
        let live = self.input.live;
        let mut people = self.input.spec.principals().iter().filter(|class| class.listed && !class.group);
        live.read.members
            && live.incomplete_anywhere(Kind::Assignment).is_none()
            && people.all(|class| self.was_read(class, scope, inside))
    }

    fn is_held_inside(&self, object: &LiveObject) -> bool {
        let kind = object.fields.get(field::RESOURCE_TYPE).and_then(Live::value);
        contract::is_held_inside(self.input.spec, object.key.class, kind)
    }

    /// Whether everybody of this class was listed who can hold a role that lives at `scope`, or that is held
    /// `inside` it.
    fn was_read(&self, class: &PrincipalClass, scope: &Scope, inside: bool) -> bool {
        let live = self.input.live;
        if inside && class.is_inside(scope) && !live.read.asks_inside(scope) {
            return false;
        }
        let own = contract::has_place(class.scopes, scope);
        let instances = class.scopes.iter().any(|place| place.form == ScopeForm::Instance);
        let asked =
            || live.read.places(Kind::Assignment, class.class).any(|place| live.place(place) == Some(scope));
        live.read.everywhere || if own { asked() } else { !instances || matches!(scope, Scope::In { .. }) }
    }

    /// Who holds a role that goes has to be known.
    pub(super) fn unknown_holders(&self, object: &LiveObject, done: &str) -> Option<Verdict> {
        let name = &object.key.name;
        if object.holders == Some(0) && !self.input.live.read.members {
            return None;
        }
        let unread = self.input.live.incomplete_anywhere(Kind::Assignment);
        if !self.input.live.read.members || unread.is_some() {
            if object.holders == Some(0) {
                return None;
            }
            let why = unread.map_or("it was not read", Untrusted::raw);
            let message = format!("nobody can tell who holds role `{}`: {why}", name.raw());
            // Where something else can hold it, no number says that nobody does.
            let enough = self.input.spec.principals().iter().all(|class| class.counted);
            let without = format!("; a role that nobody holds is {done} without the list");
            let help = format!(
                "Plan again. If it stays so, {}.",
                match enough {
                    true => format!("move its holders in the product itself first{without}"),
                    false => "use a credential that may read every list".to_owned(),
                }
            );
            return Some(Verdict::refuse(Guard::Incomplete, message, Some(help)));
        }
        let counted = |class: &str| contract::principal(self.input.spec, class).is_none_or(|c| c.counted);
        let listed = self.slots_of(object).iter().filter(|slot| counted(slot.key.class));
        let listed =
            listed.map(|slot| (slot.key.class, &slot.key.name)).collect::<BTreeSet<_>>().len() as u64;
        object.holders.filter(|count| *count != listed).map(|count| {
            let holders = if count == 1 { "holder" } else { "holders" };
            let message =
                format!("role `{}` has {count} {holders}, and the list of members names {listed}", name.raw());
            let help = "Somebody holds it whom no list shows. Take it from them in the product itself, and plan again.";
            Verdict::refuse(Guard::Incomplete, message, Some(help.into()))
        })
    }

    pub(super) fn list(&self, slots: &[&LiveObject]) -> String {
        const SHOWN: usize = 10;
        let mut names: Vec<String> = slots.iter().take(SHOWN).map(|slot| self.called(slot)).collect();
        if slots.len() > SHOWN {
            names.push(format!("{} more", slots.len() - SHOWN));
        }
        names.join(", ")
    }

    /// What becomes of the default when its role goes is not documented anywhere: it has to be said.
    pub(super) fn default_verdict(&self, object: &LiveObject) -> Option<Verdict> {
        let id = object.id.clone().map(RoleId::Live)?;
        let is_default = self.live_default.as_ref().is_some_and(|default| default.as_ref() == Some(&id));
        let moves = self.input.resolved.default.as_ref().is_some_and(|d| d.role.as_ref() != Some(&id));
        (is_default && !moves).then(|| {
            let message = format!("role `{}` is the default of new members", object.key.name.raw());
            let help = "Say what new members get: `default_role: KEY`, or `default_role: none`.";
            Verdict::refuse(Guard::Blocked, message, Some(help.into()))
        })
    }
}

/// The type of resource that a live role is for, where it has one.
fn resource_type(object: &LiveObject) -> Option<&Untrusted> {
    match object.fields.get(field::RESOURCE_TYPE).and_then(Live::value) {
        Some(Value::Text(kind)) => kind.as_ref(),
        _ => None,
    }
}
