//! Who holds which role. What the list of users says for somebody with a custom role is not
//! documented: it may be the role's id, its name, or a word such as `cr_member` or `custom`. A wrong
//! guess would give people roles that they hold, or take away what they do not, so what the list says
//! is held against the number of users that each role reports:
//!
//! - the id of a custom role is believed;
//! - the unique name of a role is believed where as many users are listed for it as it reports;
//! - a system role is believed as long as no custom role can have holders that the list does not
//!   show; where one can, only if the number of its own holders is right. A custom role can where it
//!   reports more users than are listed, and where it reports no number and nobody at all is listed
//!   by the id of a custom role, so that nothing shows that the list uses such ids;
//! - everything else is unreadable.
//!
//! Where anybody is unreadable or missing, the list is incomplete, and nobody's role is taken away.

use std::collections::{BTreeMap, HashMap};

use super::{
    members::Members,
    roles::{Role, Roles, is_billing_admin, key},
    spec::USER,
};
use crate::model::{
    Kind, RoleId, Untrusted, Value,
    live::{Live, LiveObject},
    object::field,
};

/// Who holds what.
#[derive(Debug)]
pub(super) struct Holders {
    pub(super) objects: Vec<LiveObject>,
    /// Why not all holders are known.
    pub(super) incomplete: Option<String>,
}

/// How a user's role was found.
#[derive(Clone, Copy)]
enum Found {
    Id(usize),
    Name(usize),
    Not,
}

/// Finds the role of each member.
pub(super) fn resolve(members: &Members, roles: &Roles) -> Holders {
    let list = &roles.list;
    let by_id: HashMap<&str, usize> =
        list.iter().enumerate().map(|(index, role)| (role.id.raw(), index)).collect();
    let mut by_name: HashMap<&str, Option<usize>> = HashMap::new();
    for (index, role) in list.iter().enumerate() {
        by_name.entry(role.name.raw()).and_modify(|known| *known = None).or_insert(Some(index));
    }
    let found: Vec<Found> = members
        .values()
        .map(|member| {
            let Some(said) = member.role.as_ref().map(Untrusted::raw) else { return Found::Not };
            match (by_id.get(said), by_name.get(said)) {
                (Some(index), _) => Found::Id(*index),
                (None, Some(Some(index))) => Found::Name(*index),
                _ => Found::Not,
            }
        })
        .collect();
    let mut listed = vec![0_u64; list.len()];
    for found in &found {
        if let Found::Id(index) | Found::Name(index) = *found
            && let Some(count) = listed.get_mut(index)
        {
            *count += 1;
        }
    }
    let as_reported =
        |index: usize| list.get(index).and_then(|role| role.user_count) == listed.get(index).copied();
    let lists_ids = found
        .iter()
        .any(|found| matches!(found, Found::Id(index) if list.get(*index).is_some_and(|role| !role.builtin)));
    let hiding = list
        .iter()
        .zip(&listed)
        .find(|(role, listed)| !role.builtin && role.user_count.map_or(!lists_ids, |count| count > **listed));

    let mut unreadable = 0_usize;
    let objects = members
        .keys()
        .zip(&found)
        .map(|(id, found)| {
            let role = match *found {
                Found::Id(index) => {
                    list.get(index).filter(|role| !role.builtin || hiding.is_none() || as_reported(index))
                }
                Found::Name(index) => list.get(index).filter(|_| as_reported(index)),
                Found::Not => None,
            };
            let live = match role {
                Some(role) => Live::Known(Value::Role(Some(RoleId::Live(role.id.clone())))),
                None => {
                    unreadable += 1;
                    Live::Unreadable
                }
            };
            let billing = role.is_some_and(is_billing_admin);
            LiveObject {
                key: key(Kind::Assignment, USER, id.clone()),
                id: None,
                builtin: false,
                fields: BTreeMap::from([(field::ROLE, live)]),
                holders: None,
                // Source: `/api-reference/users-change-roles`, CANNOT_CHANGE_BILLING_ADMIN_ROLE.
                locked: billing
                    .then(|| "CodeRabbit does not let a billing admin's role be changed over the API".into()),
            }
        })
        .collect();
    let incomplete = if let Some((Role { name, user_count, .. }, listed)) = hiding {
        let reports = match user_count {
            Some(count) => format!("reports {count} users"),
            None => "does not report how many users it has".to_owned(),
        };
        Some(format!(
            "the role {name:?} {reports} and the list of users shows {listed}, so what the list says about others cannot be relied on"
        ))
    } else if let Some(unknown) = unknown_role(members, list, &found) {
        Some(unknown)
    } else if unreadable > 0 {
        Some(format!(
            "for {unreadable} of {} users the list does not say which role they hold",
            members.len()
        ))
    } else {
        None
    };
    Holders { objects, incomplete }
}

/// Where the only trouble is that users hold, by what looks like an id, a role that the list of roles
/// does not show: it may have been made between the two answers.
fn unknown_role(members: &Members, list: &[Role], found: &[Found]) -> Option<String> {
    let lost = members.iter().zip(found).filter(|(_, found)| matches!(found, Found::Not));
    let lost: Vec<_> = lost.map(|((id, member), _)| (id, member.role.as_ref())).collect();
    let like_an_id =
        |role: &Untrusted| role.raw().len() >= 8 && role.raw().contains(|c: char| c.is_ascii_digit());
    if lost.is_empty() || list.is_empty() || !lost.iter().all(|(_, role)| role.is_some_and(like_an_id)) {
        return None;
    }
    let who: Vec<&str> = lost.iter().take(3).map(|(id, _)| id.raw()).collect();
    let more =
        if lost.len() > who.len() { format!(" and {} more", lost.len() - who.len()) } else { String::new() };
    let hold = if lost.len() == 1 { "holds" } else { "hold" };
    Some(format!("{}{more} {hold} a role that was not in the list of roles; plan again", who.join(", ")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::provider::coderabbit::{members::Member, wire::RoleList};

    /// How an API may say which role somebody holds.
    #[derive(Clone, Copy, Debug)]
    enum Says {
        Id,
        Name,
        /// `cr_member` for everybody with a custom role.
        Member,
        /// A word that is no role.
        Word,
    }

    const IDS: [&str; 4] = ["cr_admin", "cr_member", "c1", "c2"];
    const NAMES: [&str; 4] = ["Admin", "Member", "One", "Two"];

    fn said(says: Says, role: usize) -> &'static str {
        match says {
            Says::Name => NAMES[role],
            Says::Member if role > 1 => "cr_member",
            Says::Word if role > 1 => "custom",
            _ => IDS[role],
        }
    }

    proptest! {
        /// Whatever an API says, as long as the numbers that it reports are right, nobody is
        /// believed to hold a role that they do not hold.
        #[test]
        fn nobody_is_believed_to_hold_what_they_do_not(
            truth in prop::collection::vec(0..4_usize, 0..12),
            says in prop::sample::select(vec![Says::Id, Says::Name, Says::Member, Says::Word]),
            counted in prop::collection::vec(any::<bool>(), 4),
        ) {
            let roles: Vec<String> = (0..4).map(|index| {
                let count = truth.iter().filter(|role| **role == index).count();
                let count = if counted[index] { count.to_string() } else { "null".to_owned() };
                let kind = if index < 2 { "system" } else { "custom" };
                format!(r#"{{"id":"{}","name":"{}","role_type":"{kind}","user_count":{count}}}"#, IDS[index], NAMES[index])
            }).collect();
            let body = format!("[{}]", roles.join(","));
            let parsed: RoleList<'_> = serde_json::from_str(&body).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let roles = Roles::new(&parsed).map_err(TestCaseError::fail)?;
            let members: Members = truth.iter().enumerate().map(|(user, role)| {
                (format!("u{user:02}").into(), Member { role: Some(said(says, *role).into()), name: None })
            }).collect();

            let holders = resolve(&members, &roles);
            prop_assert_eq!(holders.objects.len(), truth.len());
            let mut all_known = true;
            for (object, role) in holders.objects.iter().zip(&truth) {
                match object.fields.get(field::ROLE) {
                    Some(Live::Known(known)) => {
                        prop_assert_eq!(known, &Value::Role(Some(RoleId::Live(IDS[*role].into()))));
                    }
                    _ => all_known = false,
                }
            }
            prop_assert!(all_known || holders.incomplete.is_some());
            if matches!(says, Says::Id) && counted.iter().all(|counted| *counted) {
                prop_assert!(all_known && holders.incomplete.is_none());
            }
        }
    }
}
