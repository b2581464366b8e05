//! Why an element differs: because the definitions changed, because what they say was not applied
//! yet, or because somebody changed it outside git; or that nobody can tell whether it does.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    change::{Change, RoleState, What, differing},
    compare::Input,
    document::{Action, Origin, Reason},
    earlier::View,
    resolve::Resolved,
};
use crate::model::{
    Field, Key, Kind, RoleId, Untrusted, Value,
    desired::DesiredRole,
    field,
    live::{Live, LiveObject, LiveState},
};

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
    /// Of each field that only some providers have.
    pub fields: BTreeMap<Field, Origin>,
}

impl Origins {
    /// The common origin of all elements.
    pub fn common(&self) -> Origin {
        let mut all = [self.whole, self.name, self.description]
            .into_iter()
            .flatten()
            .chain(self.permissions.values().chain(self.fields.values()).copied());
        let Some(first) = all.next() else { return Origin::Undetermined };
        if all.all(|origin| origin == first) { first } else { Origin::Mixed }
    }

    /// Whether `wanted` holds for the origin of any element.
    pub fn any(&self, wanted: impl Fn(Origin) -> bool) -> bool {
        let fields = [self.whole, self.name, self.description].into_iter().flatten();
        fields.chain(self.permissions.values().chain(self.fields.values()).copied()).any(wanted)
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
    let classes = input.spec.principals().iter().filter(|class| !class.one_role(&input.target.settings));
    let judge = Judge {
        base: input.views.base.as_ref(),
        applied: input.views.applied.as_ref(),
        several: classes.map(|class| class.class).collect(),
        open: input.earlier.open,
    };
    for change in changes.iter_mut() {
        change.origins = judge.origins(change);
    }
    unread(changes, input.live, &judge.several);
}

/// Marks what was not read: that it is missing is not known, so that nobody took it away. What the
/// definitions changed stays that.
fn unread(changes: &mut [Change], live: &LiveState, several: &BTreeSet<&'static str>) {
    let slots: BTreeSet<&Key> = match live.incomplete_anywhere(Kind::Assignment) {
        None => BTreeSet::new(),
        Some(_) => {
            let told = |slot: &&LiveObject| slot.fields.get(field::ROLE).and_then(Live::value).is_some();
            live.of(Kind::Assignment).filter(told).map(|slot| &slot.key).collect()
        }
    };
    let itself = |change: &Change| match &change.what {
        What::Role { class, scope, before: None, .. } => {
            live.incomplete_at(Kind::Role, class, scope).is_some()
        }
        What::Permission { before: None, .. } => live.incomplete_anywhere(Kind::Permission).is_some(),
        What::Assignment { scope, class, principal, before, after } => {
            live.incomplete_at(Kind::Assignment, class, scope).is_some()
                && !slots.contains(&Key {
                    kind: Kind::Assignment,
                    class,
                    scope: scope.clone(),
                    name: principal.clone(),
                    role: before.as_ref().or(after.as_ref()).filter(|_| several.contains(class)).cloned(),
                })
        }
        What::Role { .. } | What::Permission { .. } | What::Default { .. } => false,
    };
    let roles: BTreeSet<RoleId> = changes
        .iter()
        .filter(|change| matches!(change.what, What::Role { .. }) && itself(change))
        .map(Change::role_id)
        .collect();
    for change in changes {
        // Whether somebody holds a role that was not read is not known either.
        let its_role = match &change.what {
            What::Assignment { after: Some(role), .. } | What::Default { after: Some(role), .. } => {
                roles.contains(role)
            }
            _ => false,
        };
        if change.origins.whole.is_some_and(|whole| whole != Origin::Pending) && (its_role || itself(change))
        {
            change.origins.whole = Some(Origin::Unread);
        }
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
    /// Classes of principals that hold several roles.
    several: BTreeSet<&'static str>,
    /// What the last recorded apply left to a person, by address.
    open: Option<&'a BTreeMap<Untrusted, Option<Untrusted>>>,
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
                for name in differing(before, after) {
                    if [field::NAME, field::DESCRIPTION, field::PERMISSIONS].contains(&name) {
                        continue;
                    }
                    let says = |view: &View<'a>, value: Option<&Value>| match view
                        .role(&change.address, change.id.as_ref())
                    {
                        Some(role) => Said::same(role.fields.get(name) == value),
                        None => Said::Nothing,
                    };
                    let (wanted, there) = (after.fields.get(name), before.fields.get(name));
                    let origin = self.origin(|view| says(view, wanted), |view| says(view, there));
                    origins.fields.insert(name, origin);
                }
                let empty = BTreeSet::new();
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
            What::Permission { slug, before: Some(before), after: Some(after) }
                if change.action != Action::Release =>
            {
                self.permission(slug, before, after, &mut origins);
            }
            _ => {
                let whole = self.whole(change);
                // `removed:` names a role at an address of its own, so that the last apply asked for the same.
                let removed =
                    matches!(change.what, What::Role { after: None, .. }) && change.reason.is_none();
                let open = (whole == Origin::Drift || removed) && self.was_left(change);
                origins.whole = Some(if open { Origin::Unapplied } else { whole });
            }
        }
        origins
    }

    /// Whether the last apply left to a person what the definitions say of the change: nobody undid it
    /// outside git then. Of what they never declared they say nothing.
    fn was_left(&self, change: &Change) -> bool {
        let address = Untrusted::from(change.address.as_str());
        change.reason != Some(Reason::NeverDeclared)
            && self.open.is_some_and(|open| open.contains_key(&address))
    }

    /// Why the fields of a permission differ.
    fn permission(&self, slug: &Untrusted, before: &RoleState, after: &RoleState, origins: &mut Origins) {
        let declared = |view: &View<'a>| view.resolved.permissions.get(slug);
        if before.name != after.name {
            let says = |view: &View<'a>, name: &Untrusted| {
                declared(view).map_or(Said::Nothing, |one| Said::same(one.name.value == *name))
            };
            origins.name = Some(self.origin(|view| says(view, &after.name), |view| says(view, &before.name)));
        }
        if before.description != after.description {
            let says = |view: &View<'a>, text: Option<&Option<Untrusted>>| {
                let said = declared(view).and_then(|one| one.description.as_ref());
                said.map_or(Said::Nothing, |said| Said::same(Some(&said.value) == text))
            };
            let (wanted, there) = (after.description.as_ref(), before.description.as_ref());
            origins.description = Some(self.origin(|view| says(view, wanted), |view| says(view, there)));
        }
        for name in differing(before, after) {
            if [field::NAME, field::DESCRIPTION].contains(&name) {
                continue;
            }
            let says = |view: &View<'a>, value: Option<&Value>| {
                let said = declared(view).and_then(|one| one.resource_type.as_ref());
                let same = |said: &Untrusted| Some(&Value::Text(Some(said.clone()))) == value;
                said.map_or(Said::Nothing, |said| Said::same(same(&said.value)))
            };
            let (wanted, there) = (after.fields.get(name), before.fields.get(name));
            let origin = self.origin(|view| says(view, wanted), |view| says(view, there));
            origins.fields.insert(name, origin);
        }
    }

    /// Why a permission comes or goes.
    fn whole_permission(&self, change: &Change, slug: &Untrusted, comes: bool) -> Origin {
        let has = |view: &View<'a>| view.resolved.permissions.contains_key(slug);
        let removes = |view: &View<'a>| view.resolved.removed_permissions.contains_key(slug);
        match change.reason {
            _ if change.action == Action::Release => Origin::Pending,
            _ if comes => self.origin(|view| Said::same(has(view)), |view| Said::same(!has(view))),
            Some(Reason::NoLongerDeclared) => {
                self.origin(|view| Said::same(!has(view)), |view| Said::same(has(view)))
            }
            Some(Reason::NeverDeclared) => self.origin(|_| Said::Same, |_| Said::Other),
            // Had its removal been applied, it would not be there.
            _ => self.origin(|view| Said::same(removes(view)), |view| Said::same(!removes(view))),
        }
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
            What::Permission { slug, before, .. } => self.whole_permission(change, slug, before.is_none()),
            What::Default { before, after } => {
                let says = |view: &View<'a>, role: &Option<RoleId>| match &view.resolved.default {
                    Some(default) => Said::same(default.role == *role),
                    None => Said::Nothing,
                };
                self.origin(|view| says(view, after), |view| says(view, before))
            }
            What::Assignment { .. } => self.assignment(change),
        }
    }

    fn assignment(&self, change: &Change) -> Origin {
        let What::Assignment { scope, class, principal, before, after } = &change.what else {
            return Origin::Undetermined;
        };
        let (before, after) = (before.as_ref(), after.as_ref());
        let several = self.several.contains(class);
        let slot = |role: Option<&RoleId>| Key {
            kind: Kind::Assignment,
            class,
            scope: scope.clone(),
            name: principal.clone(),
            role: role.filter(|_| several).cloned(),
        };
        let held = |view: &View<'a>, role: Option<&RoleId>| {
            view.resolved.assignments.get(&slot(role)).map(|wanted| wanted.role.clone())
        };
        let there = |view: &View<'a>| match held(view, before) {
            Some(role) => Said::same(Some(&role) == before),
            None => Said::Nothing,
        };
        match change.reason {
            // The day has come: that is in the definitions, perhaps since before the last apply.
            Some(Reason::Expired) => {
                let over = |view: &View<'a>| {
                    let of = |role: &RoleId| (slot(Some(role)), role.clone());
                    before.is_some_and(|role| view.resolved.expired.contains_key(&of(role)))
                };
                match self.applied {
                    Some(applied) if over(applied) && self.base.is_none_or(over) => Origin::Unapplied,
                    _ => Origin::Pending,
                }
            }
            Some(Reason::RoleRemoved) => {
                let gone = match before {
                    Some(RoleId::Live(id)) => Some(id),
                    _ => None,
                };
                let says = |view: &View<'a>| Said::same(removes(&view.resolved, gone));
                self.origin(says, |view| if says(view) == Said::Same { Said::Other } else { Said::Same })
            }
            // As the replacement itself.
            Some(Reason::RoleReplaced) => {
                let says = |view: &View<'a>| {
                    Said::same(before.is_some_and(|role| view.resolved.becomes(role) != role))
                };
                self.origin(says, |view| if says(view) == Said::Same { Said::Other } else { Said::Same })
            }
            Some(Reason::NotInExclusiveList) => {
                let list = |role: &RoleId| (role.clone(), scope.clone(), *class);
                let lists = |view: &View<'a>| {
                    before.is_some_and(|role| view.resolved.exclusive.contains(&list(role)))
                };
                let held = |view: &View<'a>| held(view, before);
                self.origin(
                    |view| Said::same(held(view).is_none() && lists(view)),
                    |view| if held(view).is_none() && lists(view) { Said::Other } else { there(view) },
                )
            }
            Some(Reason::NeverDeclared) => self.origin(|_| Said::Same, |_| Said::Other),
            Some(Reason::NoLongerDeclared) => {
                let expired = |view: &View<'a>| {
                    let of = |role: &RoleId| (slot(Some(role)), role.clone());
                    before.is_some_and(|role| view.resolved.expired.contains_key(&of(role)))
                };
                self.origin(|view| Said::same(held(view, before).is_none() && !expired(view)), there)
            }
            Some(Reason::BaseChanged) | None => {
                let wants = |view: &View<'a>| Said::same(held(view, after).as_ref() == after);
                // Of several roles, one that is not held is missing where it was put in place.
                let had = |view: &View<'a>| match (several, held(view, after)) {
                    (true, Some(_)) => Said::Other,
                    (true, None) => Said::Nothing,
                    (false, _) => there(view),
                };
                self.origin(wants, had)
            }
        }
    }
}

/// Whether a revision removes the live role `id` on purpose.
fn removes(resolved: &Resolved<'_>, id: Option<&Untrusted>) -> bool {
    id.is_some_and(|id| resolved.removed.contains_key(id))
}
