use super::{super::pattern::Pattern, *};
use crate::model::files::{FileErrorKind as Kind, LARGEST_FILE, MOST_FILES};

fn folder(files: &[&str]) -> (Sandbox, WorkTree) {
    let sandbox = Sandbox::new();
    put(&sandbox.path, "rolecall.yaml", "version: 1\n");
    for file in files {
        put(&sandbox.path, file, "x: 1\n");
    }
    let place = find_config(&sandbox.path, None, Reading::WorkTree).unwrap();
    let files = WorkTree::open(&place).unwrap();
    (sandbox, files)
}

#[test]
fn patterns_mean_what_they_say() {
    let (_sandbox, files) = folder(&[
        "roles/a.yaml",
        "roles/b.yml",
        "roles/c.json",
        "roles/deep/d.yaml",
        "roles/deep/er/e.yaml",
        "roles/.hidden/f.yaml",
        "roles/.g.yaml",
        "roles/UP.YAML",
        "other/h.yaml",
        "roles/mit Raum/ü.yaml",
    ]);
    let listed = |pattern: &str| list(&files, &[pattern]);
    assert_eq!(listed("roles/*.yaml"), ["roles/a.yaml"]);
    assert_eq!(listed("roles/*.{yaml,yml}"), ["roles/a.yaml", "roles/b.yml"]);
    assert_eq!(
        listed("roles/**/*.yaml"),
        ["roles/a.yaml", "roles/deep/d.yaml", "roles/deep/er/e.yaml", "roles/mit Raum/ü.yaml"]
    );
    assert_eq!(listed("*/h.yaml"), ["other/h.yaml"]);
    assert_eq!(listed("{other,roles/deep}/*.yaml"), ["other/h.yaml", "roles/deep/d.yaml"]);
    assert_eq!(listed("roles/[ab].y*ml.yaml"), Vec::<String>::new());
    assert_eq!(listed("roles/mit Raum/ü.yaml"), ["roles/mit Raum/ü.yaml"]);

    let both = files.list(&patterns(&["roles/*.yaml", "none/*.yaml", "roles/a.yaml"]));
    assert_eq!(shown(&both), ["roles/a.yaml"]);
    assert_eq!(both.unmatched, [1]);
}

#[test]
fn patterns_that_leave_the_root_are_problems() {
    let (_sandbox, files) = folder(&["a.yaml"]);
    for bad in [
        "",
        "../x/*.yaml",
        "roles/../../x.yaml",
        "{..,roles}/x.yaml",
        "/etc/*.yaml",
        "C:/x/*.yaml",
        "c:x.yaml",
        "roles\\*.yaml",
        "./a.yaml",
        "roles//a.yaml",
        "roles/",
        ".github/*.yaml",
        "roles/.x/*.yaml",
        ".git/x.yaml",
        "roles/.a.yaml",
        "roles/*",
        "roles/**",
        "*.json",
        "roles/[a.yaml",
        "roles/{a.yaml",
        "a\u{7}.yaml",
    ] {
        let listing = files.list(&patterns(&[bad, "a.yaml"]));
        assert_eq!(listing.files.len(), 1, "{bad}: another pattern still counts");
        let kinds: Vec<_> = listing.problems.iter().map(|(index, error)| (*index, error.kind)).collect();
        assert_eq!(kinds, [(0, Kind::Pattern)], "{bad}");
        assert!(listing.unmatched.is_empty(), "{bad}: said once");
    }
    let long = format!("{}.yaml", "x".repeat(2000));
    assert_eq!(files.list(&patterns(&[&long])).problems.len(), 1);
    let many = vec![Arc::from("a.yaml"); 1_200];
    assert_eq!(files.list(&many).problems[0].1.kind, Kind::TooMany);
}

#[test]
fn a_folder_is_entered_only_where_a_pattern_leads() {
    let reaches = |pattern: &str, path: &str| Pattern::new(&Arc::from(pattern)).unwrap().reaches(path);
    assert!(reaches("roles/*.yaml", "roles"));
    assert!(!reaches("roles/*.yaml", "roles/deep"));
    assert!(!reaches("roles/*.yaml", "node_modules"));
    assert!(reaches("roles/**/*.yaml", "roles/deep/er"));
    assert!(reaches("*/b/*.yaml", "a/b"));
    assert!(!reaches("*/b/*.yaml", "a/c"));
    assert!(reaches("{a/b,c}/*.yaml", "a/b"));
    assert!(reaches("x/{a/b,c}.yaml", "x/a"));
    assert!(!reaches("x/{a/b,c}.yaml", "y"));
    assert!(!reaches("a.yaml", "a"));
}

#[test]
fn only_plain_paths_are_read() {
    let (sandbox, files) =
        folder(&["roles/a.yaml", ".rolecall/catalog/x.json", "people.csv", ".env", ".git/config"]);
    assert_eq!(files.read("roles/a.yaml").unwrap(), b"x: 1\n");
    assert_eq!(files.read(".rolecall/catalog/x.json").unwrap(), b"x: 1\n");
    assert_eq!(files.read("people.csv").unwrap(), b"x: 1\n");
    put(&sandbox.path, "../outside.yaml", "secret: 1\n");
    for bad in [
        "../outside.yaml",
        "roles/../../outside.yaml",
        "/etc/hostname",
        "C:\\x",
        "roles\\a.yaml",
        "./roles/a.yaml",
        "roles//a.yaml",
        "",
        ".env",
        ".git/config",
        ".GIT/config",
        "git~1/config",
        "x/.git/config",
        ".rolecall/.env",
        ".rolecall/../.env",
        "a\0b",
    ] {
        assert_eq!(refused(files.read(bad)).kind, Kind::Pattern, "{bad}");
    }
    assert_eq!(refused(files.read("roles/none.yaml")).kind, Kind::NotFound);
    assert_eq!(refused(files.read("roles/a.yaml/x.yaml")).kind, Kind::NotFound);
    assert_eq!(refused(files.read("roles")).kind, Kind::NotAFile);
    assert_eq!(refused(files.read(&format!("{}.yaml", "x".repeat(500)))).kind, Kind::NotFound);
}

#[test]
fn a_folder_named_like_a_file_is_a_problem_where_it_is_named() {
    let (_sandbox, files) = folder(&["roles/x.yaml/inner.yaml", "roles/a.yaml"]);
    assert_eq!(list(&files, &["roles/*.yaml"]), ["roles/a.yaml"]);
    assert_eq!(list(&files, &["roles/x.yaml"]), ["0 NotAFile roles/x.yaml"]);
}

#[test]
fn a_huge_file_is_refused_without_reading_it() {
    let (sandbox, files) = folder(&["roles/a.yaml", "roles/limit.yaml"]);
    let huge = fs::File::create(sandbox.at("roles/huge.yaml")).unwrap();
    huge.set_len(100_000_000).unwrap();
    let error = refused(files.read("roles/huge.yaml"));
    assert_eq!(error.kind, Kind::TooLarge);
    assert!(error.message.contains("100000000"), "{error}");
    let limit = fs::File::create(sandbox.at("roles/limit.yaml")).unwrap();
    limit.set_len(LARGEST_FILE).unwrap();
    assert_eq!(files.read("roles/limit.yaml").unwrap().len() as u64, LARGEST_FILE);
    limit.set_len(LARGEST_FILE + 1).unwrap();
    assert_eq!(refused(files.read("roles/limit.yaml")).kind, Kind::TooLarge);
}

#[test]
fn too_many_files_are_a_problem() {
    let (sandbox, files) = folder(&["roles/a.yaml"]);
    let first = sandbox.at("roles/a.yaml");
    for index in 0..MOST_FILES {
        fs::hard_link(&first, sandbox.at(&format!("roles/n{index}.yaml"))).unwrap();
    }
    let listing = files.list(&patterns(&["roles/*.yaml"]));
    assert_eq!(listing.files.len(), MOST_FILES);
    assert_eq!(listing.problems.len(), 1);
    assert_eq!(listing.problems[0].1.kind, Kind::TooMany);
}

#[test]
fn folders_nested_too_deep_are_a_problem() {
    let (sandbox, files) = folder(&[]);
    let deep = vec!["d"; 140].join("/");
    put(&sandbox.path, &format!("{deep}/a.yaml"), "");
    let listing = files.list(&patterns(&["**/*.yaml"]));
    assert_eq!(listing.files.len(), 1, "the config");
    assert_eq!(listing.problems[0].1.kind, Kind::TooMany);
}

#[test]
fn a_repository_inside_is_not_read() {
    let (_sandbox, files) = folder(&["roles/a.yaml", "roles/sub/.git", "roles/sub/b.yaml"]);
    assert_eq!(list(&files, &["roles/**/*.yaml"]), ["roles/a.yaml", "0 NotAFile roles/sub"]);
    assert_eq!(list(&files, &["roles/*.yaml"]), ["roles/a.yaml"]);
}

#[test]
fn names_that_differ_only_by_normalisation_are_two_files() {
    let (_sandbox, files) = folder(&["roles/e\u{301}.yaml", "roles/\u{e9}.yaml"]);
    let listed = list(&files, &["roles/*.yaml"]);
    // One where the file system unites them.
    assert!((1..=2).contains(&listed.len()), "{listed:?}");
    for file in listed {
        assert!(files.read(&file).is_ok());
    }
}

#[cfg(unix)]
mod links {
    use super::*;

    #[test]
    fn links_are_refused_and_never_followed() {
        let (sandbox, files) = folder(&["roles/a.yaml", "elsewhere/b.yaml", "README.txt"]);
        put(&sandbox.path, "../secret.yaml", "secret: 1\n");
        symlink("../../secret.yaml", &sandbox.at("roles/file.yaml"));
        symlink("../elsewhere", &sandbox.at("roles/folder"));
        symlink("../README.txt", &sandbox.at("roles/README"));
        symlink("nowhere", &sandbox.at("roles/.#a.yaml"));
        symlink("elsewhere", &sandbox.at("other"));
        assert_eq!(
            list(&files, &["roles/**/*.yaml"]),
            ["roles/a.yaml", "0 Link roles/file.yaml", "0 Link roles/folder"]
        );
        assert_eq!(list(&files, &["other/*.yaml"]), ["0 Link other"]);
        assert_eq!(list(&files, &["roles/a.yaml"]), ["roles/a.yaml"]);
        for path in ["roles/file.yaml", "roles/folder/b.yaml", "other/b.yaml"] {
            assert_eq!(refused(files.read(path)).kind, Kind::Link, "{path}");
        }
    }

    #[test]
    fn a_link_put_in_place_after_listing_is_refused() {
        let (sandbox, files) = folder(&["roles/a.yaml", "roles/sub/b.yaml", "elsewhere/b.yaml"]);
        assert_eq!(list(&files, &["roles/**/*.yaml"]), ["roles/a.yaml", "roles/sub/b.yaml"]);
        fs::remove_dir_all(sandbox.at("roles/sub")).unwrap();
        symlink("../elsewhere", &sandbox.at("roles/sub"));
        fs::remove_file(sandbox.at("roles/a.yaml")).unwrap();
        symlink("/etc/hostname", &sandbox.at("roles/a.yaml"));
        assert_eq!(refused(files.read("roles/a.yaml")).kind, Kind::Link);
        let error = refused(files.read("roles/sub/b.yaml"));
        assert_eq!(error.kind, Kind::Link);
        assert!(error.message.contains("`roles/sub` is a symbolic link"), "{error}");
    }

    #[test]
    fn a_file_exchanged_in_a_race_is_never_read_through_a_link() {
        let (sandbox, files) = folder(&["roles/a.yaml"]);
        put(&sandbox.path, "../secret.yaml", "secret\n");
        let (real, link) = (sandbox.at("roles/real"), sandbox.at("roles/link"));
        let place = sandbox.at("roles/a.yaml");
        fs::write(&real, "x: 1\n").unwrap();
        symlink("../../secret.yaml", &link);
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    for source in [&link, &real] {
                        let next = sandbox.at("roles/next");
                        let made = if source == &link {
                            std::os::unix::fs::symlink("../../secret.yaml", &next)
                        } else {
                            fs::hard_link(source, &next)
                        };
                        made.unwrap();
                        fs::rename(&next, &place).unwrap();
                        let _ = fs::remove_file(&next);
                    }
                }
            });
            let read: std::collections::BTreeSet<_> =
                (0..2_000).filter_map(|_| files.read("roles/a.yaml").ok()).collect();
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(read.iter().all(|bytes| bytes == b"x: 1\n"), "{read:?}");
        });
    }

    #[test]
    fn pipes_sockets_and_devices_are_refused_at_once() {
        let (sandbox, files) = folder(&["roles/a.yaml"]);
        let socket = sandbox.at("roles/s.yaml");
        // The path may be too long for a socket, so it is bound from a short one.
        let short = TempDir::new().unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(short.path().join("s")).unwrap();
        fs::rename(short.path().join("s"), &socket).unwrap();
        let fifo = std::process::Command::new("mkfifo").arg(sandbox.at("roles/p.yaml")).status();
        let mut expected = vec!["roles/a.yaml".to_owned()];
        if fifo.is_ok_and(|status| status.success()) {
            expected.push("0 NotAFile roles/p.yaml".to_owned());
            assert_eq!(refused(files.read("roles/p.yaml")).kind, Kind::NotAFile);
        }
        expected.push("0 NotAFile roles/s.yaml".to_owned());
        assert_eq!(refused(files.read("roles/s.yaml")).kind, Kind::NotAFile);
        assert_eq!(list(&files, &["roles/*.yaml"]), expected);
    }

    #[test]
    fn names_that_are_not_utf8_are_problems() {
        use std::os::unix::ffi::OsStrExt;
        let (sandbox, files) = folder(&["roles/a.yaml"]);
        let name = |bytes: &[u8]| sandbox.at("roles").join(std::ffi::OsStr::from_bytes(bytes));
        if fs::write(name(b"\xff.yaml"), "").is_err() {
            return; // The file system takes UTF-8 only.
        }
        fs::write(name(b"\xff.txt"), "").unwrap();
        fs::create_dir(name(b"\xfe")).unwrap();
        fs::write(name(b"back\\slash.yaml"), "").unwrap();
        assert_eq!(
            list(&files, &["roles/**/*.yaml"]),
            [
                "roles/a.yaml",
                "0 Pattern roles/back\\slash.yaml",
                "0 NotUnicode roles/\u{fffd}",
                "0 NotUnicode roles/\u{fffd}.yaml"
            ]
        );
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_a_problem() {
        use std::os::unix::fs::PermissionsExt;
        let (sandbox, files) = folder(&["roles/a.yaml", "roles/closed/b.yaml"]);
        let closed = sandbox.at("roles/closed");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        let listed = list(&files, &["roles/**/*.yaml"]);
        let root = fs::read_dir(&closed).is_ok();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
        // The superuser may read it.
        let closed = if root { "roles/closed/b.yaml" } else { "0 Io roles/closed" };
        assert_eq!(listed, ["roles/a.yaml", closed]);
    }
}
