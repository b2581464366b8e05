use git2::WorktreeAddOptions;

use super::{
    super::{Fault, History, RepoErrorKind as Kind, Tip},
    *,
};

fn history(project: &Project) -> History {
    History::open(&project.place()).unwrap().unwrap()
}

/// `count` commits, each a change of `roles/a.yaml`, oldest first.
fn line(project: &Project, count: usize) -> Vec<String> {
    let commit = |number| {
        project.write("roles/a.yaml", &format!("n: {number}\n"));
        project.commit("more")
    };
    (0..count).map(commit).collect()
}

fn walked(history: &History, from: &str) -> Vec<Result<String, Kind>> {
    let walk = history.first_parents(from).unwrap();
    walk.map(|item| item.map(|id| id.to_string()).map_err(|error| error.kind)).collect()
}

#[test]
fn outside_git_there_is_no_history() {
    let sandbox = Sandbox::new();
    put(&sandbox.path, "rolecall.yaml", "");
    assert!(History::open(&find_config(&sandbox.path, None, Reading::WorkTree).unwrap()).unwrap().is_none());
}

#[test]
fn a_commit_comes_before_itself_and_what_follows() {
    let project = Project::new();
    let ids = line(&project, 3);
    let side = loose_commit(&project.repo, &[("x", "side")], &[&ids[0]]);
    let merge = loose_commit(&project.repo, &[("x", "merge")], &[&ids[2], &side]);
    let orphan = loose_commit(&project.repo, &[("x", "orphan")], &[]);
    let history = history(&project);
    let before = |a: &str, b: &str| history.is_ancestor(a, b).unwrap();
    assert!(before(&ids[0], &ids[0]) && before(&ids[0], &ids[2]) && before("HEAD~2", "main"));
    assert!(!before(&ids[2], &ids[0]));
    assert!(!before(&side, &ids[2]) && !before(&ids[2], &side));
    assert!(before(&side, &merge) && before(&ids[1], &merge));
    assert!(!before(&orphan, &merge) && !before(&ids[0], &orphan));

    let parted = |a: &str, b: &str| history.merge_base(a, b).unwrap();
    assert_eq!(parted(&side, "main").as_deref(), Some(&*ids[0]));
    assert_eq!(parted(&merge, "main~1").as_deref(), Some(&*ids[1]));
    assert_eq!(parted(&orphan, &merge), None);

    assert_eq!(history.parents(&merge).unwrap(), [ids[2].as_str().into(), side.as_str().into()]);
    assert_eq!(history.first_parent(&merge).unwrap().as_deref(), Some(&*ids[2]));
    assert_eq!(history.first_parent(&orphan).unwrap(), None);
    assert_eq!(history.parents(&orphan).unwrap(), []);
    assert_eq!(history.resolve(&merge[..10]).unwrap().as_ref(), merge);
    assert_eq!(history.resolve("none").unwrap_err().kind, Kind::UnknownRevision);
    assert_eq!(history.is_ancestor("HEAD", "none").unwrap_err().kind, Kind::UnknownRevision);
}

#[test]
fn a_shallow_clone_answers_what_it_can_prove_and_refuses_the_rest() {
    for linked in [false, true] {
        let project = Project::new();
        let ids = line(&project, 6);
        let side = loose_commit(&project.repo, &[("x", "side")], &[&ids[4]]);
        let orphan = loose_commit(&project.repo, &[("x", "orphan")], &[]);
        let deep = loose_commit(&project.repo, &[("x", "deep")], &[&ids[0]]);
        let later = loose_commit(&project.repo, &[("x", "later")], &[&deep]);
        let start = project.repo.revparse_single("HEAD~6").unwrap().id().to_string();
        let place = if linked {
            let at = project.sandbox.at("linked");
            project.repo.worktree("linked", &at, Some(&WorktreeAddOptions::new())).unwrap();
            find_config(&at, None, Reading::WorkTree).unwrap()
        } else {
            project.place()
        };
        shallow(&project.repo, &[&ids[3], &deep], &[&start, &ids[0], &ids[1], &ids[2]]);
        let history = History::open(&place).unwrap().unwrap();
        let before = |a: &str, b: &str| history.is_ancestor(a, b).map_err(|error| error.kind);
        assert_eq!(before(&ids[3], &ids[5]), Ok(true));
        assert_eq!(before(&ids[5], &ids[3]), Ok(false), "no commit comes before what follows it");
        assert_eq!(before(&side, &ids[5]), Ok(false), "they parted in what the clone holds");
        assert_eq!(before(&ids[5], &side), Ok(false));
        assert_eq!(before(&orphan, &ids[5]), Err(Kind::Shallow), "it may have been merged long ago");
        assert_eq!(before(&ids[5], &orphan), Ok(false), "a history that is whole");
        assert_eq!(before(&deep, &later), Ok(true));
        assert_eq!(before(&ids[3], &later), Err(Kind::Shallow));
        assert_eq!(before(&ids[1], &ids[5]), Err(Kind::Shallow), "the commit is not here at all");

        let error = history.first_parent(&ids[3]).unwrap_err();
        assert_eq!((error.kind, error.kind.fault()), (Kind::Shallow, Fault::Refused));
        assert!(error.help.unwrap().contains("git fetch --unshallow"));
        assert_eq!(history.parents(&deep).unwrap_err().kind, Kind::Shallow);
        assert_eq!(history.first_parent(&ids[4]).unwrap().as_deref(), Some(&*ids[3]));

        let expected = [Ok(ids[5].clone()), Ok(ids[4].clone()), Ok(ids[3].clone()), Err(Kind::Shallow)];
        assert_eq!(walked(&history, "HEAD"), expected, "linked: {linked}");
    }
}

#[test]
fn a_list_of_a_shallow_clone_that_names_a_first_commit_hides_nothing() {
    let project = Project::new();
    let first = project.facts().commit.unwrap();
    let ids = line(&project, 1);
    shallow(&project.repo, &[&first], &[]);
    let history = history(&project);
    assert_eq!(history.first_parent(&first).unwrap(), None);
    assert_eq!(walked(&history, "HEAD"), [Ok(ids[0].clone()), Ok(first)]);
    fs::write(project.repo.path().join("shallow"), "no id\n").unwrap();
    assert_eq!(History::open(&project.place()).unwrap_err().kind, Kind::Git);
}

#[test]
fn a_clone_that_says_other_parents_than_its_commits_is_refused() {
    let project = Project::new();
    let ids = line(&project, 2);
    let info = project.repo.path().join("info");
    fs::create_dir_all(&info).unwrap();
    fs::write(info.join("grafts"), "").unwrap();
    assert!(History::open(&project.place()).is_ok());
    fs::write(info.join("grafts"), format!("{}\n", ids[1])).unwrap();
    let error = History::open(&project.place()).unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::Grafts, Fault::Refused));
}

#[test]
fn a_lost_commit_is_an_error_and_never_the_end() {
    let project = Project::new();
    let ids = line(&project, 4);
    let orphan = loose_commit(&project.repo, &[("x", "orphan")], &[]);
    lose(&project.repo, &ids[1]);
    let history = history(&project);
    let error = history.is_ancestor(&orphan, "HEAD").unwrap_err();
    assert_eq!((error.kind, error.kind.fault()), (Kind::MissingObject, Fault::Refused));
    assert!(error.message.contains(&ids[1]), "{error}");
    assert_eq!(history.first_parent(&ids[2]).unwrap_err().kind, Kind::MissingObject);
    let expected = [Ok(ids[3].clone()), Ok(ids[2].clone()), Err(Kind::MissingObject)];
    assert_eq!(walked(&history, "HEAD"), expected);
}

#[test]
fn the_walk_gives_only_commits_that_touched_the_folder() {
    let project = Project::empty();
    let root = "zwölf/rollen und mehr";
    project.write("README", "1");
    let none = project.commit("no definitions yet");
    project.write(&format!("{root}/rolecall.yaml"), "version: 1\n");
    let first = project.commit("first");
    project.write("README", "2");
    project.commit("elsewhere");
    project.write(&format!("{root}/roles/a.yaml"), "a: 1\n");
    let second = project.commit("second");
    project.write("zwölf/other", "3");
    project.commit("beside");
    fs::remove_dir_all(project.root.join("zwölf")).unwrap();
    let gone = project.commit("gone");
    project.write(&format!("{root}/rolecall.yaml"), "version: 1\n");
    let back = project.commit("back");
    project.write("README", "4");
    project.commit("elsewhere again");
    let place = find_config(&project.root.join(root), None, Reading::WorkTree).unwrap();
    let history = History::open(&place).unwrap().unwrap();
    assert_eq!(walked(&history, "HEAD"), [Ok(back), Ok(second.clone()), Ok(first.clone())]);
    assert_eq!(walked(&history, &gone), [Ok(second), Ok(first)]);
    assert_eq!(walked(&history, &none), []);

    // Side branches are not walked: they are not what the branch was.
    let head = history.resolve("HEAD").unwrap();
    let path = format!("{root}/rolecall.yaml");
    let side = loose_commit(&project.repo, &[(&path, "side")], &[&none]);
    let merge = loose_commit(&project.repo, &[(&path, "merge")], &[&head, &side]);
    let seen = walked(&history, &merge);
    assert_eq!(seen[0], Ok(merge));
    assert!(!seen.contains(&Ok(side)), "{seen:?}");

    // Reading while walking does not lock up.
    for commit in history.first_parents("HEAD").unwrap() {
        assert!(history.is_ancestor(&commit.unwrap(), "HEAD").unwrap());
    }
}

#[test]
fn a_lost_folder_ends_the_walk_with_an_error() {
    let project = Project::empty();
    project.write("deep/er/rolecall.yaml", "");
    project.commit("first");
    project.write("deep/er/rolecall.yaml", "version: 1\n");
    let head = project.commit("second");
    let tree = project.repo.revparse_single("HEAD~1:deep").unwrap().id().to_string();
    lose(&project.repo, &tree);
    let place = find_config(&project.root.join("deep/er"), None, Reading::WorkTree).unwrap();
    let history = History::open(&place).unwrap().unwrap();
    assert_eq!(walked(&history, "HEAD"), [Ok(head), Err(Kind::MissingObject)]);
}

#[test]
fn the_target_branch_is_the_remote_one_unless_the_local_one_is_ahead() {
    let project = Project::new();
    let ids = line(&project, 3);
    let repo = &project.repo;
    let target = |names: &[&str]| {
        history(&project).target_branch(names).map(|Tip { name, commit }| (name, commit.to_string()))
    };
    let is = |name: &str, id: &str| Some((name.to_owned(), id.to_owned()));
    assert_eq!(target(&[]), is("main", &ids[2]), "no remote: the local branch");
    assert_eq!(target(&["release", "main"]), is("main", &ids[2]));
    assert_eq!(target(&["release"]), None);
    for hostile in ["../../HEAD", "", "a b", "@{-1}", "refs/heads/main"] {
        assert_eq!(target(&[hostile]), None, "{hostile}");
    }

    point(repo, "refs/remotes/origin/main", &ids[1]);
    assert_eq!(target(&[]), is("main", &ids[2]), "local commits that were not pushed");
    let pushed = loose_commit(repo, &[("x", "pushed")], &[&ids[2]]);
    point(repo, "refs/remotes/origin/main", &pushed);
    assert_eq!(target(&["main"]), is("origin/main", &pushed));
    let rewritten = loose_commit(repo, &[("x", "forced")], &[&ids[0]]);
    point(repo, "refs/remotes/origin/main", &rewritten);
    assert_eq!(target(&[]), is("origin/main", &rewritten), "where both went on, the remote counts");
    point(repo, "refs/remotes/origin/main", &ids[2]);
    assert_eq!(target(&[]), is("origin/main", &ids[2]));

    point(repo, "refs/remotes/origin/trunk", &ids[0]);
    repo.reference_symbolic("refs/remotes/origin/HEAD", "refs/remotes/origin/trunk", true, "").unwrap();
    assert_eq!(target(&[]), is("origin/trunk", &ids[0]), "what the remote calls its default branch");
    assert_eq!(target(&["main"]), is("origin/main", &ids[2]));
    assert_eq!(history(&project).reference("refs/remotes/origin/trunk").as_deref(), Some(&*ids[0]));
    assert_eq!(history(&project).reference("refs/heads/none"), None);
    let blob = repo.blob(b"x").unwrap().to_string();
    point(repo, "refs/tags/blob", &blob);
    assert_eq!(history(&project).reference("refs/tags/blob"), None);
}

#[test]
fn another_remote_counts_only_where_it_is_the_only_one() {
    let project = Project::new();
    let ids = line(&project, 2);
    let tip = || history(&project).target_branch(&["release"]).map(|tip| tip.name);
    project.repo.remote("hub", "https://hub.example.test/x").unwrap();
    point(&project.repo, "refs/remotes/hub/release", &ids[0]);
    assert_eq!(tip().as_deref(), Some("hub/release"));
    project.repo.remote("fork", "https://fork.example.test/x").unwrap();
    assert_eq!(tip(), None, "nobody said which of the two it is");
    point(&project.repo, "refs/remotes/origin/release", &ids[1]);
    assert_eq!(tip().as_deref(), Some("origin/release"));
}

#[test]
fn a_bare_repository_and_a_detached_head_have_a_history() {
    let project = Project::new();
    let ids = line(&project, 2);
    project.repo.set_head_detached(Oid::from_str(&ids[0]).unwrap()).unwrap();
    assert_eq!(history(&project).resolve("HEAD").unwrap().as_ref(), ids[0]);
    assert_eq!(history(&project).target_branch(&[]).unwrap().commit.as_ref(), ids[1]);

    let bare = project.sandbox.at("bare.git");
    init(&bare, true);
    let mut remote = project.repo.remote_anonymous(bare.to_str().unwrap()).unwrap();
    remote.push(&["refs/heads/main:refs/heads/main"], None).unwrap();
    let place = find_config(&bare, None, Reading::Revision).unwrap();
    let history = History::open(&place).unwrap().unwrap();
    assert!(history.is_ancestor(&ids[0], "main").unwrap());
    assert_eq!(history.target_branch(&[]).unwrap().name, "main");
    assert_eq!(walked(&history, "HEAD").len(), 3);
}

#[test]
fn files_of_one_large_folder_are_found_without_reading_it_for_each() {
    let project = Project::new();
    let blob = project.repo.blob(b"provider: x\n").unwrap();
    let names: Vec<String> = (0..10_000).map(|number| format!("role-{number:05}.yaml")).collect();
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), 0o100_644, blob)).collect();
    let roles = project.tree(&entries);
    project.commit_tree(&[("roles", 0o040_000, roles)]);
    let revision = project.revision("HEAD").unwrap();
    let start = std::time::Instant::now();
    let found = names.iter().filter(|name| revision.fingerprint(&format!("roles/{name}")).is_some()).count();
    assert_eq!(found, 10_000);
    // Reading the folder for each of them takes half a minute.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
