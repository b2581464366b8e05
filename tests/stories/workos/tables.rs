//! People from tables.

use super::{define, emulator, held_by, project};

const DESK: &str = "roles:\n  org-desk: { name: Desk, description: Sits there, scope: { organization: \"external:acme\" }, permissions: [\"reports:read\"] }\n";

fn assignment(column: &str, more: &str) -> String {
    format!(
        "{DESK}assignments:\n  - role: org-desk\n    scope: {{ organization: \"external:acme\" }}\n    users_from: {{ file: people.csv, column: {column} }}\n{more}"
    )
}

#[test]
fn a_column_of_addresses_and_a_column_of_ids_mean_the_same_people() {
    let emulator = emulator();
    let project = project(&emulator, "");
    project.write(
        "people.csv",
        "name,mail,workos\nMira,email:mira@acme.example.test,id:user_mira\nLena,email:lena@acme.example.test,id:user_lena\n",
    );
    define(&project, &assignment("mail", ""));
    project.commit("people");
    let plan = |column: &str| {
        define(&project, &assignment(column, ""));
        let plan = project.run("plan --format json").exits(0).json();
        let changes = plan["targets"][0]["changes"].as_array().cloned().unwrap_or_default();
        changes.iter().map(|change| change["address"].to_string()).collect::<Vec<_>>()
    };
    let (by_mail, by_id) = (plan("mail"), plan("workos"));
    assert_eq!(by_mail, by_id);
    assert_eq!(by_mail.len(), 3, "{by_mail:?}");
    let _given = project.apply().exits(0);
    assert_eq!(held_by(&emulator, "om_acme_mira"), "org-desk");
    assert_eq!(held_by(&emulator, "om_acme_lena"), "org-desk");
    project.is_in_place();
    // Beside a list of its own.
    define(&project, &assignment("workos", "    users: [\"id:user_ada\"]\n"));
    let _one = project.plan().exits(0).has("1 assignment (~1)");
}

#[test]
fn a_cell_that_names_nobody_is_an_error_with_its_line() {
    let emulator = emulator();
    let project = project(&emulator, "");
    for (cell, code, says) in [
        ("email:nobody@example.test", "RC051", "organization `org_acme` has no member `nobody@example.test`"),
        ("id:user_nobody", "RC051", "organization `org_acme` has no member `user_nobody`"),
        ("mira", "RC050", "email:mira@example.test"),
    ] {
        project.write("people.csv", &format!("name,mail\nMira,id:user_mira\nNo One,{cell}\n"));
        define(&project, &assignment("mail", ""));
        let _refused = project.plan().exits(3).has(code).has(says).has("people.csv:3:");
    }
    define(&project, &assignment("male", ""));
    let _refused = project.run("validate").exits(3).has("RC061").has("Its columns are `name` and `mail`.");
}
