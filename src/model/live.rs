//! What the API says now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Field, Key, Kind, Scope, Untrusted, Value, desired::Spelling, directory::Directory};

/// What is known of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Live {
    /// The API says so.
    Known(Value),
    /// A reviewed snapshot says so; the API does not tell.
    Attested(Value),
    /// The API gave something that cannot be understood, or nothing.
    Unreadable,
}

impl Live {
    /// The value, known or attested.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Known(value) | Self::Attested(value) => Some(value),
            Self::Unreadable => None,
        }
    }
}

/// Who a target is, as the API reports it for this credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Host (and port, where it is not the usual one), or `emulator/TARGET`.
    pub host: Untrusted,
    /// The tenant's id; `None` where the API does not tell.
    pub tenant: Option<Untrusted>,
    /// Something else that only this tenant has, where it does not tell its id.
    pub anchor: Option<Untrusted>,
}

/// What to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Identity, roles, default, and catalogue.
    pub roles: bool,
    /// Who holds which role.
    pub members: bool,
    /// Where, as it is written, by class of roles ([`Kind::Role`]) or of principals
    /// ([`Kind::Assignment`]): whatever the definitions of today, of the base, and of the last apply
    /// name. A class of which nothing stands here is not needed.
    ///
    /// Of a class that lives in the target itself it says [`Scope::Target`].
    pub places: BTreeMap<(Kind, &'static str), BTreeSet<Scope>>,
    /// Whether every place is read, also those that stand nowhere: for an import, and where the mode is
    /// `authoritative`.
    pub everywhere: bool,
    /// Where it is also read who holds which role in the places inside, whether a definition names these or
    /// not; [`Scope::Target`] means every place that is read. Only of interest where principals hold roles
    /// in places inside others.
    pub inside: BTreeSet<Scope>,
    /// Principals as they are written, by class: a reader that does not see them among the members
    /// looks them up, so that [`LiveState::directory`] has them.
    pub people: BTreeMap<&'static str, BTreeSet<Spelling>>,
}

impl Query {
    /// Identity, roles, default, and catalogue of the target itself.
    pub const fn roles() -> Self {
        Self {
            roles: true,
            members: false,
            places: BTreeMap::new(),
            everywhere: false,
            inside: BTreeSet::new(),
            people: BTreeMap::new(),
        }
    }

    /// The same, and who holds which role.
    pub const fn all() -> Self {
        Self {
            roles: true,
            members: true,
            places: BTreeMap::new(),
            everywhere: false,
            inside: BTreeSet::new(),
            people: BTreeMap::new(),
        }
    }

    /// Whether roles or assignments of `class` at `scope`, as it is written, are asked for.
    pub fn asks(&self, kind: Kind, class: &'static str, scope: &Scope) -> bool {
        self.everywhere || self.places.get(&(kind, class)).is_some_and(|places| places.contains(scope))
    }

    /// Whether it is asked who holds roles inside `scope`, in the spelling in which it was asked for.
    pub fn asks_inside(&self, scope: &Scope) -> bool {
        self.inside.contains(&Scope::Target) || self.inside.contains(scope)
    }

    /// Where roles or assignments of `class` are asked for.
    pub fn places(&self, kind: Kind, class: &'static str) -> impl Iterator<Item = &Scope> {
        self.places.get(&(kind, class)).into_iter().flatten()
    }
}

/// One live object.
#[derive(Clone, Debug)]
pub struct LiveObject {
    /// Its natural key.
    pub key: Key,
    /// The provider's id.
    pub id: Option<Untrusted>,
    /// Whether the provider ships it: never changed, never deleted.
    pub builtin: bool,
    /// Its fields.
    pub fields: BTreeMap<Field, Live>,
    /// How many principals hold it, where the API tells; for roles.
    pub holders: Option<u64>,
    /// Why it cannot be changed at all, where that is so.
    pub locked: Option<Untrusted>,
}

/// Everything that was read of one target.
#[derive(Clone, Debug, Default)]
pub struct LiveState {
    /// Whose state it is.
    pub identity: Identity,
    /// Roles, default, assignments, sorted by key. Two objects may share a key: that is for the
    /// planner to refuse.
    pub objects: Vec<LiveObject>,
    /// Principals that exist.
    pub directory: Directory,
    /// Ids of roles by the key that a reviewed snapshot has for them, and the place in its canonical spelling.
    pub keys: BTreeMap<(Arc<str>, Scope), Untrusted>,
    /// Places that exist, each as it was asked for, with what the keys of objects say: the canonical
    /// spelling. [`Scope::Target`] and levels need not stand here.
    pub places: BTreeMap<Scope, Scope>,
    /// Those among them of which nobody can tell whether they exist, each with why, as a sentence.
    pub unchecked: BTreeMap<Scope, Untrusted>,
    /// Who belongs to a place, by class of principals and place in its canonical spelling, where only they
    /// can be given a role there. A place that does not stand here says nothing about it.
    pub members: BTreeMap<(&'static str, Scope), Arc<BTreeSet<Untrusted>>>,
    /// Places that were asked for, as they were written, and of which the API says that there are none,
    /// where no list proves it: what it said. That is no answer about what is in them.
    pub absent: BTreeMap<Scope, Untrusted>,
    /// What to call a principal beside its id: (class, id) to name or e-mail.
    pub names: BTreeMap<(&'static str, Untrusted), Untrusted>,
    /// Built-in roles of which nobody can tell whether they are there, by id, each with why.
    pub doubtful: BTreeMap<Untrusted, Untrusted>,
    /// Permissions that the live catalogue knows; `None` where it could not be read.
    pub catalogue: Option<BTreeSet<Untrusted>>,
    /// The id of the principal that the credential acts for, where the API tells.
    pub caller: Option<Untrusted>,
    /// What no request changes, and a person may want to know: whole sentences. No plan looks at them.
    pub facts: Vec<Untrusted>,
    /// Where the principal that the credential acts for holds which role, by id; `None` where nobody can
    /// tell. Of interest where a provider lets nobody give more than they hold.
    pub caller_holds: Option<BTreeSet<(Scope, Untrusted)>>,
    /// Why this credential cannot change roles, where the API tells that.
    pub barred: Option<Untrusted>,
    /// What was read.
    pub read: Query,
    /// The places above one in which principals of a class hold roles, nearest first: nobody can hold less
    /// in it than in one of them. Only where that is so.
    pub above: BTreeMap<(&'static str, Scope), Vec<Scope>>,
    /// Why a role cannot be deleted, by its id: something uses it that is no assignment, or nobody can tell
    /// whether something does. Known where everything was read.
    pub kept: BTreeMap<Untrusted, Untrusted>,
    /// Kinds of which the read is not complete: nothing of them may be removed.
    pub incomplete: BTreeMap<Kind, Untrusted>,
    /// Single lists that could not be read, or not as a whole, by kind, class, and place in its canonical
    /// spelling: nothing of them may be removed, and what depends on every list may not either.
    pub unread: BTreeMap<(Kind, &'static str, Scope), Untrusted>,
}

impl LiveState {
    /// The canonical spelling of a place; `None` where there is no such place.
    pub fn place<'a>(&'a self, scope: &'a Scope) -> Option<&'a Scope> {
        match scope {
            Scope::Target | Scope::Level(_) => Some(self.places.get(scope).unwrap_or(scope)),
            Scope::In { .. } => self.places.get(scope),
        }
    }

    /// Whether the principal `id` can be given a role at `scope`, in its canonical spelling, as far as anything
    /// is known against it.
    pub fn belongs(&self, class: &'static str, scope: &Scope, id: &Untrusted) -> bool {
        self.members.get(&(class, scope.clone())).is_none_or(|members| members.contains(id))
    }

    /// Why objects of `class` at `scope`, in its canonical spelling, were not read as a whole.
    pub fn incomplete_at(&self, kind: Kind, class: &'static str, scope: &Scope) -> Option<&Untrusted> {
        let here = || self.unread.get(&(kind, class, scope.clone()));
        self.incomplete.get(&kind).or_else(here)
    }

    /// Why objects of a kind were not read as a whole, wherever that is.
    pub fn incomplete_anywhere(&self, kind: Kind) -> Option<&Untrusted> {
        let somewhere = || self.unread.iter().find(|((of, ..), _)| *of == kind).map(|(_, why)| why);
        self.incomplete.get(&kind).or_else(somewhere)
    }

    /// Every reason why something was not read as a whole.
    pub fn gaps(&self) -> impl Iterator<Item = &Untrusted> {
        self.incomplete.values().chain(self.unread.values())
    }

    /// All live objects of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &LiveObject> {
        self.objects.iter().filter(move |object| object.key.kind == kind)
    }
}
