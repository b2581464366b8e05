//! How a dashboard shows the roles that people give and take by hand: by name, and by slug where names need
//! not be unique.

use std::collections::BTreeMap;

use super::Input;
use crate::{
    contract,
    model::{
        Kind, RoleId, Untrusted, Value, field,
        live::{Live, LiveObject},
    },
    plan::change::{Change, Hand, ShownRole, What},
};

/// The roles of every assignment that a person makes, as they are once the changes before it are made.
pub(super) fn roles(input: Input<'_>, changes: &[Change]) -> BTreeMap<RoleId, ShownRole> {
    let by_hand = changes.iter().filter(|change| change.by_hand != Hand::Nothing);
    let named = by_hand.flat_map(|change| match &change.what {
        What::Assignment { before, after, .. } => [before.as_ref(), after.as_ref()],
        _ => [None, None],
    });
    let mut shown: BTreeMap<RoleId, ShownRole> = BTreeMap::new();
    for role in named.flatten() {
        if !shown.contains_key(role)
            && let Some(found) = one(input, role)
        {
            shown.insert(role.clone(), found);
        }
    }
    shown
}

fn one(input: Input<'_>, role: &RoleId) -> Option<ShownRole> {
    let declared = input.resolved.declared(role);
    // A role that another one replaces stays as it is until it goes.
    if let Some(declared) = declared.filter(|declared| declared.id() == *role) {
        let class = contract::role_class(input.spec, declared.desired.class)?;
        let slug = class.slug.map(|_| declared.desired.natural().value.clone());
        return Some(ShownRole { name: declared.desired.name.value.clone(), slug });
    }
    let RoleId::Live(id) = role else { return None };
    let live = input.live.of(Kind::Role).find(|live| live.id.as_ref() == Some(id))?;
    let slug = text(live, field::SLUG);
    Some(ShownRole { name: text(live, field::NAME).unwrap_or_else(|| live.key.name.clone()), slug })
}

fn text(live: &LiveObject, name: crate::model::Field) -> Option<Untrusted> {
    match live.fields.get(name).and_then(Live::value) {
        Some(Value::Text(text)) => text.clone(),
        _ => None,
    }
}
