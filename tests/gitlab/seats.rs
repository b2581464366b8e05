//! What changes mean for paid seats.

use super::{define, emulator, project, role, seed};

fn assigned(roles: &str, people: &str) -> String {
    format!("roles:\n{roles}assignments:\n{people}")
}

#[test]
fn who_takes_a_seat_is_said_and_who_has_one_is_not_counted_again() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    let people = "  - { role: helper, users: [zoe, okan], scope: { group: acme/platform } }\n";
    // Okan is a Developer there already.
    define(&project, &assigned(&role("helper", "developer", "admin_push_rules"), people));
    let _seat = project
        .plan()
        .exits(0)
        .has("Seats: each holder of these takes a paid one: `helper` (`zoe`).")
        .lacks("`okan`, `zoe`");
    // Reading code is free for a Guest, and one more ability is not.
    let people = "  - { role: helper, users: [zoe], scope: { group: acme } }\n";
    define(&project, &assigned(&role("helper", "guest", "read_code"), people));
    let _free = project.plan().exits(0).lacks("Seats:");
    define(&project, &assigned(&role("helper", "guest", "read_code, read_vulnerability"), people));
    let _counted = project.plan().exits(0).has("takes a paid one: `helper` (`zoe`)");
    define(&project, &assigned(&role("helper", "guest", "read_virtual_registry"), people));
    let _free = project.plan().exits(0).lacks("Seats:");
    let link = "  - { role: helper, saml_groups: [eng], scope: { group: acme } }\n";
    define(&project, &assigned(&role("helper", "reporter", "admin_merge_request"), link));
    let _many = project
        .plan()
        .exits(0)
        .has("everybody who comes by these groups takes a paid one")
        .has("`helper` (`eng`)");
}

#[test]
fn a_seat_becomes_free_only_where_nothing_else_takes_it() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: remove_member");
    project.config_also("guards: { max_unassigns: \"100%\" }\n");
    project.commit("guards");
    let helper = role("helper", "reporter", "admin_merge_request");
    let one = "  - { role: helper, users: [mira], scope: { group: acme } }\n";
    let two = "  - { role: helper, users: [mira], scope: { project: acme/platform/api } }\n";
    define(&project, &assigned(&helper, &format!("{one}{two}")));
    let _given = project.apply().exits(0);
    project.commit("given");
    define(&project, &assigned(&helper, one));
    let _last = project.plan().lacks("may free a paid one");
    define(&project, &format!("roles:\n{helper}"));
    let _free = project
        .plan()
        .has("Seats: `mira` may free a paid one")
        .has("only the places of the definitions, and the groups above them, were read");
}

#[test]
fn a_role_that_comes_to_take_a_seat_says_so() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    define(&project, &format!("roles:\n{}", role("helper", "guest", "read_code")));
    let _made = project.apply().exits(0);
    project.commit("made");
    define(&project, &format!("roles:\n{}", role("helper", "guest", "read_code, read_vulnerability")));
    let _takes = project.plan().exits(0).has("everybody who holds it takes a paid seat from then on");
    let _changed = project.apply().exits(0);
    project.commit("changed");
    define(&project, &format!("roles:\n{}", role("helper", "guest", "read_code")));
    let _frees = project.plan().exits(0).has("nobody takes a paid seat for it any longer");
}
