//! Permissions that are resources of their own: made, changed, and deleted.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        change::{Change, Hand, RoleState, Verdict, What, differing},
        document::{Action, Guard, Reason},
        origin::Origins,
    },
    Comparison, incomplete,
};
use crate::{
    contract::{equal_text, manual},
    model::{
        Address, Kind, Site, Untrusted, Value,
        config::Mode,
        desired::DesiredPermission,
        field,
        live::{Live, LiveObject},
    },
};

impl<'a> Comparison<'a> {
    /// What differs in the permissions themselves. Roles were compared before: what a permission takes
    /// along when it goes depends on them.
    pub(super) fn permissions(&mut self) {
        if self.input.spec.permission_class().is_none() {
            return;
        }
        let resolved = self.input.resolved;
        let live = self.input.live.of(Kind::Permission);
        let live: BTreeMap<&Untrusted, &'a LiveObject> = live.map(|one| (&one.key.name, one)).collect();
        for (slug, wanted) in resolved.permissions {
            let change = match live.get(slug) {
                None => Some(self.new_permission(slug, wanted)),
                Some(there) => self.other_permission(slug, wanted, there),
            };
            self.plan.changes.extend(change);
        }
        let meant = |slug: &Untrusted| {
            resolved.permissions.contains_key(slug) || resolved.removed_permissions.contains_key(slug)
        };
        for (slug, site) in resolved.removed_permissions {
            match live.get(slug) {
                Some(there) => self.delete_permission(there, Some(*site), None),
                None => self.plan.notes.push(
                    format!("`removed` names the permission `{}`, and there is none.", slug.raw()).into(),
                ),
            }
        }
        let released = self.released_permissions();
        for slug in &released {
            if let Some(there) = live.get(slug).filter(|there| !there.builtin && !meant(slug)) {
                self.release_permission(there);
            }
        }
        let mode = self.input.target.manage.roles;
        let former = self.former_permissions();
        let mut unmanaged = 0;
        for (slug, there) in live.iter().filter(|(slug, there)| !there.builtin && !meant(slug)) {
            if released.contains(*slug) {
                continue;
            }
            if mode == Mode::Additive {
                unmanaged += 1;
            } else if former.contains(*slug) {
                self.delete_permission(there, None, Some(Reason::NoLongerDeclared));
            } else if mode == Mode::Authoritative && !resolved.permissions.is_empty() {
                // Who declares none does not manage them.
                self.delete_permission(there, None, Some(Reason::NeverDeclared));
            } else {
                unmanaged += 1;
            }
        }
        self.plan.unmanaged_permissions = Some(unmanaged);
    }

    /// Slugs that base or applied declare, or that a person was asked for.
    fn former_permissions(&self) -> BTreeSet<&'a Untrusted> {
        let views = self.input.views;
        let declared = views.base.iter().chain(&views.applied);
        declared.flat_map(|view| view.resolved.permissions.keys()).chain(views.left_permissions()).collect()
    }

    /// Slugs that are no longer managed and stay. Where the base has one in a file that is still read, it
    /// was taken out of that file.
    fn released_permissions(&self) -> BTreeSet<&'a Untrusted> {
        let views = self.input.views;
        let base = |slug: &Untrusted| {
            views.base.as_ref().is_some_and(|view| view.resolved.permissions.contains_key(slug))
        };
        let released = views.released.iter().flat_map(|view| view.resolved.permissions.keys());
        released.filter(|slug| !base(slug)).collect()
    }

    fn permission_change(&self, slug: &Untrusted, action: Action, what: What) -> Change {
        let title = match &what {
            What::Permission { before: Some(state), .. } | What::Permission { after: Some(state), .. } => {
                state.name.clone()
            }
            _ => slug.clone(),
        };
        Change {
            address: Address::permission(&self.input.target.name, slug),
            action,
            title,
            id: None,
            what,
            origins: Origins::default(),
            // Nobody holds a permission: whoever declares one that is there changes what it is called.
            adopts: false,
            reason: None,
            holders: None,
            protect: BTreeSet::new(),
            side_effects: Vec::new(),
            site: None,
            verdicts: Vec::new(),
            by_hand: Hand::Nothing,
            blocked_by: Vec::new(),
        }
    }

    fn new_permission(&self, slug: &Untrusted, wanted: &DesiredPermission) -> Change {
        let after = asked(wanted);
        let verdicts = self.unread_permissions("create", &after.name);
        let what = What::Permission { slug: slug.clone(), before: None, after: Some(after) };
        let change = self.permission_change(slug, Action::Create, what);
        Change { site: Some(wanted.site), verdicts: verdicts.into_iter().collect(), ..change }
    }

    fn other_permission(
        &self,
        slug: &Untrusted,
        wanted: &DesiredPermission,
        live: &LiveObject,
    ) -> Option<Change> {
        let (there, mut after) = (permission_state(live), asked(wanted));
        let text = |text: Option<&Option<Untrusted>>| Value::Text(text.cloned().flatten());
        if equal_text(&text(there.description.as_ref()), &text(after.description.as_ref())) {
            after.description = after.description.and(there.description.clone());
        }
        let before = RoleState {
            description: after.description.is_some().then(|| there.description.clone().flatten()),
            fields: there.fields.into_iter().filter(|(name, _)| after.fields.contains_key(name)).collect(),
            ..there
        };
        let differ = differing(&before, &after);
        if differ.is_empty() {
            return None;
        }
        let mut verdicts: Vec<Verdict> =
            self.unread_permissions("change", &before.name).into_iter().collect();
        verdicts.extend(self.shipped(live));
        if differ.contains(field::RESOURCE_TYPE) {
            let message = format!(
                "permission `{}` is for another type of resource, and that never changes",
                slug.raw()
            );
            let help = "Declare another permission with a slug of its own, and take this one out.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.to_owned())));
        }
        let what = What::Permission { slug: slug.clone(), before: Some(before), after: Some(after) };
        let change = self.permission_change(slug, Action::Update, what);
        Some(Change { id: live.id.clone(), site: Some(wanted.site), verdicts, ..change })
    }

    fn delete_permission(&mut self, live: &LiveObject, site: Option<Site>, reason: Option<Reason>) {
        let slug = &live.key.name;
        let before = permission_state(live);
        let mut verdicts: Vec<Verdict> =
            self.unread_permissions("delete", &before.name).into_iter().collect();
        verdicts.extend(self.shipped(live));
        if self.input.target.manage.roles == Mode::Additive {
            let message =
                format!("permission `{}` is removed, and the mode `additive` never removes", slug.raw());
            let help = "Set `manage: declared` for this target, or take the permission out of `removed`.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.into())));
        }
        let declared = self.input.resolved.roles.iter();
        let having: Vec<String> = declared
            .filter(|role| role.permissions.contains_key(slug))
            .map(|role| format!("`{}`", role.desired.key))
            .collect();
        if let Some(first) = having.first() {
            let more = match having.len() {
                1 => String::new(),
                many => format!(" and {} more", many - 1),
            };
            let message =
                format!("permission `{}` would be deleted, and role {first}{more} still has it", slug.raw());
            let help = "Take it out of the roles too, or declare it under `permission_definitions`.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.into())));
        }
        let side_effects = self.roles_that_lose(slug);
        let what = What::Permission { slug: slug.clone(), before: Some(before), after: None };
        let change = self.permission_change(slug, Action::Delete, what);
        self.plan.changes.push(Change {
            id: live.id.clone(),
            site,
            reason,
            verdicts,
            side_effects,
            ..change
        });
    }

    /// Roles that have a permission which goes, and that nothing else in the plan takes it from: the
    /// provider takes it out of them without a word.
    fn roles_that_lose(&self, slug: &Untrusted) -> Vec<Untrusted> {
        const SHOWN: usize = 10;
        let has = |role: &&LiveObject| {
            let set = role.fields.get(field::PERMISSIONS).and_then(Live::value);
            matches!(set, Some(Value::Set(set)) if set.contains(slug))
        };
        let drops: BTreeSet<&Untrusted> = self
            .plan
            .changes
            .iter()
            .filter(|change| match &change.what {
                What::Role { after: None, .. } => true,
                What::Role { after: Some(after), .. } => {
                    after.permissions.as_ref().is_some_and(|set| !set.contains(slug))
                }
                _ => false,
            })
            .filter_map(|change| change.id.as_ref())
            .collect();
        let lose = self.input.live.of(Kind::Role).filter(has);
        let lose = lose.filter(|role| role.id.as_ref().is_none_or(|id| !drops.contains(id)));
        let mut all: Vec<Untrusted> = lose
            .map(|role| {
                let place = manual::place(&role.key.scope);
                let place = place.map_or_else(String::new, |place| format!(" of {place}"));
                format!("role `{}`{place} loses it", role.key.name.raw()).into()
            })
            .collect();
        if let Some(more) = all.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            all.truncate(SHOWN);
            all.push(format!("{more} more roles lose it").into());
        }
        all
    }

    fn release_permission(&mut self, live: &LiveObject) {
        let state = permission_state(live);
        let slug = live.key.name.clone();
        let what = What::Permission { slug: slug.clone(), before: Some(state.clone()), after: Some(state) };
        let change = self.permission_change(&slug, Action::Release, what);
        self.plan.changes.push(Change { id: live.id.clone(), ..change });
    }

    fn unread_permissions(&self, verb: &str, name: &Untrusted) -> Option<Verdict> {
        let why = self.input.live.incomplete.get(&Kind::Permission)?;
        Some(incomplete(verb, name.raw(), why))
    }

    /// What the provider made is never changed.
    fn shipped(&self, live: &LiveObject) -> Option<Verdict> {
        live.builtin.then(|| {
            let title = self.input.spec.title();
            let message = format!("{title} manages the permission `{}` itself", live.key.name.raw());
            let help = "Take it out of the definitions: roles can have it all the same.";
            Verdict::refuse(Guard::Blocked, message, Some(help.to_owned()))
        })
    }
}

/// What a definition asks for.
fn asked(wanted: &DesiredPermission) -> RoleState {
    let text = |text: &Untrusted| Value::Text(Some(text.clone()));
    let resource_type = wanted.resource_type.as_ref().map(|one| (field::RESOURCE_TYPE, text(&one.value)));
    RoleState {
        name: wanted.name.value.clone(),
        description: wanted.description.as_ref().map(|text| text.value.clone()),
        permissions: None,
        fields: resource_type.into_iter().collect(),
    }
}

/// A live permission.
fn permission_state(live: &LiveObject) -> RoleState {
    let value = |name| live.fields.get(name).and_then(Live::value);
    RoleState {
        name: match value(field::NAME) {
            Some(Value::Text(Some(name))) => name.clone(),
            _ => live.key.name.clone(),
        },
        description: match value(field::DESCRIPTION) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        },
        permissions: None,
        fields: value(field::RESOURCE_TYPE)
            .map(|value| (field::RESOURCE_TYPE, value.clone()))
            .into_iter()
            .collect(),
    }
}
