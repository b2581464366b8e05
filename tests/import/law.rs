//! After an import nothing is left to plan and nothing to import, whatever roles are called.

use std::collections::BTreeSet;

use proptest::{prelude::*, test_runner::TestRunner};
use rolecall::{contract::Spec, plan::earlier::Earlier, provider::coderabbit::CodeRabbit};

use super::{
    memory::Tree,
    tenants::{Click, Tenant, clicked, clicks, id, tenant},
};
use crate::model_world::spec::{Madeup, PERMISSIONS};

const BY_RESOURCE: [&str; 8] = [
    "user_management:read",
    "user_management:write",
    "learnings:delete",
    "no:read",
    "012:write",
    "x.y-z:read",
    "reports:on",
    "include:read",
];

fn holds(tenant: &Tenant, spec: &dyn Spec, permissions: &[&str]) -> Result<(), String> {
    let live = tenant.live(spec, permissions);
    let mut tree = Tree::new(spec);
    // Some roles first, then a person comments the files, then the rest.
    let first: BTreeSet<_> = tenant.first.iter().map(|index| id(*index)).collect();
    tree.import(&live, tenant.out, Some(first), false)?;
    for text in tree.files.values_mut() {
        *text = text.replace("\nroles:\n", "\n# ours\nroles: # by key\n") + "# the end\n";
    }
    let commented = tree.files.clone();
    let prepared = tree.import(&live, tenant.out, None, false)?;
    for (path, before) in &commented {
        let mut after = tree.files[path].lines();
        for line in before.lines() {
            after.find(|other| *other == line).ok_or_else(|| format!("{path} lost the line {line:?}"))?;
        }
    }
    let holders = prepared.additions.skipped.iter().map(|skipped| (skipped.what, skipped.names.len()));
    let unreadable = tenant.unreadable(spec);
    let expected = if unreadable > 0 { vec![("holder", unreadable)] } else { Vec::new() };
    if holders.collect::<Vec<_>>() != expected {
        return Err(format!("skipped {:?}", prepared.additions.skipped));
    }
    for text in tree.files.values() {
        let hidden = |c: &char| rolecall::render::escape::is_hidden(*c) && *c != '\n';
        if let Some(c) = text.chars().find(hidden) {
            return Err(format!("{c:?} stands in {text}"));
        }
    }
    nothing_left(&tree, &live, unreadable)?;

    let written = tree.files.clone();
    let again = tree.import(&live, tenant.out, None, false)?;
    if !again.additions.is_empty() || tree.files != written {
        return Err(format!("imported again: {:?}", again.additions));
    }
    Ok(())
}

/// Written anew, the files say the same, and stay as they are.
fn holds_anew(tenant: &Tenant, spec: &dyn Spec, permissions: &[&str]) -> Result<(), String> {
    let live = tenant.live(spec, permissions);
    let mut tree = Tree::new(spec);
    tree.import(&live, tenant.out, None, false)?;
    let written = tree.files.clone();
    for (path, text) in &mut tree.files {
        if path != "rolecall.yaml" {
            text.push_str("# not for long\n");
        }
    }
    tree.import(&live, tenant.out, None, true)?;
    nothing_left(&tree, &live, tenant.unreadable(spec))?;
    if tree.files == written { Ok(()) } else { Err(format!("{:?} instead of {written:?}", tree.files)) }
}

fn nothing_left(
    tree: &Tree<'_>,
    live: &rolecall::model::live::LiveState,
    unreadable: usize,
) -> Result<(), String> {
    let plan = tree.plan(live)?;
    if plan.changes.is_empty()
        && plan.unmanaged_roles.is_empty()
        && plan.unmanaged_assignments == Some(unreadable as u64)
    {
        return Ok(());
    }
    Err(format!("{:?} {:?} {:?}", plan.changes, plan.unmanaged_roles, plan.unmanaged_assignments))
}

type Law = fn(&Tenant, &dyn Spec, &[&str]) -> Result<(), String>;

/// Half of the cases at each of two providers.
fn for_all(cases: u32, law: Law) {
    let config = ProptestConfig { cases: cases / 2, failure_persistence: None, ..ProptestConfig::default() };
    let run = |spec: &(dyn Spec + Sync), permissions: &[&str]| {
        TestRunner::new(config.clone())
            .run(&tenant(), |tenant| law(&tenant, spec, permissions).map_err(TestCaseError::fail))
            .map_err(|error| error.to_string())
    };
    let (coderabbit, madeup) = std::thread::scope(|scope| {
        let other = scope.spawn(|| run(&Madeup, &PERMISSIONS));
        (run(&CodeRabbit, &BY_RESOURCE), other.join().expect("no panic"))
    });
    assert_eq!((coderabbit, madeup), (Ok(()), Ok(())));
}

/// Another hand's style: lists one a line, comments, line ends of Windows.
fn restyled(text: &str, style: u8) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let list = line.strip_suffix(']').and_then(|line| line.split_once(": ["));
        match list.filter(|(_, items)| style & 1 != 0 && !items.is_empty() && !items.contains('"')) {
            Some((key, items)) => {
                out.push_str(&format!("{key}: # some\n"));
                for item in items.split(", ") {
                    out.push_str(&format!("{}- {item} # one\n", " ".repeat(indent + 2)));
                }
            }
            None => out.push_str(&format!("{line}\n")),
        }
        if style & 2 != 0 && matches!(line, "roles:" | "assignments:") {
            out.push_str("  # about all\n");
        }
    }
    if style & 4 != 0 { out.replace('\n', "\r\n") } else { out }
}

/// Whatever is clicked, the definitions say it after the patch, and a second patch is empty.
fn holds_after_clicks(
    (tenant, clicks, style): &(Tenant, Vec<Click>, u8),
    spec: &dyn Spec,
    permissions: &[&str],
) -> Result<(), String> {
    let live = tenant.live(spec, permissions);
    let mut tree = Tree::new(spec);
    tree.import(&live, tenant.out, None, false)?;
    for (path, text) in &mut tree.files {
        if path.starts_with("roles/") {
            *text = restyled(text, *style);
        }
    }
    let loaded = tree.load();
    let applied = loaded.desired.get("t").ok_or_else(|| format!("{:?}", loaded.findings))?;
    nothing_left(&tree, &live, tenant.unreadable(spec))?;
    let first = tree.recorded(&live)?;
    let fixed = applied.roles.iter().filter_map(|role| Some(role.id.as_ref()?.value.clone())).collect();
    let after = clicked(&live, clicks, &fixed, spec, permissions);
    let earlier =
        Earlier { base: Some(applied), applied: Some(applied), ids: Some(&first), ..Earlier::default() };
    let taken = tree.drift(&after, earlier)?;
    let known = ["it is not declared", "where they hold", "cannot be read", "no default role"];
    let not: Vec<_> = taken.refused.iter().chain(&taken.by_hand).chain(&taken.left).collect();
    if let Some(odd) = not.iter().find(|left| !known.iter().any(|why| left.why.raw().contains(why))) {
        return Err(format!("{odd:?}\n{:?}", tree.files));
    }
    let plan = tree.plan_after(&after, earlier)?;
    if plan.changes.len() > not.len() {
        return Err(format!("left to plan: {:?}\n{:?}", plan.changes, tree.files));
    }
    let written = tree.files.clone();
    let again = tree.drift(&after, earlier)?;
    if !again.lines.is_empty() || tree.files != written {
        return Err(format!("again: {:?}", again.lines));
    }
    for text in tree.files.values() {
        let windows = text.contains("\r\n");
        if windows && text.matches('\n').count() != text.matches("\r\n").count() {
            return Err(format!("mixed line ends: {text:?}"));
        }
    }
    Ok(())
}

#[test]
fn after_drift_is_taken_over_nothing_is_left() {
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    let cases = || (tenant(), clicks(), 0..8_u8);
    let run = |spec: &(dyn Spec + Sync), permissions: &[&str]| {
        TestRunner::new(config.clone())
            .run(&cases(), |case| holds_after_clicks(&case, spec, permissions).map_err(TestCaseError::fail))
            .map_err(|error| error.to_string())
    };
    let (coderabbit, madeup) = std::thread::scope(|scope| {
        let other = scope.spawn(|| run(&Madeup, &PERMISSIONS));
        (run(&CodeRabbit, &BY_RESOURCE), other.join().expect("no panic"))
    });
    assert_eq!((coderabbit, madeup), (Ok(()), Ok(())));
}

#[test]
fn after_an_import_nothing_is_left() {
    for_all(1_000, holds);
}

#[test]
fn files_that_are_written_anew_are_the_same() {
    for_all(100, holds_anew);
}
