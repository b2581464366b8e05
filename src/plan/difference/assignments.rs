//! Who holds what, as far as people are spelled alike.

use std::collections::BTreeMap;

use super::{
    Input,
    document::{AssignmentDifference, Holding, TargetDifference, What, Which},
    matching::Pairs,
    place_of, reference,
};
use crate::{
    contract,
    definition::principal_identity,
    model::{
        Address, Scope, Untrusted,
        desired::{DesiredAssignment, RoleName, Spelling},
    },
};

/// Class, scope, and spelling of a principal, and which of its roles: `None` where it holds one.
type Slot<'a> = (&'static str, &'a Scope, (u8, String), Option<RoleName>);

/// Fills in the assignments.
pub(super) fn compare(input: &Input<'_>, pairs: &Pairs<'_>, found: &mut TargetDifference) {
    let mut slots: BTreeMap<Slot<'_>, [Option<&DesiredAssignment>; 2]> = BTreeMap::new();
    for (side, list) in [&input.a.desired.assignments, &input.b.desired.assignments].into_iter().enumerate() {
        for one in list {
            let class = contract::principal(input.spec, one.class);
            let who = match class {
                Some(class) => principal_identity(&one.principal.value, class),
                None => (3, spelling(&one.principal.value).raw().to_owned()),
            };
            let role = if side == 0 { today(&one.role.value, pairs) } else { one.role.value.clone() };
            let role = class.is_none_or(|class| !class.one_role(input.settings)).then_some(role);
            if let Some(slot) = slots.entry((one.class, &one.scope, who, role)).or_default().get_mut(side) {
                slot.get_or_insert(one);
            }
        }
    }
    for ((kind, scope, _, role), [before, after]) in slots {
        let what = match (before, after) {
            (None, Some(_)) => What::Added,
            (Some(_), None) => What::Removed,
            (Some(a), Some(b)) => {
                if today(&a.role.value, pairs) == b.role.value && a.expires == b.expires {
                    continue;
                }
                What::Changed
            }
            (None, None) => continue,
        };
        let Some((one, which)) = after.map(|one| (one, Which::B)).or(before.map(|one| (one, Which::A)))
        else {
            continue;
        };
        let principal = spelling(&one.principal.value);
        let role = role.as_ref().map(reference);
        let address =
            Address::assignment(input.target, scope, kind, &principal, role.as_ref().map(Untrusted::raw));
        if !input.wants(&address) {
            continue;
        }
        found.assignments.push(AssignmentDifference {
            address,
            what,
            kind: kind.into(),
            principal,
            scope: place_of(scope),
            before: before.map(holding),
            after: after.map(holding),
            place: input.place(which, one.principal.site),
        });
    }
}

/// What a reference of `a` is called in `b`.
pub(super) fn today(role: &RoleName, pairs: &Pairs<'_>) -> RoleName {
    match role {
        RoleName::Key(key) => RoleName::Key(pairs.after(key).into()),
        other => other.clone(),
    }
}

fn holding(one: &DesiredAssignment) -> Holding {
    Holding { role: reference(&one.role.value), expires: one.expires.map(|date| date.to_string().into()) }
}

/// A principal as a person wrote it.
fn spelling(spelling: &Spelling) -> Untrusted {
    match spelling {
        Spelling::Handle(text) => text.clone(),
        Spelling::Email(text) => format!("email:{}", text.raw()).into(),
        Spelling::Id(text) => format!("id:{}", text.raw()).into(),
    }
}
