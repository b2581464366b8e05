//! Three made-up providers and files in memory, for the tests of this room.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use crate::{
    catalog::{Builtin, Catalogue, Meaning},
    contract::{
        Base, DefaultRole, Example, Holds, Length, OnRemove, PermissionForm, PrincipalClass, RoleClass,
        ScopeSpec, Setting, SettingForm, Slug, Spec, Spellings,
    },
    model::{
        Untrusted,
        files::{FileError, FileErrorKind, Files, Listing},
    },
};

use super::{LoadOptions, Loaded, ParseCache};

/// Flat permissions, closed catalogue, copied bases, one role for each person.
pub(crate) struct Acme;
/// Resources with accesses, open catalogue, bases as floors, several roles for each person.
pub(crate) struct Bricks;

/// Roles in the whole target, in a level, and in many places; several classes; slugs.
pub(crate) struct Cities;

fn meaning(title: &str, tag: Option<&str>) -> Meaning {
    let tags = tag.into_iter().map(str::to_owned).collect();
    Meaning { title: title.into(), tags, ..Meaning::default() }
}

/// Written in three ways: by its name, by its label, and as the API calls it.
fn read_report() -> (Untrusted, Meaning) {
    let meaning = Meaning {
        description: "Shows the reports.".into(),
        requires: ["read_code".into()].into(),
        label: Some("See (all) Reports".into()),
        aliases: ["ReadReport".into()].into(),
        ..meaning("Read reports", None)
    };
    ("read_report".into(), meaning)
}

fn builtin() -> Vec<Builtin> {
    vec![
        Builtin {
            id: "guest",
            title: "Guest",
            vacant: true,
            assignable: true,
            base: true,
            ..Builtin::default()
        },
        Builtin {
            id: "owner",
            title: "Owner",
            admin: true,
            assignable: true,
            base: true,
            ..Builtin::default()
        },
        Builtin { id: "billing", title: "Billing", ..Builtin::default() },
    ]
}

/// Two roles with one title, in different scopes.
fn keepers() -> [Builtin; 2] {
    let keeper = |id, scope| Builtin {
        id,
        title: "Keeper",
        assignable: true,
        scope: Some(scope),
        ..Builtin::default()
    };
    [keeper("keeper", "house"), keeper("site_keeper", "site")]
}

static ACME: LazyLock<Catalogue> = LazyLock::new(|| Catalogue {
    closed: true,
    permissions: [
        ("read_code", "Read code", None),
        ("write_code", "Change code", Some("write")),
        ("delete_code", "Delete code", Some("delete")),
    ]
    .into_iter()
    .map(|(name, title, tag)| (name.into(), meaning(title, tag)))
    .chain([read_report()])
    .collect(),
    builtin: builtin(),
    ..Catalogue::default()
});

static BRICKS: LazyLock<Catalogue> = LazyLock::new(|| Catalogue {
    closed: false,
    permissions: [("walls:read", "See walls", None), ("walls:write", "Build walls", Some("write"))]
        .into_iter()
        .map(|(name, title, tag)| (name.into(), meaning(title, tag)))
        .collect(),
    builtin: builtin().into_iter().chain(keepers()).collect(),
    ..Catalogue::default()
});

static CITIES: LazyLock<Catalogue> = LazyLock::new(|| Catalogue {
    closed: true,
    permissions: ["burn", "close", "open"]
        .into_iter()
        .map(|name| (name.into(), meaning(name, None)))
        .collect(),
    ..Catalogue::default()
});

const CITY: ScopeSpec = ScopeSpec::instance("city", "one city");

impl Spec for Cities {
    fn name(&self) -> &'static str {
        "cities"
    }
    fn title(&self) -> &'static str {
        "Cities"
    }
    fn credential(&self) -> &'static str {
        "CITIES_KEY"
    }
    fn settings(&self) -> &'static [Setting] {
        &[]
    }
    fn roles(&self) -> &'static [RoleClass] {
        const {
            &[
                RoleClass {
                    scopes: &[ScopeSpec::TARGET, CITY],
                    slug: Some(Slug {
                        length: Length { min: 1, max: Some(20) },
                        prefix_in_instances: "city-",
                        about: "Lower-case letters, digits, and `-`, at most 20; `city-` first in one city.",
                        is_valid: |text| {
                            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                        },
                    }),
                    ..RoleClass::PLAIN
                },
                RoleClass {
                    class: "crown",
                    scopes: &[ScopeSpec::level("realm", "everything")],
                    min_permissions: 1,
                    ..RoleClass::PLAIN
                },
            ]
        }
    }
    fn default_role(&self) -> Option<DefaultRole> {
        None
    }
    fn principals(&self) -> &'static [PrincipalClass] {
        const {
            &[
                PrincipalClass {
                    scopes: &[ScopeSpec::TARGET, CITY],
                    holds: Holds::Several,
                    on_remove: OnRemove::Membership,
                    ..PrincipalClass::PLAIN
                },
                PrincipalClass {
                    class: "guild",
                    field: "guilds",
                    scopes: &[CITY],
                    spellings: Spellings::FREE,
                    ..PrincipalClass::PLAIN
                },
            ]
        }
    }
    fn permission_form(&self) -> PermissionForm {
        PermissionForm::Flat
    }
    fn catalogue(&self) -> &Catalogue {
        &CITIES
    }
    fn example(&self) -> Example {
        Example {
            key: "clerk",
            name: "Clerk",
            description: "Writes",
            scope: None,
            base: None,
            permissions: &["open"],
        }
    }
}

const fn class(base: Base, description: Option<Length>, limit: Option<u32>) -> RoleClass {
    RoleClass {
        base,
        fields: &[],
        name: Length { min: 1, max: Some(40) },
        description,
        limit,
        delete_needs_vacancy: false,
        ..RoleClass::PLAIN
    }
}

impl Spec for Acme {
    fn name(&self) -> &'static str {
        "acme"
    }
    fn title(&self) -> &'static str {
        "Acme"
    }
    fn credential(&self) -> &'static str {
        "ACME_TOKEN"
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "org",
                about: "The organization's id.",
                example: "88321",
                required: true,
                form: SettingForm::Id,
            },
            Setting {
                name: "url",
                about: "A server of one's own.",
                example: "https://acme.example",
                required: false,
                form: SettingForm::Url,
            },
        ]
    }
    fn roles(&self) -> &'static [RoleClass] {
        const { &[class(Base::Copy, Some(Length { min: 0, max: Some(100) }), Some(60))] }
    }
    fn default_role(&self) -> Option<DefaultRole> {
        Some(DefaultRole { builtin: true, none: false })
    }
    fn principals(&self) -> &'static [PrincipalClass] {
        &[PrincipalClass {
            class: "user",
            field: "users",
            batch: 10,
            spellings: Spellings {
                handle: true,
                email: true,
                id: true,
                handle_is_id: false,
                free: false,
                about: "a login name",
            },
            on_remove: OnRemove::AnotherRole,
            ..PrincipalClass::PLAIN
        }]
    }
    fn permission_form(&self) -> PermissionForm {
        PermissionForm::Flat
    }
    fn catalogue(&self) -> &Catalogue {
        &ACME
    }

    fn example(&self) -> Example {
        Example {
            key: "reader",
            name: "Reader",
            description: "Reads",
            scope: None,
            base: None,
            permissions: &["read_code"],
        }
    }
}

impl Spec for Bricks {
    fn name(&self) -> &'static str {
        "bricks"
    }
    fn title(&self) -> &'static str {
        "Bricks"
    }
    fn credential(&self) -> &'static str {
        "BRICKS_KEY"
    }
    fn settings(&self) -> &'static [Setting] {
        &[]
    }
    fn roles(&self) -> &'static [RoleClass] {
        const { &[class(Base::Floor, None, None)] }
    }
    fn default_role(&self) -> Option<DefaultRole> {
        None
    }
    fn principals(&self) -> &'static [PrincipalClass] {
        &[PrincipalClass {
            class: "user",
            field: "users",
            holds: Holds::Several,
            batch: 10,
            spellings: Spellings {
                handle: true,
                email: false,
                id: true,
                handle_is_id: true,
                free: false,
                about: "a numeric id",
            },
            on_remove: OnRemove::Gone,
            ..PrincipalClass::PLAIN
        }]
    }
    fn permission_form(&self) -> PermissionForm {
        PermissionForm::ResourceAccess
    }
    fn catalogue(&self) -> &Catalogue {
        &BRICKS
    }

    fn example(&self) -> Example {
        Example {
            key: "reader",
            name: "Reader",
            description: "Reads",
            scope: None,
            base: None,
            permissions: &["walls:read"],
        }
    }
}

/// Both providers.
pub(crate) const SPECS: &[&dyn Spec] = &[&Acme, &Bricks];

/// Files in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<String, Vec<u8>>);

impl Memory {
    /// Files from paths and texts.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect())
    }
}

fn error(path: &str, kind: FileErrorKind, message: &str) -> FileError {
    FileError { path: path.into(), kind, message: message.into() }
}

impl Files for Memory {
    fn list(&self, patterns: &[Arc<str>]) -> Listing {
        let mut listing = Listing::default();
        let mut found = BTreeSet::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
            let Ok(glob) = glob.map(|glob| glob.compile_matcher()) else { continue };
            if pattern.contains("..") {
                listing.problems.push((index, error(pattern, FileErrorKind::Pattern, "leaves the root")));
                continue;
            }
            let visible = |path: &&String| !path.starts_with('.') && glob.is_match(path);
            let before = found.len();
            found.extend(self.0.keys().filter(visible).map(|path| path.as_str().into()));
            if found.len() == before {
                listing.unmatched.push(index);
            }
        }
        listing.files = found.into_iter().collect();
        listing
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.0.get(path).cloned().ok_or_else(|| error(path, FileErrorKind::NotFound, "there is no such file"))
    }
}

/// A configuration with one target of `provider`.
pub(crate) const CONFIG: &str = "\
version: 1
targets:
  main:
    provider: acme
    files: [\"roles/**/*.yaml\"]
    settings: { org: \"88321\" }
";

/// Loads files with fixed options.
pub(crate) fn load(files: &Memory) -> Loaded {
    load_with(files, BTreeMap::new(), &ParseCache::default())
}

/// Loads files with levels from the command line.
pub(crate) fn load_with(
    files: &Memory,
    lints: BTreeMap<crate::model::Code, crate::model::config::LintLevel>,
    cache: &ParseCache,
) -> Loaded {
    super::load(files, "rolecall.yaml", SPECS, &options(lints, cache))
}

/// Fixed options but for these.
pub(crate) fn options(
    lints: BTreeMap<crate::model::Code, crate::model::config::LintLevel>,
    cache: &ParseCache,
) -> LoadOptions<'_> {
    LoadOptions { lints, revision: None, today: jiff::civil::date(2026, 11, 20), skip_lints: false, cache }
}

/// Loads one definition file beside [`CONFIG`].
pub(crate) fn load_one(text: &str) -> Loaded {
    load(&Memory::new([("rolecall.yaml", CONFIG), ("roles/a.yaml", text)]))
}

/// Every finding as `CODE path:line:column: message`.
pub(crate) fn lines(loaded: &Loaded) -> Vec<String> {
    loaded
        .findings
        .iter()
        .map(|finding| {
            let place = finding.labels.first().and_then(|label| loaded.sources.locate(label.site));
            let place = place.map_or_else(String::new, |(source, at)| {
                format!(" {}:{}:{}", source.path, at.line, at.column)
            });
            format!("{}{place}: {}", finding.code, finding.message.raw())
        })
        .collect()
}

/// The codes of the findings of one definition file beside [`CONFIG`], in order.
pub(crate) fn codes(text: &str) -> Vec<&'static str> {
    load_one(text).findings.iter().map(|finding| finding.code.as_str()).collect()
}
