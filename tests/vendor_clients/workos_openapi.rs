//! Every answer of the WorkOS emulator is one that WorkOS's own OpenAPI document describes.

use std::{collections::BTreeSet, env, fs};

use rolecall::emulator::{self, Options};
use serde_json::{Value, json};

/// Names the vendor's OpenAPI document, as YAML.
const DOCUMENT: &str = "ROLECALL_WORKOS_OPENAPI";
/// Paths of the document that are about something else.
const ELSEWHERE: [&str; 2] = ["data_integration_configurations", "authorized_applications"];

const MEMBERSHIPS: &str = "/user_management/organization_memberships";
const ROLES: &str = "/authorization/roles";
const OF_ORG: &str = "/authorization/organizations/{organizationId}/roles";
const PERMISSIONS: &str = "/authorization/permissions";
const ASSIGNED: &str =
    "/authorization/organization_memberships/{organization_membership_id}/role_assignments";
const GROUPS: &str = "/organizations/{organizationId}/groups";
const GROUP_ROLES: &str = "/authorization/groups/{group_id}/role_assignments";

/// Sends requests and holds each answer against the document.
struct Checker {
    http: reqwest::Client,
    url: String,
    document: Value,
    /// Operations that were answered with success.
    done: BTreeSet<String>,
    wrong: Vec<String>,
}

impl Checker {
    /// Sends a request to a path of the document, whose parameters (and query) are filled in order.
    async fn send(
        &mut self,
        method: &str,
        template: &str,
        parameters: &[&str],
        body: Value,
        expected: u16,
    ) -> Value {
        let mut parameters = parameters.iter();
        let mut path = String::new();
        for segment in template.split('/').skip(1) {
            let filled = segment.starts_with('{').then(|| parameters.next().expect("a parameter"));
            path.push('/');
            path.push_str(filled.copied().unwrap_or(segment));
        }
        let query = parameters.next().copied().unwrap_or_default();
        let mut request = self
            .http
            .request(method.parse().expect("a method"), format!("{}{path}{query}", self.url))
            .bearer_auth("sk_test_acme");
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        let answer: Value =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        let place = format!("{method} {path}{query}: {status} {text}");
        assert_eq!(status, expected, "{place}");
        self.hold(method, template, status, &answer, &place);
        answer
    }

    fn hold(&mut self, method: &str, template: &str, status: u16, answer: &Value, place: &str) {
        let operation = &self.document["paths"][template][method.to_lowercase()];
        let Some(response) = operation["responses"].get(status.to_string()) else {
            self.wrong.push(format!("{place}: the status is not documented"));
            return;
        };
        if status < 300 {
            self.done.insert(format!("{method} {template}"));
        }
        let schema = response.pointer("/content/application~1json/schema");
        match schema {
            None if answer.is_null() => {}
            None => self.wrong.push(format!("{place}: no body is documented")),
            Some(schema) => {
                let schema = json!({
                    "$schema": "https://json-schema.org/draft/2020-12/schema",
                    "components": self.document["components"], "allOf": [schema],
                });
                let validator =
                    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema");
                for error in validator.iter_errors(answer) {
                    self.wrong.push(format!("{place}: {error} at {}", error.instance_path()));
                }
            }
        }
    }

    async fn permissions(&mut self) {
        let one = "/authorization/permissions/{slug}";
        let new = json!({ "slug": "a:b*", "name": "A", "description": "x" });
        self.send("GET", PERMISSIONS, &["?limit=3&order=asc"], Value::Null, 200).await;
        self.send("POST", PERMISSIONS, &[], new.clone(), 201).await;
        self.send("POST", PERMISSIONS, &[], new, 409).await;
        self.send("POST", PERMISSIONS, &[], json!({ "slug": "A", "name": "A" }), 422).await;
        let unknown = json!({ "slug": "c", "name": "A", "resource_type_slug": "nothing" });
        self.send("POST", PERMISSIONS, &[], unknown, 404).await;
        self.send("GET", one, &["a%3Ab*"], Value::Null, 200).await;
        self.send("GET", one, &["nothing"], Value::Null, 404).await;
        self.send("PATCH", one, &["a:b*"], json!({ "description": null }), 200).await;
        self.send("PATCH", one, &["a:b*"], json!({ "name": "x".repeat(49) }), 422).await;
        self.send("PATCH", one, &["widgets:sso:manage"], json!({ "name": "x" }), 403).await;
        self.send("PATCH", one, &["nothing"], json!({ "name": "x" }), 404).await;
        self.send("DELETE", one, &["widgets:sso:manage"], Value::Null, 403).await;
        self.send("DELETE", one, &["a:b*"], Value::Null, 204).await;
        self.send("DELETE", one, &["a:b*"], Value::Null, 404).await;
    }

    async fn roles(&mut self) {
        let one = "/authorization/roles/{slug}";
        let set = "/authorization/roles/{slug}/permissions";
        let new = json!({ "slug": "auditor", "name": "Auditor" });
        self.send("GET", ROLES, &[], Value::Null, 200).await;
        self.send("POST", ROLES, &[], new.clone(), 201).await;
        self.send("POST", ROLES, &[], new, 409).await;
        self.send("POST", ROLES, &[], json!({ "name": "x" }), 422).await;
        self.send("GET", one, &["auditor"], Value::Null, 200).await;
        self.send("GET", one, &["nothing"], Value::Null, 404).await;
        self.send("PATCH", one, &["auditor"], json!({ "description": "Reads" }), 200).await;
        self.send("PATCH", one, &["auditor"], json!({ "name": 1 }), 422).await;
        self.send("PATCH", one, &["nothing"], json!({ "name": "x" }), 404).await;
        self.send("PUT", set, &["auditor"], json!({ "permissions": ["billing:read"] }), 200).await;
        self.send("PUT", set, &["auditor"], json!({ "permissions": ["nothing"] }), 404).await;
        self.send("PUT", set, &["auditor"], json!({ "permissions": ["project:read"] }), 422).await;
        self.send("POST", set, &["auditor"], json!({ "slug": "billing:write" }), 200).await;
        self.send("POST", set, &["auditor"], json!({}), 422).await;
    }

    async fn organization_roles(&mut self) {
        let one = "/authorization/organizations/{organizationId}/roles/{slug}";
        let set = "/authorization/organizations/{organizationId}/roles/{slug}/permissions";
        let held = "/authorization/organizations/{organizationId}/roles/{slug}/permissions/{permissionSlug}";
        let new = json!({ "slug": "org-auditor", "name": "Auditor", "description": null });
        self.send("GET", OF_ORG, &["org_acme"], Value::Null, 200).await;
        self.send("GET", OF_ORG, &["org_nothing"], Value::Null, 404).await;
        self.send("POST", OF_ORG, &["org_acme"], new.clone(), 201).await;
        self.send("POST", OF_ORG, &["org_acme"], new, 409).await;
        self.send("POST", OF_ORG, &["org_acme"], json!({ "slug": "auditor", "name": "x" }), 422).await;
        let role = ["org_acme", "org-auditor"];
        self.send("GET", one, &role, Value::Null, 200).await;
        self.send("GET", one, &["org_acme", "member"], Value::Null, 200).await;
        self.send("GET", one, &["org_acme", "nothing"], Value::Null, 404).await;
        self.send("PATCH", one, &role, json!({ "name": "B" }), 200).await;
        self.send("PATCH", one, &role, json!({ "name": "" }), 422).await;
        self.send("PATCH", one, &["org_acme", "member"], json!({ "name": "x" }), 404).await;
        self.send("PUT", set, &role, json!({ "permissions": ["billing:read"] }), 200).await;
        self.send("PUT", set, &role, json!({ "permissions": ["nothing"] }), 404).await;
        self.send("PUT", set, &role, json!({ "permissions": "nothing" }), 422).await;
        self.send("POST", set, &role, json!({ "slug": "billing:write" }), 200).await;
        let third = ["org_acme", "org-auditor", "billing:write"];
        self.send("DELETE", held, &third, Value::Null, 200).await;
        self.send("DELETE", held, &third, Value::Null, 404).await;
        self.send("DELETE", one, &["org_acme", "org-billing-admin"], Value::Null, 409).await;
        self.send("DELETE", one, &role, Value::Null, 204).await;
        self.send("DELETE", one, &role, Value::Null, 404).await;
    }

    async fn organizations(&mut self) {
        let (all, one) = ("/organizations", "/organizations/{id}");
        let external = "/organizations/external_id/{external_id}";
        self.send("GET", all, &["?limit=2"], Value::Null, 200).await;
        self.send("GET", all, &["?limit=0"], Value::Null, 422).await;
        let new = json!({ "name": "Hooli", "external_id": "hooli", "domains": ["hooli.example.test"] });
        let made = self.send("POST", all, &[], new.clone(), 201).await;
        let id = made["id"].as_str().expect("an id");
        self.send("POST", all, &[], new, 400).await;
        let metadata = json!({ "name": "x", "metadata": { "a": "x".repeat(601) } });
        self.send("POST", all, &[], metadata, 400).await;
        self.send("POST", all, &[], json!({ "name": "x", "domains": ["hooli.example.test"] }), 409).await;
        self.send("POST", all, &[], json!({}), 422).await;
        self.send("GET", external, &["acme"], Value::Null, 200).await;
        self.send("GET", external, &["nothing"], Value::Null, 404).await;
        self.send("GET", one, &[id], Value::Null, 200).await;
        self.send("GET", one, &["org_nothing"], Value::Null, 404).await;
        self.send("PUT", one, &[id], json!({ "stripe_customer_id": "cus_1" }), 200).await;
        self.send("PUT", one, &["org_acme"], json!({ "stripe_customer_id": "cus_1" }), 400).await;
        self.send("PUT", one, &[id], json!({ "name": "" }), 422).await;
        self.send("PUT", one, &["org_nothing"], json!({}), 404).await;
        self.send("DELETE", one, &[id], Value::Null, 202).await;
    }

    async fn memberships(&mut self) {
        let one = "/user_management/organization_memberships/{id}";
        let groups = "/user_management/organization_memberships/{omId}/groups";
        let (off, on) = (format!("{one}/deactivate"), format!("{one}/reactivate"));
        let of_globex = "?organization_id=org_globex&statuses=active,inactive,pending&limit=2";
        self.send("GET", MEMBERSHIPS, &[of_globex], Value::Null, 200).await;
        self.send("GET", MEMBERSHIPS, &[], Value::Null, 400).await;
        self.send("GET", MEMBERSHIPS, &["?user_id=user_ada&statuses=x"], Value::Null, 400).await;
        self.send("GET", MEMBERSHIPS, &["?organization_id=org_nothing"], Value::Null, 404).await;
        let new = |role: Value| {
            let mut new = json!({ "user_id": "user_ada", "organization_id": "org_globex" });
            new.as_object_mut().expect("an object").extend(role.as_object().expect("an object").clone());
            new
        };
        for role in [
            json!({ "role_slug": "nothing" }),
            json!({ "role_slug": "project-editor" }),
            json!({ "role_slugs": ["admin", "member"] }),
            json!({ "role_slug": "admin", "role_slugs": ["admin"] }),
        ] {
            self.send("POST", MEMBERSHIPS, &[], new(role.clone()), 422).await;
            self.send("PUT", one, &["om_acme_mira"], role, 422).await;
        }
        let pending = json!({ "user_id": "user_nia", "organization_id": "org_globex" });
        self.send("POST", MEMBERSHIPS, &[], pending, 400).await;
        let nobody = json!({ "user_id": "user_nothing", "organization_id": "org_globex" });
        self.send("POST", MEMBERSHIPS, &[], nobody, 404).await;
        let made = self.send("POST", MEMBERSHIPS, &[], new(json!({ "role_slugs": ["admin"] })), 201).await;
        let id = made["id"].as_str().expect("an id");
        self.send("POST", MEMBERSHIPS, &[], new(json!({})), 422).await;
        self.send("GET", one, &[id], Value::Null, 200).await;
        self.send("GET", one, &["om_nothing"], Value::Null, 404).await;
        self.send("PUT", one, &[id], json!({ "role_slug": "member" }), 200).await;
        self.send("PUT", one, &["om_nothing"], json!({}), 404).await;
        for (path, nothing) in [(&off, "om_globex_nia"), (&on, "om_globex_nia")] {
            self.send("PUT", path, &[id], Value::Null, 200).await;
            self.send("PUT", path, &[nothing], Value::Null, 400).await;
            self.send("PUT", path, &["om_nothing"], Value::Null, 404).await;
        }
        self.send("GET", groups, &["om_acme_okan"], Value::Null, 200).await;
        self.send("GET", groups, &["om_nothing"], Value::Null, 404).await;
        self.send("DELETE", one, &[id], Value::Null, 200).await;
        self.send("DELETE", one, &[id], Value::Null, 404).await;
    }

    async fn assignments(&mut self) {
        let one = "/authorization/organization_memberships/{organization_membership_id}/role_assignments/{role_assignment_id}";
        let on = "/authorization/resources/{resource_id}/role_assignments";
        let named = "/authorization/organizations/{organization_id}/resources/{resource_type_slug}/{external_id}/role_assignments";
        let by_id = json!({ "role_slug": "project-editor", "resource_id": "authz_resource_apollo" });
        let by_name = json!({
            "role_slug": "project-editor", "resource_external_id": "apollo", "resource_type_slug": "project",
        });
        let member = "om_acme_mira";
        let made = self.send("POST", ASSIGNED, &[member], by_id.clone(), 201).await;
        self.send("POST", ASSIGNED, &["om_nothing"], by_id.clone(), 404).await;
        let wrong = json!({ "role_slug": "admin", "resource_id": "authz_resource_apollo" });
        self.send("POST", ASSIGNED, &[member], wrong, 422).await;
        self.send("GET", ASSIGNED, &[member, "?limit=1"], Value::Null, 200).await;
        self.send("GET", ASSIGNED, &["om_nothing"], Value::Null, 404).await;
        self.send("GET", on, &["authz_resource_apollo"], Value::Null, 200).await;
        self.send("GET", on, &["authz_resource_nothing"], Value::Null, 404).await;
        self.send("GET", named, &["org_acme", "project", "apollo"], Value::Null, 200).await;
        self.send("GET", named, &["org_acme", "project", "nothing"], Value::Null, 404).await;
        let id = made["id"].as_str().expect("an id");
        self.send("DELETE", one, &[member, id], Value::Null, 204).await;
        self.send("DELETE", one, &[member, id], Value::Null, 404).await;
        self.send("POST", ASSIGNED, &[member], by_name.clone(), 201).await;
        self.send("DELETE", ASSIGNED, &[member], by_name, 204).await;
        self.send("DELETE", ASSIGNED, &[member], by_id, 404).await;
        self.send("DELETE", ASSIGNED, &[member], json!({ "role_slug": "x" }), 422).await;
    }

    async fn groups(&mut self) {
        let one = "/organizations/{organizationId}/groups/{groupId}";
        let members = "/organizations/{organizationId}/groups/{groupId}/organization-memberships";
        let member = "/organizations/{organizationId}/groups/{groupId}/organization-memberships/{omId}";
        self.send("GET", GROUPS, &["org_acme"], Value::Null, 200).await;
        self.send("GET", GROUPS, &["org_nothing"], Value::Null, 404).await;
        let made = self.send("POST", GROUPS, &["org_acme"], json!({ "name": "Finance" }), 201).await;
        self.send("POST", GROUPS, &["org_acme"], json!({}), 422).await;
        let id = made["id"].as_str().expect("an id");
        let group = ["org_acme", id];
        self.send("GET", one, &group, Value::Null, 200).await;
        self.send("GET", one, &["org_globex", id], Value::Null, 404).await;
        self.send("PATCH", one, &group, json!({ "description": "Counts" }), 200).await;
        self.send("PATCH", one, &group, json!({ "description": "x".repeat(151) }), 422).await;
        let mira = json!({ "organization_membership_id": "om_acme_mira" });
        self.send("POST", members, &group, mira, 200).await;
        self.send("POST", members, &group, json!({ "organization_membership_id": "om_nothing" }), 404).await;
        self.send("GET", members, &group, Value::Null, 200).await;
        self.group_roles(id).await;
        self.send("DELETE", member, &["org_acme", id, "om_acme_mira"], Value::Null, 204).await;
        self.send("DELETE", member, &["org_acme", id, "om_acme_mira"], Value::Null, 404).await;
        self.send("DELETE", one, &group, Value::Null, 204).await;
        self.send("DELETE", one, &group, Value::Null, 404).await;
    }

    async fn group_roles(&mut self, group: &str) {
        let one = "/authorization/groups/{group_id}/role_assignments/{role_assignment_id}";
        let admin = json!({ "role_slug": "admin" });
        let made = self.send("POST", GROUP_ROLES, &[group], admin.clone(), 201).await;
        self.send("POST", GROUP_ROLES, &[group], admin.clone(), 409).await;
        self.send("POST", GROUP_ROLES, &[group], json!({ "role_slug": "nothing" }), 404).await;
        self.send("POST", GROUP_ROLES, &[group], json!({}), 422).await;
        self.send("GET", GROUP_ROLES, &[group], Value::Null, 200).await;
        self.send("GET", GROUP_ROLES, &["group_nothing"], Value::Null, 404).await;
        // What comes through the group is shown at its member.
        let held = self.send("GET", ASSIGNED, &["om_acme_mira"], Value::Null, 200).await;
        let sources = held["data"].as_array().expect("a list").iter().map(|held| &held["source"]["type"]);
        assert!(sources.into_iter().any(|source| source == "group"), "{held}");
        let id = made["id"].as_str().expect("an id");
        self.send("GET", one, &[group, id], Value::Null, 200).await;
        let wanted = json!({ "role_assignments": [admin, { "role_slug": "member" }] });
        self.send("PUT", GROUP_ROLES, &[group], wanted, 200).await;
        self.send("PUT", GROUP_ROLES, &[group], json!({ "role_assignments": 1 }), 422).await;
        self.send("DELETE", GROUP_ROLES, &[group], json!({ "role_slug": "member" }), 204).await;
        self.send("DELETE", GROUP_ROLES, &[group], json!({ "role_slug": "member" }), 404).await;
        self.send("DELETE", one, &[group, id], Value::Null, 204).await;
        self.send("DELETE", one, &[group, id], Value::Null, 404).await;
    }
}

/// The document requires `list_metadata` of organizations twice, which JSON Schema does not allow.
fn name_required_once(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(name_required_once),
        Value::Object(fields) => {
            if let Some(Value::Array(required)) = fields.get_mut("required") {
                let mut seen = BTreeSet::new();
                required.retain(|name| seen.insert(name.to_string()));
            }
            fields.values_mut().for_each(name_required_once);
        }
        _ => {}
    }
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that is skipped must say so")]
async fn every_answer_is_one_that_the_document_describes() {
    let Some(path) = env::var_os(DOCUMENT) else {
        eprintln!("SKIPPED: set {DOCUMENT} to WorkOS's OpenAPI document (YAML)");
        return;
    };
    let mut document: Value =
        serde_yaml::from_str(&fs::read_to_string(path).expect("the document")).expect("YAML");
    name_required_once(&mut document);
    let running = emulator::start(Options::new("workos")).await.expect("it starts");
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut checker =
        Checker { http, url: running.url(), document, done: BTreeSet::new(), wrong: Vec::new() };
    checker.permissions().await;
    checker.roles().await;
    checker.organization_roles().await;
    checker.organizations().await;
    checker.memberships().await;
    checker.assignments().await;
    checker.groups().await;
    assert!(checker.wrong.is_empty(), "{}", checker.wrong.join("\n"));
    let operations = checker.document["paths"].as_object().expect("paths").iter();
    let missed: Vec<String> = operations
        .filter(|(path, _)| !ELSEWHERE.iter().any(|word| path.contains(word)))
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("an object").keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .filter(|operation| !operation.starts_with("PARAMETERS") && !checker.done.contains(operation))
        .collect();
    assert!(missed.is_empty(), "these operations were never answered with success: {missed:?}");
}
