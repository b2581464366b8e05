//! The order of files, keys, and list items means nothing.

use proptest::prelude::*;

use super::testing::{self, CONFIG, Memory};
use crate::model::desired::{DesiredState, Via};

/// A desired state without places.
fn shape(state: &DesiredState) -> Vec<String> {
    let roles = state.roles.iter().map(|role| {
        let permissions: Vec<_> = role
            .permissions
            .iter()
            .map(|(name, via)| match via {
                Via::Own(_) => (name.clone(), String::new()),
                Via::Set { name: set, .. } => (name.clone(), set.to_string()),
                Via::Base(base) => (name.clone(), format!("{base:?}")),
            })
            .collect();
        let base = role.base.as_ref().map(|base| &base.value);
        let except: Vec<_> = role.except.keys().collect();
        format!("{} {:?} {base:?} {permissions:?} {except:?} {:?}", role.key, role.name.value, role.protect)
    });
    let people = state
        .assignments
        .iter()
        .map(|one| format!("{} {:?} {:?} {:?}", one.class, one.principal.value, one.role.value, one.expires));
    let removed = state.removed.iter().map(|one| format!("{:?}", one.role.value));
    let default =
        state.default.iter().map(|default| format!("{:?}", default.role.as_ref().map(|role| &role.value)));
    roles.chain(people).chain(removed).chain(default).collect()
}

/// Top-level entries, each a text of its own under its field.
const ENTRIES: &[(&str, &str)] = &[
    ("permission_sets", "  look: [read_code]\n"),
    ("permission_sets", "  report: [read_report, read_code]\n"),
    ("permission_sets", "  all: { include: [report, look] }\n"),
    ("roles", "  a: { description: x, include: [all], permissions: [write_code] }\n"),
    ("roles", "  b: { description: x, base: a, except: [write_code], protect: true }\n"),
    ("roles", "  c: { base: builtin:guest, description: x, include: [look, report] }\n"),
    ("assignments", "  - { role: a, users: [mira, okan] }\n"),
    ("assignments", "  - { role: builtin:owner, users: [email:a@b.example], expires: 2027-01-01 }\n"),
    ("removed", "  - old\n"),
    ("removed", "  - { name: Clicked, reassign_to: b }\n"),
];

/// Writes entries into files in a given order.
fn files(order: &[usize], places: &[usize]) -> Memory {
    let mut memory = Memory::new([("rolecall.yaml", CONFIG)]);
    for number in 0..3 {
        let mut fields: Vec<(&str, String)> = Vec::new();
        for index in order.iter().filter(|index| places[**index] == number) {
            let (field, entry) = ENTRIES[*index];
            match fields.iter_mut().find(|(known, _)| *known == field) {
                Some((_, text)) => text.push_str(entry),
                None => fields.push((field, entry.to_owned())),
            }
        }
        let mut text: String = fields.iter().map(|(field, entries)| format!("{field}:\n{entries}")).collect();
        if number == 0 {
            text.push_str("default_role: c\n");
        }
        // The provider may stand anywhere, too.
        let text =
            if number == 1 { format!("{text}provider: acme\n") } else { format!("provider: acme\n{text}") };
        memory.0.insert(format!("roles/f{}.yaml", (number + order[0]) % 3), text.into_bytes());
    }
    memory
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_means_nothing(
        order in Just((0..ENTRIES.len()).collect::<Vec<_>>()).prop_shuffle(),
        places in prop::collection::vec(0..3_usize, ENTRIES.len()),
    ) {
        let plain: Vec<usize> = (0..ENTRIES.len()).collect();
        let first = testing::load(&files(&plain, &[0; 10]));
        let shuffled = testing::load(&files(&order, &places));
        let codes = |loaded: &super::Loaded| {
            let mut codes: Vec<_> = loaded.findings.iter().map(|finding| finding.code).collect();
            codes.sort_unstable();
            codes
        };
        prop_assert_eq!(codes(&first), codes(&shuffled), "{:?}", testing::lines(&shuffled));
        prop_assert_eq!(shape(&first.desired["main"]), shape(&shuffled.desired["main"]));
    }

    /// The same files give the same answer to the byte, however threads interleave.
    #[test]
    fn a_load_repeats_itself(places in prop::collection::vec(0..3_usize, ENTRIES.len())) {
        let plain: Vec<usize> = (0..ENTRIES.len()).collect();
        let files = files(&plain, &places);
        let (one, two) = (testing::load(&files), testing::load(&files));
        prop_assert_eq!(format!("{one:?}"), format!("{two:?}"));
    }
}
