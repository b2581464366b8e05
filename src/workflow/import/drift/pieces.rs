//! What the definition of one role has to say otherwise, piece by piece.

use std::collections::BTreeSet;

use super::{
    find::{Finder, Wanted, id},
    step::Rank,
};
use crate::{
    definition::emit::{self, RoleRevision},
    model::{Kind, Site, Untrusted, desired::Via, live::LiveObject},
    plan::resolve::ResolvedRole,
};

/// One thing that the definition of a role has to say otherwise.
pub(super) struct Piece {
    /// Which kind of thing, the same whenever it is looked for.
    pub(super) what: &'static str,
    /// What it does, how, and what about: the lines of the summary without whom it is about.
    pub(super) lines: Vec<(Rank, &'static str, String)>,
    pub(super) change: RoleRevision,
    /// What a person would write.
    pub(super) by_hand: String,
    pub(super) site: Site,
}

impl Finder<'_> {
    /// What the definition of a role has to say otherwise.
    pub(super) fn pieces(&self, role: &ResolvedRole<'_>, wanted: &Wanted) -> Vec<Piece> {
        let id = id(role.desired);
        let key = &role.desired.key;
        let mut pieces = Vec::new();
        let piece = |what, lines, change, by_hand, site| Piece { what, lines, change, by_hand, site };
        // Where another role has the name, only the id tells which one is meant.
        let own_id = role.live.filter(|_| role.desired.id.is_none()).and_then(|live| {
            let twin = |other: &&LiveObject| other.key == live.key && other.id != live.id;
            let shared = self.input.live.of(Kind::Role).any(|other| twin(&other));
            live.id.clone().filter(|_| shared)
        });
        if let Some(id) = own_id {
            let line = (Rank::Texts, "needs", "its `id`: another role has its name".to_owned());
            let by_hand = format!("the line `id: {}`", id.raw());
            let change = RoleRevision { id: Some(id), ..RoleRevision::default() };
            pieces.push(piece("id", vec![line], change, by_hand, role.desired.site));
        }
        if let Some(name) = wanted.names.get(&id).filter(|name| **name != role.desired.name.value) {
            let naming = role.live.map(|live| emit::naming(key, live, self.input.live, self.input.spec));
            // A slug tells which role it is, whatever it is called.
            let unnamed = role.desired.id.is_none() && role.desired.slug.is_none();
            let id = naming.and_then(Result::ok).flatten().filter(|_| unnamed);
            let line = (Rank::Texts, "is named", format!("`{}`", name.raw()));
            let by_hand = format!("the name `{}`", name.raw());
            let change = RoleRevision { name: Some(name.clone()), id, ..RoleRevision::default() };
            pieces.push(piece("name", vec![line], change, by_hand, role.desired.name.site));
        }
        if let (Some(text), Some(declared)) = (wanted.descriptions.get(&id), &role.desired.description)
            && *text != declared.value.clone().filter(|text| !text.is_empty())
        {
            let what = if text.is_some() { "another description" } else { "no description" };
            let line = (Rank::Texts, "has", what.to_owned());
            let change = RoleRevision { description: Some(text.clone()), ..RoleRevision::default() };
            pieces.push(piece("description", vec![line], change, what.to_owned(), declared.site));
        }
        let Some(set) = wanted.permissions.get(&id) else { return pieces };
        let drifted =
            |permission: &Untrusted| wanted.drifted.get(&id).is_some_and(|set| set.contains(permission));
        let names = |set: &BTreeSet<Untrusted>| {
            set.iter().map(|one| format!("`{}`", one.raw())).collect::<Vec<_>>().join(", ")
        };
        let (mut give, mut take) = (RoleRevision::default(), RoleRevision::default());
        let (mut gives, mut takes) = (Vec::new(), Vec::new());
        for permission in set.iter().filter(|permission| !role.permissions.contains_key(*permission)) {
            let excepted = role.desired.except.contains_key(permission);
            let into = if excepted { &mut give.readmit } else { &mut give.grant };
            into.insert(permission.clone());
            let name = permission.raw().to_owned();
            gives.push(match drifted(permission) {
                true => (Rank::Gives, "gained", name),
                false => (Rank::Texts, "keeps of its own", name),
            });
        }
        for (permission, via) in role.permissions.iter().filter(|(permission, _)| !set.contains(*permission))
        {
            let own = matches!(via, Via::Own(_));
            let into = if own { &mut take.revoke } else { &mut take.except };
            into.insert(permission.clone());
            let name = permission.raw().to_owned();
            takes.push(match drifted(permission) {
                true => (Rank::Takes, "lost", name),
                false => (Rank::Texts, "still goes without", name),
            });
        }
        if !gives.is_empty() {
            let added: BTreeSet<Untrusted> = give.grant.union(&give.readmit).cloned().collect();
            let by_hand = format!("add {}", names(&added));
            pieces.push(piece("grant", gives, give, by_hand, role.desired.site));
        }
        if !takes.is_empty() {
            let gone: BTreeSet<Untrusted> = take.revoke.union(&take.except).cloned().collect();
            let by_hand = format!("take out {}", names(&gone));
            pieces.push(piece("revoke", takes, take, by_hand, role.desired.site));
        }
        pieces
    }
}
