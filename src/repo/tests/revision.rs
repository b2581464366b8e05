use git2::{ObjectType, build::CheckoutBuilder};

use super::{
    super::{Fault, RepoErrorKind as Kind},
    *,
};
use crate::model::files::{FileErrorKind, LARGEST_FILE};

const ALL: &[&str] = &["roles/**/*.yaml"];

#[test]
fn every_name_of_a_commit_leads_to_it() {
    let project = Project::new();
    let first = project.facts().commit.unwrap();
    project.write("roles/b.yaml", "");
    let second = project.commit("second");
    let object = |id: &str| project.repo.find_object(Oid::from_str(id).unwrap(), None).unwrap();
    let who = Signature::now("Mira", "mira@example.test").unwrap();
    let inner = project.repo.tag("inner", &object(&first), &who, "annotated", false).unwrap();
    project.repo.tag("outer", &object(&inner.to_string()), &who, "a tag of a tag", false).unwrap();
    project.repo.tag_lightweight("light", &object(&first), false).unwrap();
    let commit = project.repo.find_commit(Oid::from_str(&first).unwrap()).unwrap();
    project.repo.branch("topic/ä", &commit, false).unwrap();
    project.repo.reference("refs/remotes/origin/main", commit.id(), false, "").unwrap();
    for name in [
        "HEAD~1",
        "HEAD^",
        "main~1",
        "inner",
        "outer",
        "light",
        "topic/ä",
        "refs/tags/light",
        "tags/light",
        "origin/main",
        &first,
        &first[..10],
        "@~1",
        "main^{commit}~1",
        &first.to_uppercase(),
    ] {
        let revision = project.revision(name).unwrap();
        assert_eq!(**revision.commit(), *first, "{name}");
        assert_eq!(list(&revision, ALL), ["roles/a.yaml"]);
    }
    for name in ["HEAD", "@", "main", "refs/heads/main", &format!("{second}^0")] {
        assert_eq!(**project.revision(name).unwrap().commit(), *second, "{name}");
    }
}

#[test]
fn an_unknown_name_is_shown_with_the_nearest_ones() {
    let project = Project::new();
    let head = project.repo.head().unwrap().peel_to_commit().unwrap();
    project.repo.branch("release", &head, false).unwrap();
    let error = project.revision("relaese").unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::UnknownRevision, Fault::Usage));
    assert!(error.message.contains("`relaese`"), "{error}");
    let help = error.help.unwrap();
    assert!(help.contains("`release`") && !help.contains("`main`"), "{help}");

    let far = project.revision("HEAD~7").unwrap_err();
    assert_eq!(far.kind, Kind::UnknownRevision);
    assert!(far.message.contains("`HEAD` exists"), "{far}");
    for bad in [
        "",
        "main..HEAD",
        "main...HEAD",
        "main:roles",
        "main:roles/a.yaml",
        "a\nb",
        "HEAD@{",
        "^",
        "x y",
        "0000",
        &"0".repeat(40),
        "refs/heads/../x",
        "-x",
        "HEAD^{tree}",
        "HEAD^{blob}",
    ] {
        let error = project.revision(bad).unwrap_err();
        assert_eq!(error.kind, Kind::UnknownRevision, "{bad}: {error}");
        assert!(error.help.is_some(), "{bad}");
    }
}

#[test]
fn before_the_first_commit_there_is_no_revision() {
    let project = Project::empty();
    project.write("rolecall.yaml", "");
    let error = project.revision("HEAD").unwrap_err();
    assert_eq!(error.kind, Kind::UnknownRevision);
    assert!(error.message.contains("nothing was committed yet"), "{error}");
}

#[test]
fn outside_git_there_is_no_revision() {
    let sandbox = Sandbox::new();
    put(&sandbox.path, "rolecall.yaml", "");
    let place = find_config(&sandbox.path, None, Reading::WorkTree).unwrap();
    assert_eq!(Revision::open(&place, "HEAD").unwrap_err().kind, Kind::NotARepository);
}

/// Whoever may push a tag must not be able to choose what a branch or an id means.
#[test]
fn a_name_that_means_two_commits_is_refused() {
    let project = Project::new();
    let first = project.facts().commit.unwrap();
    project.write("roles/b.yaml", "");
    let second = project.commit("second");
    let object = project.repo.find_object(Oid::from_str(&first).unwrap(), None).unwrap();
    project.repo.tag_lightweight("main", &object, false).unwrap();
    for name in ["main", "main~0"] {
        let error = project.revision(name).unwrap_err();
        assert_eq!(error.kind, Kind::AmbiguousRevision, "{name}");
        let help = error.help.unwrap();
        assert!(help.contains("refs/heads/main") && help.contains("refs/tags/main"), "{help}");
    }
    assert_eq!(**project.revision("refs/heads/main").unwrap().commit(), *second);

    // A tag that looks like the beginning of an id, and one that looks like a whole id.
    project.repo.tag_lightweight(&second[..8], &object, false).unwrap();
    assert_eq!(project.revision(&second[..8]).unwrap_err().kind, Kind::AmbiguousRevision);
    project.repo.reference(&format!("refs/tags/{second}"), object.id(), true, "").unwrap();
    assert_eq!(**project.revision(&second).unwrap().commit(), *second);
    let absent = "1234567890123456789012345678901234567890";
    project.repo.reference(&format!("refs/tags/{absent}"), object.id(), true, "").unwrap();
    assert_eq!(project.revision(absent).unwrap_err().kind, Kind::UnknownRevision);
    assert_eq!(project.revision(&format!("{absent}^0")).unwrap_err().kind, Kind::UnknownRevision);
}

#[test]
fn an_id_that_two_objects_share_is_ambiguous() {
    let project = Project::new();
    let ids: Vec<_> =
        (0..2_000).map(|n| project.repo.blob(format!("{n}").as_bytes()).unwrap().to_string()).collect();
    let start =
        ids.iter().map(|id| &id[..4]).find(|start| ids.iter().filter(|id| id.starts_with(start)).count() > 1);
    let error = project.revision(start.unwrap()).unwrap_err();
    assert_eq!(error.kind, Kind::AmbiguousRevision, "{error}");
}

#[test]
fn work_tree_and_revision_agree() {
    let project = Project::new();
    for file in [
        "roles/deep/b.yaml",
        "roles/c.yml",
        "roles/d.json",
        "roles/mit Raum/ü.yaml",
        "roles/.e.yaml",
        "roles/.f/g.yaml",
        "roles/x.yaml/y.yaml",
        ".rolecall/catalog/x.json",
        "people.csv",
    ] {
        project.write(file, file);
    }
    #[cfg(unix)]
    {
        symlink("a.yaml", &project.root.join("roles/link.yaml"));
        symlink("deep", &project.root.join("roles/folder"));
        symlink("c.yml", &project.root.join("roles/no-folder"));
        symlink("nowhere", &project.root.join("roles/dangling"));
        symlink("../..", &project.root.join("roles/deep/up"));
        symlink("/", &project.root.join("roles/deep/root"));
        symlink("/dev/null", &project.root.join("roles/outside.yaml"));
        symlink("/nowhere/at/all", &project.root.join("roles/nowhere.yaml"));
    }
    project.commit("more");
    let (files, revision) = (project.files(), project.revision("HEAD").unwrap());
    for wanted in [
        &["roles/**/*.yaml"][..],
        &["roles/*.{yml,yaml}", "roles/x.yaml", "none.yaml"],
        &["roles/deep/*/x.yaml"],
        &["roles/folder/b.yaml", "../x.yaml"],
        &["**/*.yaml", "*.yml"],
    ] {
        let (here, there) = (files.list(&patterns(wanted)), revision.list(&patterns(wanted)));
        assert_eq!(shown(&here), shown(&there), "{wanted:?}");
        assert_eq!(here.unmatched, there.unmatched, "{wanted:?}");
        assert!(!here.files.is_empty() || !here.problems.is_empty(), "{wanted:?}");
    }
    for path in [
        "roles/a.yaml",
        "roles/mit Raum/ü.yaml",
        ".rolecall/catalog/x.json",
        "people.csv",
        "roles",
        "none",
        "roles/link.yaml",
        "roles/folder/b.yaml",
        "../x",
        ".git/HEAD",
        "roles/.e.yaml",
        "roles/a.yaml/b",
    ] {
        let (here, there) = (files.read(path), revision.read(path));
        assert_eq!(
            here.as_ref().map_err(|error| error.kind),
            there.as_ref().map_err(|error| error.kind),
            "{path}"
        );
    }
}

#[test]
fn a_revision_is_read_without_filters() {
    let project = Project::new();
    project.write(".gitattributes", "*.yaml ident eol=crlf filter=evil\n");
    project.repo.config().unwrap().set_str("filter.evil.smudge", "touch pwned").unwrap();
    project.write("roles/b.yaml", "# $Id$\nx: 1\n");
    project.commit("attributes");
    assert_eq!(project.revision("HEAD").unwrap().read("roles/b.yaml").unwrap(), b"# $Id$\nx: 1\n");
}

#[test]
fn sizes_are_read_before_contents() {
    let project = Project::new();
    let big = vec![b'#'; usize::try_from(LARGEST_FILE).unwrap() + 1];
    let blob = project.repo.blob(&big).unwrap();
    let folder = project.tree(&[("big.yaml", 0o100_644, blob)]);
    project.commit_tree(&[("roles", 0o040_000, folder)]);
    let revision = project.revision("HEAD").unwrap();
    assert_eq!(list(&revision, ALL), ["roles/big.yaml"]);
    assert_eq!(refused(revision.read("roles/big.yaml")).kind, FileErrorKind::TooLarge);
}

#[test]
fn hostile_trees_are_refused() {
    let project = Project::new();
    let blob = project.repo.blob(b"x: 1\n").unwrap();
    let submodule = project.repo.head().unwrap().target().unwrap();
    let inner = project.tree(&[("b.yaml", 0o100_644, blob)]);
    let roles = project.tree(&[
        ("a.yaml", 0o100_644, blob),
        ("exec.yaml", 0o100_755, blob),
        ("dir", 0o040_000, inner),
        ("module", 0o160_000, submodule),
        ("link.yaml", 0o120_000, blob),
    ]);
    // Names that git's library does not write: a tree made by hand.
    let mut raw = project.repo.odb().unwrap().read(roles).unwrap().data().to_vec();
    for (mode, name, id) in [
        ("40000", "..", roles),
        ("40000", ".git", inner),
        ("100644", "../up.yaml", blob),
        ("100644", "\u{fffd}.yaml", blob),
    ] {
        let name = name.replace('\u{fffd}', "?");
        raw.extend(format!("{mode} {name}\0").bytes().map(|byte| if byte == b'?' { 0xff } else { byte }));
        raw.extend(id.as_bytes());
    }
    let roles = project.repo.odb().unwrap().write(ObjectType::Tree, &raw).unwrap();
    project.commit_tree(&[("roles", 0o040_000, roles)]);
    let revision = project.revision("HEAD").unwrap();
    assert_eq!(
        list(&revision, ALL),
        [
            "roles/a.yaml",
            "roles/dir/b.yaml",
            "roles/exec.yaml",
            "0 Link roles/link.yaml",
            "0 NotAFile roles/module",
            "0 NotUnicode roles/\u{fffd}.yaml"
        ]
    );
    assert_eq!(refused(revision.read("roles/module")).kind, FileErrorKind::NotAFile);
    assert_eq!(refused(revision.read("roles/module/x.yaml")).kind, FileErrorKind::NotAFile);
    assert_eq!(refused(revision.read("roles/link.yaml")).kind, FileErrorKind::Link);
}

/// Ten folders that are one folder, ten levels deep: ten objects, ten thousand million paths.
#[test]
fn a_tree_bomb_ends_early() {
    let project = Project::new();
    let blob = project.repo.blob(b"x: 1\n").unwrap();
    let mut tree = project.tree(&[("a.txt", 0o100_644, blob)]);
    let names: Vec<_> = (0..40).map(|n| format!("d{n:02}")).collect();
    for _ in 0..10 {
        let entries: Vec<_> = names.iter().map(|name| (name.as_str(), 0o040_000, tree)).collect();
        tree = project.tree(&entries);
    }
    project.commit_tree(&[("roles", 0o040_000, tree)]);
    let listing = project.revision("HEAD").unwrap().list(&patterns(ALL));
    assert_eq!(listing.problems.len(), 1);
    assert_eq!(listing.problems[0].1.kind, FileErrorKind::TooMany);
    assert_eq!(listing.unmatched, Vec::<usize>::new());
}

#[test]
fn nesting_is_bounded() {
    let project = Project::new();
    let blob = project.repo.blob(b"x: 1\n").unwrap();
    let mut tree = project.tree(&[("a.yaml", 0o100_644, blob)]);
    for _ in 0..140 {
        tree = project.tree(&[("d", 0o040_000, tree)]);
    }
    project.commit_tree(&[("roles", 0o040_000, tree)]);
    let listing = project.revision("HEAD").unwrap().list(&patterns(ALL));
    assert_eq!(listing.problems[0].1.kind, FileErrorKind::TooMany);
}

#[test]
fn a_lost_object_is_told_apart_from_a_deleted_file() {
    let project = Project::new();
    let head = project.repo.head().unwrap().peel_to_tree().unwrap();
    let blob = head.get_path(Path::new("roles/a.yaml")).unwrap().id().to_string();
    project.revision("HEAD").unwrap().complete(&patterns(ALL)).unwrap();
    lose(&project.repo, &blob);

    let revision = project.revision("HEAD").unwrap();
    assert_eq!(list(&revision, ALL), ["roles/a.yaml"]);
    let error = refused(revision.read("roles/a.yaml"));
    assert_eq!(error.kind, FileErrorKind::Io);
    assert!(error.message.contains("git fsck"), "{error}");
    let error = revision.complete(&patterns(ALL)).unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::MissingObject, Fault::Refused));
    assert!(error.message.contains("roles/a.yaml"), "{error}");
    assert_eq!(project.facts().changed(&[], &patterns(ALL)).unwrap_err().kind, Kind::MissingObject);

    // The same for a folder, which has to be a problem, not an empty listing.
    let folder = head.get_path(Path::new("roles")).unwrap().id().to_string();
    lose(&project.repo, &folder);
    let revision = project.revision("HEAD").unwrap();
    assert_eq!(list(&revision, ALL), ["0 Io roles"]);
    assert_eq!(revision.complete(&patterns(ALL)).unwrap_err().kind, Kind::MissingObject);
    lose(&project.repo, &head.id().to_string());
    assert_eq!(list(&project.revision("HEAD").unwrap(), ALL), ["0 Io ."]);
}

#[test]
fn a_partial_clone_names_the_command_that_fetches_the_rest() {
    let project = Project::new();
    let head = project.repo.head().unwrap().peel_to_tree().unwrap();
    let blob = head.get_path(Path::new("roles/a.yaml")).unwrap().id().to_string();
    let mut config = project.repo.config().unwrap();
    config.set_bool("remote.origin.promisor", true).unwrap();
    lose(&project.repo, &blob);
    let error = project.revision("HEAD").unwrap().complete(&patterns(ALL)).unwrap_err();
    assert_eq!(error.kind, Kind::MissingObject);
    assert!(error.message.contains("partial"), "{error}");
    assert!(error.help.unwrap().contains("git fetch --refetch --no-filter"));

    config.set_i32("core.repositoryformatversion", 1).unwrap();
    config.set_str("extensions.partialClone", "origin").unwrap();
    let error = project.revision("HEAD").unwrap_err();
    assert_eq!(error.kind, Kind::Unsupported);
    assert!(error.help.unwrap().contains("git config --unset extensions.partialClone"));
}

#[test]
fn a_root_below_the_top_is_read_from_its_folder() {
    let project = Project::empty();
    project.write("one/rolecall.yaml", "version: 1\n");
    project.write("one/roles/a.yaml", "");
    project.write("zwei ü/rolecall.yaml", "version: 1\n");
    project.write("zwei ü/roles/b.yaml", "");
    let both = project.commit("two roots");
    project.write("one/roles/c.yaml", "");
    fs::remove_dir_all(project.root.join("zwei ü")).unwrap();
    project.write("zwei ü", "now a file");
    project.commit("one root");
    project
        .repo
        .checkout_tree(
            &project.repo.find_object(Oid::from_str(&both).unwrap(), None).unwrap(),
            Some(CheckoutBuilder::new().force()),
        )
        .unwrap();

    let open = |folder: &str, rev: &str| {
        let place = find_config(&project.root.join(folder), None, Reading::Revision).unwrap();
        Revision::open(&place, rev).unwrap()
    };
    assert_eq!(list(&open("one", &both), ALL), ["roles/a.yaml"]);
    assert_eq!(list(&open("one", "main"), ALL), ["roles/a.yaml", "roles/c.yaml"]);
    assert_eq!(list(&open("zwei ü", &both), ALL), ["roles/b.yaml"]);
    let gone = open("zwei ü", "main");
    assert_eq!(gone.list(&patterns(ALL)).unmatched, [0]);
    assert_eq!(refused(gone.read("rolecall.yaml")).kind, FileErrorKind::NotFound);
}

#[test]
fn a_root_behind_a_link_is_refused() {
    let project = Project::new();
    let link = project.repo.blob(b"elsewhere").unwrap();
    let linked = project.commit_tree(&[("sub", 0o120_000, link)]);
    put(&project.root, "sub/rolecall.yaml", "");
    let place = find_config(&project.root.join("sub"), None, Reading::WorkTree).unwrap();
    let error = Revision::open(&place, &linked).unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::Link, Fault::Refused));
}

#[test]
fn a_fingerprint_tells_the_content_without_reading_it() {
    let project = Project::new();
    project.write("roles/b/same.yaml", "provider: x\n");
    project.write(".env", "SECRET=1");
    let first = project.commit("more");
    project.write("roles/a.yaml", "provider: y\n");
    project.commit("changed");
    let (old, new) = (project.revision(&first).unwrap(), project.revision("HEAD").unwrap());
    let of = |files: &Revision, path: &str| files.fingerprint(path);
    assert_ne!(of(&old, "roles/a.yaml"), of(&new, "roles/a.yaml"));
    assert_eq!(of(&old, "roles/a.yaml"), of(&new, "roles/b/same.yaml"));
    assert_eq!(of(&old, "roles/a.yaml").unwrap()[..2], [0x7e, 0x96][..]);
    assert_eq!(of(&old, "roles/a.yaml"), old.fingerprint_of(&old.read("roles/a.yaml").unwrap()));
    for path in ["roles", "roles/none.yaml", "../a.yaml", ".env", ""] {
        assert_eq!(of(&new, path), None, "{path}");
    }
    assert_eq!(project.files().fingerprint("roles/a.yaml"), None, "the work tree would have to read it");
}
