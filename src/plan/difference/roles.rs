//! Roles that come, go, or differ.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    Input,
    cause::{Finder, Line, Traced, group},
    document::{
        FieldDifference, OnlyIf, Permission, Permissions, RoleDifference, TargetDifference, Text, Via, What,
        Which,
    },
    expand::{Bringer, Effective, Has, View},
    matching::Pairs,
    reference,
};
use crate::model::{
    Address, Untrusted,
    config::Placed,
    desired::{DesiredRole, Protect, RoleName, Via as DesiredVia},
};

/// Fills in roles and the lines that changed several of them.
pub(super) fn compare<'a>(
    input: &Input<'_>,
    a: &View<'a>,
    b: &View<'a>,
    pairs: &Pairs<'a>,
    found: &mut TargetDifference,
) {
    let comparison =
        Comparison { input, a, b, pairs, comes: Finder::new(b, a, pairs), goes: Finder::new(a, b, pairs) };
    let mut traced: Vec<Traced<'_>> = Vec::new();
    for (role, before) in b.desired.roles.iter().zip(&pairs.of_b) {
        traced.extend(match before {
            Some(before) => comparison.both(before, role),
            None => comparison.one(role, b, What::Added),
        });
    }
    traced.extend(pairs.gone.iter().filter_map(|role| comparison.one(role, a, What::Removed)));
    traced.sort_by(|x, y| x.role.address.cmp(&y.role.address));
    found.causes = group(input, &mut traced);
    found.roles = traced.into_iter().map(|traced| traced.role).collect();
}

struct Comparison<'a, 'v> {
    input: &'v Input<'v>,
    a: &'v View<'a>,
    b: &'v View<'a>,
    pairs: &'v Pairs<'a>,
    comes: Finder<'a, 'v>,
    goes: Finder<'a, 'v>,
}

impl<'a> Comparison<'a, '_> {
    fn address(&self, role: &DesiredRole) -> Address {
        Address::role(self.input.target, &role.key, &role.scope)
    }

    /// A role that only one side has.
    fn one(&self, role: &'a DesiredRole, view: &View<'a>, what: What) -> Option<Traced<'a>> {
        let address = self.address(role);
        if !self.input.wants(&address) {
            return None;
        }
        let effective = view.effective(role);
        let all = effective
            .plus
            .iter()
            .map(|(name, bringer)| self.permission(view.which, role, name, Some(*bringer), None));
        let all: Vec<_> = all.collect();
        // What is taken from the base goes with neither side, but belongs to what the role is.
        let taken: Vec<Untrusted> = effective.minus.iter().map(|name| (*name).clone()).collect();
        let mut fields: Vec<FieldDifference> = fields_of(role)
            .into_iter()
            .filter(|(_, value)| *value != Text::Unmanaged)
            .map(|(field, value)| match what {
                What::Removed => FieldDifference { field, before: value, after: Text::Unmanaged },
                _ => FieldDifference { field, before: Text::Unmanaged, after: value },
            })
            .collect();
        if !taken.is_empty() {
            let value = Text::List(taken);
            fields.push(match what {
                What::Removed => FieldDifference { field: "except", before: value, after: Text::Unmanaged },
                _ => FieldDifference { field: "except", before: Text::Unmanaged, after: value },
            });
        }
        let mut permissions = Permissions { base: effective.base.map(reference), ..Permissions::default() };
        let lines = vec![None; all.len()];
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        match what {
            What::Removed => (permissions.removed, removed) = (all, lines),
            _ => (permissions.added, added) = (all, lines),
        }
        let role = RoleDifference {
            address,
            what,
            released: false,
            key: (&*role.key).into(),
            key_before: None,
            name: role.name.value.clone(),
            name_before: None,
            fields,
            permissions,
            definition: self.input.place(view.which, role.site),
        };
        Some(Traced { role, added, removed })
    }

    /// A role of both sides; `None` where it is the same.
    fn both(&self, before: &'a DesiredRole, after: &'a DesiredRole) -> Option<Traced<'a>> {
        let fields = self.fields(before, after);
        let renamed = before.key != after.key || before.name.value != after.name.value;
        let same_entries = same_keys(&before.permissions, &after.permissions)
            && same_keys(&before.except, &after.except)
            && base_of(before) == base_of(after)
            && self.a.base(before).is_none()
            && self.b.base(after).is_none();
        let mut traced = if same_entries { Changed::default() } else { self.permissions(before, after) };
        let changes = !traced.permissions.added.is_empty() || !traced.permissions.removed.is_empty();
        if fields.is_empty() && !renamed && !changes {
            return None;
        }
        if same_entries {
            traced.permissions = Permissions {
                base: base_of(after).map(reference),
                unchanged: after.permissions.keys().filter(|name| !after.except.contains_key(*name)).count(),
                ..Permissions::default()
            };
        }
        let address = self.address(after);
        if !self.input.wants(&address) && !self.input.wants(&self.address(before)) {
            return None;
        }
        let role = RoleDifference {
            address,
            what: if renamed { What::Renamed } else { What::Changed },
            released: false,
            key: (&*after.key).into(),
            key_before: (before.key != after.key).then(|| (&*before.key).into()),
            name: after.name.value.clone(),
            name_before: (before.name.value != after.name.value).then(|| before.name.value.clone()),
            fields,
            permissions: traced.permissions,
            definition: self.input.place(Which::B, after.site),
        };
        Some(Traced { role, added: traced.added, removed: traced.removed })
    }

    fn fields(&self, before: &DesiredRole, after: &DesiredRole) -> Vec<FieldDifference> {
        let pairs = fields_of(before).into_iter().zip(fields_of(after));
        let differs = pairs.filter(|((field, old), (_, new))| {
            // A key is another name for the same role: only another role is another base.
            let renamed = *field == "base"
                && matches!((base_of(before), base_of(after)),
                    (Some(RoleName::Key(old)), Some(RoleName::Key(new))) if self.pairs.after(old) == &**new);
            // The old name of a role that is renamed belongs to the renaming.
            let former = *field == "previously"
                && without(new, &before.name.value) == *old
                && before.name.value != after.name.value;
            old != new && !renamed && !former
        });
        differs.map(|((field, before), (_, after))| FieldDifference { field, before, after }).collect()
    }

    fn permissions(&self, before: &'a DesiredRole, after: &'a DesiredRole) -> Changed<'a> {
        let (old, new) = (self.a.effective(before), self.b.effective(after));
        let same_base = old.base == new.base;
        let names = |one: &Effective<'a>| {
            one.plus.keys().copied().chain(one.minus.iter().copied()).collect::<Vec<_>>()
        };
        let candidates: BTreeSet<&Untrusted> = names(&old).into_iter().chain(names(&new)).collect();
        let mut changed = Changed {
            permissions: Permissions { base: new.base.map(reference), ..Permissions::default() },
            ..Changed::default()
        };
        for name in candidates {
            let (comes, bringer, only_if) = match (old.has(name), new.has(name)) {
                (Has::Yes(_), Has::Yes(_)) => {
                    changed.permissions.unchanged += 1;
                    continue;
                }
                (Has::No, Has::No) => continue,
                // Another base is a difference of its own.
                (Has::IfBase, Has::IfBase) => continue,
                (Has::No, Has::Yes(bringer)) => (true, Some(bringer), None),
                (Has::Yes(bringer), Has::No) => (false, Some(bringer), None),
                (Has::IfBase, Has::Yes(bringer)) => (true, Some(bringer), Some(OnlyIf::NotGranted)),
                (Has::Yes(bringer), Has::IfBase) => (false, Some(bringer), Some(OnlyIf::NotGranted)),
                (Has::No, Has::IfBase) => (true, None, same_base.then_some(OnlyIf::Granted)),
                (Has::IfBase, Has::No) => (false, None, same_base.then_some(OnlyIf::Granted)),
            };
            // Without a base on the other side, the difference of the bases says it already.
            if bringer.is_none() && only_if.is_none() {
                continue;
            }
            let (which, finder) = if comes { (Which::B, &self.comes) } else { (Which::A, &self.goes) };
            let line = bringer.and_then(|bringer| finder.line(name, bringer));
            let role = if comes { after } else { before };
            let permission = self.permission(which, role, name, bringer, only_if);
            if comes {
                changed.permissions.added.push(permission);
                changed.added.push(line);
            } else {
                changed.permissions.removed.push(permission);
                changed.removed.push(line);
            }
        }
        changed
    }

    fn permission(
        &self,
        which: Which,
        role: &DesiredRole,
        name: &Untrusted,
        bringer: Option<Bringer<'a>>,
        only_if: Option<OnlyIf>,
    ) -> Permission {
        let via = bringer.map(|Bringer { owner, via }| {
            let (set, site) = match via {
                DesiredVia::Own(site) => (None, Some(*site)),
                DesiredVia::Set { name, site } => (Some((&**name).into()), Some(*site)),
                DesiredVia::Base(_) => (None, None),
            };
            Via {
                set,
                base: (!std::ptr::eq(owner, role)).then(|| (&*owner.key).into()),
                place: site.and_then(|site| self.input.place(which, site)),
            }
        });
        Permission { value: name.clone(), via, only_if, cause: None }
    }
}

/// The permissions of a role that differ, with their lines.
#[derive(Default)]
struct Changed<'a> {
    permissions: Permissions,
    added: Vec<Option<Line<'a>>>,
    removed: Vec<Option<Line<'a>>>,
}

fn base_of(role: &DesiredRole) -> Option<&RoleName> {
    role.base.as_ref().map(|base| &base.value)
}

fn same_keys<K: Ord + Borrow<str>, A, B>(a: &BTreeMap<K, A>, b: &BTreeMap<K, B>) -> bool {
    a.len() == b.len() && a.keys().zip(b.keys()).all(|(a, b)| a == b)
}

/// A list without one text; the value itself where that is all it held.
fn without(value: &Text, text: &Untrusted) -> Text {
    match value {
        Text::List(list) => match list.iter().filter(|one| *one != text).cloned().collect::<Vec<_>>() {
            rest if rest.is_empty() => Text::Unmanaged,
            rest => Text::List(rest),
        },
        other => other.clone(),
    }
}

/// A description as a difference shows it.
pub(super) fn described(description: Option<&Placed<Option<Untrusted>>>) -> Text {
    match description {
        None => Text::Unmanaged,
        Some(Placed { value: None, .. }) => Text::Cleared,
        Some(Placed { value: Some(text), .. }) => Text::Text(text.clone()),
    }
}

/// The fields of a role beside its name and its permissions, always in the same order.
fn fields_of(role: &DesiredRole) -> [(&'static str, Text); 8] {
    let list = |list: Vec<Untrusted>| if list.is_empty() { Text::Unmanaged } else { Text::List(list) };
    let texts = |texts: &[Placed<Untrusted>]| texts.iter().map(|text| text.value.clone()).collect();
    let text = |text: Option<Untrusted>| text.map_or(Text::Unmanaged, Text::Text);
    // The key stands for it where nothing is written.
    let slug = role.slug.as_ref().filter(|slug| slug.value.raw() != &*role.key);
    [
        ("id", text(role.id.as_ref().map(|id| id.value.clone()))),
        ("slug", text(slug.map(|slug| slug.value.clone()))),
        ("resource_type", text(role.resource_type.as_ref().map(|one| one.value.clone()))),
        ("description", described(role.description.as_ref())),
        ("base", text(base_of(role).map(reference))),
        ("protect", list(role.protect.iter().map(|word| Protect::as_str(*word).into()).collect())),
        ("allow_gap", text(role.allow_gap.then(|| "true".into()))),
        ("previously", list(texts(&role.previously))),
    ]
}
