//! Changes of what is managed and guarded, rather than of a role; and what of it is in force before
//! they took effect.

use std::collections::BTreeSet;

use crate::{
    model::{
        Untrusted,
        config::{Config, Limit, Manage, Mode, OnUnassign, Target},
    },
    plan::document::ScopeChange,
};

/// The differences between a target and what it was, with the guards and policies of its
/// configuration. `left` are files that are still there and that the target no longer reads.
pub fn changes(
    (now, now_config): (&Target, &Config),
    (then, then_config): (&Target, &Config),
    left: &BTreeSet<Untrusted>,
) -> Vec<ScopeChange> {
    let mut found = Found::default();
    found.both("target", &then.name, &now.name);
    found.both("provider", then.provider, now.provider);
    found.both("emulator", &then.emulator.to_string(), &now.emulator.to_string());
    let names: BTreeSet<&String> = then.settings.keys().chain(now.settings.keys()).collect();
    for name in names {
        let of = |target: &Target| target.settings.get(name).map(|placed| placed.value.clone());
        found.one(&format!("settings.{name}"), of(then), of(now));
    }
    found.both("credential", then.credential.variable(), now.credential.variable());
    found.both("manage.roles", then.manage.roles.as_str(), now.manage.roles.as_str());
    found.both("manage.assignments", then.manage.assignments.as_str(), now.manage.assignments.as_str());
    found.both("on_unassign", &unassign(&then.on_unassign), &unassign(&now.on_unassign));
    if !left.is_empty() {
        let files: Vec<&str> = left.iter().map(Untrusted::raw).collect();
        found.one("files", Some(files.join(", ").into()), None);
    }
    let (a, b) = (&then_config.guards, &now_config.guards);
    found.both("guards.max_deletes", &limit(a.max_deletes), &limit(b.max_deletes));
    found.both("guards.max_unassigns", &limit(a.max_unassigns), &limit(b.max_unassigns));
    found.both("guards.min_admins", &a.min_admins.to_string(), &b.min_admins.to_string());
    found.both("apply_from", &branches(then_config), &branches(now_config));
    found.0
}

/// A target as it is in force while its mode changes: what would be owned newly is owned only after
/// the change took effect.
pub fn in_force<'t>(now: &Target, then: impl Iterator<Item = &'t Target>) -> Target {
    let weaker = |a: Mode, b: Mode| match (a, b) {
        (Mode::Additive, _) | (_, Mode::Additive) => Mode::Additive,
        (Mode::Declared, _) | (_, Mode::Declared) => Mode::Declared,
        (Mode::Authoritative, Mode::Authoritative) => Mode::Authoritative,
    };
    let manage = then.map(|target| target.manage).fold(now.manage, |a, b| Manage {
        roles: weaker(a.roles, b.roles),
        assignments: weaker(a.assignments, b.assignments),
    });
    Target { manage, ..now.clone() }
}

/// Whether a change takes effect only after an apply of its own. A guard that becomes stricter holds
/// at once; and what somebody gets when a role is taken away stands in the plan beside their name,
/// unless they leave altogether.
pub fn alone(change: &ScopeChange) -> bool {
    let value = |side: &Option<Untrusted>| side.as_ref().map_or("", |text| text.raw()).to_owned();
    let (before, after) = (value(&change.before), value(&change.after));
    let number = |text: &str| text.parse::<u64>().ok();
    match change.what.raw() {
        "on_unassign" => after == "remove_member",
        "guards.min_admins" => number(&after) < number(&before),
        "guards.max_deletes" | "guards.max_unassigns" => {
            let percent = before.ends_with('%') && after.ends_with('%');
            let (a, b) = match percent {
                true => (number(before.trim_end_matches('%')), number(after.trim_end_matches('%'))),
                false => (number(&before), number(&after)),
            };
            !matches!((a, b), (Some(a), Some(b)) if b <= a)
        }
        "apply_from" => {
            before != ANYWHERE && !after.split(", ").all(|branch| before.split(", ").any(|was| was == branch))
        }
        _ => true,
    }
}

#[derive(Default)]
struct Found(Vec<ScopeChange>);

impl Found {
    fn both(&mut self, what: &str, before: &str, after: &str) {
        self.one(what, Some(before.into()), Some(after.into()));
    }

    fn one(&mut self, what: &str, before: Option<Untrusted>, after: Option<Untrusted>) {
        if before != after {
            self.0.push(ScopeChange { what: what.into(), before, after });
        }
    }
}

fn limit(limit: Limit) -> String {
    match limit {
        Limit::Count(count) => count.to_string(),
        Limit::Percent(percent) => format!("{percent}%"),
    }
}

fn unassign(on_unassign: &OnUnassign) -> String {
    match on_unassign {
        OnUnassign::Refuse => "refuse".to_owned(),
        OnUnassign::To(role) => format!("to {}", role.value),
        OnUnassign::KeepBase => "keep_base".to_owned(),
        OnUnassign::RemoveMember => "remove_member".to_owned(),
    }
}

/// What stands for no `apply_from`. No branch has such a name beside others: it would be a list.
const ANYWHERE: &str = "anywhere";

fn branches(config: &Config) -> String {
    match &config.apply_from {
        None => ANYWHERE.to_owned(),
        Some(branches) => branches.iter().map(Untrusted::raw).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(what: &str, before: &str, after: &str) -> ScopeChange {
        ScopeChange { what: what.into(), before: Some(before.into()), after: Some(after.into()) }
    }

    #[test]
    fn only_what_cannot_hurt_goes_together_with_roles() {
        for (what, before, after, is_alone) in [
            ("guards.min_admins", "2", "3", false),
            ("guards.min_admins", "3", "2", true),
            ("guards.max_deletes", "5", "3", false),
            ("guards.max_deletes", "3", "5", true),
            ("guards.max_deletes", "10%", "5%", false),
            ("guards.max_deletes", "5%", "10%", true),
            // Which of the two allows more depends on what is live.
            ("guards.max_deletes", "10%", "3", true),
            ("guards.max_unassigns", "3", "10%", true),
            ("guards.max_unassigns", "10%", "9%", false),
            ("on_unassign", "to builtin:member", "to builtin:admin", false),
            ("on_unassign", "refuse", "remove_member", true),
            ("manage.roles", "declared", "additive", true),
            ("manage.roles", "declared", "authoritative", true),
            ("credential", "A_TOKEN", "B_TOKEN", true),
            ("settings.url", "https://a.test", "https://b.test", true),
            ("apply_from", "main", "anywhere", true),
            ("tenant", "a", "b", true),
            ("files", "roles/a.yaml", "", true),
        ] {
            assert_eq!(alone(&change(what, before, after)), is_alone, "{what}: {before} to {after}");
        }
    }

    #[test]
    fn a_mode_is_in_force_only_where_every_revision_has_it() {
        let target = |roles, assignments| Target {
            name: "t".into(),
            provider: "madeup",
            files: Vec::new(),
            manage: Manage { roles, assignments },
            settings: std::collections::BTreeMap::new(),
            credential: crate::model::config::CredentialSource::Env("MADEUP_TOKEN".into()),
            emulator: false,
            on_unassign: OnUnassign::Refuse,
            site: crate::model::Site { source: crate::model::SourceId(0), start: 0, end: 1 },
        };
        use Mode::{Additive, Authoritative, Declared};
        for (now, then, force) in [
            (Authoritative, Declared, Declared),
            (Authoritative, Additive, Additive),
            (Declared, Additive, Additive),
            (Declared, Authoritative, Declared),
            (Additive, Authoritative, Additive),
            (Authoritative, Authoritative, Authoritative),
        ] {
            let both = in_force(&target(now, then), [target(then, now)].iter()).manage;
            assert_eq!((both.roles, both.assignments), (force, force), "{now:?} after {then:?}");
        }
        // The base and the last apply both count.
        let all = [target(Authoritative, Declared), target(Additive, Declared)];
        let manage = in_force(&target(Authoritative, Authoritative), all.iter()).manage;
        assert_eq!((manage.roles, manage.assignments), (Additive, Declared));
        let alone = in_force(&target(Authoritative, Declared), [].iter()).manage;
        assert_eq!((alone.roles, alone.assignments), (Authoritative, Declared));
    }
}
