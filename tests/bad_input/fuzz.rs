//! Valid files with random damage: never a panic, every place inside its text, quickly.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use proptest::{collection::vec, prelude::*};
use rolecall::{
    definition::{self, LoadOptions, ParseCache},
    model::files::{FileError, FileErrorKind, Files, Listing},
    provider::Registry,
    render::{Style, findings},
};

const CONFIG: &str = r#"version: 1
targets:
  reviews:
    provider: coderabbit
    files: ["roles/*.yaml"]
    manage: { roles: authoritative, assignments: additive }
    settings: { org_id: "88321" }
    credential: { env: CODERABBIT_API_KEY_EU }
    on_unassign: { to: builtin:cr_member }
guards: { max_deletes: 3, max_unassigns: "10%", min_admins: 2 }
lints: { RC041: allow }
apply_from: [main]
"#;

const ROLES: &str = r#"# rolecall: allow RC040 because a test needs no words
provider: coderabbit
permission_sets:
  reads: &reads { reports: [read], learnings: [read] }
  all: { include: [reads], permissions: { user_management: [read, write] } }
roles:
  auditor:
    name: "Auditör \u00e9"
    description: >
      Reads what was
      reported
    base: builtin:cr_member
    include: [reads]
    permissions:
      reports:
        - write
    except: { learnings: [read] }
    protect: [delete, rename]
    previously: ['Old ''Auditor''']
  二:
    description: null
    permissions: *reads
assignments:
  - role: auditor
    users: ["1003", id:1004]
    exclusive: [users]
    expires: 2027-01-31
default_role: none
removed:
  - old
  - { name: Clicked Together, reassign_to: auditor }
"#;

/// What damages text most: pieces that mean something to YAML, to readers, or to UTF-8.
const PIECES: &[&[u8]] = &[
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"  ",
    b":",
    b": ",
    b"- ",
    b"? ",
    b"&a ",
    b"*a",
    b"*reads",
    b"!!str ",
    b"---\n",
    b"...\n",
    b"[",
    b"]",
    b"{",
    b"}",
    b"|\n",
    b">-\n",
    b"\"",
    b"'",
    b"#",
    b" #",
    b"%YAML 1.1\n",
    b"<<: *reads\n",
    b"no",
    b"012",
    b"~",
    b"\0",
    b"\xff",
    b"\xe6\x97",
    "\u{feff}".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{2028}".as_bytes(),
    "é".as_bytes(),
    b"glpat-x7Kq2mPz9LwRtY4vNc8B",
    b"99999999999999999999",
    b"\\u",
    b"\\x1b",
    b"roles:\n",
    b"builtin:",
    b"..",
];

/// One change to bytes; positions are taken modulo their length.
#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Delete(usize, usize),
    Repeat(usize, usize, usize),
    Insert(usize, usize),
    Move(usize, usize, usize),
    Cut(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0..4096_usize;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (at.clone(), 1..40_usize).prop_map(|(at, length)| Damage::Delete(at, length)),
        (at.clone(), 1..60_usize, 1..30_usize)
            .prop_map(|(at, length, times)| Damage::Repeat(at, length, times)),
        (at.clone(), 0..PIECES.len()).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        (at.clone(), at.clone(), 1..80_usize).prop_map(|(from, to, length)| Damage::Move(from, to, length)),
        at.prop_map(Damage::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    let within = |at: usize| at % (bytes.len() + 1);
    let span = |at: usize, length: usize| within(at)..(within(at) + length).min(bytes.len());
    match *damage {
        Damage::Flip(at, bits) => {
            let at = within(at);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= bits;
            }
        }
        Damage::Delete(at, length) => drop(bytes.drain(span(at, length))),
        Damage::Repeat(at, length, times) => {
            let part = bytes[span(at, length)].repeat(times);
            let at = within(at);
            bytes.splice(at..at, part);
        }
        Damage::Insert(at, piece) => {
            let at = within(at);
            bytes.splice(at..at, PIECES[piece].iter().copied());
        }
        Damage::Move(from, to, length) => {
            let part = bytes[span(from, length)].to_vec();
            let to = within(to);
            bytes.splice(to..to, part);
        }
        Damage::Cut(at) => bytes.truncate(within(at)),
    }
}

struct Memory(BTreeMap<Arc<str>, Vec<u8>>);

impl Files for Memory {
    fn list(&self, _: &[Arc<str>]) -> Listing {
        let files = self.0.keys().filter(|path| path.starts_with("roles/")).cloned().collect();
        Listing { files, ..Listing::default() }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let missing = || FileError {
            path: path.into(),
            kind: FileErrorKind::NotFound,
            message: "there is no such file".into(),
        };
        self.0.get(path).cloned().ok_or_else(missing)
    }
}

/// Loads, and checks what holds whatever is in the files.
fn load(config: Vec<u8>, roles: Vec<u8>) -> Result<(), TestCaseError> {
    let files = Memory([("rolecall.yaml".into(), config), ("roles/roles.yaml".into(), roles)].into());
    let registry = Registry::builtin();
    let cache = ParseCache::default();
    let options = LoadOptions {
        lints: BTreeMap::new(),
        revision: None,
        today: jiff::civil::date(2026, 11, 20),
        skip_lints: false,
        cache: &cache,
    };
    let start = Instant::now();
    let loaded = definition::load(&files, "rolecall.yaml", &registry.specs(), &options);
    for finding in &loaded.findings {
        prop_assert!(!finding.message.raw().is_empty());
        for label in &finding.labels {
            let text = &loaded.sources.get(label.site.source).expect("a source").text;
            let (start, end) = (label.site.start as usize, label.site.end as usize);
            prop_assert!(text.get(start..end).is_some(), "{finding:?} is not within its text");
        }
    }
    // A masked place is shown nowhere, and every format can show everything else.
    let secrets: BTreeSet<&str> = loaded
        .masked
        .iter()
        .filter_map(|site| loaded.sources.get(site.source)?.text.get(site.start as usize..site.end as usize))
        .filter(|secret| secret.starts_with("glpat-"))
        .collect();
    let style = Style { color: false, unicode: true, width: 100 };
    for shown in [
        findings::text(&loaded.findings, &loaded.sources, &loaded.masked, &style),
        findings::json(&loaded.findings, &loaded.sources),
        findings::github(&loaded.findings, &loaded.sources, "", None),
    ] {
        prop_assert!(!shown.contains(['\u{1b}', '\u{202e}', '\0']), "{shown}");
        prop_assert!(!secrets.iter().any(|secret| shown.contains(secret)), "{shown}");
    }
    prop_assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    Ok(())
}

#[test]
fn the_files_are_valid_before_the_damage() {
    let roles = ROLES.replace("二", "two");
    assert!(load(CONFIG.into(), roles.into()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_definitions(damages in vec(damage(), 1..6)) {
        let mut roles = ROLES.as_bytes().to_vec();
        damages.iter().for_each(|damage| apply(&mut roles, damage));
        load(CONFIG.into(), roles)?;
    }

    #[test]
    fn damaged_configurations(damages in vec(damage(), 1..6)) {
        let mut config = CONFIG.as_bytes().to_vec();
        damages.iter().for_each(|damage| apply(&mut config, damage));
        load(config, ROLES.into())?;
    }
}
