use super::super::shell::{git_path, quote};

#[test]
fn paths_are_quoted_for_a_shell() {
    assert_eq!(quote(b"/srv/a b"), "'/srv/a b'");
    assert_eq!(quote("/srv/ä$(x)`y`".as_bytes()), "'/srv/ä$(x)`y`'");
    assert_eq!(quote(b"/srv/it's"), r"'/srv/it'\''s'");
    assert_eq!(quote(b"/srv/\x1b[31m'\\\xff"), r"$'/srv/\x1b[31m\'\\\xff'");
    assert_eq!(quote("a\u{202e}b".as_bytes()), r"$'a\xe2\x80\xaeb'");
    assert_eq!(git_path("/srv/x/".as_ref()), b"/srv/x");
    assert_eq!(git_path("/".as_ref()), b"/");
}

#[cfg(unix)]
mod unix {
    use std::{
        os::unix::fs::MetadataExt,
        process::{Command, Stdio},
    };

    use super::super::{
        super::{Fault, RepoErrorKind as Kind},
        *,
    };

    /// Set in the child process whose home holds no git configuration but the test's own.
    const IN_CHILD: &str = "ROLECALL_TEST_OWNER_HOME";
    const NAME: &str = "repo::tests::owner::unix::a_repository_of_another_user_is_refused";

    /// What the library trusts depends on the user's configuration, so the test runs itself again
    /// with a home of its own: variables of this process are shared with other tests.
    #[test]
    fn a_repository_of_another_user_is_refused() {
        let Some(home) = std::env::var_os(IN_CHILD) else {
            let home = Sandbox::new();
            let child = Command::new(std::env::current_exe().unwrap())
                .args([NAME, "--exact", "--nocapture"])
                .env(IN_CHILD, &home.path)
                .env("HOME", &home.path)
                .env("XDG_CONFIG_HOME", home.at("none"))
                .env_remove("SUDO_UID")
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
            assert!(child.status.success() && said.contains("1 passed"), "{said}");
            return;
        };
        let project = Project::new();
        if fs::metadata(&project.root).unwrap().uid() != 0 {
            // Only the superuser can give files away.
            std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED: the owner test needs root\n")
                .unwrap();
            return;
        }
        for entry in walkdir::WalkDir::new(&project.root) {
            std::os::unix::fs::lchown(entry.unwrap().path(), Some(65_534), Some(65_534)).unwrap();
        }
        let place = project.place();
        let error = Facts::of(&place).unwrap_err();
        assert_eq!((error.kind, error.kind.fault()), (Kind::Owner, Fault::Refused));
        assert_eq!(Revision::open(&place, "HEAD").unwrap_err(), error);
        let help = error.help.unwrap();
        let line = help.lines().last().unwrap();
        let expected = format!("git config --global --add safe.directory '{}'", project.root.display());
        assert_eq!(line, expected);

        // What the line does, written by hand, is enough.
        let entry = format!("[safe]\n\tdirectory = \"{}\"\n", project.root.display());
        fs::write(Path::new(&home).join(".gitconfig"), entry).unwrap();
        assert_eq!(changed(&place), Vec::<String>::new());
    }
}
