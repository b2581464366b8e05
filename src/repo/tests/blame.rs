use git2::WorktreeAddOptions;

use super::{
    super::{Line, RepoErrorKind as Kind, blame},
    *,
};

/// A commit of what lies there, by `author`, `minute` minutes after the epoch.
fn commit(project: &Project, author: &str, minute: i64, message: &str) -> String {
    let mut index = project.repo.index().unwrap();
    index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
    index.update_all(["*"], None).unwrap();
    let tree = project.repo.find_tree(index.write_tree().unwrap()).unwrap();
    index.write().unwrap();
    let parent = project.repo.head().ok().map(|head| head.peel_to_commit().unwrap());
    let who = Signature::new(author, "x@example.test", &Time::new(minute * 60, 120)).unwrap();
    let parents: Vec<_> = parent.iter().collect();
    project.repo.commit(Some("HEAD"), &who, &who, message, &tree, &parents).unwrap().to_string()
}

/// `line author` for each line that is known.
fn authors(place: &ConfigPlace, at: Option<&str>, path: &str, lines: &[u32]) -> Vec<String> {
    let found = blame(place, at, path, lines).unwrap();
    found.iter().map(|(line, found)| format!("{line} {}", found.author.raw())).collect()
}

/// `roles/a.yaml` with three lines, of Mira, Okan, and Mira.
fn project() -> Project {
    let project = Project::empty();
    project.write("rolecall.yaml", "version: 1\n");
    project.write("roles/a.yaml", "one\ntwo\nthree\n");
    commit(&project, "Mira", 1, "first");
    project.write("roles/a.yaml", "one\nTWO\nthree\n");
    commit(&project, "Okan", 2, "second\n\nwhy");
    project.write("README", "elsewhere");
    commit(&project, "Ada", 3, "elsewhere");
    project
}

#[test]
fn each_line_has_the_commit_that_wrote_it() {
    let project = project();
    let place = project.place();
    for at in [None, Some("HEAD")] {
        assert_eq!(authors(&place, at, "roles/a.yaml", &[1, 2, 3]), ["1 Mira", "2 Okan", "3 Mira"]);
        assert_eq!(authors(&place, at, "roles/a.yaml", &[2]), ["2 Okan"]);
        assert_eq!(authors(&place, at, "roles/a.yaml", &[0, 3, 4, u32::MAX]), ["3 Mira"]);
        assert_eq!(authors(&place, at, "roles/a.yaml", &[]), Vec::<String>::new());
    }
    assert_eq!(authors(&place, Some("HEAD~2"), "roles/a.yaml", &[1, 2]), ["1 Mira", "2 Mira"]);
    let second = project.repo.revparse_single("HEAD~1").unwrap().id().to_string();
    let expected = Line {
        commit: second.as_str().into(),
        author: "Okan".into(),
        time: "1970-01-01T00:02:00Z".into(),
        summary: "second".into(),
    };
    assert_eq!(blame(&place, None, "roles/a.yaml", &[2]).unwrap()[&2], expected);
    assert_eq!(authors(&place, Some("HEAD"), "roles/none.yaml", &[1]), Vec::<String>::new());
}

#[test]
fn lines_that_were_not_committed_have_no_author() {
    let project = project();
    let place = project.place();
    project.write("roles/a.yaml", "zero\none\nTWO\nchanged\nfour\n");
    assert_eq!(authors(&place, None, "roles/a.yaml", &[1, 2, 3, 4, 5]), ["2 Mira", "3 Okan"]);
    project.write("roles/a.yaml", "TWO\nthree\n");
    assert_eq!(authors(&place, None, "roles/a.yaml", &[1, 2]), ["1 Okan", "2 Mira"]);
    project.write("roles/a.yaml", "one\r\nTWO\r\nthree\r\nfour");
    assert_eq!(authors(&place, None, "roles/a.yaml", &[1, 2, 3, 4]), ["1 Mira", "2 Okan", "3 Mira"]);
    project.write("roles/a.yaml", "");
    assert_eq!(authors(&place, None, "roles/a.yaml", &[1]), Vec::<String>::new());
    project.write("roles/new.yaml", "one\n");
    assert_eq!(authors(&place, None, "roles/new.yaml", &[1]), Vec::<String>::new());
    assert_eq!(blame(&place, None, "roles/none.yaml", &[1]).unwrap_err().kind, Kind::BadPath);

    let fresh = Project::empty();
    fresh.write("rolecall.yaml", "version: 1\n");
    assert_eq!(authors(&fresh.place(), None, "rolecall.yaml", &[1]), Vec::<String>::new());
}

#[test]
fn a_renamed_file_and_a_renamed_folder_keep_their_authors() {
    let project = project();
    fs::create_dir(project.root.join("roles/deep")).unwrap();
    fs::rename(project.root.join("roles/a.yaml"), project.root.join("roles/deep/b.yaml")).unwrap();
    commit(&project, "Ada", 4, "moved");
    project.write("roles/deep/b.yaml", "one\nTWO\nthree\nfour\n");
    fs::rename(project.root.join("roles/deep"), project.root.join("roles/[x]* ü")).unwrap();
    project.write("roles/other.yaml", "nothing of it\n");
    commit(&project, "Noor", 5, "moved again, and changed");
    let expected = ["1 Mira", "2 Okan", "3 Mira", "4 Noor"];
    assert_eq!(authors(&project.place(), None, "roles/[x]* ü/b.yaml", &[1, 2, 3, 4]), expected);
    assert_eq!(authors(&project.place(), None, "roles/other.yaml", &[1]), ["1 Noor"]);

    // The folder of the definitions itself.
    fs::create_dir(project.root.join("policy")).unwrap();
    for name in ["rolecall.yaml", "roles"] {
        fs::rename(project.root.join(name), project.root.join("policy").join(name)).unwrap();
    }
    commit(&project, "Ada", 6, "moved all");
    let place = find_config(&project.root.join("policy"), None, Reading::WorkTree).unwrap();
    assert_eq!(authors(&place, None, "roles/[x]* ü/b.yaml", &[1, 2, 3, 4]), expected);
}

#[test]
fn a_merge_has_written_nothing_but_its_resolution() {
    let project = project();
    let repo = &project.repo;
    let head = repo.head().unwrap().peel_to_commit().unwrap();
    let side = |author: &str, text: &str, parents: &[&git2::Commit<'_>]| {
        let roles = project.tree(&[("a.yaml", 0o100_644, repo.blob(text.as_bytes()).unwrap())]);
        let tree = repo.find_tree(project.tree(&[("roles", 0o040_000, roles)])).unwrap();
        let who = Signature::new(author, "x@example.test", &Time::new(600, 0)).unwrap();
        repo.find_commit(repo.commit(None, &who, &who, author, &tree, parents).unwrap()).unwrap()
    };
    let left = side("Left", "left\none\nTWO\nthree\n", &[&head]);
    let right = side("Right", "one\nTWO\nthree\nright\n", &[&head]);
    let merge = side("Merge", "left\none\nTWO\nthree!\nright\n", &[&left, &right]);
    let at = merge.id().to_string();
    let expected = ["1 Left", "2 Mira", "3 Okan", "4 Merge", "5 Right"];
    assert_eq!(authors(&project.place(), Some(&at), "roles/a.yaml", &[1, 2, 3, 4, 5]), expected);
    // A file that came with one side is that side's.
    let none = repo.find_commit(Oid::from_str(&loose_commit(repo, &[("x", "")], &[])).unwrap()).unwrap();
    let both = side("Merge", "one\nTWO\nthree\n", &[&none, &head]);
    let at = both.id().to_string();
    assert_eq!(authors(&project.place(), Some(&at), "roles/a.yaml", &[1, 2]), ["1 Mira", "2 Okan"]);
}

#[test]
fn what_the_clone_does_not_hold_is_not_known_and_nobody_elses() {
    for linked in [false, true] {
        let project = project();
        let first = project.repo.revparse_single("HEAD~2").unwrap().id().to_string();
        let second = project.repo.revparse_single("HEAD~1").unwrap().id().to_string();
        project.write("roles/a.yaml", "one\nTWO\nthree\nfour\n");
        commit(&project, "Noor", 4, "more");
        let place = if linked {
            let at = project.sandbox.at("linked");
            project.repo.worktree("linked", &at, Some(&WorktreeAddOptions::new())).unwrap();
            find_config(&at, None, Reading::WorkTree).unwrap()
        } else {
            project.place()
        };
        shallow(&project.repo, &[&second], &[&first]);
        assert_eq!(authors(&place, None, "roles/a.yaml", &[1, 2, 3, 4]), ["4 Noor"], "linked: {linked}");
    }
    // A partial clone without the older version of the file.
    let project = project();
    let blob = project.repo.revparse_single("HEAD~2:roles/a.yaml").unwrap().id().to_string();
    lose(&project.repo, &blob);
    assert_eq!(authors(&project.place(), None, "roles/a.yaml", &[1, 2, 3]), Vec::<String>::new());
    project.write("roles/a.yaml", "one\nTWO\nthree\nfour\n");
    commit(&project, "Noor", 4, "more");
    assert_eq!(authors(&project.place(), None, "roles/a.yaml", &[1, 2, 3, 4]), ["4 Noor"]);
}

#[test]
fn only_files_of_the_definitions_are_asked_for() {
    let project = project();
    project.write("sub/rolecall.yaml", "version: 1\n");
    project.write("sub/.env", "SECRET=1\n");
    commit(&project, "Ada", 4, "sub");
    let place = find_config(&project.root.join("sub"), None, Reading::WorkTree).unwrap();
    assert_eq!(authors(&place, Some("HEAD"), "rolecall.yaml", &[1]), ["1 Ada"]);
    for path in ["../roles/a.yaml", "/etc/passwd", ".env", ".git/config", ""] {
        assert_eq!(blame(&place, Some("HEAD"), path, &[1]).unwrap_err().kind, Kind::BadPath, "{path}");
    }
    let error = blame(&place, Some("none"), "rolecall.yaml", &[1]).unwrap_err();
    assert_eq!(error.kind, Kind::UnknownRevision);
    let sandbox = Sandbox::new();
    put(&sandbox.path, "rolecall.yaml", "");
    let place = find_config(&sandbox.path, None, Reading::WorkTree).unwrap();
    assert_eq!(blame(&place, None, "rolecall.yaml", &[1]).unwrap_err().kind, Kind::NotARepository);
}

#[test]
fn what_the_author_chose_is_bounded_and_marked() {
    let project = project();
    project.write("roles/a.yaml", "evil\n");
    let long = format!("\n\n  {}\u{202e}\nmore", "x".repeat(500));
    commit(&project, "Mal\u{1b}[31m", i64::MAX / 120, &long);
    let line = blame(&project.place(), None, "roles/a.yaml", &[1]).unwrap().remove(&1).unwrap();
    assert_eq!(line.author.raw(), "Mal\u{1b}[31m");
    assert!(line.summary.raw().chars().count() <= 200);
    assert!(line.time.ends_with('Z'), "a time that no calendar has");
}
