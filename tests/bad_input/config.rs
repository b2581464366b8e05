//! Configurations that are wrong.

use super::{
    Place, Snapshots,
    definitions::{GOOD, check, named},
    for_each,
};

/// Only worth a warning.
const ACCEPTED: &[&str] = &["glob-home", "glob-matches-nothing"];

#[test]
fn configurations() {
    let snapshots = Snapshots::of("config");
    let cases = named("config", ".config.yaml");
    assert!(cases.len() >= 50, "{} cases", cases.len());
    for_each(&cases, |(name, text)| {
        let place = Place::new();
        place.write("rolecall.yaml", text).write("roles/roles.yaml", GOOD);
        check(&place, name, ACCEPTED, &snapshots);
    });
    snapshots.done();
}
