//! How long it takes to read three revisions of a large repository, of which few files differ, and how
//! that compares with reading one. `cargo bench --bench program -- diff` times the command itself.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says so")]

mod large;

use std::{collections::BTreeMap, fs, path::Path};

use divan::Bencher;
use large::{commit, project};
use rolecall::{
    definition::{LoadOptions, Loaded, ParseCache, load},
    model::files::Files,
    provider::Registry,
    repo::{ConfigPlace, Reading, Revision, WorkTree, find_config},
};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

/// Three commits in 500 files; each differs from the one before in one of them.
fn repository() -> (TempDir, ConfigPlace) {
    let folder = project("emulator: true", 500, |role| role, "");
    commit(folder.path(), "all");
    for file in ["roles/0007.yaml", "roles/0008.yaml"] {
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).expect("a file");
        fs::write(&path, text.replacen("of many", "of some", 1)).expect("a file");
        commit(folder.path(), file);
    }
    let place = find_config(Path::new(folder.path()), None, Reading::WorkTree).expect("a config");
    (folder, place)
}

/// As a plan reads: the planned definitions with lints, earlier ones without.
fn read(files: &dyn Files, revision: Option<&str>, cache: &ParseCache) -> Loaded {
    let options = LoadOptions {
        lints: BTreeMap::new(),
        revision: revision.map(Into::into),
        today: jiff::civil::date(2026, 11, 20),
        skip_lints: revision.is_some(),
        cache,
    };
    let loaded = load(files, "rolecall.yaml", &Registry::builtin().specs(), &options);
    assert_eq!(loaded.desired.len(), 1);
    loaded
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn desired(bencher: Bencher<'_, '_>) {
    let (_folder, place) = repository();
    bencher.bench(|| {
        let files = WorkTree::open(&place).expect("a work tree");
        read(&files, None, &ParseCache::default())
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn desired_base_and_applied(bencher: Bencher<'_, '_>) {
    let (_folder, place) = repository();
    bencher.bench(|| {
        let cache = ParseCache::default();
        let files = WorkTree::open(&place).expect("a work tree");
        let desired = read(&files, None, &cache);
        let earlier = ["HEAD~1", "HEAD~2"].map(|name| {
            let revision = Revision::open(&place, name).expect("a revision");
            read(&revision, Some(name), &cache)
        });
        (desired, earlier)
    });
}
