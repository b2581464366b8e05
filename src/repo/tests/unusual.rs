//! Linked work trees, submodules, shallow clones, formats that the library does not know.

use git2::{FetchOptions, SubmoduleUpdateOptions, WorktreeAddOptions, build::RepoBuilder};

use super::{
    super::{Fault, RepoErrorKind as Kind},
    *,
};

#[test]
fn a_linked_work_tree_has_its_own_head() {
    let project = Project::new();
    let at = project.sandbox.at("linked tree");
    project.repo.worktree("linked", &at, Some(&WorktreeAddOptions::new())).unwrap();
    let place = find_config(&at.join("roles"), None, Reading::WorkTree).unwrap();
    assert_eq!(place.folder().unwrap(), at);
    let facts = Facts::of(&place).unwrap();
    assert_eq!(facts.branch.as_deref(), Some("linked"));
    assert_eq!(facts.commit, project.facts().commit);
    assert_eq!(changed(&place), Vec::<String>::new());
    put(&at, "roles/a.yaml", "provider: y\n");
    assert_eq!(changed(&place), ["roles/a.yaml"]);
    assert_eq!(project.changed(), Vec::<String>::new());
    assert!(Revision::open(&place, "main").is_ok());

    // The repository was moved: an error, not "outside git".
    fs::remove_dir_all(&project.root).unwrap();
    let error = Facts::of(&place).unwrap_err();
    assert_eq!(error.kind, Kind::Git);
    assert!(error.help.unwrap().contains("linked work tree"));
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let inner = Project::new();
    let outer = Project::new();
    let url = inner.root.to_str().unwrap();
    let mut module = outer.repo.submodule(url, Path::new("roles/module"), true).unwrap();
    let mut options = SubmoduleUpdateOptions::new();
    module.clone(Some(&mut options)).unwrap();
    module.add_finalize().unwrap();
    outer.commit("with a submodule");

    let place = find_config(&outer.root.join("roles/module"), None, Reading::WorkTree).unwrap();
    assert_eq!(place.folder().unwrap(), outer.root.join("roles/module"));
    let facts = Facts::of(&place).unwrap();
    assert_eq!(facts.commit, inner.facts().commit);
    assert_eq!(changed(&place), Vec::<String>::new());

    // Seen from outside, its files are not the outer repository's.
    let expected = ["roles/a.yaml", "0 NotAFile roles/module"];
    assert_eq!(list(&outer.files(), &["roles/**/*.yaml"]), expected);
    assert_eq!(list(&outer.revision("HEAD").unwrap(), &["roles/**/*.yaml"]), expected);
}

#[test]
fn a_shallow_clone_says_what_fetches_the_rest() {
    let project = Project::new();
    let first = project.facts().commit.unwrap();
    project.write("roles/b.yaml", "");
    let second = project.commit("second");
    project.write("roles/c.yaml", "");
    project.commit("third");

    // As a clone of depth 2 leaves it: the boundary is written down, what is before it is absent.
    fs::write(project.repo.path().join("shallow"), format!("{second}\n")).unwrap();
    lose(&project.repo, &first);
    let facts = project.facts();
    assert!(facts.shallow);
    assert_eq!(project.changed(), Vec::<String>::new());
    assert!(project.revision("HEAD~1").is_ok());
    for name in ["HEAD~2", "main~2", &*first, &first[..12], &format!("{first}~1")] {
        let error = project.revision(name).unwrap_err();
        assert_eq!((error.kind, error.kind.fault()), (Kind::Shallow, Fault::Refused), "{name}: {error}");
        let help = error.help.unwrap();
        assert!(help.contains("git fetch --unshallow") && help.contains("fetch-depth: 0"), "{help}");
    }
    // A misspelt branch is not blamed on the clone.
    assert_eq!(project.revision("mian").unwrap_err().kind, Kind::UnknownRevision);
}

#[test]
fn a_linked_work_tree_of_a_shallow_clone_is_shallow() {
    let project = Project::new();
    let first = project.facts().commit.unwrap();
    project.write("roles/b.yaml", "");
    let second = project.commit("second");
    let at = project.sandbox.at("linked");
    project.repo.worktree("linked", &at, Some(&WorktreeAddOptions::new())).unwrap();
    fs::write(project.repo.path().join("shallow"), format!("{second}\n")).unwrap();
    lose(&project.repo, &first);
    let place = find_config(&at, None, Reading::WorkTree).unwrap();
    let facts = Facts::of(&place).unwrap();
    assert!(facts.shallow);
    assert_eq!(Revision::open(&place, "HEAD~1").unwrap_err().kind, Kind::Shallow);
}

#[test]
fn a_clone_has_remote_branches() {
    let project = Project::new();
    let at = project.sandbox.at("clone");
    RepoBuilder::new().fetch_options(FetchOptions::new()).clone(project.root.to_str().unwrap(), &at).unwrap();
    let place = find_config(&at, None, Reading::WorkTree).unwrap();
    assert!(Revision::open(&place, "origin/main").is_ok());
    // `origin` alone is the remote's default branch.
    assert_eq!(
        Revision::open(&place, "origin").unwrap().commit(),
        Revision::open(&place, "main").unwrap().commit()
    );
    let help = Revision::open(&place, "origin/mian").unwrap_err().help.unwrap();
    assert!(help.contains("`origin/main`"), "{help}");
}

#[test]
fn a_format_that_cannot_be_read_is_named() {
    for (name, value) in [("extensions.refStorage", "reftable"), ("extensions.objectFormat", "sha256")] {
        let project = Project::new();
        let mut config = project.repo.config().unwrap();
        config.set_i32("core.repositoryformatversion", 1).unwrap();
        config.set_str(name, value).unwrap();
        let error = Facts::of(&project.place()).unwrap_err();
        assert_eq!(error.kind, Kind::Unsupported, "{name}: {error}");
    }
}

#[test]
fn a_work_tree_that_lies_elsewhere_is_an_error() {
    let project = Project::new();
    let other = project.sandbox.at("other");
    fs::create_dir(&other).unwrap();
    project.repo.config().unwrap().set_str("core.worktree", other.to_str().unwrap()).unwrap();
    let error = Facts::of(&project.place()).unwrap_err();
    assert_eq!(error.kind, Kind::Unsupported);
    assert!(error.message.contains(other.to_str().unwrap()), "{error}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_not_utf8_is_an_error_only_inside_the_repository() {
    use std::os::unix::ffi::OsStrExt;
    let project = Project::new();
    let odd = project.root.join(std::ffi::OsStr::from_bytes(b"\xff"));
    if fs::create_dir(&odd).is_err() {
        return; // The file system takes UTF-8 only.
    }
    fs::write(odd.join("rolecall.yaml"), "").unwrap();
    let place = find_config(&odd, None, Reading::WorkTree).unwrap();
    assert_eq!(Facts::of(&place).unwrap_err().kind, Kind::BadPath);
    assert!(WorkTree::open(&place).unwrap().read("rolecall.yaml").is_ok());

    let inner = odd.join("inner");
    let repo = init(&inner, false);
    put(&inner, "rolecall.yaml", "");
    commit_all(&repo, "start");
    let place = find_config(&inner, None, Reading::WorkTree).unwrap();
    assert_eq!(changed(&place), Vec::<String>::new());
}
