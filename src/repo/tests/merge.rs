use std::collections::BTreeMap;

use git2::{IndexAddOption, WorktreeAddOptions};

use super::{
    super::{Fault, Merged, Ours, RepoErrorKind as Kind, merge},
    *,
};

const BASE: &str = "one: 1\n\n\n\n\n\n\n\n\n\nlast: 1\n";
const TOP: &str = "one: 2\n\n\n\n\n\n\n\n\n\nlast: 1\n";
const BOTTOM: &str = "one: 1\n\n\n\n\n\n\n\n\n\nlast: 2\n";
const BOTH: &str = "one: 2\n\n\n\n\n\n\n\n\n\nlast: 2\n";

/// A commit whose files are those of `parent`, changed: `None` deletes.
fn after(repo: &Repository, parent: &str, changes: &[(&str, Option<&str>)]) -> String {
    let parent = repo.find_commit(Oid::from_str(parent).unwrap()).unwrap();
    let mut index = git2::Index::new().unwrap();
    index.read_tree(&parent.tree().unwrap()).unwrap();
    for (path, text) in changes {
        match text {
            Some(text) => index.add(&entry(path, repo.blob(text.as_bytes()).unwrap())).unwrap(),
            None => index.remove(Path::new(path), 0).unwrap(),
        }
    }
    let tree = repo.find_tree(index.write_tree_to(repo).unwrap()).unwrap();
    let who = Signature::new("Mira", "mira@example.test", &Time::new(1_700_000_000, 0)).unwrap();
    repo.commit(None, &who, &who, &format!("{changes:?}"), &tree, &[&parent]).unwrap().to_string()
}

/// A repository whose `main` has a config and `roles/a.yaml` of many lines.
fn project() -> (Project, String) {
    let project = Project::new();
    project.write("roles/a.yaml", BASE);
    let base = project.commit("base");
    (project, base)
}

fn merged(place: &ConfigPlace, ours: Ours<'_>, theirs: &str) -> Merged {
    merge(place, ours, theirs, &patterns(&["roles/**/*.yaml"])).unwrap().unwrap()
}

fn text(merged: &Merged, path: &str) -> String {
    String::from_utf8(merged.files.read(path).unwrap()).unwrap()
}

/// Every file of the repository, with what is in it.
fn snapshot(repo: &Repository) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = walkdir::WalkDir::new(repo.commondir()).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap())).collect()
}

/// Checks out what `HEAD` has.
fn reset(project: &Project) {
    let head = project.repo.head().unwrap().peel(git2::ObjectType::Commit).unwrap();
    project.repo.reset(&head, git2::ResetType::Hard, None).unwrap();
}

#[test]
fn a_branch_that_has_everything_is_not_merged() {
    let (project, base) = project();
    let ours = after(&project.repo, &base, &[("roles/b.yaml", Some("b: 1\n"))]);
    for theirs in [&base, &ours] {
        assert!(merge(&project.place(), Ours::Commit(&ours), theirs, &[]).unwrap().is_none());
    }
    project.write("roles/a.yaml", "dirty: 1\n");
    assert!(merge(&project.place(), Ours::WorkTree(&dirty(&project)), "main", &[]).unwrap().is_none());
}

/// What the work tree changed.
fn dirty(project: &Project) -> Vec<Arc<str>> {
    project.changed().iter().map(|path| path.as_str().into()).collect()
}

#[test]
fn a_branch_that_is_behind_keeps_what_was_merged_meanwhile() {
    let (project, base) = project();
    let theirs = after(
        &project.repo,
        &base,
        &[
            ("roles/a.yaml", Some(TOP)),
            ("roles/new.yaml", Some("n: 1\n")),
            ("rolecall.yaml", Some("version: 1\n#\n")),
        ],
    );
    let ours =
        after(&project.repo, &base, &[("roles/a.yaml", Some(BOTTOM)), ("roles/own.yaml", Some("o: 1\n"))]);
    point(&project.repo, "refs/remotes/origin/main", &theirs);
    let before = snapshot(&project.repo);
    let merged = merged(&project.place(), Ours::Commit(&ours), "origin/main");
    assert_eq!(snapshot(&project.repo), before, "nothing is written to the repository");

    assert_eq!(text(&merged, "roles/a.yaml"), BOTH);
    assert_eq!(text(&merged, "rolecall.yaml"), "version: 1\n#\n");
    let wanted = patterns(&["roles/*.yaml"]);
    assert_eq!(shown(&merged.files.list(&wanted)), ["roles/a.yaml", "roles/new.yaml", "roles/own.yaml"]);
    merged.files.complete(&wanted).unwrap();
    assert_eq!((&*merged.ours, &*merged.theirs), (&*ours, &*theirs));
    assert_eq!(merged.files.commit(), &merged.tree);
    assert!(merged.files.fingerprint("roles/a.yaml").is_some());

    // The tree is the one that git's own merge makes.
    let find = |id: &str| project.repo.find_commit(Oid::from_str(id).unwrap()).unwrap();
    let mut index = project.repo.merge_commits(&find(&ours), &find(&theirs), None).unwrap();
    assert_eq!(index.write_tree_to(&project.repo).unwrap().to_string(), &*merged.tree);
}

#[test]
fn a_branch_without_work_of_its_own_becomes_its_target() {
    let (project, base) = project();
    let theirs = after(&project.repo, &base, &[("roles/a.yaml", None), ("roles/b.yaml", Some("b: 1\n"))]);
    let merged = merged(&project.place(), Ours::Commit(&base), &theirs);
    assert_eq!(list(&merged.files, &["roles/*.yaml"]), ["roles/b.yaml"]);
    let tree = project.repo.find_commit(Oid::from_str(&theirs).unwrap()).unwrap().tree_id();
    assert_eq!(*merged.tree, tree.to_string());
}

#[test]
fn every_conflict_is_listed_with_what_to_do() {
    let (project, base) = project();
    let theirs = after(
        &project.repo,
        &base,
        &[("roles/a.yaml", Some("one: 3\n")), ("roles/ü b.yaml", Some("t\n")), ("rolecall.yaml", None)],
    );
    let ours = after(
        &project.repo,
        &base,
        &[
            ("roles/a.yaml", Some("one: 4\n")),
            ("roles/ü b.yaml", Some("o\n")),
            ("rolecall.yaml", Some("changed\n")),
        ],
    );
    point(&project.repo, "refs/heads/it's", &theirs);
    let before = snapshot(&project.repo);
    let error =
        merge(&project.place(), Ours::Commit(&ours), "it's", &patterns(&["roles/*.yaml"])).unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::Conflict, Fault::Invalid));
    let expected =
        format!("`{ours}` and `it's` conflict in `rolecall.yaml`, `roles/a.yaml`, `roles/ü b.yaml`");
    assert_eq!(error.message, expected);
    assert_eq!(error.help.as_deref(), Some("Merge the branch yourself:\ngit merge 'it'\\''s'"));
    assert_eq!(snapshot(&project.repo), before);
}

#[test]
fn a_file_deleted_there_and_changed_here_is_a_conflict() {
    let (project, base) = project();
    let theirs = after(&project.repo, &base, &[("roles/a.yaml", None)]);
    let ours = after(&project.repo, &base, &[("roles/a.yaml", Some(TOP))]);
    for (ours, theirs) in [(&ours, &theirs), (&theirs, &ours)] {
        let error = merge(&project.place(), Ours::Commit(ours), theirs, &[]).unwrap_err();
        assert_eq!(error.kind, Kind::Conflict, "{error}");
    }
}

#[test]
fn conflicts_elsewhere_do_not_matter_and_are_never_read() {
    let project = Project::empty();
    let root = "policy/zwölf rollen";
    let at = |path: &str| format!("{root}/{path}");
    project.write(&at("rolecall.yaml"), "version: 1\n");
    project.write(&at("roles/a.yaml"), BASE);
    project.write("src/foo.c", "int a;\n");
    let base = project.commit("base");
    let place = find_config(&project.root.join(root), None, Reading::WorkTree).unwrap();
    let (a, people, docs) = (at("roles/a.yaml"), at("people.csv"), at("docs/b.yaml"));
    let side = |text, number| {
        let all = [
            (&*a, Some(text)),
            ("src/foo.c", Some(number)),
            (&*people, Some(number)),
            (&*docs, Some(number)),
        ];
        after(&project.repo, &base, &all)
    };
    let (ours, theirs) = (side(TOP, "1"), side(BOTTOM, "2"));
    let merged = merged(&place, Ours::Commit(&ours), &theirs);
    assert_eq!(text(&merged, "roles/a.yaml"), BOTH);
    assert_eq!(list(&merged.files, &["roles/**/*.yaml"]), ["roles/a.yaml"]);

    // What does conflict in the folder is not taken from one side in silence.
    for path in ["people.csv", "docs/b.yaml"] {
        let error = refused(merged.files.read(path));
        assert!(error.message.contains(&format!("`{path}` conflicts between")), "{error}");
        assert_eq!(merged.files.fingerprint(path), None);
    }
    assert_eq!(list(&merged.files, &["**/*.yaml"]), ["rolecall.yaml", "roles/a.yaml", "0 Io docs/b.yaml"]);
    let error = merge(&place, Ours::Commit(&ours), &theirs, &[]).unwrap_err();
    assert!(error.message.ends_with("conflict in `docs/b.yaml`"), "{error}");
}

#[test]
fn histories_that_have_nothing_in_common_are_refused() {
    let (project, base) = project();
    let orphan = loose_commit(&project.repo, &[("rolecall.yaml", "version: 1\n")], &[]);
    let error = merge(&project.place(), Ours::Commit(&orphan), &base, &[]).unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::Unrelated, Fault::Refused));
    assert!(error.message.contains("no history in common"), "{error}");
    assert_eq!(
        merge(&project.place(), Ours::Commit("none"), &base, &[]).unwrap_err().kind,
        Kind::UnknownRevision
    );
}

#[test]
fn a_history_that_ends_too_early_is_not_merged_on_a_guess() {
    for linked in [false, true] {
        let (project, base) = project();
        let start = project.repo.revparse_single("HEAD~1").unwrap().id().to_string();
        let parted = after(&project.repo, &base, &[("roles/x.yaml", Some("x"))]);
        let theirs = after(&project.repo, &parted, &[("roles/a.yaml", Some(TOP))]);
        let ours = after(&project.repo, &parted, &[("roles/a.yaml", Some(BOTTOM))]);
        let place = if linked {
            let at = project.sandbox.at("linked");
            project.repo.worktree("linked", &at, Some(&WorktreeAddOptions::new())).unwrap();
            find_config(&at, None, Reading::WorkTree).unwrap()
        } else {
            project.place()
        };
        // The clone holds where they parted: that is enough.
        shallow(&project.repo, &[&base], &[&start]);
        assert_eq!(text(&merged(&place, Ours::Commit(&ours), &theirs), "roles/a.yaml"), BOTH);
        // It does not.
        shallow(&project.repo, &[&ours, &theirs], &[&base, &parted]);
        let error = merge(&place, Ours::Commit(&ours), &theirs, &[]).unwrap_err();
        assert_eq!(error.kind, Kind::Shallow, "linked: {linked}: {error}");
        assert!(error.help.unwrap().contains("git fetch --unshallow"));
    }
}

#[test]
fn a_lost_commit_or_file_is_an_error_and_not_an_empty_one() {
    let (project, base) = project();
    let theirs = after(&project.repo, &base, &[("roles/a.yaml", Some(TOP))]);
    let middle = after(&project.repo, &base, &[("roles/b.yaml", Some("b"))]);
    let ours = after(&project.repo, &middle, &[("roles/a.yaml", Some(BOTTOM))]);
    let blob = project.repo.revparse_single(&format!("{theirs}:roles/a.yaml")).unwrap().id().to_string();
    lose(&project.repo, &blob);
    let error = merge(&project.place(), Ours::Commit(&ours), &theirs, &[]).unwrap_err();
    assert_eq!(error.kind, Kind::MissingObject, "{error}");
    assert!(error.message.contains(&blob), "{error}");
    lose(&project.repo, &middle);
    let error = merge(&project.place(), Ours::Commit(&ours), &theirs, &[]).unwrap_err();
    assert_eq!(error.kind, Kind::MissingObject, "{error}");
    assert!(error.message.contains(&middle), "{error}");
}

#[test]
fn a_file_renamed_there_and_changed_here_is_both() {
    let (project, base) = project();
    let lines = |first, last| {
        let middle: String = (0..20).map(|number| format!("line {number}\n")).collect();
        format!("{first}\n{middle}{last}\n")
    };
    let base = after(&project.repo, &base, &[("roles/a.yaml", Some(&lines("a", "a")))]);
    let moved = [("roles/a.yaml", None), ("roles/moved/b.yaml", Some(&*lines("b", "a")))];
    let theirs = after(&project.repo, &base, &moved);
    let ours = after(&project.repo, &base, &[("roles/a.yaml", Some(&lines("a", "b")))]);
    let merged = merged(&project.place(), Ours::Commit(&ours), &theirs);
    assert_eq!(list(&merged.files, &["roles/**/*.yaml"]), ["roles/moved/b.yaml"]);
    assert_eq!(text(&merged, "roles/moved/b.yaml"), lines("b", "b"));
}

#[test]
fn files_that_are_too_large_are_not_read_to_be_merged() {
    let (project, base) = project();
    let large = "x".repeat((16 << 20) + 1);
    let theirs = after(&project.repo, &base, &[("asset", Some(&large)), ("roles/a.yaml", Some(TOP))]);
    let ours = after(&project.repo, &base, &[("roles/a.yaml", Some(BOTTOM))]);
    assert_eq!(text(&merged(&project.place(), Ours::Commit(&ours), &theirs), "roles/a.yaml"), BOTH);
    let ours = after(&project.repo, &base, &[("asset", Some("small"))]);
    let error = merge(&project.place(), Ours::Commit(&ours), &theirs, &[]).unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::TooLarge, Fault::Invalid));
    assert!(error.message.contains("`asset`") && error.message.contains("16777217"), "{error}");
}

#[test]
fn a_dirty_work_tree_is_merged_as_it_lies_there() {
    let (project, _) = project();
    project.write("roles/gone.yaml", "g: 1\n");
    project.write(".gitignore", "roles/ignored.yaml\n");
    let head = project.commit("more");
    let theirs = after(
        &project.repo,
        &head,
        &[
            ("roles/a.yaml", Some(TOP)),
            ("roles/theirs.yaml", Some("t: 1\n")),
            ("roles/gone.yaml", Some("g: 1\n")),
        ],
    );
    point(&project.repo, "refs/remotes/origin/main", &theirs);
    project.write("roles/a.yaml", BOTTOM);
    project.write("roles/new.yaml", "n: 1\n");
    project.write("roles/ignored.yaml", "i: 1\n");
    project.remove("roles/gone.yaml");
    // What is staged does not count.
    let mut index = project.repo.index().unwrap();
    index.add_all(["*"], IndexAddOption::FORCE, None).unwrap();
    index.write().unwrap();
    let before = snapshot(&project.repo);
    let merged = merged(&project.place(), Ours::WorkTree(&dirty(&project)), "origin/main");
    assert_eq!(snapshot(&project.repo), before);
    let expected = ["roles/a.yaml", "roles/ignored.yaml", "roles/new.yaml", "roles/theirs.yaml"];
    assert_eq!(list(&merged.files, &["roles/*.yaml"]), expected);
    assert_eq!(text(&merged, "roles/a.yaml"), BOTH);
    assert_eq!((&*merged.ours, &*merged.theirs), (&*head, &*theirs));
    assert_eq!(project.facts().commit.unwrap(), head);

    project.write("roles/a.yaml", "one: 5\n");
    let error = merge(&project.place(), Ours::WorkTree(&dirty(&project)), &theirs, &[]).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.starts_with("the work tree and `"), "{error}");
}

#[test]
fn what_is_deleted_in_the_work_tree_and_changed_there_is_a_conflict() {
    let (project, base) = project();
    let theirs = after(&project.repo, &base, &[("roles/a.yaml", Some(TOP))]);
    project.remove("roles/a.yaml");
    let error = merge(&project.place(), Ours::WorkTree(&dirty(&project)), &theirs, &[]).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
}

#[test]
fn line_endings_alone_are_no_conflict() {
    let (project, base) = project();
    let theirs =
        after(&project.repo, &base, &[("roles/a.yaml", Some(TOP)), ("roles/new.yaml", Some("n: 1\nm: 1\n"))]);
    for autocrlf in ["true", "false"] {
        reset(&project);
        project.repo.config().unwrap().set_str("core.autocrlf", autocrlf).unwrap();
        project.write("roles/a.yaml", &BOTTOM.replace('\n', "\r\n"));
        project.write("roles/new.yaml", "n: 1\r\nm: 1\r\n");
        let merged = merged(&project.place(), Ours::WorkTree(&dirty(&project)), &theirs);
        assert_eq!(text(&merged, "roles/a.yaml"), BOTH);
        assert_eq!(text(&merged, "roles/new.yaml"), "n: 1\nm: 1\n");
    }
    // A file that git stores with carriage returns keeps them.
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let (base_crlf, top, bottom) = (crlf(BASE), crlf(TOP), crlf(BOTTOM));
    let head = after(&project.repo, &base, &[("roles/a.yaml", Some(&base_crlf))]);
    point(&project.repo, "refs/heads/main", &head);
    reset(&project);
    let theirs = after(&project.repo, &head, &[("roles/a.yaml", Some(&top))]);
    project.write("roles/a.yaml", &bottom);
    let merged = merged(&project.place(), Ours::WorkTree(&dirty(&project)), &theirs);
    assert_eq!(text(&merged, "roles/a.yaml"), crlf(BOTH));
}

#[cfg(unix)]
#[test]
fn a_link_in_the_work_tree_is_refused() {
    let (project, base) = project();
    let theirs = after(&project.repo, &base, &[("roles/b.yaml", Some("b"))]);
    project.write("real.yaml", TOP);
    project.remove("roles/a.yaml");
    symlink("../real.yaml", &project.root.join("roles/a.yaml"));
    let error = merge(&project.place(), Ours::WorkTree(&dirty(&project)), &theirs, &[]).unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::Link, Fault::Refused));

    // Behind a linked folder, too.
    fs::remove_dir_all(project.root.join("roles")).unwrap();
    project.write("elsewhere/a.yaml", TOP);
    symlink("elsewhere", &project.root.join("roles"));
    let error =
        merge(&project.place(), Ours::WorkTree(&patterns(&["roles/a.yaml"])), &theirs, &[]).unwrap_err();
    assert_eq!(error.kind, Kind::Link);
}

#[cfg(unix)]
#[test]
fn a_repository_that_cannot_be_written_is_merged() {
    use std::os::unix::fs::PermissionsExt;
    let (project, base) = project();
    let theirs = after(&project.repo, &base, &[("roles/a.yaml", Some(TOP))]);
    let ours = after(&project.repo, &base, &[("roles/a.yaml", Some(BOTTOM))]);
    let folders = || {
        let all = walkdir::WalkDir::new(project.repo.path()).into_iter().map(Result::unwrap);
        all.filter(|entry| entry.file_type().is_dir()).map(walkdir::DirEntry::into_path)
    };
    let protect = |mode| {
        for folder in folders().collect::<Vec<_>>() {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    protect(0o555);
    let result = merge(&project.place(), Ours::Commit(&ours), &theirs, &[]);
    protect(0o755);
    assert_eq!(text(&result.unwrap().unwrap(), "roles/a.yaml"), BOTH);
}

#[test]
fn a_bare_repository_is_merged_by_its_commits() {
    let (project, base) = project();
    let theirs = after(&project.repo, &base, &[("roles/a.yaml", Some(TOP))]);
    let ours = after(&project.repo, &base, &[("roles/a.yaml", Some(BOTTOM))]);
    point(&project.repo, "refs/heads/theirs", &theirs);
    point(&project.repo, "refs/heads/ours", &ours);
    let bare = project.sandbox.at("bare.git");
    init(&bare, true);
    let mut remote = project.repo.remote_anonymous(bare.to_str().unwrap()).unwrap();
    remote.push(&["refs/heads/theirs:refs/heads/main", "refs/heads/ours:refs/heads/ours"], None).unwrap();
    let place = find_config(&bare, None, Reading::Revision).unwrap();
    assert_eq!(text(&merged(&place, Ours::Commit("ours"), "main"), "roles/a.yaml"), BOTH);
    assert_eq!(merge(&place, Ours::WorkTree(&[]), "ours", &[]).unwrap_err().kind, Kind::NoWorkTree);
}

#[test]
fn branches_that_were_merged_crosswise_are_merged() {
    let (project, base) = project();
    let repo = &project.repo;
    let one = after(repo, &base, &[("roles/a.yaml", Some(TOP))]);
    let two = after(repo, &base, &[("roles/b.yaml", Some("b: 1\n"))]);
    let both = [("rolecall.yaml", "version: 1\n"), ("roles/a.yaml", TOP), ("roles/b.yaml", "b: 1\n")];
    let left = loose_commit(repo, &both, &[&one, &two]);
    let right = loose_commit(repo, &both, &[&two, &one]);
    let ours = after(repo, &left, &[("roles/a.yaml", Some(BOTH))]);
    let theirs = after(repo, &right, &[("roles/b.yaml", Some("b: 2\n"))]);
    let before = snapshot(repo);
    let merged = merged(&project.place(), Ours::Commit(&ours), &theirs);
    assert_eq!(snapshot(repo), before);
    assert_eq!(
        (text(&merged, "roles/a.yaml"), text(&merged, "roles/b.yaml")),
        (BOTH.into(), "b: 2\n".into())
    );
}
