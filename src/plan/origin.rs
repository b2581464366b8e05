//! Why an element differs: because the definitions changed, because what they say was not applied
//! yet, or because somebody changed it outside git.

use std::collections::BTreeMap;

use super::{
    change::{Change, What},
    compare::Input,
    document::{Action, Origin, Reason},
    earlier::View,
    resolve::Resolved,
};
use crate::model::{RoleId, Untrusted, desired::DesiredRole};

/// The origin of each element of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// Of the object as such: that it comes, goes, or holds another role.
    pub whole: Option<Origin>,
    /// Of a role's name.
    pub name: Option<Origin>,
    /// Of its description.
    pub description: Option<Origin>,
    /// Of each permission that comes or goes.
    pub permissions: BTreeMap<Untrusted, Origin>,
}

impl Origins {
    /// The common origin of all elements.
    pub fn common(&self) -> Origin {
        let mut all = [self.whole, self.name, self.description]
            .into_iter()
            .flatten()
            .chain(self.permissions.values().copied());
        let Some(first) = all.next() else { return Origin::Undetermined };
        if all.all(|origin| origin == first) { first } else { Origin::Mixed }
    }

    /// Whether `wanted` holds for the origin of any element.
    pub fn any(&self, wanted: impl Fn(Origin) -> bool) -> bool {
        let fields = [self.whole, self.name, self.description].into_iter().flatten();
        fields.chain(self.permissions.values().copied()).any(wanted)
    }

    /// The origin of a field that is no set.
    pub fn of(origin: Option<Origin>) -> Origin {
        origin.unwrap_or(Origin::Undetermined)
    }

    /// The origin of a permission: its own, or that of the object that comes or goes with it.
    pub fn of_permission(&self, permission: &Untrusted) -> Origin {
        self.permissions.get(permission).copied().or(self.whole).unwrap_or(Origin::Undetermined)
    }
}

/// Says of every element of `changes` why it differs.
pub(super) fn mark(changes: &mut [Change], input: Input<'_>) {
    let judge = Judge { base: input.views.base.as_ref(), applied: input.views.applied.as_ref() };
    for change in changes {
        change.origins = judge.origins(change);
    }
}

/// What an earlier revision says of an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    /// The same as asked for.
    Same,
    /// Something else.
    Other,
    /// Nothing: it does not manage this.
    Nothing,
}

impl Said {
    fn same(same: bool) -> Self {
        if same { Self::Same } else { Self::Other }
    }
}

struct Judge<'a> {
    base: Option<&'a View<'a>>,
    applied: Option<&'a View<'a>>,
}

impl<'a> Judge<'a> {
    /// Pending where base differs from the definitions; else what the record says of live.
    fn origin(&self, base: impl Fn(&View<'a>) -> Said, applied: impl Fn(&View<'a>) -> Said) -> Origin {
        let pending = self.base.is_some_and(|view| base(view) != Said::Same);
        match self.applied.map(applied) {
            _ if pending => Origin::Pending,
            Some(Said::Same | Said::Nothing) => Origin::Unapplied,
            Some(Said::Other) => Origin::Drift,
            None => Origin::Undetermined,
        }
    }

    fn origins(&self, change: &Change) -> Origins {
        let mut origins = Origins::default();
        match &change.what {
            What::Role { before: Some(before), after: Some(after), .. }
                if change.action != Action::Release =>
            {
                let declared =
                    |view: &View<'a>| view.role(&change.address, change.id.as_ref()).map(|role| role.desired);
                if before.name != after.name {
                    let says = |view: &View<'a>, name: &Untrusted| match declared(view) {
                        Some(role) => Said::same(role.name.value == *name),
                        None => Said::Nothing,
                    };
                    origins.name =
                        Some(self.origin(|view| says(view, &after.name), |view| says(view, &before.name)));
                }
                if before.description != after.description {
                    let says = |view: &View<'a>, text: Option<&Option<Untrusted>>| match declared(view) {
                        Some(DesiredRole { description: Some(said), .. }) => {
                            Said::same(Some(&said.value) == text)
                        }
                        _ => Said::Nothing,
                    };
                    let (wanted, there) = (after.description.as_ref(), before.description.as_ref());
                    origins.description =
                        Some(self.origin(|view| says(view, wanted), |view| says(view, there)));
                }
                let empty = std::collections::BTreeSet::new();
                let old = before.permissions.as_ref().unwrap_or(&empty);
                let new = after.permissions.as_ref().unwrap_or(&empty);
                for permission in old.symmetric_difference(new) {
                    let says =
                        |view: &View<'a>, has: bool| match view.role(&change.address, change.id.as_ref()) {
                            Some(role) => Said::same(role.permissions.contains_key(permission) == has),
                            None => Said::Nothing,
                        };
                    let (wanted, there) = (new.contains(permission), old.contains(permission));
                    let origin = self.origin(|view| says(view, wanted), |view| says(view, there));
                    origins.permissions.insert(permission.clone(), origin);
                }
            }
            _ => origins.whole = Some(self.whole(change)),
        }
        origins
    }

    /// Why an object comes, goes, or changes as a whole.
    fn whole(&self, change: &Change) -> Origin {
        let has = |view: &View<'a>| view.role(&change.address, change.id.as_ref()).is_some();
        match &change.what {
            What::Role { before: None, .. } => {
                // A key that meant a role which is still there means another one now.
                let has = |view: &View<'a>| {
                    view.role(&change.address, None).is_some_and(|role| role.live.is_none())
                };
                self.origin(|view| Said::same(has(view)), |view| Said::same(!has(view)))
            }
            What::Role { .. } if change.reason == Some(Reason::NoLongerDeclared) => {
                self.origin(|view| Said::same(!has(view)), |view| Said::same(has(view)))
            }
            What::Role { .. } if change.action == Action::Release => Origin::Pending,
            What::Role { .. } if change.reason == Some(Reason::NeverDeclared) => {
                self.origin(|_| Said::Same, |_| Said::Other)
            }
            // `removed:` says so.
            What::Role { .. } => {
                let says = |view: &View<'a>| match removes(&view.resolved, change.id.as_ref()) {
                    true => Said::Same,
                    false => Said::Nothing,
                };
                // Had its removal been applied, the role would not be there.
                self.origin(says, |view| if says(view) == Said::Same { Said::Other } else { Said::Same })
            }
            What::Default { before, after } => {
                let says = |view: &View<'a>, role: &Option<RoleId>| match &view.resolved.default {
                    Some(default) => Said::same(default.role == *role),
                    None => Said::Nothing,
                };
                self.origin(|view| says(view, after), |view| says(view, before))
            }
            What::Assignment { class, principal, before, after, .. } => {
                self.assignment(change, class, principal, before.as_ref(), after.as_ref())
            }
        }
    }

    fn assignment(
        &self,
        change: &Change,
        class: &'static str,
        principal: &Untrusted,
        before: Option<&RoleId>,
        after: Option<&RoleId>,
    ) -> Origin {
        let slot = (class, principal.clone());
        let held = |view: &View<'a>| view.resolved.assignments.get(&slot).map(|wanted| wanted.role.clone());
        let there = |view: &View<'a>| match held(view) {
            Some(role) => Said::same(Some(&role) == before),
            None => Said::Nothing,
        };
        match change.reason {
            // The day has come: that is in the definitions.
            Some(Reason::Expired) => Origin::Pending,
            Some(Reason::RoleRemoved) => {
                let gone = match before {
                    Some(RoleId::Live(id)) => Some(id),
                    _ => None,
                };
                let says = |view: &View<'a>| Said::same(removes(&view.resolved, gone));
                self.origin(says, |view| if says(view) == Said::Same { Said::Other } else { Said::Same })
            }
            Some(Reason::NotInExclusiveList) => {
                let lists = |view: &View<'a>| {
                    before.is_some_and(|role| view.resolved.exclusive.contains(&(role.clone(), class)))
                };
                self.origin(
                    |view| Said::same(held(view).is_none() && lists(view)),
                    |view| if held(view).is_none() && lists(view) { Said::Other } else { there(view) },
                )
            }
            Some(Reason::NeverDeclared) => self.origin(|_| Said::Same, |_| Said::Other),
            Some(Reason::NoLongerDeclared) => {
                let expired = |view: &View<'a>| {
                    let of = |role: &RoleId| (class, principal.clone(), role.clone());
                    before.is_some_and(|role| view.resolved.expired.contains_key(&of(role)))
                };
                self.origin(|view| Said::same(held(view).is_none() && !expired(view)), there)
            }
            Some(Reason::BaseChanged) | None => {
                self.origin(|view| Said::same(held(view).as_ref() == after), there)
            }
        }
    }
}

/// Whether a revision removes the live role `id` on purpose.
fn removes(resolved: &Resolved<'_>, id: Option<&Untrusted>) -> bool {
    id.is_some_and(|id| resolved.removed.contains_key(id))
}
