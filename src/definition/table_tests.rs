//! Principals from tables, from the files to what is declared.

use super::testing::*;
use crate::model::desired::Spelling;

const CONFIG: &str = "version: 1\ntargets:\n  main:\n    provider: acme\n    files: roles/*.yaml\n    settings: { org: \"88321\" }\n";

fn files(entry: &str, tables: &[(&str, &[u8])]) -> Memory {
    let text = format!("provider: acme\nassignments:\n  - role: builtin:guest\n{entry}");
    let mut files = Memory::new([("rolecall.yaml", CONFIG), ("roles/a.yaml", &*text)]);
    files.0.extend(tables.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())));
    files
}

const LOGIN: &str = "    users_from: { file: people.csv, column: login }\n";

fn said(entry: &str, table: &str) -> Vec<String> {
    lines(&load(&files(entry, &[("people.csv", table.as_bytes())])))
}

/// Who is declared, with `file:line:column` of each.
fn people(entry: &str, table: &str) -> Vec<String> {
    let loaded = load(&files(entry, &[("people.csv", table.as_bytes())]));
    assert_eq!(lines(&loaded), Vec::<String>::new(), "{table:?}");
    let desired = loaded.desired.get("main").expect("a desired state");
    let all = desired.assignments.iter().map(|one| {
        let source = loaded.sources.get(one.principal.site.source).expect("a source");
        let place = source.position(one.principal.site.start);
        let kind = match &one.principal.value {
            Spelling::Email(_) => "email:",
            Spelling::Id(_) => "id:",
            Spelling::Handle(_) => "",
        };
        format!("{kind}{} {}:{}:{}", one.principal.value.text().raw(), source.path, place.line, place.column)
    });
    all.collect()
}

#[test]
fn people_come_from_the_column_and_from_the_list_beside_it() {
    let both = format!("    users: [ben]\n{LOGIN}");
    assert_eq!(
        people(&both, "\u{feff}name,login\r\n\"Doe, Jo\",jo\r\nMira,\"id:7\"\r\n"),
        ["ben roles/a.yaml:4:13", "jo people.csv:2:11", "id:7 people.csv:3:6"]
    );
    assert_eq!(people(LOGIN, "login\n"), [""; 0]);
}

#[test]
fn what_looks_like_a_formula_is_a_text_as_every_other() {
    let wrong = said(LOGIN, "login\n=HYPERLINK(1)\n+jo\n-jo\n@jo\n");
    assert!(wrong.iter().all(|line| line.starts_with("RC050 people.csv:")), "{wrong:?}");
    assert!(wrong[0].contains("`=HYPERLINK(1)`"), "{wrong:?}");
}

#[test]
fn what_is_wrong_with_a_cell_is_said_at_the_cell() {
    assert_eq!(
        said(LOGIN, "login,n\njo,1\n\"j o\",2\njo,3\n"),
        [
            "RC050 people.csv:3:1: `j o` is no handle",
            // The duplicate is judged although another cell is wrong.
            "RC039 people.csv:4:1: this principal is in `builtin:guest` twice",
        ]
        .map(str::to_owned)
        .into_iter()
        .collect::<Vec<_>>()
    );
    let listed = format!("    users: [jo]\n{LOGIN}");
    assert_eq!(said(&listed, "login\njo\n").len(), 1);
    assert_eq!(
        said(LOGIN, "login,login\njo,mira\n"),
        ["RC061 people.csv:1:7: the table has two columns `login`"]
    );
    assert_eq!(said(LOGIN, "name;login\nJo;jo\n").len(), 1);
}

#[test]
fn what_is_no_table_is_an_error_of_the_target() {
    for (table, line) in [
        (&b""[..], "RC060 people.csv:1:1: this table has no header"),
        (b"login\n\"jo\n", "RC060 people.csv:2:1: a double quote that does not end"),
        (
            b"login\nj\xc3\n",
            "RC002 people.csv:2:2: the file is not UTF-8: line 2, column 2 (byte 7) holds 0xC3",
        ),
        ("login\njo\u{200b}\n".as_bytes(), "RC011 people.csv:2:3: U+200B is an invisible character"),
    ] {
        let loaded = load(&files(LOGIN, &[("people.csv", table)]));
        assert_eq!(lines(&loaded), [line]);
        assert!(loaded.failed.contains("main") && loaded.desired.is_empty());
    }
}

#[test]
fn a_credential_in_a_table_is_an_error_and_masked() {
    let loaded = load(&files(LOGIN, &[("people.csv", b"login,note\njo,glpat-0123456789abcdef\n")]));
    let said = lines(&loaded);
    assert!(said.iter().any(|line| line.starts_with("RC036 people.csv:2:4")), "{said:?}");
    assert!(!said.join(" ").contains("0123456789abcdef"), "{said:?}");
    assert_eq!(loaded.masked.len(), 1);
}

#[test]
fn only_csv_files_are_named_and_only_fields_that_there_are() {
    for entry in [
        "    users_from: { file: people.yaml, column: login }\n",
        "    users_from: { file: people.csv }\n",
        "    users_from: { file: people.csv, column: login, delimiter: x }\n",
        "    users_from: people.csv\n",
        "    users_from: [{ file: people.csv, column: login }]\n",
        "    groups_from: { file: people.csv, column: login }\n",
        "    from: { file: people.csv, column: login }\n",
    ] {
        let said = said(entry, "login\njo\n");
        assert!(said.iter().any(|line| line.contains("roles/a.yaml:4")), "{entry} {said:?}");
    }
    let missing = lines(&load(&files(LOGIN, &[])));
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].starts_with("RC001 roles/a.yaml:4:25"), "{missing:?}");
}

#[test]
fn what_is_no_table_is_one_problem_that_says_what_a_table_is() {
    for entry in ["    users_from: /etc/passwd\n", "    users_from: { file: /etc/passwd, column: login }\n"] {
        let loaded = load(&files(entry, &[]));
        let said = lines(&loaded);
        assert_eq!(said.len(), 1, "{said:?}");
        let help = loaded.findings[0].help.as_ref().map_or("", |help| help.raw());
        assert!(help.contains("file: PEOPLE.csv") || help.contains("ends in `.csv`"), "{help}");
    }
}

#[test]
fn an_empty_cell_is_a_lint_that_is_said_at_most_twenty_times() {
    let table = format!("name,login\n{}", "Mira,\n".repeat(30));
    let said = said(LOGIN, &table);
    assert_eq!(said.len(), 20);
    assert_eq!(
        said[19],
        "RC062 people.csv:21:6: nobody stands in the column `login` here and in 10 more lines"
    );
    let allowed = format!("    # rolecall: allow RC062 because not everybody has one\n{LOGIN}");
    assert_eq!(people(&allowed, &table), [""; 0]);
}

#[test]
fn a_table_that_changed_is_read_again_with_the_same_cache() {
    let cache = super::ParseCache::default();
    let count = |table: &str| {
        let loaded = load_with(
            &files(LOGIN, &[("people.csv", table.as_bytes())]),
            std::collections::BTreeMap::new(),
            &cache,
        );
        loaded.desired.get("main").map(|desired| desired.assignments.len())
    };
    assert_eq!(
        (count("login\njo\n"), count("login\njo\nmira\n"), count("login\njo\n")),
        (Some(1), Some(2), Some(1))
    );
}

#[test]
fn tables_are_no_lever() {
    let many = "  - role: builtin:guest\n    users_from: { file: people.csv, column: login }\n".repeat(1_000);
    let table: String =
        ["login\n".to_owned()].into_iter().chain((0..2_000).map(|n| format!("u{n}\n"))).collect();
    let said = said(&format!("{LOGIN}{many}"), &table);
    assert!(
        said.iter().any(|line| line.starts_with("RC003 roles/a.yaml:") && line.contains("more than 1000000")),
        "{:?}",
        said.first()
    );
}
