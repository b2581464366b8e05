//! From what is live to the texts of files, without writing anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Options, Prepared, Problem, Text, overlay::Overlay, place::Place};
use crate::{
    contract::Spec,
    definition::{
        self, LoadOptions, Loaded, ParseCache,
        emit::{self, Additions, Known, Part, Wish},
    },
    model::{
        Code, Finding, Key, Kind, Level, RoleId, Site, Untrusted, Value,
        config::{Config, LintLevel, Target},
        desired::{DesiredState, RoleName},
        field,
        files::{FileErrorKind, Files},
        live::LiveState,
    },
    plan::{
        earlier::Earlier,
        resolve::{self, Resolved},
    },
    workflow::{Exit, Failure},
};

/// The schema that editors use, below the root of the definitions.
const SCHEMA: &str = ".rolecall/schema/definitions.schema.json";

/// What the texts are made from.
pub struct Input<'a> {
    /// The work tree.
    pub files: &'a dyn Files,
    /// Name of the configuration in it.
    pub config_path: &'a str,
    /// Every provider.
    pub specs: &'a [&'a dyn Spec],
    /// What the definitions say now.
    pub loaded: &'a Loaded,
    /// The target.
    pub target: &'a Target,
    /// Its provider.
    pub spec: &'a dyn Spec,
    /// What is live.
    pub live: &'a LiveState,
    /// Only these roles, by live id; `None` is all.
    pub only: Option<BTreeSet<Untrusted>>,
    /// What is asked for.
    pub options: &'a Options,
    /// The day.
    pub today: jiff::civil::Date,
    /// Files that were parsed before.
    pub cache: &'a ParseCache,
}

/// Makes the texts, reads them back, and holds them against what was meant.
///
/// # Errors
///
/// Where the definitions do not fit live, a path cannot be written to, or a file has a form in which
/// nothing can be added; then nothing is to be written.
pub fn prepare(input: &Input<'_>) -> Result<Prepared, Problem> {
    let (Some(config), Some(desired)) = (&input.loaded.config, input.loaded.desired.get(&input.target.name))
    else {
        return Err(Failure::new(Exit::Invalid, "the definitions have errors")
            .help("`rolecall validate` shows them.")
            .into());
    };
    let place = Place::of(input.options.out.as_deref(), config, input.target)?;
    if input.options.force && input.only.is_some() && !place.per_role() {
        return Err(Failure::new(Exit::Usage, "--force with one role would drop the others from its file")
            .help("Give each role a file of its own: --out 'roles/{target}/{key}.yaml'.")
            .into());
    }
    let resolving = resolve::Input {
        target: input.target,
        spec: input.spec,
        desired,
        live: input.live,
        earlier: Earlier::default(),
        today: input.today,
    };
    let resolved = resolve::resolve(resolving).map_err(|findings| Problem {
        failure: Failure::new(Exit::Invalid, "the definitions do not fit what is live; nothing was imported"),
        findings,
        paste: None,
    })?;
    let work = Work { input, config, desired, resolved: &resolved, place };
    work.run()
}

struct Work<'a> {
    input: &'a Input<'a>,
    config: &'a Config,
    desired: &'a DesiredState,
    resolved: &'a Resolved<'a>,
    place: Place,
}

impl Work<'_> {
    fn run(&self) -> Result<Prepared, Problem> {
        let mut anew = if self.input.options.force { self.replaceable() } else { BTreeSet::new() };
        let wish = Wish { roles: self.input.only.clone(), assignments: self.input.options.assignments };
        let (additions, texts) = loop {
            let known = self.known(&anew);
            let additions = emit::draft(self.input.live, self.input.spec, &known, &wish);
            let parts = self.parts(&additions);
            // A file that nothing goes into stays as it is, and with it what it declares.
            let written = anew.iter().filter(|path| parts.contains_key(*path)).cloned().collect();
            if written == anew {
                let texts = self.texts(&parts, &anew)?;
                break (additions, texts);
            }
            anew = written;
        };
        let denied = self.verify(&additions, &texts, &anew)?;
        Ok(Prepared { additions, texts, denied })
    }

    fn path(&self, site: Site) -> Option<&Arc<str>> {
        self.input.loaded.sources.get(site.source).map(|source| &source.path)
    }

    /// Whether what stands at `site` goes when these files are written anew.
    fn goes(&self, site: Site, anew: &BTreeSet<Arc<str>>) -> bool {
        self.path(site).is_some_and(|path| anew.contains(path))
    }

    /// Files that `--force` may write anew: the one of all roles, or those of roles that are live.
    fn replaceable(&self) -> BTreeSet<Arc<str>> {
        let wanted = |id: &Option<Untrusted>| match (&self.input.only, id) {
            (Some(only), Some(id)) => only.contains(id),
            (only, _) => only.is_none(),
        };
        let live = self.resolved.roles.iter().filter(|role| role.live.is_some_and(|live| wanted(&live.id)));
        let mut files: BTreeSet<Arc<str>> = live
            .map(|role| (self.place.role(&role.desired.key), self.path(role.desired.site)))
            .filter(|(path, declared)| *declared == Some(path))
            .map(|(path, _)| path)
            .collect();
        let holders = self.place.holders();
        if self.input.only.is_none() && self.input.loaded.read.contains(&holders) {
            files.insert(holders);
        }
        files
    }

    /// What is declared outside the files that are written anew.
    fn known(&self, anew: &BTreeSet<Arc<str>>) -> Known {
        let mut known = Known { default: self.resolved.default.is_some(), ..Known::default() };
        if let Some(default) = &self.resolved.default {
            known.default = !self.goes(default.site, anew);
        }
        for role in &self.resolved.roles {
            let id = role.live.and_then(|live| live.id.clone());
            let key = role.desired.key.clone();
            if self.goes(role.desired.site, anew) {
                known.preferred.extend(id.map(|id| (id, key)));
                continue;
            }
            known.roles.extend(id.map(|id| (id, key.clone())));
            known.keys.insert(key);
            let natural = role.desired.natural().value.clone();
            known.names.insert((role.desired.class, role.scope.clone(), natural));
        }
        let removals = self.desired.removed.iter().filter(|removal| !self.goes(removal.role.site, anew));
        known.keys.extend(removals.filter_map(|removal| match &removal.role.value {
            RoleName::Key(key) => Some(key.clone()),
            RoleName::Builtin(_) | RoleName::Live(_) => None,
        }));
        let declared = self.desired.permissions.iter().map(|(slug, one)| (slug, one.site));
        let gone = self.desired.removed_permissions.iter().map(|(slug, site)| (slug, *site));
        let permissions = declared.chain(gone).filter(|(_, site)| !self.goes(*site, anew));
        known.permissions = permissions.map(|(slug, _)| slug.clone()).collect();
        let removed = self.resolved.removed.iter().filter(|(_, removal)| !self.goes(removal.site, anew));
        known.removed = removed.map(|(id, _)| id.clone()).collect();
        let assigned = self.resolved.assignments.iter().filter(|(_, one)| !self.goes(one.site, anew));
        known.principals =
            assigned.map(|(slot, _)| (slot.class, slot.scope.clone(), slot.name.clone())).collect();
        let expired = self.resolved.expired.iter().filter(|(_, site)| !self.goes(**site, anew));
        let held = expired.filter(|((slot, role), _)| self.holds(slot, role));
        known
            .principals
            .extend(held.map(|((slot, _), _)| (slot.class, slot.scope.clone(), slot.name.clone())));
        let exclusive = self.desired.exclusive.iter().filter(|list| !self.goes(list.role.site, anew));
        known.exclusive = exclusive
            .filter_map(|list| {
                Some((
                    self.live_id(&list.role.value)?,
                    self.input.live.place(&list.scope)?.clone(),
                    list.class,
                ))
            })
            .collect();
        known
    }

    fn holds(&self, key: &Key, role: &RoleId) -> bool {
        self.input.live.of(Kind::Assignment).any(|slot| {
            let held = slot.fields.get(field::ROLE).and_then(|live| live.value());
            (slot.key.class, &slot.key.scope, &slot.key.name) == (key.class, &key.scope, &key.name)
                && matches!(held, Some(Value::Role(Some(held))) if held == role)
        })
    }

    fn live_id(&self, role: &RoleName) -> Option<Untrusted> {
        match role {
            RoleName::Key(key) => {
                let role = self.resolved.roles.iter().find(|role| role.desired.key == *key)?;
                role.live?.id.clone()
            }
            RoleName::Builtin(name) | RoleName::Live(name) => {
                let mut roles = self.input.live.of(Kind::Role);
                let role = roles.find(|role| role.id.as_ref() == Some(name) || role.key.name == *name)?;
                role.id.clone()
            }
        }
    }

    /// What goes into which file.
    fn parts<'a>(&self, additions: &'a Additions) -> BTreeMap<Arc<str>, Part<'a>> {
        let mut parts: BTreeMap<Arc<str>, Part<'a>> = BTreeMap::new();
        for role in &additions.roles {
            parts.entry(self.place.role(&role.key)).or_default().roles.push(role);
        }
        let others = additions.default.is_some() || !additions.assignments.is_empty();
        if others || !additions.permissions.is_empty() {
            let part = parts.entry(self.place.holders()).or_default();
            part.default = additions.default.as_ref();
            part.assignments = additions.assignments.iter().collect();
            part.permissions = additions.permissions.iter().collect();
        }
        parts
    }

    fn texts(
        &self,
        parts: &BTreeMap<Arc<str>, Part<'_>>,
        anew: &BTreeSet<Arc<str>>,
    ) -> Result<Vec<Text>, Problem> {
        let schema = self.input.files.read(SCHEMA).is_ok();
        let mut texts = Vec::new();
        for (path, part) in parts {
            let twin = self
                .input
                .loaded
                .read
                .iter()
                .find(|other| other != &path && other.to_lowercase() == path.to_lowercase());
            if let Some(twin) = twin {
                let message = format!("`{path}` and `{twin}` are one file where case does not count");
                let help = "Rename the file that is there, or choose another place with --out.";
                return Err(Failure::new(Exit::Refused, message).help(help).into());
            }
            let before = match self.input.files.read(path) {
                Ok(bytes) => Some(bytes),
                Err(error) if error.kind == FileErrorKind::NotFound => None,
                Err(error) => return Err(Failure::new(Exit::Refused, error.message).into()),
            };
            let up = "../".repeat(path.matches('/').count());
            let schema = schema.then(|| format!("{up}{SCHEMA}"));
            let fresh = || emit::new_text(part, self.input.spec, schema.as_deref());
            let text = match &before {
                None => fresh(),
                Some(_) if anew.contains(path) => fresh(),
                Some(bytes) => {
                    let old = String::from_utf8_lossy(bytes);
                    emit::insert(&old, part, self.input.spec).map_err(|why| {
                        let message = format!("`{path}` {why}, so nothing can be added to it");
                        self.paste(Failure::new(Exit::Error, message), path, part)
                    })?
                }
            };
            texts.push(Text { path: path.clone(), text, before });
        }
        Ok(texts)
    }

    /// A failure with what a person can add by hand.
    fn paste(&self, failure: Failure, path: &Arc<str>, part: &Part<'_>) -> Problem {
        let help =
            format!("Add to `{path}` by hand what is printed here, or choose another file with --out.");
        let text = emit::sections(part, self.input.spec).join("\n");
        Problem { failure: failure.help(help), findings: Vec::new(), paste: Some(text) }
    }

    /// Reads the new texts as definitions; how many errors the configured lints find in them.
    fn verify(
        &self,
        additions: &Additions,
        texts: &[Text],
        anew: &BTreeSet<Arc<str>>,
    ) -> Result<usize, Problem> {
        if texts.is_empty() {
            return Ok(0);
        }
        let overlay = Overlay {
            files: self.input.files,
            texts: texts.iter().map(|text| (&*text.path, text.text.as_str())).collect(),
        };
        let load = |lints: BTreeMap<Code, LintLevel>| {
            let options = LoadOptions {
                lints,
                revision: None,
                today: self.input.today,
                skip_lints: false,
                cache: self.input.cache,
            };
            definition::load(&overlay, self.input.config_path, self.input.specs, &options)
        };
        let lints = Code::ALL.iter().copied().filter(|code| code.lint().is_some());
        let after = load(lints.map(|code| (code, LintLevel::Allow)).collect());
        if let Some(why) = self.differs(additions, anew, &after) {
            let paths: Vec<String> = texts.iter().map(|text| format!("`{}`", text.path)).collect();
            let message = format!("what would stand in {} {why}; nothing was written", paths.join(", "));
            let parts = self.parts(additions);
            let all = Part {
                permissions: additions.permissions.iter().collect(),
                roles: additions.roles.iter().collect(),
                default: additions.default.as_ref(),
                assignments: additions.assignments.iter().collect(),
            };
            let failure = Failure::new(Exit::Error, message);
            let Some((path, _)) = parts.first_key_value() else { return Err(failure.into()) };
            return Err(self.paste(failure, path, &all));
        }
        let denies = self.config.lints.values().any(|level| *level == LintLevel::Deny);
        let errors = |loaded: &Loaded| loaded.findings.iter().filter(|f| f.level == Level::Error).count();
        Ok(if denies { errors(&load(BTreeMap::new())) } else { 0 })
    }

    /// How the definitions differ from what was meant, as the rest of a sentence.
    fn differs(&self, additions: &Additions, anew: &BTreeSet<Arc<str>>, after: &Loaded) -> Option<String> {
        for (name, before) in &self.input.loaded.desired {
            let Some(found) = after.desired.get(name) else {
                let first = after.findings.iter().find(|finding| finding.level == Level::Error);
                let said = first.map_or_else(String::new, said);
                return Some(format!("is not valid for target `{name}`{said}"));
            };
            let own = *name == self.input.target.name;
            let nothing = Additions::default();
            let result = if own {
                emit::check(&self.remaining(anew), additions, found, self.input.spec)
            } else {
                emit::check(before, &nothing, found, self.input.spec)
            };
            if let Err(what) = result {
                return Some(format!("would mean {what} for target `{name}`"));
            }
        }
        None
    }

    /// The definitions without those in files that are written anew.
    fn remaining(&self, anew: &BTreeSet<Arc<str>>) -> DesiredState {
        let mut desired = self.desired.clone();
        desired.roles.retain(|role| !self.goes(role.site, anew));
        desired.assignments.retain(|one| !self.goes(one.principal.site, anew));
        desired.exclusive.retain(|list| !self.goes(list.role.site, anew));
        desired.removed.retain(|removal| !self.goes(removal.role.site, anew));
        desired.permissions.retain(|_, one| !self.goes(one.site, anew));
        desired.removed_permissions.retain(|_, site| !self.goes(*site, anew));
        desired.default = desired.default.filter(|default| !self.goes(default.site, anew));
        desired
    }
}

fn said(finding: &Finding) -> String {
    format!(" ({} {})", finding.code, finding.message.raw())
}
