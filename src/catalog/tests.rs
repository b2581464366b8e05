//! Every file, held against the rules of this room.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Each provider's file.
const FILES: [(&str, &str); 5] = [
    ("coderabbit", include_str!("data/coderabbit.yaml")),
    ("gitlab", include_str!("data/gitlab.yaml")),
    ("workos", include_str!("data/workos.yaml")),
    ("devin", include_str!("data/devin.yaml")),
    ("infracodebase", include_str!("data/infracodebase.yaml")),
];

/// Words that keep their capitals inside a title.
const NAMES: [&str; 12] =
    ["AI", "API", "Admin", "Ask", "CI/CD", "CRM", "DeepWiki", "Devin", "Expert", "Git", "MCP", "Terraform"];

fn all() -> Vec<(&'static str, Catalogue)> {
    let parse = |(provider, text)| match file::parse(provider, text) {
        Ok(catalogue) => (provider, catalogue),
        Err(error) => panic!("{provider}: {error}"),
    };
    FILES.map(parse).into()
}

/// Every permission of every provider; the first word says where it stands.
fn each() -> Vec<(String, Meaning)> {
    let named = |(provider, catalogue): (&str, Catalogue)| {
        let provider = provider.to_owned();
        catalogue
            .permissions
            .into_iter()
            .map(move |(name, meaning)| (format!("{provider} {}", name.raw()), meaning))
    };
    all().into_iter().flat_map(named).collect()
}

#[test]
fn every_file_is_read_and_names_its_sources() {
    let ships = [coderabbit(), gitlab(), workos(), devin(), infracodebase()];
    for ((provider, read), ships) in all().into_iter().zip(ships) {
        assert!(!read.permissions.is_empty() && !read.builtin.is_empty(), "{provider}");
        assert!(!read.as_of.is_empty(), "{provider}");
        assert!(read.sources.iter().any(|source| source.starts_with("https://")), "{provider}");
        assert_eq!(read.permissions.len(), ships.permissions.len(), "{provider}");
        assert_eq!(read.builtin, ships.builtin, "{provider}");
    }
}

#[test]
fn a_file_that_is_wrong_is_not_read() {
    const PERMISSION: &str = "{ name: a, title: A, area: A, description: A. }";
    let error = |extra: &str, permissions: &str| {
        let text = format!(
            "{{ provider: x, as_of: now, sources: [here], closed: true, builtin: [], {extra} permissions: [{permissions}] }}"
        );
        file::parse("x", text.leak()).err()
    };
    assert_eq!(error("", PERMISSION), None);
    assert!(error("", &format!("{PERMISSION}, {PERMISSION}")).is_some_and(|error| error.contains("twice")));
    assert!(error("colour: red,", PERMISSION).is_some_and(|error| error.contains("colour")));
    assert!(error("", "{ name: a }").is_some_and(|error| error.contains("title")));
    let other = FILES[0].1;
    assert!(file::parse("x", other).is_err_and(|error| error.contains("belongs to coderabbit")));
}

#[test]
fn titles_are_short_and_tell_permissions_apart() {
    for (provider, catalogue) in all() {
        let mut seen = BTreeMap::new();
        for (name, meaning) in &catalogue.permissions {
            let title = meaning.title.as_str();
            if let Some(other) = seen.insert(title.to_lowercase(), name.raw()) {
                panic!("{provider}: {} and {other} have one title", name.raw());
            }
            let mut words = title.split(' ');
            let first = words.next().unwrap_or_default();
            assert!(first.starts_with(char::is_uppercase), "{provider}: {title}");
            let lower = |word: &str| word.chars().all(|c| c.is_lowercase() || c == '-');
            let odd = words.find(|word| !lower(word) && !NAMES.contains(&word.trim_end_matches(',')));
            assert_eq!(odd, None, "{provider}: {title}");
            assert!(!title.ends_with('.') && title.chars().count() <= 50, "{provider}: {title}");
        }
    }
}

#[test]
fn descriptions_are_one_sentence() {
    for (name, meaning) in each() {
        let mut sentences = vec![&meaning.description];
        sentences.extend(&meaning.remark);
        for text in sentences {
            assert!(text.starts_with(char::is_uppercase), "{name}: {text}");
            assert!(text.ends_with('.') && !text.contains(". "), "{name}: {text}");
            assert!(text.chars().all(|c| c.is_ascii() && !c.is_ascii_control()), "{name}: {text}");
        }
        assert!(!meaning.area.is_empty(), "{name}");
    }
}

#[test]
fn tags_are_known_and_used() {
    let known: BTreeSet<&str> = TAGS.iter().map(|(tag, _)| *tag).collect();
    let mut used = BTreeSet::new();
    let meanings = each();
    for (name, meaning) in &meanings {
        let unknown = meaning.tags.iter().find(|tag| !known.contains(tag.as_str()));
        assert_eq!(unknown, None, "{name}");
        used.extend(meaning.tags.iter().map(String::as_str));
        let tagged = |tag: &str| meaning.tags.contains(tag);
        assert!(!tagged("destructive") || tagged("delete"), "{name} destroys without deleting");
    }
    assert_eq!(used, known);
    for (provider, catalogue) in all() {
        let unknown = catalogue.accesses.values().flatten().find(|tag| !known.contains(tag.as_str()));
        assert_eq!(unknown, None, "{provider}");
    }
}

/// By its name alone a permission says that it changes or deletes something.
#[test]
fn what_changes_or_deletes_says_so() {
    const CHANGES: [&str; 10] = [
        "admin",
        "manage",
        "create",
        "update",
        "apply",
        "archive",
        "write",
        "approve",
        "impersonate",
        "index",
    ];
    const DELETES: [&str; 3] = ["delete", "destroy", "remove"];
    for (provider, catalogue) in all() {
        for (name, meaning) in &catalogue.permissions {
            let name = name.raw();
            let verb = match name.rsplit_once([':', '.']) {
                Some((_, access)) => access,
                None => name.split('_').next().unwrap_or_default(),
            };
            let tagged = |tag| meaning.tags.contains(tag);
            assert!(!CHANGES.contains(&verb) || tagged("write"), "{provider}: {name}");
            assert!(!DELETES.contains(&verb) || tagged("delete"), "{provider}: {name}");
            let reads = ["read", "view"].contains(&verb);
            assert!(!reads || !(tagged("write") || tagged("delete")), "{provider}: {name}");
        }
    }
}

#[test]
fn requirements_and_holders_exist() {
    for (provider, catalogue) in all() {
        for (name, meaning) in &catalogue.permissions {
            let name = name.raw();
            for required in &meaning.requires {
                let Some(other) = catalogue.permissions.get(required) else {
                    panic!("{provider}: {name} requires {required:?}");
                };
                // One step is all there is, so that nobody has to follow a chain.
                assert!(required.raw() != name && other.requires.is_empty(), "{provider}: {name}");
            }
            for (scope, holders) in &meaning.included {
                assert!(meaning.scopes.contains(scope), "{provider}: {name} in {scope}");
                for holder in holders {
                    assert!(catalogue.builtin(holder).is_some(), "{provider}: {name} of {holder}");
                }
            }
        }
    }
}

#[test]
fn built_in_roles_can_be_told_apart() {
    for (provider, catalogue) in all() {
        let ids: BTreeSet<&str> = catalogue.builtin.iter().map(|role| role.id).collect();
        assert_eq!(ids.len(), catalogue.builtin.len(), "{provider}");
        let names: BTreeSet<_> = catalogue.builtin.iter().map(|role| (role.scope, role.title)).collect();
        assert_eq!(names.len(), catalogue.builtin.len(), "{provider}");
        for role in &catalogue.builtin {
            assert_eq!(catalogue.builtin_called(role.id), Some(role), "{provider}");
        }
    }
    let devin = devin();
    assert_eq!(devin.builtin_called("Admin"), None, "both levels have one");
    assert_eq!(devin.builtin_called("org_admin").and_then(|role| role.scope), Some("organization"));
    assert_eq!(coderabbit().builtin_called("Admin").map(|role| role.id), Some("cr_admin"));
}

#[test]
fn every_spelling_means_one_permission() {
    for (provider, catalogue) in all() {
        let mut seen: BTreeSet<&str> = catalogue.permissions.keys().map(Untrusted::raw).collect();
        for (name, meaning) in &catalogue.permissions {
            assert_eq!(catalogue.canonical(name.raw()), Some(name), "{provider}");
            for spelling in meaning.spellings() {
                assert!(seen.insert(spelling), "{provider}: {spelling} is there twice");
                assert_eq!(catalogue.canonical(spelling), Some(name), "{provider}");
            }
        }
        assert_eq!(catalogue.canonical("nobody_knows_this"), None, "{provider}");
    }
}

#[test]
fn labels_names_and_dotted_ids_are_one_permission() {
    let catalogue = devin();
    for spelling in ["use_devin_sessions", "Use Devin Sessions", "UseDevinSessions", "org.devins.use"] {
        assert_eq!(catalogue.canonical(spelling).map(Untrusted::raw), Some("use_devin_sessions"));
    }
    let former = catalogue.canonical("Manage Snapshots and Repository Indexing");
    assert_eq!(former.map(Untrusted::raw), Some("manage_snapshots"));
    // Only guessed from the pattern of the others, and so not understood.
    assert_eq!(catalogue.canonical("ManageOrgSettings"), None);
}

#[test]
fn a_base_holds_what_it_holds_in_every_scope() {
    let catalogue = gitlab();
    let held =
        |name: &str, base: &str| catalogue.permissions.get(name).is_some_and(|one| one.is_held_by(base));
    assert!(held("read_vulnerability", "developer") && !held("read_vulnerability", "reporter"));
    // In groups alone.
    assert!(
        !held("read_compliance_dashboard", "security_manager") && held("read_compliance_dashboard", "owner")
    );
    // Where there is only one list, it decides.
    assert!(held("admin_terraform_state", "maintainer") && !held("admin_terraform_state", "owner"));
    assert!(held("read_crm_contact", "planner"));
    // Without any list nobody holds it.
    assert!(!held("read_admin_users", "owner"));
}

#[test]
fn access_levels_have_their_numbers() {
    let catalogue = gitlab();
    let levels: Vec<_> = catalogue.builtin.iter().map(|role| (role.id, role.number, role.base)).collect();
    assert_eq!(
        levels,
        [
            ("minimal_access", Some(5), true),
            ("guest", Some(10), true),
            ("planner", Some(15), true),
            ("reporter", Some(20), true),
            ("security_manager", Some(25), true),
            ("developer", Some(30), true),
            ("maintainer", Some(40), true),
            ("owner", Some(50), false),
        ]
    );
    assert!(catalogue.has_every_builtin() && !catalogue.closed);
    let free: Vec<&str> = catalogue
        .permissions
        .iter()
        .filter(|(_, meaning)| meaning.seat == Seat::Free)
        .map(|(name, _)| name.raw())
        .collect();
    assert_eq!(free, ["read_code", "read_virtual_registry"]);
}

#[test]
fn an_open_list_judges_what_it_does_not_have() {
    let tags = |catalogue: &Catalogue, name: &str| -> Option<Vec<String>> {
        catalogue.tags(&name.into()).map(|tags| tags.iter().cloned().collect())
    };
    let catalogue = coderabbit();
    assert_eq!(tags(&catalogue, "learnings:write"), Some(vec!["write".to_owned()]));
    assert_eq!(tags(&catalogue, "learnings:read"), Some(vec![]));
    assert_eq!(tags(&catalogue, "learnings"), None);

    let catalogue = infracodebase();
    assert_eq!(tags(&catalogue, "workspace.agents.manage"), Some(vec!["write".to_owned()]));
    assert_eq!(tags(&catalogue, "workspace.agents.look"), None);
    let scopes = |name: &str| catalogue.scopes(&name.into()).into_iter().collect::<Vec<_>>();
    assert_eq!(scopes("workspace.agents.manage"), ["workspace"]);
    assert_eq!(scopes("enterprise.rulesets.approve"), ["enterprise"]);
    assert_eq!(scopes("agents.manage"), [""; 0]);
}

#[test]
fn an_editor_gets_sentences() {
    let meaning = gitlab().permissions.remove(&Untrusted::from("admin_runners")).unwrap_or_default();
    assert_eq!(
        meaning.explained(),
        "Manage runners. Adds, changes, and removes the runners that execute jobs, with their settings. Requires read_runners."
    );
    let bare = Meaning { title: "Read code".into(), ..Meaning::default() };
    assert_eq!(bare.explained(), "Read code");
    assert_eq!(Meaning::default().explained(), "");
}

/// The names, held against the pattern that definitions allow for a permission.
#[test]
fn canonical_names_can_be_written() {
    for (name, _) in each() {
        let written = name.split_once(' ').map_or("", |(_, name)| name);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:/*-".contains(c);
        assert!(written.chars().all(allowed) && written.len() <= 128, "{name}");
    }
}

/// `docs/catalogues.md` says of each tag what the program says.
#[test]
fn the_page_has_every_tag() {
    let page = include_str!("../../docs/catalogues.md");
    for (tag, about) in TAGS {
        assert!(page.contains(&format!("| `{tag}` | {about} |\n")), "{tag}");
    }
}
