use super::{
    super::{
        RepoErrorKind as Kind,
        write::{replace, write_file, write_new},
    },
    *,
};

/// Names of everything below `folder`, sorted.
fn names(folder: &Path) -> Vec<String> {
    let walk = walkdir::WalkDir::new(folder).min_depth(1).sort_by_file_name();
    walk.into_iter().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_new_file_appears_with_its_folders_and_is_never_overwritten() {
    let sandbox = Sandbox::new();
    write_new(&sandbox.path, ".rolecall/schema/a.json", b"one").unwrap();
    assert_eq!(fs::read(sandbox.at(".rolecall/schema/a.json")).unwrap(), b"one");
    let error = write_new(&sandbox.path, ".rolecall/schema/a.json", b"two").unwrap_err();
    assert_eq!(error.kind, Kind::Exists);
    assert_eq!(fs::read(sandbox.at(".rolecall/schema/a.json")).unwrap(), b"one");
    replace(&sandbox.path, ".rolecall/schema/a.json", b"two").unwrap();
    replace(&sandbox.path, "new.yaml", b"three").unwrap();
    assert_eq!(fs::read(sandbox.at(".rolecall/schema/a.json")).unwrap(), b"two");
    assert_eq!(names(&sandbox.path), [".rolecall", "schema", "a.json", "new.yaml"], "nothing else is left");
}

#[test]
fn nothing_is_written_outside_the_root() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.at("root")).unwrap();
    for bad in [
        "../x.yaml",
        "a/../../x.yaml",
        "/tmp/x.yaml",
        "C:/x.yaml",
        "a\\b.yaml",
        "",
        "a/",
        ".git/hooks/post-merge",
        ".GIT/config",
        "a/.git/config",
        "GIT~1/config",
        ".git ./x",
        ".g\u{200c}it/config",
    ] {
        for write in [write_new, replace] {
            assert_eq!(write(&sandbox.at("root"), bad, b"x").unwrap_err().kind, Kind::BadPath, "{bad}");
        }
    }
    assert_eq!(names(&sandbox.path), ["root"]);
    fs::create_dir(sandbox.at("root/d.yaml")).unwrap();
    fs::write(sandbox.at("root/f"), "").unwrap();
    assert_eq!(replace(&sandbox.at("root"), "d.yaml", b"x").unwrap_err().kind, Kind::Io);
    assert_eq!(replace(&sandbox.at("root"), "f/x.yaml", b"x").unwrap_err().kind, Kind::Io);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links() {
    let sandbox = Sandbox::new();
    let root = sandbox.at("root");
    fs::create_dir_all(sandbox.at("outside")).unwrap();
    fs::create_dir(&root).unwrap();
    fs::write(sandbox.at("outside/file"), "untouched").unwrap();
    symlink("../outside", &root.join("folder"));
    symlink("../outside/file", &root.join("file.yaml"));
    symlink("../outside/new", &root.join("dangling.yaml"));
    for path in ["folder/new.yaml", "folder/deep/new.yaml", "file.yaml", "dangling.yaml"] {
        assert_eq!(replace(&root, path, b"x").unwrap_err().kind, Kind::Link, "{path}");
        assert!(
            matches!(write_new(&root, path, b"x").unwrap_err().kind, Kind::Link | Kind::Exists),
            "{path}"
        );
    }
    assert_eq!(names(&sandbox.at("outside")), ["file"]);
    assert_eq!(fs::read(sandbox.at("outside/file")).unwrap(), b"untouched");
}

#[cfg(unix)]
#[test]
fn modes_follow_the_umask_and_the_file_that_was_there() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let mode = |name: &str| fs::metadata(sandbox.at(name)).unwrap().permissions().mode() & 0o777;
    fs::write(sandbox.at("usual"), "").unwrap();
    write_new(&sandbox.path, "new", b"").unwrap();
    assert_eq!(mode("new"), mode("usual"));
    fs::set_permissions(sandbox.at("new"), fs::Permissions::from_mode(0o640)).unwrap();
    replace(&sandbox.path, "new", b"x").unwrap();
    assert_eq!(mode("new"), 0o640);
}

#[test]
fn a_named_file_is_written_whole() {
    let sandbox = Sandbox::new();
    let plan = sandbox.at("plan.json");
    write_file(&plan, b"one").unwrap();
    write_file(&plan, b"two").unwrap();
    assert_eq!(fs::read(&plan).unwrap(), b"two");
    assert_eq!(write_file(&sandbox.path, b"x").unwrap_err().kind, Kind::BadPath);
    assert_eq!(write_file(&sandbox.at("no/plan.json"), b"x").unwrap_err().kind, Kind::BadPath);
    assert_eq!(names(&sandbox.path), ["plan.json"]);
}

#[cfg(unix)]
#[test]
fn a_named_link_is_followed_and_a_device_stays_one() {
    use std::os::unix::fs::FileTypeExt;
    let sandbox = Sandbox::new();
    fs::write(sandbox.at("real"), "one").unwrap();
    symlink("real", &sandbox.at("link"));
    write_file(&sandbox.at("link"), b"two").unwrap();
    assert_eq!(fs::read(sandbox.at("real")).unwrap(), b"two");
    assert!(fs::symlink_metadata(sandbox.at("link")).unwrap().is_symlink());
    symlink("nowhere", &sandbox.at("dangling"));
    assert_eq!(write_file(&sandbox.at("dangling"), b"x").unwrap_err().kind, Kind::BadPath);
    symlink("/dev/null", &sandbox.at("null"));
    write_file(&sandbox.at("null"), b"x").unwrap();
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    assert!(fs::symlink_metadata(sandbox.at("null")).unwrap().is_symlink());
}
