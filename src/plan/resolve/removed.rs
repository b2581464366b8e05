//! Which roles go on purpose, and which earlier revisions protect.

use std::collections::{BTreeMap, BTreeSet};

use super::{ResolvedRemoval, Resolver};
use crate::{
    definition::emit,
    model::{
        Address, Code, Finding, RoleId, Scope, Untrusted,
        desired::{DesiredRole, Protect, RoleName},
        live::LiveObject,
    },
};

impl<'a> Resolver<'a> {
    pub(super) fn removed(&mut self) -> BTreeMap<Untrusted, ResolvedRemoval<'a>> {
        let mut removed: BTreeMap<Untrusted, ResolvedRemoval<'a>> = BTreeMap::new();
        let matched = self.matches.iter().enumerate();
        let declared: BTreeMap<&Untrusted, usize> =
            matched.filter_map(|(index, (live, _))| Some((live.as_ref()?.id.as_ref()?, index))).collect();
        for removal in &self.input.desired.removed {
            let reassign_to = removal.reassign_to.as_ref().and_then(|role| self.role(role));
            let name = self.removed_name(&removal.role.value);
            let candidates = match self.recorded_as(&removal.role.value) {
                Some(live) => vec![live],
                None => self.by_live_name.get(&name).cloned().unwrap_or_default(),
            };
            let live = match candidates.as_slice() {
                [] => {
                    self.note_missing(&name);
                    continue;
                }
                [live] => *live,
                several => {
                    let message = format!("{} live roles are named `{}`", several.len(), name.raw());
                    self.error(Code::Ambiguous, removal.role.site, message, "more than one live role", None);
                    continue;
                }
            };
            if live.builtin {
                let message = format!("`{}` is a built-in role and is never deleted", name.raw());
                self.error(Code::Unsupported, removal.role.site, message, "built-in role", None);
                continue;
            }
            if let Some(index) = live.id.as_ref().and_then(|id| declared.get(id)) {
                let role = &self.input.desired.roles[*index];
                let finding = Finding::new(
                    Code::RemovedButDeclared,
                    format!("role `{}` is removed and declared", role.key),
                )
                .at(removal.role.site, "removed here")
                .at(role.site, "declared here")
                .help("Keep one of the two.");
                self.findings.push(finding);
                continue;
            }
            if let Some(id) = &live.id {
                let site = removal.role.site;
                removed.insert(id.clone(), ResolvedRemoval { live, reassign_to, site });
            }
        }
        for removal in removed.values() {
            if let Some(RoleId::Live(to)) = &removal.reassign_to
                && let Some(gone) = removed.get(to)
            {
                let name = gone.live.key.name.raw();
                let message = format!(
                    "the holders of `{}` would move to `{name}`, which is removed too",
                    removal.live.key.name.raw()
                );
                let finding = Finding::new(Code::UnknownRole, message)
                    .at(removal.site, "its holders move")
                    .at(gone.site, "removed here")
                    .help("Name a role that stays.");
                self.findings.push(finding);
            }
        }
        removed
    }

    /// `protect` of an earlier revision still holds: it is lifted in a change of its own. A role is
    /// known by its id, written or recorded, else by its name, and by its key where that is still
    /// declared.
    pub(super) fn protected(&self) -> BTreeMap<Untrusted, BTreeSet<Protect>> {
        let mut protected: BTreeMap<Untrusted, BTreeSet<Protect>> = BTreeMap::new();
        let desired = self.input.desired.roles.iter().zip(&self.matches);
        let by_key: BTreeMap<(&str, &Scope), &LiveObject> =
            desired.filter_map(|(role, (live, _))| Some(((&*role.key, &role.scope), (*live)?))).collect();
        let earlier = self.input.earlier.protecting().flat_map(|state| &state.roles);
        for role in earlier.filter(|role| !role.protect.is_empty()) {
            let key = &(&*role.key, &role.scope);
            let by_id = role.id.as_ref().and_then(|id| self.by_id.get(&id.value)).copied();
            let recorded = self.recorded_id(role).and_then(|id| self.by_id.get(id)).copied();
            let named = || self.by_live_name.get(&role.name.value).into_iter().flatten().copied();
            let by_name = named().filter(|live| by_id.is_none() && live.key.scope == role.scope);
            for live in by_id.into_iter().chain(recorded).chain(by_name).chain(by_key.get(key).copied()) {
                if let Some(id) = &live.id {
                    protected.entry(id.clone()).or_default().extend(&role.protect);
                }
            }
        }
        protected
    }

    fn recorded_id(&self, role: &DesiredRole) -> Option<&'a Untrusted> {
        self.input.earlier.ids?.get(&Address::role(&self.input.target.name, &role.key, &role.scope))
    }

    /// The live role that the record has for a key that is removed; a name is never looked up there.
    fn recorded_as(&self, role: &RoleName) -> Option<&'a LiveObject> {
        let RoleName::Key(key) = role else { return None };
        let declared = self.earlier_role(key)?;
        self.by_id.get(self.recorded_id(declared)?).copied()
    }

    /// The role that had this key in an earlier revision.
    fn earlier_role(&self, key: &str) -> Option<&'a DesiredRole> {
        let mut from = self.earlier_roles.range((key, &Scope::Target)..);
        from.next().filter(|((found, _), _)| *found == key).and_then(|(_, roles)| roles.first().copied())
    }

    /// The live name that `removed` means: a key stands for the name it had in an earlier revision.
    fn removed_name(&self, role: &RoleName) -> Untrusted {
        match role {
            RoleName::Live(name) | RoleName::Builtin(name) => name.clone(),
            RoleName::Key(key) => self
                .earlier_role(key)
                .map_or_else(|| Untrusted::new(key.clone()), |role| role.name.value.clone()),
        }
    }

    fn note_missing(&mut self, name: &Untrusted) {
        let near = self
            .by_id
            .values()
            .filter(|object| !object.builtin)
            .find(|object| slug(object.key.name.raw()) == slug(name.raw()));
        let hint = near.map_or_else(String::new, |object| {
            format!(
                " A live role is named `{}`: write `{{ name: {} }}` if you mean it.",
                object.key.name.raw(),
                emit::shown(object.key.name.raw())
            )
        });
        self.notes
            .push(format!("`removed` names `{}`, and no live role has that name.{hint}", name.raw()).into());
    }
}

/// Lower-case letters and digits with single dashes: how a name would be written as a key.
fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}
