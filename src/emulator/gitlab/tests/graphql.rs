//! GraphQL: the language, the queries and the mutations.

use super::*;

#[tokio::test]
async fn fields_come_under_their_aliases_through_fragments_and_directives() {
    let (_running, client) = group().await;
    let body = graphql(
        &client,
        r#"query Roles($path: ID!, $no: Boolean = false) {
          acme: group(fullPath: $path) {
            __typename
            ...Named
            ... on Group { memberRoles(first: 1) { edges { cursor node { id } } nodes { name usersCount } } }
            id @include(if: $no)
            path @skip(if: true)
          }
        }
        fragment Named on Group { fullPath name }"#,
        json!({ "path": "acme" }),
    )
    .await;
    let expected = json!({ "acme": {
        "__typename": "Group", "fullPath": "acme", "name": "Acme",
        "memberRoles": {
            "edges": [{ "cursor": "MQ", "node": { "id": "gid://gitlab/MemberRole/52" } }],
            "nodes": [{ "name": "Release approver", "usersCount": 1 }],
        },
    } });
    assert_eq!(body, json!({ "data": expected }));
}

#[tokio::test]
async fn pages_lead_forth_and_back() {
    let (_running, client) = group().await;
    let query = r#"query($f: Int, $a: String, $l: Int, $b: String) { memberRolePermissions(first: $f, after: $a, last: $l, before: $b) {
        nodes { value } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"#;
    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = graphql(&client, query, json!({ "f": 15, "a": after })).await;
        let page = &page["data"]["memberRolePermissions"];
        seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["value"].clone()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen.len(), 39, "41 abilities, of which two have their flags off");
    let page = graphql(&client, query, json!({ "l": 2, "b": after })).await;
    let page = &page["data"]["memberRolePermissions"];
    assert_eq!(page["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(page["nodes"][1]["value"], seen[28]);
    assert_eq!(page["pageInfo"]["hasPreviousPage"], true);
    let page = graphql(&client, query, json!({ "a": "nonsense" })).await;
    assert_eq!(errors(&page), ["Please provide a valid cursor"]);
    assert_eq!(page["data"]["memberRolePermissions"], Value::Null);
}

#[tokio::test]
async fn what_a_query_gets_wrong_is_said_and_nothing_is_done() {
    let (_running, client) = group().await;
    for (query, text) in [
        ("{ group(fullPath: \"acme\") { colour } }", "Field 'colour' doesn't exist on type 'Group'"),
        ("{ group { id } }", "Field 'group' is missing required arguments: fullPath"),
        ("{ group(fullPath: \"acme\", x: 1) { id } }", "Field 'group' doesn't accept argument 'x'"),
        ("{ group(fullPath: \"acme\") }", "Field must have selections"),
        ("{ group(fullPath: \"acme\") { id { x } } }", "Selections can't be made on scalars"),
        ("{ group(fullPath: true) { id } }", "has an invalid value (true). Expected type 'ID!'."),
        ("{ group(fullPath: $p) { id } }", "Variable $p is used by anonymous query but not declared"),
        (
            "query Q($p: ID!) { group(fullPath: \"acme\") { id } }",
            "Variable $p is declared by Q but not used",
        ),
        (
            "query($p: String!) { group(fullPath: $p) { id } }",
            "Type mismatch on variable $p and argument fullPath (String! / ID!)",
        ),
        ("{ group(fullPath: \"acme\") { ...F } }", "Fragment F was used, but not defined"),
        ("{ __typename } fragment F on Group { id }", "Fragment F was defined, but not used"),
        (
            "{ group(fullPath: \"acme\") { ...F } } fragment F on Group { id ...G } fragment G on Group { ...F }",
            "contains an infinite loop",
        ),
        (
            "{ group(fullPath: \"acme\") { ... on Project { id } } }",
            "Fragment on Project can't be spread inside Group",
        ),
        (
            "{ a: group(fullPath: \"acme\") { id } a: group(fullPath: \"partners\") { id } }",
            "Field 'a' has a field conflict",
        ),
        ("{ group(fullPath: \"acme\") { id @what } }", "Directive @what is not defined"),
        (
            "mutation { memberRoleDelete(input: { id: \"14\" }) { errors } }",
            "has an invalid value (\"14\"). Expected type 'MemberRoleID!'.",
        ),
        (
            "mutation { memberRoleDelete(input: {}) { errors } }",
            "Argument 'id' on InputObject 'MemberRoleDeleteInput' is required",
        ),
        (
            "mutation { memberRoleCreate(input: { baseAccessLevel: OWNER }) { errors } }",
            "has an invalid value (OWNER)",
        ),
        ("{ group(", "Parse error at 1:"),
        ("", "No query string was present"),
        ("query A { __typename } query B { __typename }", "An operation name is required: A, B"),
        ("subscription { x }", "not configured for subscriptions"),
    ] {
        let body = graphql(&client, query, json!({})).await;
        assert!(errors(&body).iter().any(|error| error.contains(text)), "{query}: {body}");
        assert!(body.get("data").is_none(), "{query}: {body}");
    }
    let deep = format!("{{ group(fullPath: \"acme\") {} {} }}", "{ x ".repeat(1500), "}".repeat(1500));
    assert!(!errors(&graphql(&client, &deep, json!({})).await).is_empty());
    let wide = format!("{{ group(fullPath: \"acme\") {{ {} }} }}", "id ".repeat(300));
    let body = graphql(&client, &wide, json!({})).await;
    assert!(errors(&body)[0].contains("exceeds max complexity of 250"), "{body}");
    let long = format!("{{ __typename }} # {}", "x".repeat(10_000));
    assert_eq!(errors(&graphql(&client, &long, json!({})).await), ["Query too large"]);
    // Each fragment doubles the one before it.
    let mut doubling = "{ group(fullPath: \"acme\") { ...F0 } }".to_owned();
    for number in 0..60 {
        doubling += &format!(" fragment F{number} on Group {{ ...F{0} ...F{0} }}", number + 1);
    }
    doubling += " fragment F60 on Group { id }";
    assert!(errors(&graphql(&client, &doubling, json!({})).await)[0].contains("complexity"));
}

#[tokio::test]
async fn a_wrong_variable_is_refused_with_its_place() {
    let (_running, client) = group().await;
    let create = "mutation($i: MemberRoleCreateInput!) { memberRoleCreate(input: $i) { errors } }";
    let body = graphql(
        &client,
        create,
        json!({ "i": { "baseAccessLevel": "OWNER", "permissions": ["READ_CODE", "FLY"], "colour": 1 } }),
    )
    .await;
    let error = &body["errors"][0];
    let text = error["message"].as_str().unwrap();
    assert!(
        text.starts_with("Variable $i of type MemberRoleCreateInput! was provided invalid value for "),
        "{text}"
    );
    let paths: Vec<&Value> =
        error["extensions"]["problems"].as_array().unwrap().iter().map(|problem| &problem["path"]).collect();
    assert_eq!(paths, [&json!(["colour"]), &json!(["baseAccessLevel"]), &json!(["permissions", 1])]);
    let body = graphql(&client, create, json!({})).await;
    assert_eq!(
        body["errors"][0]["extensions"]["problems"][0]["explanation"],
        "Expected value to not be null"
    );
    let delete = "mutation($id: MemberRoleID!) { memberRoleDelete(input: { id: $id }) { errors } }";
    for (id, text) in [
        ("51", "\"51\" is not a valid GitLab ID."),
        ("gid://gitlab/User/1", "\"gid://gitlab/User/1\" does not represent an instance of MemberRole"),
    ] {
        let body = graphql(&client, delete, json!({ "id": id })).await;
        assert_eq!(body["errors"][0]["extensions"]["problems"][0]["explanation"], text);
    }
}

#[tokio::test]
async fn mutations_of_one_request_are_done_one_after_the_other() {
    let (_running, client) = group().await;
    let body = graphql(
        &client,
        r#"mutation {
          one: memberRoleCreate(input: { groupPath: "acme", baseAccessLevel: GUEST, name: "A", permissions: [READ_CODE] }) {
            errors memberRole { name membersCount enabledPermissions { nodes { value requirements } } } }
          two: memberRoleCreate(input: { groupPath: "acme", baseAccessLevel: GUEST, name: "A", permissions: READ_CODE }) {
            errors memberRole { id } }
          three: memberRoleDelete(input: { id: "gid://gitlab/MemberRole/4711" }) { errors }
        }"#,
        json!({}),
    )
    .await;
    let data = &body["data"];
    assert_eq!(data["one"]["memberRole"]["enabledPermissions"]["nodes"][0]["value"], "READ_CODE");
    assert_eq!(data["two"], json!({ "errors": ["Name has already been taken"], "memberRole": null }));
    assert_eq!(data["three"], Value::Null);
    assert_eq!(body["errors"][0]["path"], json!(["three"]));
    let (_, list) = client.get("/api/v4/groups/84/member_roles").await;
    assert_eq!(list.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn an_update_replaces_permissions_and_merges_the_rest() {
    let (_running, client) = group().await;
    let update = "mutation($i: MemberRoleUpdateInput!) { memberRoleUpdate(input: $i) { errors memberRole { name description enabledPermissions { nodes { value } } } } }";
    let id = "gid://gitlab/MemberRole/51";
    let body =
        graphql(&client, update, json!({ "i": { "id": id, "permissions": ["READ_DEPENDENCY"] } })).await;
    let role = &body["data"]["memberRoleUpdate"]["memberRole"];
    assert_eq!(
        (&role["name"], &role["description"]),
        (&json!("Security reader"), &json!("Sees vulnerabilities and code"))
    );
    assert_eq!(role["enabledPermissions"]["nodes"], json!([{ "value": "READ_DEPENDENCY" }]));
    let body = graphql(&client, update, json!({ "i": { "id": id, "name": "New" } })).await;
    let done = &body["data"]["memberRoleUpdate"];
    assert_eq!(done["errors"], json!(["Cannot create a member role with no enabled permissions"]));
    assert_eq!(done["memberRole"]["name"], "Security reader");
    let body =
        graphql(&client, update, json!({ "i": { "id": id, "name": null, "permissions": ["READ_CODE"] } }))
            .await;
    assert_eq!(body["data"]["memberRoleUpdate"]["errors"], json!(["Name can't be blank"]));
    let body = graphql(&client, update, json!({ "i": { "id": id } })).await;
    assert_eq!(errors(&body), ["The list of member_role attributes is empty"]);
    let long = json!({ "i": { "id": id, "description": "x".repeat(256), "permissions": ["READ_CODE"] } });
    assert_eq!(errors(&graphql(&client, update, long).await), ["Internal server error"]);
}

#[tokio::test]
async fn roles_are_read_by_members_and_by_nobody_else() {
    let (running, client) = group().await;
    let query = "{ group(fullPath: \"acme\") { memberRoles { nodes { id } } } }";
    let count = |body: &Value| body["data"]["group"]["memberRoles"]["nodes"].as_array().map(Vec::len);
    let developer = as_user(&running, "glpat-acme-developer");
    assert_eq!(count(&graphql(&developer, query, json!({})).await), Some(2));
    assert_eq!(count(&graphql(&as_user(&running, ""), query, json!({})).await), None);
    let body = graphql(&client, "{ memberRoles { nodes { id } } }", json!({})).await;
    assert_eq!(errors(&body), ["Internal server error"], "gitlab.com wants ids");
    let ids = "{ memberRoles(ids: [\"gid://gitlab/MemberRole/51\"]) { nodes { name } } }";
    assert_eq!(
        graphql(&client, ids, json!({})).await["data"]["memberRoles"]["nodes"][0]["name"],
        "Security reader"
    );
    let delete = "mutation { memberRoleDelete(input: { id: \"gid://gitlab/MemberRole/51\" }) { errors } }";
    let body = graphql(&developer, delete, json!({})).await;
    assert!(errors(&body)[0].starts_with("The resource that you are attempting to access"), "{body}");
    client.patch("/_dashboard/switches", json!({ "licence": "none" })).await;
    assert_eq!(count(&graphql(&client, query, json!({})).await), Some(0));
}

#[tokio::test]
async fn a_bad_token_is_refused_before_the_query_is_read() {
    let (running, client) = with(|seed| seed["any_token"] = json!(false), &[]).await;
    let stranger = as_user(&running, "glpat-stranger");
    let (status, body) = stranger.post("/api/graphql", json!({ "query": "{" })).await;
    assert_eq!((status, errors(&body)), (401, vec!["Invalid token".to_owned()]));
    client.patch("/_dashboard/switches", json!({ "graphql_bad_token": "message" })).await;
    let (_, body) = stranger.post("/api/graphql", json!({ "query": "{" })).await;
    assert_eq!(message(&body), "401 Unauthorized");
    let reader = as_user(&running, "glpat-acme-reader");
    let delete = "mutation { memberRoleDelete(input: { id: \"gid://gitlab/MemberRole/51\" }) { errors } }";
    assert_eq!(reader.post("/api/graphql", json!({ "query": delete })).await.0, 403);
}

#[tokio::test]
async fn admin_roles_are_given_to_users_and_to_ldap_groups() {
    let (_running, client) = instance(&[]).await;
    let create = "mutation { memberRoleAdminCreate(input: { name: \"Watcher\", permissions: [READ_ADMIN_CICD] }) { errors memberRole { id __typename } } }";
    let made = graphql(&client, create, json!({})).await;
    let made = &made["data"]["memberRoleAdminCreate"]["memberRole"];
    assert_eq!(made["__typename"], "AdminMemberRole");
    let link = "mutation($r: MemberRoleID!) { ldapAdminRoleLinkCreate(input: { adminMemberRoleId: $r, provider: \"main\", cn: \"ops\" }) { errors ldapAdminRoleLink { id cn adminMemberRole { name } } } }";
    let linked = graphql(&client, link, json!({ "r": made["id"] })).await;
    let linked = &linked["data"]["ldapAdminRoleLinkCreate"]["ldapAdminRoleLink"];
    assert_eq!(linked["adminMemberRole"]["name"], "Watcher");
    let remove = "mutation($r: MemberRoleID!) { memberRoleAdminDelete(input: { id: $r }) { errors } }";
    let refused = graphql(&client, remove, json!({ "r": made["id"] })).await;
    let refused = &refused["data"]["memberRoleAdminDelete"]["errors"][0];
    assert!(refused.as_str().unwrap().contains("LDAP synchronizations"), "{refused}");
    let destroy =
        "mutation($l: AuthzLdapAdminRoleLinkID!) { ldapAdminRoleLinkDestroy(input: { id: $l }) { errors } }";
    graphql(&client, destroy, json!({ "l": linked["id"] })).await;
    let listed = "{ adminMemberRoles { nodes { name usersCount ldapAdminRoleLinks { nodes { cn } } } } adminMemberRolePermissions { nodes { value } } }";
    let listed = graphql(&client, listed, json!({})).await;
    let expected = json!([{ "name": "Watcher", "usersCount": 0, "ldapAdminRoleLinks": { "nodes": [] } }]);
    assert_eq!(listed["data"]["adminMemberRoles"]["nodes"], expected);
    assert_eq!(listed["data"]["adminMemberRolePermissions"]["nodes"].as_array().unwrap().len(), 6);
    client.patch("/_dashboard/switches", json!({ "custom_admin_roles": "off" })).await;
    let off = graphql(&client, create, json!({})).await;
    assert_eq!(errors(&off), ["`custom_admin_roles` feature flag is disabled."]);
}
