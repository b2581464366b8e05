//! Laws of the comparison, on random definitions.

use std::{collections::BTreeMap, fmt::Write as _};

use proptest::prelude::*;

use super::{
    Half, Input, compare, conclude,
    document::{Summary, TargetDifference, TargetStatus, What},
};
use crate::{
    definition::{
        Loaded,
        testing::{Acme, CONFIG, Memory, load},
    },
    model::Untrusted,
};

const PERMISSIONS: [&str; 4] = ["read_code", "write_code", "delete_code", "read_report"];

/// A small set of small numbers that decide everything.
#[derive(Clone, Debug)]
struct Recipe {
    /// Permissions of the sets `s0` to `s2`, and whether each includes the next.
    sets: [(u8, bool); 3],
    /// For each role: whether it is there, own permissions, included sets, base (another role, a
    /// built-in one, none), taken permissions, name.
    roles: Vec<(bool, u8, u8, u8, u8, u8)>,
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let set = (0..16_u8, any::<bool>());
    let role = (any::<bool>(), 0..16_u8, 0..8_u8, 0..3_u8, 0..16_u8, 0..3_u8);
    (prop::array::uniform3(set), prop::collection::vec(role, 4))
        .prop_map(|(sets, roles)| Recipe { sets, roles })
}

fn list(bits: u8) -> String {
    let chosen = PERMISSIONS.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
    chosen.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

fn yaml(recipe: &Recipe) -> String {
    let mut text = "provider: acme\npermission_sets:\n".to_owned();
    for (at, (bits, includes)) in recipe.sets.iter().enumerate() {
        let include = if *includes && at < 2 { format!("s{}", at + 1) } else { String::new() };
        let _ = writeln!(text, "  s{at}: {{ include: [{include}], permissions: [{}] }}", list(*bits));
    }
    text.push_str("roles:\n  base: { description: x, permissions: [read_code], include: [s0] }\n");
    for (at, (there, own, include, base, except, name)) in recipe.roles.iter().enumerate() {
        if !there {
            continue;
        }
        let sets = (0..3).filter(|set| include >> set & 1 == 1).map(|set| format!("s{set}"));
        let base = ["", "base: guest, ", "base: base, "].get(usize::from(*base)).expect("one of three");
        let _ = writeln!(
            text,
            "  r{at}: {{ {base}name: Role {at} {name}, description: x, permissions: [{}], include: [{}], except: [{}] }}",
            list(*own),
            sets.collect::<Vec<_>>().join(", "),
            list(*except)
        );
    }
    text
}

fn loaded(recipe: &Recipe) -> Loaded {
    let text = yaml(recipe);
    let loaded = load(&Memory::new([("rolecall.yaml", CONFIG), ("roles/a.yaml", &*text)]));
    assert!(loaded.desired.contains_key("main"), "{:?}\n{text}", loaded.findings);
    loaded
}

fn difference(a: &Loaded, b: &Loaded) -> TargetDifference {
    let mut found = TargetDifference {
        name: "main".into(),
        name_before: None,
        status: TargetStatus::Same,
        provider: None,
        emulator: false,
        broken: Vec::new(),
        scope_changes: Vec::new(),
        files_left: Vec::new(),
        files_joined: Vec::new(),
        causes: Vec::new(),
        roles: Vec::new(),
        permission_definitions: Vec::new(),
        default: None,
        assignments: Vec::new(),
        exclusive: Vec::new(),
        removed: Vec::new(),
        summary: Summary::default(),
    };
    let half = |loaded: &'_ Loaded| -> (std::sync::Arc<crate::model::desired::DesiredState>,) {
        (std::sync::Arc::clone(&loaded.desired["main"]),)
    };
    let (then, now) = (half(a), half(b));
    let input = Input {
        target: "main",
        spec: &Acme,
        settings: &BTreeMap::new(),
        a: Half { desired: &then.0, sources: &a.sources },
        b: Half { desired: &now.0, sources: &b.sources },
        only: None,
    };
    compare(input, &mut found);
    conclude(&mut found);
    found
}

/// What a role grants for sure, worked out the slow way from the text of the recipe.
fn granted(recipe: &Recipe, role: usize) -> Option<u8> {
    let set = |at: usize| {
        let mut bits = 0;
        for (bits_of, includes) in recipe.sets.iter().skip(at) {
            bits |= bits_of;
            if !includes {
                break;
            }
        }
        bits
    };
    let (there, own, include, base, except, _) = recipe.roles.get(role)?;
    let mut bits = *own;
    for at in (0..3).filter(|at| include >> at & 1 == 1) {
        bits |= set(at);
    }
    if *base == 2 {
        bits |= 1 | set(0);
    }
    there.then_some(bits & !except)
}

fn names(list: &[super::document::Permission], certain: bool) -> Vec<&str> {
    use super::document::OnlyIf;
    let wanted = |one: &&super::document::Permission| !certain || one.only_if != Some(OnlyIf::Granted);
    list.iter().filter(wanted).map(|one| one.value.raw()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn nothing_differs_from_itself(recipe in recipe()) {
        let (one, other) = (loaded(&recipe), loaded(&recipe));
        let found = difference(&one, &other);
        prop_assert_eq!(found.status, TargetStatus::Same);
        prop_assert!(found.roles.is_empty() && found.causes.is_empty());
    }

    #[test]
    fn the_other_way_round_everything_is_the_other_way_round(a in recipe(), b in recipe()) {
        let (a, b) = (loaded(&a), loaded(&b));
        let (there, back) = (difference(&a, &b), difference(&b, &a));
        prop_assert_eq!(there.roles.len(), back.roles.len());
        prop_assert_eq!(there.summary.roles_added, back.summary.roles_removed);
        prop_assert_eq!(there.summary.permissions_added, back.summary.permissions_removed);
        prop_assert_eq!(there.causes.len(), back.causes.len());
        for (one, other) in there.roles.iter().zip(&back.roles) {
            prop_assert_eq!(&one.address, &other.address);
            prop_assert_eq!(names(&one.permissions.added, false), names(&other.permissions.removed, false));
            prop_assert_eq!(one.permissions.unchanged, other.permissions.unchanged);
        }
    }

    #[test]
    fn permissions_are_those_of_an_independent_expansion(a in recipe(), b in recipe()) {
        let found = difference(&loaded(&a), &loaded(&b));
        let by_key: BTreeMap<&str, _> = found.roles.iter().map(|role| (role.key.raw(), role)).collect();
        for at in 0..4 {
            let (Some(old), Some(new)) = (granted(&a, at), granted(&b, at)) else { continue };
            let role = by_key.get(&*format!("r{at}"));
            let of = |bits: u8| {
                let mut names: Vec<_> = PERMISSIONS.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| *name).collect();
                names.sort_unstable();
                names
            };
            prop_assert_eq!(role.map_or(Vec::new(), |role| names(&role.permissions.added, true)), of(new & !old));
            prop_assert_eq!(role.map_or(Vec::new(), |role| names(&role.permissions.removed, true)), of(old & !new));
        }
    }

    #[test]
    fn every_shared_line_is_explained_in_each_of_its_roles(a in recipe(), b in recipe()) {
        let found = difference(&loaded(&a), &loaded(&b));
        for (number, cause) in found.causes.iter().enumerate() {
            prop_assert!(cause.roles.len() > 1 && !cause.places.is_empty());
            for name in &cause.roles {
                let role = found.roles.iter().find(|role| role.address == name.address).expect("it differs");
                prop_assert!(matches!(role.what, What::Changed | What::Renamed));
                let of = |list: &[super::document::Permission]| -> Vec<Untrusted> {
                    let mine = list.iter().filter(|one| one.cause == Some(number));
                    mine.map(|one| one.value.clone()).collect()
                };
                prop_assert_eq!(&of(&role.permissions.added), &cause.added);
                prop_assert_eq!(&of(&role.permissions.removed), &cause.removed);
            }
        }
    }
}
