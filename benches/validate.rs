//! How long a large repository takes: 10,000 roles with 20 permissions each, in one file and in 500.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, LazyLock},
};

use rolecall::{
    catalog::{Catalogue, Meaning},
    contract::{
        Base, DefaultRole, Example, FieldSpec, Length, PermissionForm, PrincipalClass, RoleClass, Setting,
        Spec,
    },
    definition::{LoadOptions, Loaded, ParseCache, load},
    model::{
        files::{FileError, FileErrorKind, Files, Listing},
        object::field,
    },
};

const ROLES: usize = 10_000;
const PERMISSIONS: usize = 20;
const CATALOGUE: usize = 400;

struct Large;

static CATALOGUE_OF_LARGE: LazyLock<Catalogue> = LazyLock::new(|| {
    let names =
        (0..CATALOGUE).map(|number| (format!("resource_{number:03}_read").into(), Meaning::default()));
    Catalogue { closed: true, permissions: names.collect(), ..Catalogue::default() }
});

const FIELDS: &[FieldSpec] = &[FieldSpec::of(field::PERMISSIONS)];

const CLASSES: &[RoleClass] = &[RoleClass {
    base: Base::Copy,
    fields: FIELDS,
    name: Length { min: 1, max: Some(255) },
    delete_needs_vacancy: false,
    ..RoleClass::PLAIN
}];

impl Spec for Large {
    fn name(&self) -> &'static str {
        "large"
    }
    fn title(&self) -> &'static str {
        "Large"
    }
    fn credential(&self) -> &'static str {
        "LARGE_TOKEN"
    }
    fn settings(&self) -> &'static [Setting] {
        &[]
    }
    fn roles(&self) -> &'static [RoleClass] {
        CLASSES
    }
    fn default_role(&self) -> Option<DefaultRole> {
        None
    }
    fn principals(&self) -> &'static [PrincipalClass] {
        &[]
    }
    fn permission_form(&self) -> PermissionForm {
        PermissionForm::Flat
    }
    fn catalogue(&self) -> &Catalogue {
        &CATALOGUE_OF_LARGE
    }
    fn example(&self) -> Example {
        Example {
            key: "reader",
            name: "Reader",
            description: "Reads",
            scope: None,
            base: None,
            permissions: &[],
        }
    }
}

struct Memory(BTreeMap<String, Vec<u8>>);

impl Files for Memory {
    fn list(&self, _: &[Arc<str>]) -> Listing {
        let files = self.0.keys().filter(|path| path.starts_with("roles/"));
        Listing { files: files.map(|path| path.as_str().into()).collect(), ..Listing::default() }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let missing =
            || FileError { path: path.into(), kind: FileErrorKind::NotFound, message: String::new() };
        self.0.get(path).cloned().ok_or_else(missing)
    }
}

fn repository(files: usize) -> Memory {
    let config = "version: 1\ntargets:\n  main: { provider: large, files: roles/*.yaml }\n";
    let mut memory = BTreeMap::from([("rolecall.yaml".to_owned(), config.as_bytes().to_vec())]);
    for file in 0..files {
        let mut text = "# Made for a measurement\nprovider: large\nroles:\n".to_owned();
        for role in (file..ROLES).step_by(files) {
            let _ = write!(
                text,
                "  role-{role:05}:\n    name: Role {role:05}\n    description: Number {role} of many\n    permissions:\n"
            );
            for permission in 0..PERMISSIONS {
                // Distinct sets, so that the lint for equal ones has work to do and nothing to say.
                let number = (role * 7 + permission * (role % 19 + 1)) % CATALOGUE;
                let _ = writeln!(text, "      - resource_{number:03}_read");
            }
        }
        memory.insert(format!("roles/{file:04}.yaml"), text.into_bytes());
    }
    Memory(memory)
}

fn validate(files: &Memory, cache: &ParseCache) -> Loaded {
    let options = LoadOptions {
        lints: BTreeMap::new(),
        revision: None,
        today: jiff::civil::date(2026, 11, 20),
        skip_lints: false,
        cache,
    };
    load(files, "rolecall.yaml", &[&Large], &options)
}

/// Everything from bytes to findings.
#[divan::bench(args = [1, 500], sample_count = 10, sample_size = 1)]
fn cold(bencher: divan::Bencher<'_, '_>, files: usize) {
    let files = repository(files);
    bencher.bench(|| {
        let loaded = validate(&files, &ParseCache::default());
        assert_eq!(loaded.desired.len(), 1);
        loaded
    });
}

/// The same at another revision in which nothing differs.
#[divan::bench(args = [1, 500], sample_count = 10, sample_size = 1)]
fn again(bencher: divan::Bencher<'_, '_>, files: usize) {
    let files = repository(files);
    let cache = ParseCache::default();
    validate(&files, &cache);
    bencher.bench(|| validate(&files, &cache));
}

fn main() {
    divan::main();
}
