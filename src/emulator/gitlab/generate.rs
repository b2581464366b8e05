//! People and groups in numbers, and the seed that holds when nobody gives one.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::document::{Document, SeedGroup, SeedMember, SeedUser, active};
use super::time::long_ago;

/// How much to add to a seed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Generate {
    /// The group below which groups are added.
    below: String,
    #[serde(default)]
    groups: u32,
    #[serde(default)]
    users: u32,
    /// Direct members of every added group.
    #[serde(default)]
    members_each: u32,
    /// The level of every second added member; the others are Guests.
    #[serde(default = "developer")]
    access_level: u8,
    /// The role of every second added member.
    #[serde(default)]
    member_role_id: Option<u64>,
}

const fn developer() -> u8 {
    30
}

/// Adds `generated-00001` and so on as people, and groups of the same names below the given one.
pub(super) fn generate(seed: &mut Document) -> Result<(), String> {
    let Some(wanted) = seed.generate.take() else {
        return Ok(());
    };
    if wanted.groups.max(wanted.users) > 1_000_000
        || u64::from(wanted.groups) * u64::from(wanted.members_each) > 1_000_000
    {
        return Err("`generate` makes at most 1000000 users, groups and members".to_owned());
    }
    let name = |number: u32| format!("generated-{:05}", number + 1);
    for number in 0..wanted.users {
        seed.users.push(SeedUser {
            id: 0,
            username: name(number),
            name: None,
            email: Some(format!("{}@example.test", name(number))),
            state: active(),
            admin: false,
            extern_uid: None,
            admin_role: None,
            created_at: long_ago(),
        });
    }
    for number in 0..wanted.groups {
        let member = |place: u32| {
            let second = place % 2 == 1;
            SeedMember {
                user: name((number.wrapping_mul(7).wrapping_add(place)) % wanted.users.max(1)),
                access_level: if second { wanted.access_level } else { super::levels::GUEST },
                member_role_id: wanted.member_role_id.filter(|_| second),
                expires_at: None,
                created_at: long_ago(),
                created_by: None,
            }
        };
        seed.groups.push(SeedGroup {
            id: 0,
            path: format!("{}/{}", wanted.below, name(number)),
            name: None,
            saml: None,
            members: (0..wanted.members_each.min(wanted.users)).map(member).collect(),
            shares: Vec::new(),
            saml_group_links: Vec::new(),
            ldap_group_links: Vec::new(),
            created_at: long_ago(),
        });
    }
    Ok(())
}

/// The seed that holds when nobody gives one.
pub(super) fn default_seed() -> Value {
    let user = |id: u64, username: &str, name: &str| json!({ "id": id, "username": username, "name": name, "email": format!("{username}@acme.example.test") });
    let member = |user: &str, level: u8| json!({ "user": user, "access_level": level });
    let with_role = |user: &str, level: u8, role: u64| json!({ "user": user, "access_level": level, "member_role_id": role });
    let mut ada = user(1, "ada", "Ada Owner");
    ada["admin"] = json!(true);
    json!({
        "provider": "gitlab",
        "deployment": "group",
        "any_token": true,
        "caller": "ada",
        "next": 1000,
        "tokens": [
            { "id": 900, "token": "glpat-acme", "user": "ada", "scopes": ["api", "admin_mode"] },
            { "id": 901, "token": "glpat-acme-reader", "user": "ada", "scopes": ["read_api"] },
            { "id": 902, "token": "glpat-acme-developer", "user": "mira", "scopes": ["api"] },
        ],
        "users": [
            ada,
            user(2, "ben", "Ben Owner"),
            user(3, "mira", "Mira Developer"),
            user(4, "okan", "Okan Developer"),
            user(5, "lena", "Lena Developer"),
            user(6, "tomas", "Tomas Maintainer"),
            user(7, "yuki", "Yuki Reporter"),
            user(8, "noor", "Noor Reporter"),
            user(9, "pia", "Pia Guest"),
            user(10, "sam", "Sam Guest"),
            user(11, "vera", "Vera Planner"),
            user(12, "zoe", "Zoe Auditor"),
            user(13, "newcomer", "Nils Newcomer"),
        ],
        "roles": [
            {
                "id": 51, "group": "acme", "name": "Security reader", "description": "Sees vulnerabilities and code",
                "base_access_level": 10, "permissions": ["read_code", "read_vulnerability"],
            },
            {
                "id": 52, "group": "acme", "name": "Release approver", "description": "Approves merge requests",
                "base_access_level": 20, "permissions": ["admin_merge_request"],
            },
        ],
        "groups": [
            {
                "id": 84, "path": "acme", "name": "Acme",
                "saml": { "default_membership_role": 10 },
                "members": [
                    member("ada", 50), member("ben", 50), member("tomas", 40), member("mira", 30),
                    member("okan", 30), member("yuki", 20), with_role("noor", 20, 52), member("pia", 10),
                    with_role("sam", 10, 51), member("vera", 15),
                ],
                "saml_group_links": [{ "id": 71, "name": "acme-security", "access_level": 10, "member_role_id": 51 }],
            },
            { "id": 85, "path": "acme/platform", "name": "Platform", "members": [member("lena", 30)] },
            { "id": 86, "path": "acme/platform/tools", "name": "Tools" },
            { "id": 87, "path": "acme/product", "name": "Product", "members": [member("mira", 40)] },
            { "id": 88, "path": "partners", "name": "Partners", "members": [member("ada", 50), member("zoe", 30)] },
        ],
        "projects": [
            { "id": 201, "path": "acme/platform/api", "name": "API", "members": [member("yuki", 30)] },
            { "id": 202, "path": "acme/platform/tools/cli", "name": "CLI" },
            { "id": 203, "path": "acme/product/web", "name": "Web" },
        ],
    })
}
