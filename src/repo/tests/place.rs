use std::{fs, path::Path};

use super::{
    super::{Fault, RepoErrorKind as Kind, Root},
    *,
};

fn folder(place: &ConfigPlace) -> &Path {
    place.folder().unwrap()
}

#[test]
fn the_config_is_found_upwards() {
    let sandbox = Sandbox::new();
    put(&sandbox.path, "rolecall.yaml", "version: 1\n");
    put(&sandbox.path, "a/b/c.txt", "");
    let place = find_config(&sandbox.at("a/b"), None, Reading::WorkTree).unwrap();
    assert_eq!(folder(&place), sandbox.path);
    assert_eq!(&*place.config, "rolecall.yaml");
    put(&sandbox.path, "a/rolecall.yaml", "version: 1\n");
    let nearer = find_config(&sandbox.at("a/b"), None, Reading::WorkTree).unwrap();
    assert_eq!(folder(&nearer), sandbox.at("a"));
}

#[test]
fn without_a_config_the_error_says_where_it_looked_and_what_to_do() {
    let sandbox = Sandbox::new();
    let error = find_config(&sandbox.path, None, Reading::WorkTree).unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::NoConfig, Fault::Usage));
    assert!(error.message.contains(sandbox.path.to_str().unwrap()), "{error}");
    assert!(error.help.unwrap().contains("rolecall init"));
}

#[test]
fn a_named_config_decides_the_root() {
    let sandbox = Sandbox::new();
    put(&sandbox.path, "rolecall.yaml", "");
    put(&sandbox.path, "access/.roles.yaml", "");
    let named = |file: &str| find_config(&sandbox.path, Some(Path::new(file)), Reading::WorkTree);
    let place = named("access/.roles.yaml").unwrap();
    assert_eq!(folder(&place), sandbox.at("access"));
    assert_eq!(&*place.config, ".roles.yaml");
    // Its own name may start with a dot; nothing else may.
    assert!(WorkTree::open(&place).unwrap().read(".roles.yaml").is_ok());

    let absent = named("access/none.yaml").unwrap_err();
    assert_eq!(absent.kind, Kind::NoConfig);
    assert!(absent.message.contains("access/none.yaml"), "{absent}");
    assert_eq!(named("access").unwrap_err().kind, Kind::BadPath);
    assert_eq!(named("..").unwrap_err().kind, Kind::BadPath);
    let elsewhere = find_config(&sandbox.at("nowhere"), None, Reading::WorkTree).unwrap_err();
    assert_eq!(elsewhere.kind, Kind::BadPath);
}

#[test]
fn a_revision_may_have_a_config_that_the_work_tree_lost() {
    let project = Project::new();
    project.write("sub/rolecall.yaml", "version: 1\n");
    let old = project.commit("sub");
    fs::remove_dir_all(project.root.join("sub")).unwrap();
    project.remove("rolecall.yaml");

    let file = Path::new("sub/rolecall.yaml");
    assert_eq!(find_config(&project.root, Some(file), Reading::WorkTree).unwrap_err().kind, Kind::NoConfig);
    let place = find_config(&project.root, Some(file), Reading::Revision).unwrap();
    assert_eq!(Revision::open(&place, &old).unwrap().read("rolecall.yaml").unwrap(), b"version: 1\n");
    assert_eq!(WorkTree::open(&place).unwrap_err().kind, Kind::BadPath);

    let top = find_config(&project.root.join("roles"), None, Reading::Revision).unwrap();
    assert_eq!(folder(&top), project.root);
    let out = find_config(&project.root, Some(Path::new("gone/../../x.yaml")), Reading::Revision);
    assert_eq!(out.unwrap_err().kind, Kind::BadPath);
}

#[test]
fn a_bare_repository_is_read_at_a_revision_only() {
    let project = Project::new();
    project.write("sub/rolecall.yaml", "version: 1\n# sub\n");
    project.commit("sub");
    let bare = project.sandbox.at("store.git");
    let mut clone = git2::build::RepoBuilder::new();
    clone.bare(true).clone(project.root.to_str().unwrap(), &bare).unwrap();

    let error = find_config(&bare, None, Reading::WorkTree).unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::NoWorkTree, Fault::Usage));
    assert!(error.help.unwrap().contains("--rev"));

    let place = find_config(&bare, None, Reading::Revision).unwrap();
    let revision = Revision::open(&place, "main").unwrap();
    assert_eq!(list(&revision, &["roles/*.yaml"]), ["roles/a.yaml"]);
    assert_eq!(WorkTree::open(&place).unwrap_err().kind, Kind::NoWorkTree);
    assert!(!Facts::of(&place).unwrap().dirty(&[], &[]).unwrap());

    let sub = find_config(&bare, Some(Path::new("sub/rolecall.yaml")), Reading::Revision).unwrap();
    assert!(matches!(&sub.root, Root::Bare { folder, .. } if &**folder == "sub"));
    assert_eq!(Revision::open(&sub, "main").unwrap().read("rolecall.yaml").unwrap(), b"version: 1\n# sub\n");
    let out = find_config(&bare, Some(Path::new("../rolecall.yaml")), Reading::Revision).unwrap_err();
    assert_eq!(out.kind, Kind::BadPath);
}

/// P10: a commit can contain all parts of a bare repository, with a configuration of its choice.
#[test]
fn a_bare_repository_inside_a_work_tree_is_not_trusted() {
    let project = Project::new();
    let planted = project.root.join("docs/planted");
    let inner = init(&planted, true);
    let blob = inner.blob(b"version: 1\n# planted\n").unwrap();
    let mut tree = inner.treebuilder(None).unwrap();
    tree.insert("rolecall.yaml", blob, 0o100_644).unwrap();
    let planted_commit = commit_tree(&inner, tree.write().unwrap(), "planted");

    // The outer config is found, and its repository is the outer one.
    let place = find_config(&planted, None, Reading::Revision).unwrap();
    assert_eq!(folder(&place), project.root);
    assert_eq!(Revision::open(&place, &planted_commit).unwrap_err().kind, Kind::UnknownRevision);

    // Also where the planted one brings a config of its own.
    put(&planted, "rolecall.yaml", "version: 1\n");
    let place = find_config(&planted, None, Reading::WorkTree).unwrap();
    assert_eq!(folder(&place), planted);
    assert_eq!(Facts::of(&place).unwrap().commit, project.facts().commit);
    fs::remove_file(planted.join("rolecall.yaml")).unwrap();

    project.remove("rolecall.yaml");
    let error = find_config(&planted, None, Reading::Revision).unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::Bare, Fault::Refused));
}

#[test]
fn a_bare_repository_beside_the_git_file_that_names_it_is_trusted() {
    let sandbox = Sandbox::new();
    let inner = init(&sandbox.at(".bare"), true);
    fs::write(sandbox.at(".git"), "gitdir: ./.bare\n").unwrap();
    let blob = inner.blob(b"version: 1\n").unwrap();
    let mut tree = inner.treebuilder(None).unwrap();
    tree.insert("rolecall.yaml", blob, 0o100_644).unwrap();
    commit_tree(&inner, tree.write().unwrap(), "start");
    for start in [&sandbox.at(".bare"), &sandbox.path] {
        let place = find_config(start, None, Reading::Revision).unwrap();
        assert_eq!(Revision::open(&place, "main").unwrap().read("rolecall.yaml").unwrap(), b"version: 1\n");
    }
}
