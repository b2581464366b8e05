//! P7: what people may do at every instant of an apply.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::common::{
    Emulator, Project,
    emulator::{text, texts},
};

type Access = BTreeMap<String, BTreeSet<String>>;

/// Roles with their permissions and people with their roles.
#[derive(Clone, Default)]
struct Tenant {
    roles: BTreeMap<String, BTreeSet<String>>,
    people: BTreeMap<String, String>,
    default: Option<String>,
}

impl Tenant {
    fn of(emulator: &Emulator) -> Self {
        let state = emulator.get("/_dashboard/state");
        let org = &state["tenants"][0]["orgs"][0];
        let mut tenant = Self::default();
        for role in org["roles"].as_array().expect("roles") {
            tenant.put("role", &text(role, "id"), role);
        }
        for user in org["users"].as_array().expect("users") {
            tenant.put("user", &text(user, "user_id"), user);
        }
        tenant
    }

    fn put(&mut self, kind: &str, id: &str, value: &Value) {
        match (kind, value) {
            ("role", Value::Null) => {
                self.roles.remove(id);
                self.default = self.default.take().filter(|default| default != id);
            }
            ("role", role) => {
                self.roles.insert(id.to_owned(), texts(&role["permissions"]).into_iter().collect());
                if role["is_default"] == true {
                    self.default = Some(id.to_owned());
                } else {
                    self.default = self.default.take().filter(|default| default != id);
                }
            }
            ("user", Value::Null) => {
                self.people.remove(id);
            }
            (_, user) => {
                self.people.insert(id.to_owned(), text(user, "role"));
            }
        }
    }

    /// What each person may do; somebody who joins now is a person too.
    fn access(&self) -> Access {
        let of = |role: &String| self.roles.get(role).cloned().unwrap_or_default();
        let mut access: Access = self.people.iter().map(|(who, role)| (who.clone(), of(role))).collect();
        let newcomer = self.default.clone().unwrap_or_else(|| "cr_member".to_owned());
        access.insert("a new member".to_owned(), of(&newcomer));
        access
    }
}

/// Applies, and replays every write: nobody may ever do more than before or after.
fn apply_and_replay(emulator: &Emulator, project: &Project) {
    let before = Tenant::of(emulator);
    emulator.forget();
    let _applied = project.apply().exits(0);
    let (first, last) = (before.access(), Tenant::of(emulator).access());
    let mut now = before;
    let writes = emulator.writes();
    assert!(writes.len() > 3, "a story with little in it");
    for write in &writes {
        for object in write["objects"].as_array().expect("objects") {
            now.put(&text(object, "kind"), &text(object, "id"), &object["after"]);
        }
        for (who, may) in now.access() {
            let allowed: BTreeSet<String> =
                [&first, &last].iter().filter_map(|side| side.get(&who)).flatten().cloned().collect();
            let beyond: Vec<_> = may.difference(&allowed).collect();
            assert!(beyond.is_empty(), "{who} may {beyond:?} after {} {}", write["method"], write["path"]);
        }
    }
    assert_eq!(now.access(), last, "the log tells the whole story");
}

#[test]
fn p7_people_who_move_between_roles_that_change_never_have_more_than_before_or_after() {
    let emulator = Emulator::start();
    let a = emulator.make_role(
        &json!({ "name": "A", "permissions": ["reports:read", "learnings:read"], "is_default": true }),
    );
    let b = emulator.make_role(&json!({ "name": "B", "permissions": ["audit_logs:read", "api_keys:write"] }));
    let c = emulator.make_role(&json!({ "name": "C", "permissions": ["integrations:write"] }));
    for (user, role) in [("1003", &a), ("1004", &b), ("1005", &c), ("1006", &a), ("1007", &c)] {
        emulator.give(user, role);
    }
    let project = Project::in_git(&emulator, "on_unassign: { to: builtin:cr_member }\n");
    project.define(&format!(
        "\
roles:
  a: {{ id: {a}, name: B, description: Needed, permissions: {{ learnings: [read], api_keys: [read] }} }}
  b: {{ id: {b}, name: A, description: Needed, permissions: {{ audit_logs: [read], reports: [write] }} }}
  d: {{ name: D, description: Needed, base: a, permissions: {{ user_management: [read] }} }}
default_role: d
assignments:
  - {{ role: b, users: [\"1003\"] }}
  - {{ role: a, users: [\"1004\"] }}
  - {{ role: d, users: [\"1005\", \"1006\"] }}
removed:
  - {{ name: C, reassign_to: b }}
"
    ));
    apply_and_replay(&emulator, &project);
    project.is_in_place();
}

#[test]
fn p7_holds_for_a_ring_of_people_and_roles_that_all_gain_and_lose() {
    let emulator = Emulator::start();
    let names = ["A", "B", "C", "D"];
    let resources = ["reports", "learnings", "audit_logs", "api_keys"];
    let ids: Vec<String> = names
        .iter()
        .zip(resources)
        .map(|(name, resource)| {
            emulator.make_role(&json!({ "name": name, "permissions": [format!("{resource}:read"), format!("{resource}:write")] }))
        })
        .collect();
    let users = ["1003", "1004", "1005", "1006"];
    for (user, id) in users.iter().zip(&ids) {
        emulator.give(user, id);
    }
    let project = Project::in_git(&emulator, "");
    let mut yaml = String::from("roles:\n");
    for n in 0..4 {
        yaml.push_str(&format!(
            "  {}: {{ id: {}, name: {}, description: Needed, permissions: {{ {}: [read], {}: [write] }} }}\n",
            names[n].to_lowercase(),
            ids[n],
            names[(n + 1) % 4],
            resources[n],
            resources[(n + 1) % 4],
        ));
    }
    yaml.push_str("assignments:\n");
    for n in 0..4 {
        yaml.push_str(&format!(
            "  - {{ role: {}, users: [\"{}\"] }}\n",
            names[(n + 1) % 4].to_lowercase(),
            users[n]
        ));
    }
    project.define(&yaml);
    apply_and_replay(&emulator, &project);
    project.is_in_place();
}
