//! Roles that start from another one.

use insta::assert_snapshot;

use super::{
    definitions::{definitions, plan},
    story::story,
    world::world,
};

#[test]
fn a_base_is_copied_and_some_of_it_left_out() {
    let definitions = definitions()
        .role("a", |r| r.base("builtin:admin").except(&["billing", "keys", "people"]))
        .role("b", |r| r.base("a").permissions(&["keys"]).except(&["audit"]))
        .role("c", |r| r.base("builtin:Member").permissions(&["write"]));
    assert_snapshot!(story(&world(), &definitions), @"
    create t/role/a: name a +audit +deploy +merge +read +write
    create t/role/b: name b +deploy +keys +merge +read +write
    create t/role/c: name c +read +write
    0. make a: audit deploy merge read write
    0. make b: deploy keys merge read write
    0. make c: read write
    ");
}

#[test]
fn a_built_in_base_that_moved_is_the_reason() {
    let mut world = world().role("1", "Helper", &["read", "merge"]);
    let definitions =
        definitions().role("helper", |r| r.name("Helper").base("builtin:member").permissions(&["merge"]));
    assert_snapshot!(story(&world, &definitions), @"nothing to do");
    world.roles.get_mut("member").expect("built in").permissions.insert("audit".to_owned());
    assert_snapshot!(story(&world, &definitions), @"
    update t/role/helper: +audit (base changed)
    0. set 1: [audit merge read]
    ");
    assert_snapshot!(story(&world.role("1", "Helper", &["read"]), &definitions), @"
    update t/role/helper: +audit +merge
    0. set 1: [audit merge read]
    ");
}

#[test]
fn what_a_permission_comes_from_is_in_the_document() {
    let definitions = definitions()
        .role("a", |r| r.base("builtin:member").permissions(&["merge"]).set("security", &["audit"]));
    let planned = plan(&world(), &definitions).expect("a plan");
    let document = serde_json::to_value(&planned.target().changes[0].fields).expect("JSON");
    assert_snapshot!(document[1]["added"], @r#"[{"origin":"undetermined","value":"audit","via":{"file":"roles/all.yaml","line":5,"set":"security"}},{"origin":"undetermined","value":"merge","via":{"file":"roles/all.yaml","line":4}},{"origin":"undetermined","value":"read","via":{"base":"member","file":null,"line":null}}]"#);
}

#[test]
fn an_unknown_or_unreadable_base() {
    assert_snapshot!(story(&world(), &definitions().role("a", |r| r.base("builtin:owner"))), @"RC032 Madeup has no built-in role `owner` | Built-in roles here: admin, frozen, member.");
    assert_snapshot!(story(&world(), &definitions().role("a", |r| r.base("nobody"))), @"RC030 role `nobody` is not declared");
    let hidden = world().with(|api| {
        api.unreadable.insert(("member".to_owned(), "permissions"));
    });
    assert_snapshot!(story(&hidden, &definitions().role("a", |r| r.base("builtin:member"))), @"RC032 the permissions of base role `member` cannot be read | List the permissions in the role itself instead of starting from this base.");
}

#[test]
fn an_unknown_permission_is_reported_once_for_each_place() {
    let definitions = definitions()
        .role("a", |r| r.permissions(&["reed"]))
        .role("b", |r| r.base("a").permissions(&["something else"]));
    assert_snapshot!(story(&world(), &definitions), @"
    RC035 Madeup does not know the permission `reed` | Did you mean `read`? `rolecall catalog --target t` lists them.
    RC035 Madeup does not know the permission `something else` | `rolecall catalog --target t` lists them.
    ");
}

#[test]
fn a_chain_of_bases_as_long_as_a_definition_can_be() {
    let keys: Vec<String> = (0..20_000).map(|at| format!("k{:05}", 20_000 - at)).collect();
    let mut definitions = definitions().role("k20001", |r| r.permissions(&["read"]));
    let template = definitions.desired.roles[0].clone();
    for (at, key) in keys.iter().enumerate() {
        let mut role = template.clone();
        role.key = key.as_str().into();
        role.name.value = key.as_str().into();
        role.permissions = Default::default();
        let base = keys.get(at.wrapping_sub(1)).map_or("k20001", String::as_str);
        role.base = Some(rolecall::model::config::Placed {
            value: super::definitions::role_name(base),
            site: role.site,
        });
        definitions.desired.roles.push(role);
    }
    let planned = plan(&world(), &definitions).expect("a plan");
    let all_read =
        planned.ops.iter().all(|op| super::text::operations(std::slice::from_ref(op)).ends_with(": read\n"));
    assert!(all_read && planned.ops.len() == 20_001);
}
