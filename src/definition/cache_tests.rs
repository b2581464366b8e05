//! What loads share, and that nobody notices.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{LoadOptions, ParseCache, testing::*};
use crate::model::files::{FileError, Files, Listing};

/// Wraps the body of a definition file.
fn acme(body: &str) -> String {
    format!("provider: acme\n{body}")
}

fn role(body: &str) -> String {
    acme(&format!("roles:\n  auditor:\n    description: Reads\n    permissions: [read_code]\n{body}"))
}

#[test]
fn a_second_load_reuses_what_is_equal() {
    let cache = ParseCache::default();
    let files = Memory::new([
        ("rolecall.yaml", CONFIG),
        ("roles/a.yaml", &*role("")),
        ("roles/b.yaml", &*acme("default_role: gone\n")),
    ]);
    let first = load_with(&files, BTreeMap::new(), &cache);
    let second = load_with(&files, BTreeMap::new(), &cache);
    assert_eq!(lines(&first), lines(&second));
    assert_eq!(lines(&first), lines(&load(&files)));
}

/// Files whose contents are told by their length, and that count what is read.
struct Told<'a>(&'a Memory, AtomicUsize);

impl Files for Told<'_> {
    fn list(&self, patterns: &[Arc<str>]) -> Listing {
        self.0.list(patterns)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.read(path)
    }

    fn fingerprint(&self, path: &str) -> Option<[u8; 20]> {
        self.0.read(path).ok().map(|bytes| [u8::try_from(bytes.len()).expect("short"); 20])
    }
}

#[test]
fn what_is_known_by_its_blob_is_not_even_read() {
    let cache = ParseCache::default();
    let reads = |a: &str| {
        let files = Memory::new([
            ("rolecall.yaml", CONFIG),
            ("roles/a.yaml", a),
            ("roles/b.yaml", &*acme("default_role: gone\n")),
        ]);
        let told = Told(&files, AtomicUsize::new(0));
        let options = options(BTreeMap::new(), &cache);
        assert_eq!(lines(&super::load(&told, "rolecall.yaml", SPECS, &options)), lines(&load(&files)));
        told.1.into_inner()
    };
    // The configuration, and the catalogue that is not there, are read every time.
    assert_eq!(reads(&role("")), 4);
    assert_eq!(reads(&role("")), 2);
    assert_eq!(reads(&role("    description: other\n")), 3);
}

#[test]
fn what_the_work_tree_holds_is_known_by_its_blob_too() {
    struct Hashing<'a>(Told<'a>);
    impl Files for Hashing<'_> {
        fn list(&self, patterns: &[Arc<str>]) -> Listing {
            self.0.list(patterns)
        }
        fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
            self.0.read(path)
        }
        fn fingerprint(&self, path: &str) -> Option<[u8; 20]> {
            self.0.fingerprint(path)
        }
        fn fingerprint_of(&self, bytes: &[u8]) -> Option<[u8; 20]> {
            Some([u8::try_from(bytes.len()).expect("short"); 20])
        }
    }
    let cache = ParseCache::default();
    let files = Memory::new([("rolecall.yaml", CONFIG), ("roles/a.yaml", &*role(""))]);
    let first = load_with(&files, BTreeMap::new(), &cache);
    let revision = Hashing(Told(&files, AtomicUsize::new(0)));
    let second = super::load(&revision, "rolecall.yaml", SPECS, &options(BTreeMap::new(), &cache));
    assert_eq!(revision.0.1.into_inner(), 2, "the configuration and the catalogue");
    assert!(Arc::ptr_eq(&first.desired["main"], &second.desired["main"]));
}

#[test]
fn a_shared_answer_is_the_one_that_a_load_of_its_own_gives() {
    let reader = role("");
    let undescribed = acme(UNDESCRIBED);
    let commented = undescribed.replace("  a:", "  # rolecall: deny RC040 because people ask\n  a:");
    let wrong = acme("default_role: gone\n");
    let files = |config: &str, a: &str, more: Option<&str>| {
        let more = more.map(|text| ("roles/more.yaml", text));
        Memory::new(
            [("rolecall.yaml", config), ("roles/a.yaml", a)].into_iter().chain(more).collect::<Vec<_>>(),
        )
    };
    let quiet = format!("{CONFIG}lints: {{ RC040: allow }}\n");
    let two = format!(
        "{CONFIG}  other:\n    provider: acme\n    files: roles/a.yaml\n    settings: {{ org: \"2\" }}\n"
    );
    let cache = ParseCache::default();
    for config in [CONFIG, &quiet, &two, CONFIG] {
        for (a, more) in [
            (&reader, None),
            (&undescribed, None),
            (&undescribed, Some(&wrong)),
            (&commented, None),
            (&reader, None),
        ] {
            let files = files(config, a, more.map(|text: &String| &**text));
            for skip_lints in [false, true, false] {
                let fresh = ParseCache::default();
                let both = [&cache, &fresh].map(|cache| {
                    let options = LoadOptions { skip_lints, ..options(BTreeMap::new(), cache) };
                    let loaded = super::load(&files, "rolecall.yaml", SPECS, &options);
                    (lines(&loaded), loaded.failed.clone(), format!("{:?}", loaded.desired))
                });
                assert_eq!(both[0], both[1]);
            }
        }
    }
}

#[test]
fn a_role_of_a_file_that_is_the_same_is_the_one_that_a_load_of_its_own_gives() {
    let one = |key: &str, body: &str| format!("  {key}: {{ description: D, {body} }}\n");
    let roles = |all: &[String]| acme(&format!("roles:\n{}", all.concat()));
    let set = |permissions: &str| acme(&format!("permission_sets:\n  some: [{permissions}]\n"));
    let kept = roles(&[
        one("own", "permissions: [read_code]"),
        one("including", "include: [some]"),
        one("based", "base: moving, permissions: [read_code]"),
        one("built", "base: guest"),
    ]);
    let moving = roles(&[one("moving", "permissions: [write_code]")]);
    let member = roles(&[
        one("moving", "permissions: [write_code]"),
        one("guest", "name: Guests, permissions: [read_report]"),
    ]);
    let gone = roles(&[one("elsewhere", "permissions: [read_code]")]);
    let twice = roles(&[one("own", "permissions: [write_code]"), one("moving", "permissions: []")]);
    let sets = [set("read_code"), set("read_code, write_code")];
    let cache = ParseCache::default();
    let mut shared = 0;
    // A file before the others, or none.
    for more in [None, Some(&sets[0].replace("some:", "more:"))] {
        for set in sets.iter().chain(&sets) {
            for moving in [&moving, &member, &moving, &gone, &twice, &moving] {
                let more = more.map(|text| ("roles/a.yaml", &**text));
                let files = [
                    ("rolecall.yaml", CONFIG),
                    ("roles/b.yaml", &*kept),
                    ("roles/c.yaml", moving),
                    ("roles/d.yaml", set),
                ];
                let files = Memory::new(files.into_iter().chain(more).collect::<Vec<_>>());
                let load = |cache: &ParseCache| {
                    let options = LoadOptions { skip_lints: true, ..options(BTreeMap::new(), cache) };
                    super::load(&files, "rolecall.yaml", SPECS, &options)
                };
                let (with, alone) = (load(&cache), load(&ParseCache::default()));
                let all = |loaded: &super::Loaded| {
                    (lines(loaded), loaded.failed.clone(), format!("{:?}", loaded.desired))
                };
                assert_eq!(all(&with), all(&alone));
                let permissions = |loaded: &super::Loaded| {
                    let role = loaded.desired.get("main")?.roles.iter().find(|role| &*role.key == "own")?;
                    Some(Arc::clone(&role.permissions))
                };
                shared += usize::from(permissions(&with).is_some_and(|map| Arc::strong_count(&map) > 2));
            }
        }
    }
    assert!(shared > 0, "roles are shared");
}

#[test]
fn lints_can_be_left_out() {
    let files = Memory::new([("rolecall.yaml", CONFIG), ("roles/a.yaml", &*acme(UNDESCRIBED))]);
    assert_eq!(lines(&load(&files)).len(), 1);
    let cache = ParseCache::default();
    let options = LoadOptions { skip_lints: true, ..options(BTreeMap::new(), &cache) };
    assert_eq!(super::load(&files, "rolecall.yaml", SPECS, &options).findings, []);
}

const UNDESCRIBED: &str = "roles:\n  a: { name: Abc, permissions: [read_code] }\n";
