//! CodeRabbit. The resource ids are an open list that the server defines: only those that its
//! documentation shows are here, so that a typo in one of them is found offline.
//! Source: <https://docs.coderabbit.ai/api-reference/roles-permissions>,
//! <https://docs.coderabbit.ai/management/roles> (November 2026).

use super::{Builtin, Catalogue, Meaning};
use crate::model::Untrusted;

/// Documented resource ids.
const RESOURCES: &[(&str, &str)] = &[
    ("repository_management", "repositories"),
    ("role_management", "roles and permissions"),
    ("user_management", "users and seats"),
];

/// Documented access types, with the risk tag of each. What an access allows is not documented
/// beyond its name, which is the same for every resource.
const ACCESS: &[(&str, &str, Option<&str>)] =
    &[("read", "Read", None), ("write", "Change", Some("write")), ("delete", "Delete", Some("delete"))];

/// `cr_admin` and `cr_member` are documented verbatim. The id of the Billing Admin role is not;
/// the live list of system roles tells it.
const BUILTIN: &[Builtin] = &[
    Builtin { id: "cr_admin", title: "Admin", admin: true, vacant: false, assignable: true },
    Builtin { id: "cr_member", title: "Member", admin: false, vacant: true, assignable: true },
];

/// The documented catalogue.
pub fn coderabbit() -> Catalogue {
    let tags = |tag: &Option<&str>| tag.iter().map(|tag| (*tag).to_owned()).collect();
    let permissions = RESOURCES.iter().flat_map(|(resource, what)| {
        ACCESS.iter().map(move |(access, verb, tag)| {
            let meaning = Meaning { title: format!("{verb} {what}"), tags: tags(tag) };
            (Untrusted::from(format!("{resource}:{access}")), meaning)
        })
    });
    Catalogue {
        closed: false,
        permissions: permissions.collect(),
        accesses: ACCESS.iter().map(|(access, _, tag)| (*access, tags(tag))).collect(),
        builtin: BUILTIN.to_vec(),
    }
}
