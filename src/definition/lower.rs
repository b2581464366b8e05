//! From the files of one target to its desired state.

mod assignments;
mod permissions;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use crate::{
    contract::{Base, RoleClass, Spec, has_place, is_safe_id},
    model::{
        Code, Finding, Scope, Site, SourceId, Untrusted,
        config::Placed,
        desired::{
            DesiredAssignment, DesiredDefault, DesiredRole, DesiredState, Protect, Removal, RoleName,
            Spelling, Via,
        },
    },
};

use super::{
    de::{Spanned, Text},
    declared::{Declaration, Declared, Input, Use, untrusted},
    definition_file::{DefinitionFile, OverrideBody, RoleEntry},
    forms::{Permissions, Protection, RemovedEntry},
    hidden, place,
    sets::{self, Expanded, MOST_EXPANDED, Names},
    validate::short,
};

/// What came of a target's files.
pub(crate) struct Lowered {
    /// The desired state.
    pub(crate) desired: DesiredState,
    /// Every permission that is written somewhere, each once.
    pub(crate) names: Vec<Untrusted>,
}

/// What came of the same target before, without a finding: roles of files that are still the same need
/// not be lowered again.
#[derive(Clone, Copy)]
pub(crate) struct Known<'k> {
    /// What it declared.
    pub(crate) desired: &'k DesiredState,
    /// Every permission that was written somewhere.
    pub(crate) names: &'k [Untrusted],
    /// Files that are the same.
    pub(crate) files: &'k BTreeSet<SourceId>,
}

/// Lowers the files of a target.
pub(crate) fn lower<'a>(
    input: &'a Input<'a>,
    declared: &Declared<'a>,
    known: Option<Known<'_>>,
    findings: &mut Vec<Finding>,
) -> Lowered {
    let mut names = Names::new(input.spec.catalogue());
    let (as_written, sets) = sets::expand(declared, &mut names, findings);
    // What a role includes may have changed in another file.
    let known = known.filter(|known| known.desired.sets == as_written);
    let mut lowering = Lowering { input, declared, known, sets, names, total: 0, from_tables: 0, findings };
    let mut desired =
        DesiredState { sets: as_written, resources: resources(declared), ..DesiredState::default() };
    desired.roles = declared.roles.values().flat_map(|role| lowering.roles(role)).collect();
    desired.permissions = declared.permissions.values().map(|one| lowering.permission(one)).collect();
    let mut names: BTreeSet<&Untrusted> = lowering.names.all().collect();
    names.extend(lowering.known.iter().flat_map(|known| known.names));
    let names: Vec<Untrusted> = names.into_iter().cloned().collect();
    if lowering.total.saturating_add(inherited(&desired.roles, names.len())) > MOST_EXPANDED {
        lowering.findings.push(sets::too_many());
    }
    for (source, file) in &input.files {
        if let Some(content) = &file.content {
            lowering.file(content, *source, &mut desired);
        }
    }
    sort(&mut desired);
    Lowered { desired, names }
}

/// Where accesses stand, and the key of the resource above each, sorted.
fn resources(declared: &Declared<'_>) -> Vec<(Site, Site)> {
    let mut owners: Vec<_> = sets::lists(declared).collect();
    // In the order of the files little is left to sort.
    owners.sort_by_key(|(site, _)| *site);
    let mut all = Vec::new();
    for (owner, lists) in owners {
        for list in lists {
            let Permissions::ByResource(entries) = list else { continue };
            for (resource, accesses) in entries {
                let above = resource.span.site(owner.source);
                all.extend(accesses.iter().map(|access| (access.span.site(owner.source), above)));
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

/// How many permissions roles have from declared roles that they start from, at most, where there are
/// `names` different ones.
fn inherited(roles: &[DesiredRole], names: usize) -> usize {
    let on_others =
        |role: &DesiredRole| matches!(&role.base, Some(base) if matches!(base.value, RoleName::Key(_)));
    if !roles.iter().any(on_others) {
        return 0;
    }
    let by_key: HashMap<&str, &DesiredRole> = roles.iter().map(|role| (&*role.key, role)).collect();
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    let mut total = 0_usize;
    for role in roles {
        // Bases first; a ring of them is an error that a rule reports.
        let mut chain = vec![role];
        let mut seen = HashSet::from([&*role.key]);
        while let Some(RoleName::Key(key)) = chain.last().and_then(|role| Some(&role.base.as_ref()?.value))
            && !sizes.contains_key(&**key)
            && let Some(base) = by_key.get(&**key)
            && seen.insert(&base.key)
        {
            chain.push(base);
        }
        for role in chain.into_iter().rev() {
            let base = match role.base.as_ref().map(|base| &base.value) {
                Some(RoleName::Key(key)) => sizes.get(&**key).copied().unwrap_or(0),
                _ => 0,
            };
            if sizes.insert(&role.key, base.saturating_add(role.permissions.len()).min(names)).is_none() {
                total = total.saturating_add(base);
            }
        }
    }
    total
}

/// Brings everything into an order that does not depend on files or on lines.
fn sort(desired: &mut DesiredState) {
    desired.roles.sort_by(|a, b| (&a.key, &a.scope).cmp(&(&b.key, &b.scope)));
    fn key(one: &DesiredAssignment) -> (&str, &Scope, &Spelling, &RoleName, Site) {
        (one.class, &one.scope, &one.principal.value, &one.role.value, one.principal.site)
    }
    desired.assignments.sort_by(|a, b| key(a).cmp(&key(b)));
    desired.exclusive.sort_by(|a, b| {
        (&a.role.value, &a.scope, a.class, a.role.site).cmp(&(&b.role.value, &b.scope, b.class, b.role.site))
    });
    desired
        .exclusive
        .dedup_by(|a, b| (&a.role.value, &a.scope, a.class) == (&b.role.value, &b.scope, b.class));
    desired
        .removed
        .sort_by(|a, b| (&a.role.value, a.role.site, &a.scope).cmp(&(&b.role.value, b.role.site, &b.scope)));
}

struct Lowering<'a, 'f> {
    input: &'a Input<'a>,
    declared: &'f Declared<'a>,
    known: Option<Known<'f>>,
    sets: BTreeMap<&'a str, Expanded>,
    names: Names<'a>,
    total: usize,
    /// How many assignments came from tables.
    from_tables: usize,
    findings: &'f mut Vec<Finding>,
}

/// Most assignments that tables make.
const MOST_FROM_TABLES: usize = 1_000_000;

impl<'a> Lowering<'a, '_> {
    fn spec(&self) -> &'a dyn Spec {
        self.input.spec
    }

    /// A role in each of the places where it lives.
    fn roles(&mut self, role: &Declaration<'a, RoleEntry>) -> Vec<DesiredRole> {
        let (entry, source) = (role.entry, role.source);
        let kind = entry.kind.as_ref().map(|kind| kind.value.as_str());
        let classes = self.spec().roles();
        // The schema reports a kind that there is not.
        let known = classes.iter().find(|class| kind == Some(class.class));
        let places = place::places(entry.scope.as_ref(), source, self.findings);
        // Where no kind is written, the place tells it.
        let lives = |class: &&RoleClass| places.iter().all(|(scope, _)| has_place(class.scopes, scope));
        let known = known.or_else(|| classes.iter().filter(|_| kind.is_none()).find(lives));
        let Some(class) = known.or(classes.first()) else { return Vec::new() };
        let known = self.known(role).to_vec();
        if !known.is_empty() {
            self.total += self.included(entry).map(|set| set.len()).sum::<usize>();
            // What its base means depends on which roles are declared.
            let base = entry.base.as_ref();
            let base = base.and_then(|base| self.declared.base(base, source, class.base, self.findings));
            return known.into_iter().map(|known| DesiredRole { base: base.clone(), ..known }).collect();
        }
        let everywhere = self.role(role, class);
        let mut overrides: BTreeMap<&str, (&'a Spanned<Text>, &'a OverrideBody)> =
            entry.overrides.0.iter().map(|(path, body)| (path.value.as_str(), (path, body))).collect();
        let mut roles = Vec::with_capacity(places.len());
        for (scope, span) in places {
            let site = span.map_or(role.site, |span| span.site(source));
            if let Some(place::Refusal { code, what, help }) = place::refused(class.scopes, &scope) {
                let text = format!("a role of this class cannot live there: {what}");
                let finding = Finding::new(code, text).at(site, "").help(help);
                self.findings.push(finding);
                continue;
            }
            let mut here = DesiredRole { scope, place: site, ..everywhere.clone() };
            if let Scope::In { path, .. } = &here.scope
                && let Some((_, body)) = overrides.remove(path.raw())
            {
                self.overrides(&mut here, body, role);
            }
            self.check_slug(&here, class);
            roles.push(here);
        }
        for (path, _) in overrides.into_values() {
            let text = format!("`{}` is no place of this role", short(path.value.as_str()));
            let finding = Finding::new(Code::UnknownScope, text)
                .at(path.span.site(source), "")
                .help("Name one of those under `scope`, spelled as there.");
            self.findings.push(finding);
        }
        roles
    }

    /// What differs in one place.
    fn overrides(
        &mut self,
        here: &mut DesiredRole,
        body: &'a OverrideBody,
        role: &Declaration<'a, RoleEntry>,
    ) {
        let source = role.source;
        if let Some(name) = &body.name {
            here.name = Placed { value: untrusted(name), site: name.span.site(source) };
        }
        if let Some(text) = &body.description {
            here.description = Some(Placed { value: Some(untrusted(text)), site: text.span.site(source) });
        }
        if let Some(own) = &body.permissions {
            for named in self.names.of(own, source) {
                here.except.remove(&named.permission);
                Arc::make_mut(&mut here.permissions).insert(named.permission, Via::Own(named.site));
            }
        }
        if let Some(except) = &body.except {
            for named in self.names.of(except, source) {
                here.except.insert(named.permission, named.site);
            }
        }
    }

    /// A slug that the provider would not take.
    fn check_slug(&mut self, role: &DesiredRole, class: &RoleClass) {
        let (Some(slug), Some(rule)) = (&role.slug, class.slug) else { return };
        let text = slug.value.raw();
        let fits = rule.fits(text);
        let prefix = match role.scope {
            Scope::In { .. } => rule.prefix_in_instances,
            Scope::Target | Scope::Level(_) => "",
        };
        let message = if !fits {
            format!("`{}` is no slug", short(text))
        } else if !text.starts_with(prefix) {
            format!("`{}` does not begin with `{prefix}`", short(text))
        } else {
            return;
        };
        // The key stands for it where nothing is written.
        let what = if slug.site == role.site { "the key is the slug" } else { "" };
        let finding = Finding::new(Code::Grammar, message).at(slug.site, what).help(rule.about);
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    fn role(&mut self, role: &Declaration<'a, RoleEntry>, class: &RoleClass) -> DesiredRole {
        let (entry, source) = (role.entry, role.source);
        let name = match &entry.name {
            Some(name) => Placed { value: untrusted(name), site: name.span.site(source) },
            None => Placed { value: Untrusted::new(Arc::clone(role.key)), site: role.site },
        };
        match &entry.name {
            None => self.check_key_as_name(role, class),
            Some(name) => self.check_name(name, entry.id.as_ref(), source),
        }
        let base =
            entry.base.as_ref().and_then(|base| self.declared.base(base, source, class.base, self.findings));
        let mut previously: Vec<_> = entry
            .previously
            .iter()
            .map(|name| Placed { value: untrusted(name), site: name.span.site(source) })
            .collect();
        previously.sort_by(|a, b| (&a.value, a.site).cmp(&(&b.value, b.site)));
        previously.dedup_by(|a, b| a.value == b.value);
        DesiredRole {
            key: Arc::clone(role.key),
            class: class.class,
            scope: Scope::Target,
            id: self.id(entry, source),
            name,
            previously,
            description: description(entry.description.as_ref(), source),
            resource_type: entry
                .resource_type
                .as_ref()
                .map(|text| Placed { value: untrusted(text), site: text.span.site(source) }),
            include: sets::placed(&entry.include, source),
            slug: class.slug.map(|_| match &entry.slug {
                Some(slug) => Placed { value: untrusted(slug), site: slug.span.site(source) },
                None => Placed { value: Untrusted::new(Arc::clone(role.key)), site: role.site },
            }),
            permissions: self.permissions(role),
            except: self.except(role, base.is_some() && class.base == Base::Floor),
            base,
            protect: protect(entry.protect.as_ref()),
            allow_gap: entry.allow_gap,
            site: role.site,
            place: role.site,
        }
    }

    /// The same role, in each of its places, as it was lowered before; empty where it was not.
    fn known(&self, role: &Declaration<'a, RoleEntry>) -> &[DesiredRole] {
        let known = self.known.filter(|known| known.files.contains(&role.source));
        let Some(Known { desired, .. }) = known else { return &[] };
        let from = desired.roles.partition_point(|known| known.key < *role.key);
        let (_, rest) = desired.roles.split_at(from);
        let places = rest.partition_point(|known| known.key == *role.key);
        let (places, _) = rest.split_at(places);
        if places.iter().all(|known| known.site == role.site) { places } else { &[] }
    }

    /// The sets that a role includes.
    fn included(&self, entry: &'a RoleEntry) -> impl Iterator<Item = &Expanded> {
        entry.include.iter().filter_map(|name| self.sets.get(name.value.as_str()))
    }

    /// A name is compared and shown as one line, so that what a reviewer does not see is an error;
    /// but roles are named so, and the `id` of one says that nothing else is meant.
    fn check_name(&mut self, name: &Spanned<Text>, id: Option<&Spanned<Text>>, source: SourceId) {
        let text = name.value.as_str();
        if id.is_some() {
            return;
        }
        let site = name.span.site(source);
        let (what, help) = if text.contains(['\n', '\r', '\t']) {
            ("a name with a line break or a tab", "Write it on one line.")
        } else if text.trim() != text {
            ("a name that begins or ends with a space", "Remove the space.")
        } else {
            // Where the character itself stands in the file, it has been found before.
            let raw = self.input.files.iter().find(|(id, _)| *id == source);
            let raw = raw.map_or("", |(_, file)| name.span.slice(&file.text));
            let escaped = text.chars().find_map(|c| Some((c, hidden::kind(c)?)));
            if let Some((c, kind)) = escaped.filter(|(c, _)| !raw.contains(*c)) {
                let finding = hidden::finding(c, kind, name.span, source);
                let help = "Remove it, or, where the live role really is named so, add its `id:`.";
                self.findings.push(finding.help(help));
            }
            return;
        };
        self.findings.push(Finding::new(Code::Grammar, what).at(site, "").help(help));
    }

    /// Where the key stands for the name, it has to be possible as one.
    fn check_key_as_name(&mut self, role: &Declaration<'a, RoleEntry>, class: &RoleClass) {
        let length = role.key.chars().count();
        let short = length < class.name.min as usize;
        let long = class.name.max.is_some_and(|max| length > max as usize);
        if short || long {
            let text = format!(
                "the key is the role's name, and is too {} for one",
                if long { "long" } else { "short" }
            );
            let finding =
                Finding::new(Code::Limit, text).at(role.site, "").help("Give the role a `name:` of its own.");
            self.findings.push(finding);
        }
    }

    fn id(&mut self, entry: &RoleEntry, source: SourceId) -> Option<Placed<Untrusted>> {
        let id = entry.id.as_ref()?;
        let (value, site) = (untrusted(id), id.span.site(source));
        if !is_safe_id(&value) {
            let finding = Finding::new(Code::Grammar, "this is no id")
                .at(site, "")
                .help("Ids consist of letters, digits, `-`, `.`, `_`, and `~`, at most 128.");
            self.findings.push(finding);
        }
        if self.input.shared.contains(&source) {
            let finding = Finding::new(Code::IdInSharedFile, "an `id` in a file that serves several targets")
                .at(site, "one id cannot be right for all of them")
                .help("Move the role into a file of one target, or let it be found by its name.");
            self.findings.push(finding);
        }
        Some(Placed { value, site })
    }

    fn permissions(&mut self, role: &Declaration<'a, RoleEntry>) -> Arc<BTreeMap<Untrusted, Via>> {
        let mut all: Vec<(Untrusted, Via)> = Vec::new();
        if let Some(own) = &role.entry.permissions {
            for named in self.names.of(own, role.source) {
                all.push((named.permission.clone(), Via::Own(named.site)));
            }
        }
        for name in &role.entry.include {
            let found = self.declared.set(name, role.source, self.findings);
            if let Some(expanded) = found.and_then(|set| self.sets.get(&**set.key)) {
                self.total += expanded.len();
                if self.total <= MOST_EXPANDED {
                    all.extend(expanded.iter().cloned());
                }
            }
        }
        sets::unique(&mut all);
        Arc::new(all.into_iter().collect())
    }

    fn except(&mut self, role: &Declaration<'a, RoleEntry>, floor: bool) -> BTreeMap<Untrusted, Site> {
        let Some(except) = &role.entry.except else { return BTreeMap::new() };
        let mut taken = BTreeMap::new();
        for named in self.names.of(except, role.source) {
            taken.entry(named.permission.clone()).or_insert(named.site);
        }
        if floor && let Some(site) = taken.values().min() {
            let finding =
                Finding::new(Code::Unsupported, "nothing can be taken away from the base of this provider")
                    .at(*site, "`except` has no effect on the base")
                    .help("Choose a smaller base, or remove `except`.");
            self.findings.push(finding);
        }
        taken
    }

    fn file(&mut self, content: &'a DefinitionFile, source: SourceId, desired: &mut DesiredState) {
        for entry in &content.assignments {
            self.assignment(entry, source, desired);
        }
        if let Some(default) = &content.default_role {
            self.default_role(default, source, desired);
        }
        for entry in &content.removed {
            self.removal(entry, source, desired);
        }
    }

    fn default_role(&mut self, text: &Spanned<Text>, source: SourceId, desired: &mut DesiredState) {
        let site = text.span.site(source);
        if let Some(first) = &desired.default {
            let finding = Finding::new(Code::DeclaredTwice, "the default role is declared twice")
                .at(site, "again here")
                .at(first.site, "first here")
                .help("Keep one of the two.");
            self.findings.push(finding);
            return;
        }
        let Some(possible) = self.spec().default_role() else { return };
        let word = text.value.as_str();
        let refused = match word.strip_prefix("builtin:") {
            _ if word == "none" => (!possible.none).then_some("this provider always has a default role"),
            Some(_) => {
                (!possible.builtin).then_some("a built-in role cannot be the default of this provider")
            }
            None => None,
        };
        if let Some(why) = refused {
            self.findings
                .push(Finding::new(Code::Unsupported, why).at(site, "").help("Name a declared role."));
            return;
        }
        let role = if word == "none" {
            None
        } else {
            let Some(role) = self.declared.role(text, source, Use::Other, self.findings) else { return };
            Some(role)
        };
        desired.default = Some(DesiredDefault { role, site });
    }

    fn removal(&mut self, entry: &'a Spanned<RemovedEntry>, source: SourceId, desired: &mut DesiredState) {
        let mut places = vec![None];
        let (name, site, reassign_to) = match &entry.value {
            RemovedEntry::Text(text) => {
                let site = entry.span.site(source);
                (former(&text.0), site, None)
            }
            RemovedEntry::Full(body) if body.permission.is_some() => {
                return self.removed_permission(body, entry, source, desired);
            }
            RemovedEntry::Full(body) => match (&body.key, &body.name) {
                (Some(key), None) => (
                    RoleName::Key(Arc::clone(&key.value.0)),
                    key.span.site(source),
                    body.reassign_to.as_ref(),
                ),
                (None, Some(name)) => {
                    (RoleName::Live(untrusted(name)), name.span.site(source), body.reassign_to.as_ref())
                }
                (both, _) => {
                    let code = if both.is_some() { Code::Schema } else { Code::MissingField };
                    let finding = Finding::new(code, "a removal needs exactly one of `key` and `name`")
                        .at(entry.span.site(source), "")
                        .help("Give the key that the role had in git, or the name that the product shows.");
                    self.findings.push(finding);
                    return;
                }
            },
        };
        let reassign_to =
            reassign_to.and_then(|to| self.declared.role(to, source, Use::Assign, self.findings));
        if let RemovedEntry::Full(body) = &entry.value
            && body.scope.is_some()
        {
            let named = place::places(body.scope.as_ref(), source, self.findings);
            places = named.into_iter().map(|(scope, _)| Some(scope)).collect();
        }
        let role = Placed { value: name, site };
        for scope in places {
            let (role, reassign_to) = (role.clone(), reassign_to.clone());
            desired.removed.push(Removal { role, scope, reassign_to });
        }
    }
}

/// A description as it is written: absent, cleared, or a text.
fn description(entry: Option<&Spanned<Option<Text>>>, source: SourceId) -> Option<Placed<Option<Untrusted>>> {
    entry.map(|description| Placed {
        value: description.value.as_ref().map(|text| Untrusted::new(Arc::clone(&text.0))),
        site: description.span.site(source),
    })
}

/// A bare item under `removed`: a former key where it can be one, else a live name.
fn former(text: &Arc<str>) -> RoleName {
    if is_key(text) {
        RoleName::Key(Arc::clone(text))
    } else {
        RoleName::Live(Untrusted::new(Arc::clone(text)))
    }
}

/// Whether a text can be a key: `[a-z0-9][a-z0-9._-]{0,63}`.
fn is_key(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=64).contains(&text.len())
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || b"._-".contains(&b))
}

fn protect(entry: Option<&Protection>) -> BTreeSet<Protect> {
    match entry {
        None | Some(Protection::Flag(false)) => BTreeSet::new(),
        Some(Protection::Flag(true)) => [Protect::Delete, Protect::Rename, Protect::Remove].into(),
        Some(Protection::List(words)) => words.iter().map(|word| word.0).collect(),
    }
}
