use std::collections::BTreeMap;

use git2::WorktreeAddOptions;

use super::{
    super::{Fault, Record, RecordIdentity, RecordPlace, RecordStore, RepoErrorKind as Kind},
    *,
};

fn record(target: &str, revision: char) -> Record {
    Record {
        format_version: Record::FORMAT_VERSION,
        target: target.into(),
        revision: revision.to_string().repeat(40).into(),
        digest: format!("sha256:{}", "5".repeat(64)).into(),
        time: "2026-11-20T08:30:00Z".into(),
        actor: "mira\u{202e}".into(),
        rolecall: "0.1.0".into(),
        identity: RecordIdentity { host: "api.example.test".into(), tenant: Some("1".into()), anchor: None },
        ids: BTreeMap::from([(format!("{target}/role/a").into(), "r1".into())]),
        open: BTreeMap::new(),
        released: false,
    }
}

fn store(place: &ConfigPlace) -> RecordStore {
    RecordStore::open(place, &RecordPlace::Git).unwrap()
}

fn in_folder(place: &ConfigPlace) -> RecordStore {
    RecordStore::open(place, &RecordPlace::Folder(".rolecall/runs/applied".into())).unwrap()
}

/// A reference to a commit whose tree has these entries.
fn forge(project: &Project, target: &str, entries: &[(&str, i32, Oid)]) -> String {
    let tree = project.repo.find_tree(project.tree(entries)).unwrap();
    let who = Signature::now("Mallory", "m@example.test").unwrap();
    let id = project.repo.commit(None, &who, &who, "forged", &tree, &[]).unwrap();
    let name = store(&project.place()).location(target).unwrap();
    point(&project.repo, &name, &id.to_string());
    name
}

fn forge_text(project: &Project, text: &str) -> RepoError {
    let blob = project.repo.blob(text.as_bytes()).unwrap();
    forge(project, "reviews", &[("record.json", 0o100_644, blob)]);
    store(&project.place()).read("reviews").unwrap_err()
}

fn json(record: &Record) -> serde_json::Value {
    serde_json::to_value(record).unwrap()
}

#[test]
fn what_was_written_is_read_wherever_it_is_kept() {
    let project = Project::new();
    let place = project.place();
    for open in [store, in_folder] {
        let records = open(&place);
        assert_eq!(records.read("reviews").unwrap(), None);
        assert!(records.read_all().unwrap().is_empty());
        records.write(&record("reviews", 'a')).unwrap();
        assert_eq!(records.read("reviews").unwrap(), Some(record("reviews", 'a')));
        let mut released = record("reviews", 'b');
        released.released = true;
        records.write(&released).unwrap();
        records.write(&record("other", 'c')).unwrap();
        assert_eq!(open(&place).read("reviews").unwrap(), Some(released.clone()));
        let all = open(&place).read_all().unwrap();
        let all: Vec<_> =
            all.into_iter().map(|(target, record)| (target.raw().to_owned(), record.unwrap())).collect();
        assert_eq!(all, [("other".into(), record("other", 'c')), ("reviews".into(), released)]);
    }
    assert_eq!(project.changed(), Vec::<String>::new());

    let nowhere = RecordStore::open(&place, &RecordPlace::None).unwrap();
    nowhere.write(&record("reviews", 'a')).unwrap();
    assert_eq!(nowhere.read("reviews").unwrap(), None);
    assert!(nowhere.read_all().unwrap().is_empty());
    assert_eq!(nowhere.location("reviews"), None);
}

#[test]
fn the_records_of_a_target_are_a_chain_of_commits() {
    let project = Project::new();
    let head = project.facts().commit;
    let mut config = project.repo.config().unwrap();
    config.set_str("user.name", "Mira").unwrap();
    config.set_str("user.email", "mira@example.test").unwrap();
    config.set_bool("commit.gpgsign", true).unwrap();
    put(&project.repo.path().join("hooks"), "reference-transaction", "#!/bin/sh\nexit 1\n");
    let records = store(&project.place());
    records.write(&record("reviews", 'a')).unwrap();
    records.write(&record("reviews", 'b')).unwrap();
    let name = records.location("reviews").unwrap();
    assert_eq!(name, "refs/rolecall/applied/-/reviews");
    let tip = project.repo.find_reference(&name).unwrap().peel_to_commit().unwrap();
    assert_eq!(tip.message().unwrap(), "reviews recorded at bbbbbbbbbbbb\n");
    assert_eq!((tip.author().name().unwrap(), tip.time().seconds()), ("Mira", 1_795_163_400));
    assert!(tip.header_field_bytes("gpgsig").is_err());
    assert_eq!(
        tip.tree().unwrap().iter().map(|entry| entry.name().unwrap().to_owned()).collect::<Vec<_>>(),
        ["record.json"]
    );
    let before = tip.parent(0).unwrap();
    assert_eq!((tip.parent_count(), before.parent_count()), (1, 0));
    assert_eq!(before.message().unwrap(), "reviews recorded at aaaaaaaaaaaa\n");
    assert_eq!(project.facts().commit, head, "no branch moved");
    let mut released = record("reviews", 'c');
    released.released = true;
    records.write(&released).unwrap();
    let tip = project.repo.find_reference(&name).unwrap().peel_to_commit().unwrap();
    assert_eq!(tip.message().unwrap(), "reviews released at cccccccccccc\n");
}

#[test]
fn a_record_that_somebody_else_wrote_is_not_overwritten() {
    let project = Project::new();
    let place = project.place();
    for open in [store, in_folder] {
        let (one, two) = (open(&place), open(&place));
        assert_eq!((one.read("x").unwrap(), two.read("x").unwrap()), (None, None));
        one.write(&record("x", 'a')).unwrap();
        let error = two.write(&record("x", 'b')).unwrap_err();
        assert_eq!(error.kind, Kind::Moved, "{error}");
        assert!(error.message.contains("another apply of `x`"), "{error}");
        assert_eq!(one.read("x").unwrap(), Some(record("x", 'a')));
        // Having looked again, it may.
        assert_eq!(two.read("x").unwrap(), Some(record("x", 'a')));
        two.write(&record("x", 'b')).unwrap();
        assert_eq!(one.write(&record("x", 'c')).unwrap_err().kind, Kind::Moved);
        assert_eq!(open(&place).read("x").unwrap(), Some(record("x", 'b')));
    }
    // Gone is changed, too.
    let one = store(&place);
    one.read("x").unwrap();
    project.repo.find_reference(&one.location("x").unwrap()).unwrap().delete().unwrap();
    assert_eq!(one.write(&record("x", 'd')).unwrap_err().kind, Kind::Moved);
}

#[test]
fn no_two_names_are_one_or_lie_in_each_other() {
    let project = Project::empty();
    let long = "ä".repeat(300);
    let deep = format!("{}/{}", "é".repeat(60), "é".repeat(60));
    let roots = ["", "-", "a", "a/b", "a%2Fb", "zwölf rollen", &deep];
    let targets = ["x", "x/..", "x/y", "..", ".", "-", "", "x.lock", "X", "@{1}", "%2E", &long, &long[2..]];
    let mut names = std::collections::BTreeSet::new();
    for root in roots {
        let at = if root.is_empty() { "rolecall.yaml".to_owned() } else { format!("{root}/rolecall.yaml") };
        project.write(&at, "version: 1\n");
    }
    project.commit("roots");
    let stores: Vec<_> = roots
        .iter()
        .map(|root| store(&find_config(&project.root.join(root), None, Reading::WorkTree).unwrap()))
        .collect();
    for (number, records) in stores.iter().enumerate() {
        for target in targets {
            let name = records.location(target).unwrap();
            assert_eq!(name.split('/').count(), 5, "{name}");
            assert!(git2::Reference::is_valid_name(&name), "{name}");
            assert!(name.split('/').all(|part| part.len() <= 200), "{name}");
            assert!(names.insert(name));
            let mut record = record("x", 'a');
            record.target = target.into();
            record.actor = number.to_string().into();
            match target {
                // Without a name there is no target.
                "" => assert_eq!(records.write(&record).unwrap_err().kind, Kind::Record),
                _ => records.write(&record).unwrap(),
            }
        }
    }
    for (number, records) in stores.iter().enumerate() {
        for target in targets.into_iter().filter(|target| !target.is_empty()) {
            let found = records.read(target).unwrap().unwrap();
            assert_eq!((found.target.raw(), found.actor.raw()), (target, &*number.to_string()));
        }
        // Names that had to be shortened cannot be listed; a config cannot have them.
        assert_eq!(records.read_all().unwrap().len(), targets.len() - 3);
    }
}

#[test]
fn what_is_malformed_is_named_with_what_removes_it() {
    let project = Project::new();
    let good = json(&record("reviews", 'a'));
    let with = |field: &str, value: serde_json::Value| {
        let mut changed = good.clone();
        changed[field] = value;
        changed.to_string()
    };
    let mut lacking = good.clone();
    lacking.as_object_mut().unwrap().remove("digest");
    let bad = [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "{\"format_version\":1}".to_owned(),
        lacking.to_string(),
        "[".repeat(100_000),
        format!("{good} {good}"),
        with("more", 1.into()),
        with("format_version", 0.into()),
        with("format_version", (-1).into()),
        with("revision", "main".into()),
        with("revision", "A".repeat(40).into()),
        with("revision", "a".repeat(41).into()),
        with("revision", format!("--{}", "a".repeat(38)).into()),
        with("digest", "sha256:5".into()),
        with("time", "yesterday".into()),
        with("target", "other".into()),
        with("ids", serde_json::json!({ "a": 1 })),
        with("identity", serde_json::json!({ "host": "h", "port": 1 })),
        with("released", "no".into()),
    ];
    for text in &bad {
        let error = forge_text(&project, text);
        assert_eq!((error.kind, error.kind.fault()), (Kind::Record, Fault::Refused), "{text}: {error}");
        assert!(error.message.contains("`refs/rolecall/applied/-/reviews`"), "{error}");
        let help = error.help.unwrap();
        assert_eq!(help.lines().last(), Some("git update-ref -d 'refs/rolecall/applied/-/reviews'"));
        put(&project.root, ".rolecall/runs/applied/reviews.json", text);
        let error = in_folder(&project.place()).read("reviews").unwrap_err();
        assert_eq!(error.kind, Kind::Record, "{error}");
        assert!(error.message.contains("`.rolecall/runs/applied/reviews.json`"), "{error}");
    }
    let error = forge_text(&project, &with("format_version", 2.into()));
    assert!(error.message.contains("newer rolecall"), "{error}");
    assert!(!error.help.unwrap().contains("update-ref"), "it is not to be thrown away");

    // One that cannot be used hides no other.
    let records = store(&project.place());
    records.write(&record("other", 'c')).unwrap();
    let all = records.read_all().unwrap();
    assert!(all["other"].is_ok() && all["reviews"].is_err());
}

#[test]
fn what_is_no_record_at_all_is_malformed() {
    let project = Project::new();
    let repo = &project.repo;
    let blob = repo.blob(json(&record("reviews", 'a')).to_string().as_bytes()).unwrap();
    let tree = project.tree(&[("record.json", 0o100_644, blob)]);
    let name = forge(&project, "reviews", &[("other.json", 0o100_644, blob)]);
    let read = || store(&project.place()).read("reviews");
    assert_eq!(read().unwrap_err().kind, Kind::Record);
    forge(&project, "reviews", &[("record.json", 0o120_000, blob)]);
    assert_eq!(read().unwrap_err().kind, Kind::Record, "a link");
    forge(&project, "reviews", &[("record.json", 0o040_000, tree)]);
    assert_eq!(read().unwrap_err().kind, Kind::Record, "a folder");
    let raw = [b"100644 record.json\0", tree.as_bytes()].concat();
    let raw = repo.odb().unwrap().write(git2::ObjectType::Tree, &raw).unwrap();
    let who = Signature::now("Mallory", "m@example.test").unwrap();
    let id = repo.commit(None, &who, &who, "", &repo.find_tree(raw).unwrap(), &[]).unwrap();
    point(repo, &name, &id.to_string());
    assert_eq!(read().unwrap_err().kind, Kind::Record, "a folder that is called a file");
    for object in [blob, tree] {
        point(repo, &name, &object.to_string());
        assert_eq!(read().unwrap_err().kind, Kind::Record);
        assert_eq!(store(&project.place()).write(&record("reviews", 'a')).unwrap_err().kind, Kind::Record);
    }
    repo.find_reference(&name).unwrap().delete().unwrap();
    repo.reference_symbolic(&name, "refs/heads/main", true, "").unwrap();
    assert_eq!(read().unwrap_err().kind, Kind::Record);
    let head = project.facts().commit.unwrap();
    assert!(store(&project.place()).write(&record("reviews", 'a')).is_err());
    assert_eq!(project.facts().commit.unwrap(), head, "a reference to a branch does not move the branch");
}

#[test]
fn a_huge_record_is_refused_by_its_size() {
    let project = Project::new();
    let blob = project.repo.blob(&vec![b' '; (16 << 20) + 1]).unwrap();
    forge(&project, "reviews", &[("record.json", 0o100_644, blob)]);
    let error = store(&project.place()).read("reviews").unwrap_err();
    assert_eq!(error.kind, Kind::Record);
    assert!(error.message.contains("16777217 bytes"), "{error}");

    let mut huge = record("reviews", 'a');
    huge.actor = "x".repeat(16 << 20).into();
    let error = store(&project.place()).write(&huge).unwrap_err();
    assert_eq!(error.kind, Kind::Record, "{error}");

    let who = Signature::now("Mallory", "m@example.test").unwrap();
    let tree = project.repo.find_tree(project.tree(&[])).unwrap();
    let id = project.repo.commit(None, &who, &who, &"x".repeat(1 << 20), &tree, &[]).unwrap();
    point(&project.repo, "refs/rolecall/applied/-/reviews", &id.to_string());
    assert_eq!(store(&project.place()).read("reviews").unwrap_err().kind, Kind::Record);
}

#[test]
fn a_record_that_the_clone_does_not_hold_is_not_taken_for_none() {
    let project = Project::new();
    let records = store(&project.place());
    records.write(&record("reviews", 'a')).unwrap();
    let tip = project.repo.refname_to_id(&records.location("reviews").unwrap()).unwrap();
    lose(&project.repo, &tip.to_string());
    let error = store(&project.place()).read("reviews").unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::MissingObject, Fault::Refused));
}

#[test]
fn a_linked_work_tree_and_a_bare_repository_share_the_records() {
    let project = Project::new();
    let at = project.sandbox.at("linked");
    project.repo.worktree("linked", &at, Some(&WorktreeAddOptions::new())).unwrap();
    let linked = find_config(&at, None, Reading::WorkTree).unwrap();
    store(&linked).write(&record("reviews", 'a')).unwrap();
    assert_eq!(store(&project.place()).read("reviews").unwrap(), Some(record("reviews", 'a')));

    let bare = project.sandbox.at("bare.git");
    init(&bare, true);
    let mut remote = project.repo.remote_anonymous(bare.to_str().unwrap()).unwrap();
    let all = "refs/rolecall/applied/*:refs/rolecall/applied/*";
    let main = "refs/heads/main:refs/heads/main";
    remote.push(&[main, &all.replace('*', "-/reviews")], None).unwrap();
    let place = find_config(&bare, None, Reading::Revision).unwrap();
    assert_eq!(store(&place).read("reviews").unwrap(), Some(record("reviews", 'a')));
    let error = RecordStore::open(&place, &RecordPlace::Folder("records".into())).unwrap_err();
    assert_eq!(error.kind, Kind::NoWorkTree);
}

#[test]
fn outside_git_there_is_only_the_file() {
    let sandbox = Sandbox::new();
    put(&sandbox.path, "rolecall.yaml", "");
    let place = find_config(&sandbox.path, None, Reading::WorkTree).unwrap();
    let error = RecordStore::open(&place, &RecordPlace::Git).unwrap_err();
    assert_eq!(error.kind, Kind::NotARepository);
    let records = in_folder(&place);
    records.write(&record("reviews", 'a')).unwrap();
    assert!(sandbox.at(".rolecall/runs/applied/reviews.json").is_file());
    assert_eq!(records.read_all().unwrap().len(), 1);
}

#[test]
fn a_folder_of_records_leads_nowhere_else() {
    let project = Project::new();
    for folder in ["../out", "/tmp", ".git/x", ".hidden", ""] {
        let records = RecordStore::open(&project.place(), &RecordPlace::Folder(folder.into())).unwrap();
        assert!(records.read("x").is_err(), "{folder}");
    }
    for folder in ["../out", "/tmp", ".git/x", ""] {
        let records = RecordStore::open(&project.place(), &RecordPlace::Folder(folder.into())).unwrap();
        assert_eq!(records.write(&record("x", 'a')).unwrap_err().kind, Kind::BadPath, "{folder}");
        assert_eq!(records.read_all().unwrap_err().kind, Kind::BadPath, "{folder}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_to_records() {
    let project = Project::new();
    let out = project.sandbox.at("out");
    fs::create_dir(&out).unwrap();
    fs::create_dir(project.root.join(".rolecall")).unwrap();
    symlink(&out, &project.root.join(".rolecall/runs"));
    let records = in_folder(&project.place());
    assert_eq!(records.read("x").unwrap_err().kind, Kind::Link);
    assert_eq!(records.read_all().unwrap_err().kind, Kind::Link);
    assert_eq!(records.write(&record("x", 'a')).unwrap_err().kind, Kind::Link);
    assert!(fs::read_dir(&out).unwrap().next().is_none());
}

#[test]
fn a_reference_that_cannot_be_written_says_why() {
    let project = Project::new();
    let records = store(&project.place());
    put(project.repo.path(), "refs/rolecall/applied/-/reviews.lock", "");
    let error = records.write(&record("reviews", 'a')).unwrap_err();
    assert_eq!(error.kind, Kind::Io, "{error}");
    assert!(error.help.unwrap().contains("reviews.lock"));
    assert_eq!(records.read("reviews").unwrap(), None);
}
