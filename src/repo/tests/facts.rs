use super::*;

#[test]
fn a_clean_work_tree_has_a_commit_and_a_branch() {
    let project = Project::new();
    let head = project.repo.head().unwrap().target().unwrap().to_string();
    let facts = project.facts();
    assert_eq!(facts.commit.as_deref(), Some(&*head));
    assert_eq!(facts.branch.as_deref(), Some("main"));
    assert!(!facts.shallow);
    assert_eq!(project.changed(), Vec::<String>::new());
}

#[test]
fn outside_git_nothing_is_known_and_nothing_is_dirty() {
    let sandbox = Sandbox::new();
    put(&sandbox.path, "rolecall.yaml", "");
    // As git itself: an empty `.git` folder is no repository.
    fs::create_dir(sandbox.at(".git")).unwrap();
    let facts = Facts::of(&find_config(&sandbox.path, None, Reading::WorkTree).unwrap()).unwrap();
    assert_eq!((&facts.commit, &facts.branch, facts.shallow), (&None, &None, false));
    assert!(!facts.dirty(&patterns(&["rolecall.yaml"]), &patterns(&["roles/*.yaml"])).unwrap());
}

#[test]
fn every_way_to_differ_is_dirty() {
    let project = Project::new();
    project.write("roles/gone.yaml", "");
    project.write(".gitignore", "roles/ignored.yaml\n");
    project.commit("more");
    assert_eq!(project.changed(), Vec::<String>::new());

    project.write("roles/new.yaml", "");
    project.write("roles/ignored.yaml", "");
    project.write("roles/a.yaml", "provider: y\n");
    project.remove("roles/gone.yaml");
    project.write("rolecall.yaml", "version: 1\n# more\n");
    project.write("README.txt", "not read by a plan");
    let all = ["rolecall.yaml", "roles/a.yaml", "roles/gone.yaml", "roles/ignored.yaml", "roles/new.yaml"];
    assert_eq!(project.changed(), all);
    // Staging changes nothing: HEAD counts.
    let mut index = project.repo.index().unwrap();
    index.add_all(["*"], IndexAddOption::FORCE, None).unwrap();
    index.write().unwrap();
    assert_eq!(project.changed(), all);
    project.commit("all");
    let facts = project.facts();
    assert!(!facts.dirty(&patterns(&all[..2]), &patterns(&["roles/*.yaml"])).unwrap());
}

#[test]
fn what_is_staged_and_taken_back_in_the_file_is_clean() {
    let project = Project::new();
    project.write("roles/a.yaml", "staged: 1\n");
    let mut index = project.repo.index().unwrap();
    index.add_path(Path::new("roles/a.yaml")).unwrap();
    index.write().unwrap();
    project.write("roles/a.yaml", "provider: x\n");
    assert_eq!(project.changed(), Vec::<String>::new());
}

#[test]
fn a_change_of_the_same_length_at_the_same_time_is_seen() {
    let project = Project::new();
    let place = project.root.join("roles/a.yaml");
    let time = fs::metadata(&place).unwrap().modified().unwrap();
    project.write("roles/a.yaml", "provider: y\n");
    fs::File::options().write(true).open(&place).unwrap().set_modified(time).unwrap();
    assert_eq!(project.changed(), ["roles/a.yaml"]);
}

#[test]
fn line_endings_that_git_converts_are_no_difference() {
    let project = Project::new();
    project.write("roles/a.yaml", "provider: x\r\n");
    assert_eq!(project.changed(), ["roles/a.yaml"], "without autocrlf they are bytes like others");
    project.repo.config().unwrap().set_str("core.autocrlf", "true").unwrap();
    assert_eq!(project.changed(), Vec::<String>::new());
    project.write("roles/a.yaml", "provider: y\r\n");
    assert_eq!(project.changed(), ["roles/a.yaml"]);
    project.repo.config().unwrap().set_str("core.autocrlf", "false").unwrap();
    project.write(".gitattributes", "*.yaml text eol=crlf\n");
    project.write("roles/a.yaml", "provider: x\r\n");
    assert_eq!(project.changed(), Vec::<String>::new());
}

#[test]
fn only_what_the_plan_reads_counts() {
    let project = Project::new();
    project.write("docs/x.yaml", "1");
    project.write("people.csv", "mira");
    project.commit("more");
    project.write("docs/x.yaml", "2");
    project.write("people.csv", "okan");
    assert_eq!(project.changed(), Vec::<String>::new());
    assert!(project.facts().dirty(&patterns(&["people.csv"]), &[]).unwrap());
}

#[cfg(unix)]
#[test]
fn a_mode_is_no_difference_and_a_link_is_one() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new();
    let place = project.root.join("roles/a.yaml");
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(project.changed(), Vec::<String>::new());
    fs::rename(&place, project.root.join("real")).unwrap();
    symlink("../real", &place);
    assert_eq!(project.changed(), ["roles/a.yaml"]);
}

#[test]
fn before_the_first_commit_everything_is_dirty() {
    let project = Project::empty();
    project.write("rolecall.yaml", "");
    project.write("roles/a.yaml", "");
    let facts = project.facts();
    assert_eq!((&facts.commit, facts.branch.as_deref()), (&None, Some("main")));
    assert_eq!(project.changed(), ["rolecall.yaml", "roles/a.yaml"]);
}

#[test]
fn a_detached_head_has_no_branch() {
    let project = Project::new();
    let head = project.repo.head().unwrap().target().unwrap();
    project.repo.set_head_detached(head).unwrap();
    let facts = project.facts();
    assert_eq!((facts.commit, facts.branch), (Some(head.to_string()), None));
    assert_eq!(project.changed(), Vec::<String>::new());
}

#[test]
fn two_roots_in_one_repository_are_apart() {
    let project = Project::empty();
    for root in ["one", "zwei ü"] {
        project.write(&format!("{root}/rolecall.yaml"), "version: 1\n");
        project.write(&format!("{root}/roles/a.yaml"), "x: 1\n");
    }
    project.commit("two roots");
    project.write("zwei ü/roles/a.yaml", "x: 2\n");
    let changed =
        |root: &str| changed(&find_config(&project.root.join(root), None, Reading::WorkTree).unwrap());
    assert_eq!(changed("one"), Vec::<String>::new());
    assert_eq!(changed("zwei ü"), ["roles/a.yaml"]);
    project.repo.config().unwrap().set_str("core.autocrlf", "true").unwrap();
    project.write("zwei ü/roles/a.yaml", "x: 1\r\n");
    assert_eq!(changed("zwei ü"), Vec::<String>::new());
}

#[test]
fn a_lost_head_is_an_error() {
    let project = Project::new();
    lose(&project.repo, &project.facts().commit.unwrap());
    let error = Facts::of(&project.place()).unwrap_err();
    assert_eq!(error.kind, super::super::RepoErrorKind::MissingObject);
}
