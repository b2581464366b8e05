//! What the symbolic definitions mean live: which live role a declared one is, which role a
//! reference names, who a principal is, and which permissions a base brings.

mod matching;
mod permissions;
mod references;
mod removed;
mod resolved;

pub(super) use self::removed::nobody_can_tell;
pub use self::resolved::{
    Matched, Resolved, ResolvedAssignment, ResolvedDefault, ResolvedRemoval, ResolvedRole, Unassign,
};

use std::collections::{BTreeMap, BTreeSet, HashSet, btree_map::Entry};

use strsim::jaro_winkler;

use super::{change::Verdict, earlier::Earlier};
use crate::{
    contract::{self, PrincipalClass, Spec},
    model::{
        Address, Code, Finding, Key, Kind, Level, RoleId, Scope, Site, Untrusted,
        config::{OnUnassign, Placed, Target},
        desired::{DesiredRole, DesiredState, RoleName, RoleRef, Spelling},
        live::{LiveObject, LiveState},
    },
};

/// What resolving needs.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The target.
    pub target: &'a Target,
    /// Its provider.
    pub spec: &'a dyn Spec,
    /// Its definitions.
    pub desired: &'a DesiredState,
    /// What was read.
    pub live: &'a LiveState,
    /// What git held before.
    pub earlier: Earlier<'a>,
    /// The day of the plan (UTC).
    pub today: jiff::civil::Date,
}

/// Resolves the definitions against live; every problem with its place.
///
/// # Errors
///
/// All findings, when at least one is an error.
pub fn resolve(input: Input<'_>) -> Result<Resolved<'_>, Vec<Finding>> {
    let resolved = leniently(input, &BTreeMap::new());
    if resolved.findings.iter().any(|finding| finding.level == Level::Error) {
        return Err(resolved.findings);
    }
    Ok(resolved)
}

/// Resolves what can be resolved; what cannot is left out, and stands in the findings. `twins` are
/// the live roles of addresses that are known already.
pub(super) fn leniently<'a>(input: Input<'a>, twins: &BTreeMap<Address, &'a LiveObject>) -> Resolved<'a> {
    let mut resolver = Resolver::new(input);
    resolver.check_live();
    resolver.match_roles(twins);
    let roles = resolver.roles();
    let default = input.desired.default.as_ref().map(|default| ResolvedDefault {
        role: default.role.as_ref().and_then(|role| resolver.role(role, &Scope::Target)),
        site: default.site,
    });
    let (assignments, expired) = resolver.assignments();
    let exclusive = input
        .desired
        .exclusive
        .iter()
        .filter_map(|list| {
            let place = resolver.place(&list.scope, list.place)?;
            Some((resolver.held_role(&list.role, &place)?, place, list.class))
        })
        .collect();
    let removed = resolver.removed();
    let protected = resolver.protected();
    let on_unassign = match &input.target.on_unassign {
        OnUnassign::To(role) => {
            let to = resolver.role(&on_unassign_ref(role), &Scope::Target);
            to.map_or(Unassign::Refuse, Unassign::To)
        }
        OnUnassign::Refuse => Unassign::Refuse,
        OnUnassign::KeepBase => Unassign::KeepBase,
        OnUnassign::RemoveMember => Unassign::RemoveMember,
    };
    let Resolver { findings, notes, verdicts, new_permissions, .. } = resolver;
    let mut resolved = Resolved {
        roles,
        default,
        assignments,
        expired,
        exclusive,
        removed,
        permissions: &input.desired.permissions,
        removed_permissions: &input.desired.removed_permissions,
        protected,
        on_unassign,
        new_permissions,
        notes,
        verdicts,
        findings,
        ids: Vec::new(),
        by_role: BTreeMap::new(),
        replaced: BTreeMap::new(),
    };
    resolved.index();
    resolved
}

/// `on_unassign: { to: … }` is a role's key or `builtin:NAME`.
fn on_unassign_ref(to: &Placed<std::sync::Arc<str>>) -> RoleRef {
    let value = match to.value.strip_prefix("builtin:") {
        Some(name) => RoleName::Builtin(name.into()),
        None => RoleName::Key(to.value.clone()),
    };
    Placed { value, site: to.site }
}

/// After so many the reader has seen that the whole list is wrong, and looking for something similar
/// in a large tenant takes long.
const MOST_GUESSES: usize = 20;

struct Resolver<'a> {
    input: Input<'a>,
    /// Live roles by id, by natural key.
    by_id: BTreeMap<&'a Untrusted, &'a LiveObject>,
    by_key: BTreeMap<&'a Key, Vec<&'a LiveObject>>,
    by_live_name: BTreeMap<&'a Untrusted, Vec<&'a LiveObject>>,
    /// Roles of base and applied by key and scope.
    earlier_roles: BTreeMap<(&'a str, &'a Scope), Vec<&'a DesiredRole>>,
    /// For each declared role its live one, in the order of `desired.roles`.
    matches: Vec<(Option<&'a LiveObject>, Matched)>,
    /// For each declared role that is replaced the new one, where it is there already.
    replaced: BTreeMap<usize, Option<&'a LiveObject>>,
    by_name: BTreeMap<&'a str, Vec<usize>>,
    /// Places that were reported as missing.
    missing: BTreeSet<&'a Scope>,
    /// How often something similar was looked for.
    guesses: usize,
    new_permissions: BTreeMap<Site, Untrusted>,
    findings: Vec<Finding>,
    /// What was said of which place: one line may stand for hundreds of people or places.
    said: BTreeSet<(Site, String)>,
    notes: Vec<Untrusted>,
    verdicts: Vec<Verdict>,
}

impl<'a> Resolver<'a> {
    fn new(input: Input<'a>) -> Self {
        let mut by_id = BTreeMap::new();
        let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut by_live_name: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for role in input.live.of(Kind::Role) {
            if let Some(id) = &role.id {
                by_id.insert(id, role);
            }
            by_key.entry(&role.key).or_default().push(role);
        }
        for role in by_id.values().copied() {
            by_live_name.entry(&role.key.name).or_default().push(role);
        }
        let mut earlier_roles: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for role in input.earlier.states().flat_map(|state| &state.roles) {
            earlier_roles.entry((&*role.key, &role.scope)).or_default().push(role);
        }
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, role) in input.desired.roles.iter().enumerate() {
            by_name.entry(&role.key).or_default().push(index);
        }
        let matches = vec![(None, Matched::Not); input.desired.roles.len()];
        Self {
            input,
            by_id,
            by_key,
            by_live_name,
            earlier_roles,
            matches,
            replaced: BTreeMap::new(),
            by_name,
            missing: BTreeSet::new(),
            guesses: 0,
            new_permissions: BTreeMap::new(),
            findings: Vec::new(),
            said: BTreeSet::new(),
            notes: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// Adds an error, once for each place and message.
    fn error(&mut self, code: Code, site: Site, message: String, label: &str, help: Option<String>) {
        if !self.said.insert((site, message.clone())) {
            return;
        }
        let mut finding = Finding::new(code, message).at(site, label);
        finding.help = help.map(Into::into);
        self.findings.push(finding);
    }

    /// An id stands for one role, a principal has one slot, and there is one default: otherwise
    /// nobody can tell what is there. Custom roles of one name are no problem until one is meant.
    fn check_live(&mut self) {
        let mut seen = HashSet::new();
        for object in &self.input.live.objects {
            let key = &object.key;
            let identity = match (key.kind, &object.id) {
                (Kind::Role, Some(id)) => (Kind::Role, None, Some(id)),
                (Kind::Assignment, _) => (Kind::Assignment, Some(key), None),
                (Kind::Default, _) => (Kind::Default, None, None),
                (Kind::Role | Kind::Permission, _) => continue,
            };
            if seen.insert(identity) {
                continue;
            }
            let what = match identity {
                (_, _, Some(id)) => format!("id `{}`", id.raw()),
                (_, Some(key), _) => format!("{} `{}`", key.class, key.name.raw()),
                _ => "default of new members".to_owned(),
            };
            let message = format!("the API tells two different things of the {what}");
            self.findings
                .push(Finding::new(Code::Ambiguous, message).help("Try again, and ask the provider."));
        }
    }

    fn assignments(&mut self) -> (BTreeMap<Key, ResolvedAssignment>, BTreeMap<(Key, RoleId), Site>) {
        let mut wanted: BTreeMap<Key, ResolvedAssignment> = BTreeMap::new();
        let mut expired = BTreeMap::new();
        let several: BTreeSet<&str> = {
            let classes = self.input.spec.principals().iter();
            classes
                .filter(|class| !class.one_role(&self.input.target.settings))
                .map(|class| class.class)
                .collect()
        };
        let mut gone: BTreeSet<&'a str> = BTreeSet::new();
        let input = self.input;
        for assignment in &input.desired.assignments {
            let is_past = assignment.expires.is_some_and(|last| last < input.today);
            // Whoever left holds nothing any more: a list may keep them until somebody tidies it.
            let written = &assignment.principal.value;
            if is_past
                && contract::principal_id(input.spec, &input.live.directory, assignment.class, written)
                    .is_none()
            {
                gone.insert(written.text().raw());
                continue;
            }
            // Who is in a place that is not there, nobody can tell.
            let Some(scope) = self.place(&assignment.scope, assignment.place) else { continue };
            let held = |id: &Untrusted| input.live.belongs(assignment.class, &scope, id);
            // Who is no member there any more holds nothing there, either.
            if is_past
                && !contract::principal_id(input.spec, &input.live.directory, assignment.class, written)
                    .is_some_and(held)
            {
                continue;
            }
            let role = self.held_role(&assignment.role, &scope);
            let principal = self.principal(assignment.class, &assignment.principal, &scope);
            let (Some(role), Some(name)) = (role, principal) else { continue };
            let site = assignment.principal.site;
            let class = assignment.class;
            let slot = several.contains(class).then(|| role.clone());
            let key = Key { kind: Kind::Assignment, class, scope, name, role: slot };
            if is_past {
                expired.insert((key, role), site);
                continue;
            }
            let first = match wanted.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(ResolvedAssignment { role, site });
                    continue;
                }
                Entry::Occupied(entry) => entry,
            };
            let message = format!("`{}` is assigned twice", first.key().name.raw());
            let finding = Finding::new(Code::TwoRoles, message)
                .at(site, "second assignment")
                .at(first.get().site, "first assignment")
                .help(match first.key().role {
                    Some(_) => "Remove one of the two.".to_owned(),
                    None => {
                        format!("{} gives a person one role. Keep one of the two.", self.input.spec.title())
                    }
                });
            self.findings.push(finding);
        }
        self.notes.extend(left(input.spec.title(), &gone));
        (wanted, expired)
    }

    /// The principal that a definition names at `at`; a finding where there is none, or they do not belong
    /// there.
    fn principal(
        &mut self,
        class: &'static str,
        principal: &Placed<Spelling>,
        at: &Scope,
    ) -> Option<Untrusted> {
        let text = principal.value.text();
        let Input { spec, live, .. } = self.input;
        let belongs = |id: &Untrusted| live.belongs(class, at, id);
        let found = contract::principal_id(spec, &live.directory, class, &principal.value).cloned();
        // Somebody who exists and does not belong there is not misspelt.
        let exists = found.is_some();
        let found = found.filter(|id| belongs(id));
        if found.is_none() {
            self.guesses += 1;
            let known = live.directory.iter().filter(|(c, _, id)| *c == class && belongs(id));
            let known =
                known.map(|(_, spelling, _)| spelling.text().raw()).filter(|known| *known != text.raw());
            let guess = !exists && self.guesses <= MOST_GUESSES;
            let near = guess.then(|| nearest(text.raw(), known)).flatten();
            let near = near.map(|near| format!("Did you mean `{near}`?"));
            let class_spec = contract::principal(spec, class);
            let place =
                contract::manual::place(at).filter(|_| live.members.contains_key(&(class, at.clone())));
            let message = match (&place, class_spec) {
                (Some(place), Some(class)) => not_of(class, place, text),
                _ => format!("{} knows no {class} `{}`", spec.title(), text.raw()),
            };
            let help = match class_spec {
                Some(class) if place.is_some() => {
                    let join = match class.group {
                        true => format!("Write {} of that very place.", class.spellings.about),
                        false => format!(
                            "A role makes nobody a member. Let them join in {} itself, or by your own program, and plan again.",
                            spec.title()
                        ),
                    };
                    // Whether it is a typing error, nobody can tell.
                    near.map_or(join.clone(), |near| format!("{near} Else: {join}"))
                }
                Some(class) if class.joins => near.unwrap_or_else(|| {
                    format!(
                        "Nobody is found by it. Write {}, and make sure that the credential may see them.",
                        class.spellings.about
                    )
                }),
                _ => near.unwrap_or_else(|| "Only existing members can be given a role.".into()),
            };
            self.error(Code::UnknownPrincipal, principal.site, message, "not found", Some(help));
        }
        found
    }
}

/// That a principal does not belong to a place.
fn not_of(class: &PrincipalClass, place: &str, text: &Untrusted) -> String {
    let what = if class.group { "group" } else { "member" };
    match class.inside {
        Some(outer) => format!("`{}` is no {what} of the {outer} in which {place} lies", text.raw()),
        None => format!("{place} has no {what} `{}`", text.raw()),
    }
}

/// That nothing is to be done for whoever is gone and whose assignment has expired.
fn left(title: &str, gone: &BTreeSet<&str>) -> Option<Untrusted> {
    const SHOWN: usize = 10;
    let mut names: Vec<String> = gone.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if gone.len() > SHOWN {
        names.push(format!("{} more", gone.len() - SHOWN));
    }
    let text = format!(
        "What has expired needs nothing for {}, whom {title} does not know any more.",
        names.join(", ")
    );
    (!gone.is_empty()).then(|| text.into())
}

/// The most similar of `known`, if it is similar enough to be meant. Capitals do not count: an address
/// in other capitals is that very person's.
fn nearest<'k>(text: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let text = text.to_lowercase();
    // Everybody of one company has the same end of their address.
    let likeness = |candidate: &str| match (text.rsplit_once('@'), candidate.rsplit_once('@')) {
        (Some((text, host)), Some((candidate, other))) if host == other => jaro_winkler(text, candidate),
        _ => jaro_winkler(&text, candidate),
    };
    known
        .map(|candidate| (likeness(&candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}
