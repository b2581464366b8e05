//! What the files of one target declare, by name, and what a reference means.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    contract::{Base, Spec},
    model::{
        Code, Finding, Site, SourceId, Untrusted,
        config::{Placed, Target},
        desired::{RoleName, RoleRef},
    },
};

use super::{
    catalogue_file::CatalogueFile,
    de::{Spanned, Text},
    definition_file::{DefinitionFile, PermissionEntry, RoleEntry},
    forms::SetEntry,
    parsed::FileOf,
    suggest,
    table::Tables,
    validate::short,
};

/// Most unknown names for which the nearest known one is looked for.
const MOST_SUGGESTIONS: u32 = 200;

/// Everything that a target is made from.
pub(crate) struct Input<'a> {
    /// The target.
    pub(crate) target: &'a Target,
    /// Its provider.
    pub(crate) spec: &'a dyn Spec,
    /// Its files, in order of path.
    pub(crate) files: Vec<(SourceId, Arc<FileOf<DefinitionFile>>)>,
    /// Files that serve other targets too.
    pub(crate) shared: &'a BTreeSet<SourceId>,
    /// Tables of people by their path as it is written.
    pub(crate) tables: &'a Tables,
    /// The live catalogue that is kept beside the definitions.
    pub(crate) live: Option<CatalogueFile>,
    /// The day that counts as today.
    pub(crate) today: jiff::civil::Date,
}

/// A role or set where it is declared.
#[derive(Clone, Copy)]
pub(crate) struct Declaration<'a, T> {
    /// Its key.
    pub(crate) key: &'a Arc<str>,
    /// What it says.
    pub(crate) entry: &'a T,
    /// The file.
    pub(crate) source: SourceId,
    /// Its key in the file.
    pub(crate) site: Site,
}

/// The names that a target declares.
pub(crate) struct Declared<'a> {
    /// Roles by key.
    pub(crate) roles: BTreeMap<&'a str, Declaration<'a, RoleEntry>>,
    /// Sets by name.
    pub(crate) sets: BTreeMap<&'a str, Declaration<'a, SetEntry>>,
    /// Permissions as resources of their own, by slug.
    pub(crate) permissions: BTreeMap<&'a str, Declaration<'a, PermissionEntry>>,
    spec: &'a dyn Spec,
    lost_roles: BTreeSet<&'a str>,
    lost_sets: BTreeSet<&'a str>,
    /// How many more suggestions may be looked for: each costs a comparison with every name.
    suggestions: Cell<u32>,
    /// Some file could not be made out, so that a missing name may be in it.
    incomplete: bool,
}

/// Whether a role may be the one that a reference needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// People are moved to it or from it.
    Assign,
    /// Anything else.
    Other,
}

impl<'a> Declared<'a> {
    /// Collects the names; what stands twice is reported, and the first one counts.
    pub(crate) fn new(input: &'a Input<'a>, findings: &mut Vec<Finding>) -> Self {
        let mut declared = Self {
            roles: BTreeMap::new(),
            sets: BTreeMap::new(),
            permissions: BTreeMap::new(),
            spec: input.spec,
            lost_roles: BTreeSet::new(),
            lost_sets: BTreeSet::new(),
            suggestions: Cell::new(MOST_SUGGESTIONS),
            incomplete: false,
        };
        for (source, file) in &input.files {
            declared.lost_roles.extend(file.lost.roles.iter().map(|key| &**key));
            declared.lost_sets.extend(file.lost.sets.iter().map(|key| &**key));
            declared.incomplete |= file.lost.more;
            let Some(content) = &file.content else { continue };
            for (key, entry) in &content.roles.0 {
                declare(&mut declared.roles, "role", key, entry, *source, findings);
            }
            for (key, entry) in &content.permission_sets.0 {
                declare(&mut declared.sets, "permission set", key, entry, *source, findings);
            }
            for (key, entry) in &content.permission_definitions.0 {
                declare(&mut declared.permissions, "permission", key, entry, *source, findings);
            }
        }
        declared
    }

    /// A reference to a role; `None` after it was reported.
    pub(crate) fn role(
        &self,
        text: &Spanned<Text>,
        source: SourceId,
        usage: Use,
        findings: &mut Vec<Finding>,
    ) -> Option<RoleRef> {
        self.placed(text.value.as_str(), text.span.site(source), usage, findings)
    }

    /// The same for text whose place is known already.
    pub(crate) fn placed(
        &self,
        text: &str,
        site: Site,
        usage: Use,
        findings: &mut Vec<Finding>,
    ) -> Option<RoleRef> {
        if let Some(name) = text.strip_prefix("builtin:") {
            return self.builtin(name, site, usage, findings);
        }
        if let Some(key) = self.key(text) {
            return Some(Placed { value: RoleName::Key(key), site });
        }
        findings.push(self.unknown_role(text, site));
        None
    }

    /// What a role starts from: a declared role, or a built-in one with or without its prefix.
    pub(crate) fn base(
        &self,
        text: &Spanned<Text>,
        source: SourceId,
        base: Base,
        findings: &mut Vec<Finding>,
    ) -> Option<RoleRef> {
        let (word, site) = (text.value.as_str(), text.span.site(source));
        let builtin = word.strip_prefix("builtin:");
        if base == Base::Floor {
            let name = builtin.unwrap_or(word);
            // One that there is not stands for itself: nothing else has to say that there is none.
            let unknown = || Placed { value: RoleName::Builtin(name.into()), site };
            return Some(self.builtin(name, site, Use::Other, findings).unwrap_or_else(unknown));
        }
        let catalogue = self.spec.catalogue();
        if builtin.is_none() && self.key(word).is_none() && catalogue.builtin(word).is_some() {
            return self.builtin(word, site, Use::Other, findings);
        }
        self.placed(word, site, Use::Other, findings)
    }

    fn key(&self, text: &str) -> Option<Arc<str>> {
        match self.roles.get(text) {
            Some(role) => Some(Arc::clone(role.key)),
            None => (self.incomplete || self.lost_roles.contains(text)).then(|| text.into()),
        }
    }

    fn builtin(&self, name: &str, site: Site, usage: Use, findings: &mut Vec<Finding>) -> Option<RoleRef> {
        let catalogue = self.spec.catalogue();
        let found = catalogue.builtin_called(name);
        let known = || catalogue.builtin.iter().flat_map(|builtin| [builtin.id, builtin.title]);
        match found {
            Some(builtin) if usage == Use::Assign && !builtin.assignable => {
                let text = format!("nobody can be moved to `{name}` or from it through the API");
                findings.push(Finding::new(Code::Unsupported, text).at(site, ""));
                None
            }
            Some(builtin) => Some(Placed { value: RoleName::Builtin(builtin.id.into()), site }),
            None if catalogue.builtin.iter().any(|builtin| builtin.title == name) => {
                let twins = catalogue.builtin.iter().filter(|builtin| builtin.title == name);
                let ids: Vec<String> = twins.map(|builtin| format!("builtin:{}", builtin.id)).collect();
                let text = format!("{} has several built-in roles `{}`", self.spec.title(), short(name));
                let help = format!("Write one of {}.", suggest::list(ids.iter().map(String::as_str)));
                findings.push(Finding::new(Code::UnknownBuiltin, text).at(site, "").help(help));
                None
            }
            // An open catalogue does not list every built-in role; only a slip of the hand is sure.
            None if !catalogue.has_every_builtin()
                && !name.is_empty()
                && suggest::nearest(name, known()).is_none() =>
            {
                Some(Placed { value: RoleName::Builtin(name.into()), site })
            }
            None => {
                let ids = || catalogue.builtin.iter().map(|builtin| builtin.id);
                let list = suggest::list(ids());
                let mean = suggest::nearest(name, ids()).map(|id| format!("Did you mean `builtin:{id}`? "));
                let text = format!("{} has no built-in role `{}`", self.spec.title(), short(name));
                let help = format!("{}Built-in roles are {list}.", mean.unwrap_or_default());
                findings.push(Finding::new(Code::UnknownBuiltin, text).at(site, "").help(help));
                None
            }
        }
    }

    fn did_you_mean<'n>(&self, word: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
        let left = self.suggestions.get().checked_sub(1)?;
        self.suggestions.set(left);
        suggest::did_you_mean(word, known)
    }

    fn unknown_role(&self, text: &str, site: Site) -> Finding {
        let finding =
            Finding::new(Code::UnknownRole, format!("no role `{}` is declared", short(text))).at(site, "");
        let builtin = self.spec.catalogue().builtin(text);
        let mean = self.did_you_mean(text, self.roles.keys().copied());
        match (builtin, mean) {
            (Some(builtin), _) => finding.help(format!(
                "Write `builtin:{}` for the role that {} ships.",
                builtin.id,
                self.spec.title()
            )),
            (None, Some(mean)) => finding.help(mean),
            (None, None) => {
                finding.help("Declare it under `roles:`, or write `builtin:NAME` for a built-in role.")
            }
        }
    }

    /// The set with this name; what is unknown is reported, what stands in a broken file is not.
    pub(crate) fn set(
        &self,
        name: &Spanned<Text>,
        source: SourceId,
        findings: &mut Vec<Finding>,
    ) -> Option<&Declaration<'a, SetEntry>> {
        let word = name.value.as_str();
        let found = self.sets.get(word);
        if found.is_none() && !self.incomplete && !self.lost_sets.contains(word) {
            let text = format!("no permission set `{}` is declared", short(word));
            let mut finding = Finding::new(Code::UnknownSet, text).at(name.span.site(source), "");
            let mean = self.did_you_mean(word, self.sets.keys().copied());
            finding = finding.help(mean.unwrap_or_else(|| "Declare it under `permission_sets:`.".to_owned()));
            findings.push(finding);
        }
        found
    }
}

fn declare<'a, T>(
    known: &mut BTreeMap<&'a str, Declaration<'a, T>>,
    what: &str,
    key: &'a Spanned<Text>,
    entry: &'a T,
    source: SourceId,
    findings: &mut Vec<Finding>,
) {
    let site = key.span.site(source);
    match known.get(key.value.as_str()) {
        Some(first) => findings.push(
            Finding::new(
                Code::DeclaredTwice,
                format!("the {what} `{}` is declared twice", short(key.value.as_str())),
            )
            .at(site, "again here")
            .at(first.site, "first here")
            .help("Unite the two, or give one of them another key."),
        ),
        None => {
            known.insert(key.value.as_str(), Declaration { key: &key.value.0, entry, source, site });
        }
    }
}

/// A role's name for a message.
pub(crate) fn role_name(name: &RoleName) -> String {
    match name {
        RoleName::Key(key) => format!("`{}`", short(key)),
        RoleName::Builtin(id) => format!("`builtin:{}`", short(id.raw())),
        RoleName::Live(name) => format!("`{}`", short(name.raw())),
    }
}

/// Text of a person as it is compared and sent.
pub(crate) fn untrusted(text: &Spanned<Text>) -> Untrusted {
    Untrusted::new(Arc::clone(&text.value.0))
}
