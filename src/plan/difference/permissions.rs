//! Permissions declared as resources of their own.

use std::collections::BTreeSet;

use super::{
    Input,
    document::{FieldDifference, Permissions, RoleDifference, TargetDifference, Text, What, Which},
    roles::described,
};
use crate::model::{Address, Untrusted, desired::DesiredPermission};

/// Fills in the permissions that come, go, or differ.
pub(super) fn compare(input: &Input<'_>, found: &mut TargetDifference) {
    let (a, b) = (&input.a.desired.permissions, &input.b.desired.permissions);
    let slugs: BTreeSet<&Untrusted> = a.keys().chain(b.keys()).collect();
    found.permission_definitions =
        slugs.into_iter().filter_map(|slug| one(input, slug, a.get(slug), b.get(slug))).collect();
}

fn one(
    input: &Input<'_>,
    slug: &Untrusted,
    before: Option<&DesiredPermission>,
    after: Option<&DesiredPermission>,
) -> Option<RoleDifference> {
    let address = Address::permission(input.target, slug);
    let (declared, which) = match (before, after) {
        (_, Some(after)) => (after, Which::B),
        (Some(before), None) => (before, Which::A),
        (None, None) => return None,
    };
    let what = match (before, after) {
        (None, _) => What::Added,
        (_, None) => What::Removed,
        (Some(before), Some(after)) if before.name.value != after.name.value => What::Renamed,
        (Some(_), Some(_)) => What::Changed,
    };
    let fields = |side: Option<&DesiredPermission>| {
        let resource_type = side.and_then(|side| side.resource_type.as_ref());
        let resource_type = resource_type.map_or(Text::Unmanaged, |one| Text::Text(one.value.clone()));
        [
            ("resource_type", resource_type),
            ("description", described(side.and_then(|side| side.description.as_ref()))),
        ]
    };
    let pairs = fields(before).into_iter().zip(fields(after)).filter(|((_, old), (_, new))| old != new);
    let fields: Vec<FieldDifference> =
        pairs.map(|((field, before), (_, after))| FieldDifference { field, before, after }).collect();
    if (what == What::Changed && fields.is_empty()) || !input.wants(&address) {
        return None;
    }
    Some(RoleDifference {
        address,
        what,
        released: false,
        key: slug.clone(),
        key_before: None,
        name: declared.name.value.clone(),
        name_before: before.filter(|_| what == What::Renamed).map(|before| before.name.value.clone()),
        fields,
        permissions: Permissions::default(),
        definition: input.place(which, declared.site),
    })
}
