//! What a provider is, without I/O: its classes and fields, what can be read, changed, and
//! removed, how people write it, and its limits. The rooms that decide (definition, plan, assess)
//! know a provider only through this. `docs/providers.md` tells how to add one.

pub mod manual;
mod permission;
mod principal;
mod role;
mod scope;

pub use manual::{ByHand, Shown, Task};
pub use permission::{PermissionClass, ResourceType};
pub use principal::{Holds, OnRemove, PrincipalClass, Spellings};
pub use role::{Base, DefaultRole, Do, FieldSpec, Length, OnChange, RoleClass, Slug};
pub use scope::{PathForm, ScopeForm, ScopeSpec, counts_at, has_place};

use std::collections::BTreeMap;

use crate::{
    catalog::Catalogue,
    model::{
        Finding, RoleId, RoleState, Scope, Untrusted, Value,
        config::{Placed, Target},
        desired::{DesiredState, Spelling},
        directory::Directory,
        live::LiveState,
    },
};

/// A provider as data. Implementations hold no state and do no I/O.
pub trait Spec: Send + Sync {
    /// The word in `provider:`.
    fn name(&self) -> &'static str;
    /// The product's name for people.
    fn title(&self) -> &'static str;
    /// The environment variable that holds the credential where the config names none.
    fn credential(&self) -> &'static str;
    /// How to get a credential that can only read, as the rest of a sentence; `None` where the product has
    /// none, or its documentation does not tell of one. Pull requests are planned with it.
    fn reading_credential(&self) -> Option<&'static str> {
        None
    }
    /// What the config may set under `settings`.
    fn settings(&self) -> &'static [Setting];
    /// The settings, name and value, that lead into the world with which its emulator begins, where it
    /// needs any.
    fn settings_of_emulator(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
    /// Classes of roles; the first is the one of a role that says nothing.
    fn roles(&self) -> &'static [RoleClass];
    /// Whether there is a default role, and how it can be changed.
    fn default_role(&self) -> Option<DefaultRole> {
        None
    }
    /// Classes of principals that can hold roles.
    fn principals(&self) -> &'static [PrincipalClass];
    /// How people write permissions.
    fn permission_form(&self) -> PermissionForm {
        PermissionForm::Flat
    }
    /// What permissions that people make look like; `None` where the provider ships all there are.
    fn permission_class(&self) -> Option<PermissionClass> {
        None
    }
    /// The catalogue that ships with the program.
    fn catalogue(&self) -> &Catalogue;
    /// Whether the API tells which permissions there are. Where it does not, the shipped catalogue is all
    /// that anybody knows.
    fn tells_permissions(&self) -> bool {
        true
    }
    /// A role to begin with.
    fn example(&self) -> Example;
    /// Checks that only this provider needs, on top of those that follow from its classes.
    fn check(&self, _desired: &DesiredState) -> Vec<Finding> {
        Vec::new()
    }
    /// As [`Spec::check`], for what depends on the target's settings, too.
    fn check_settings(&self, _desired: &DesiredState, _settings: &Settings) -> Vec<Finding> {
        Vec::new()
    }
    /// What may use this live role that no read shows, and would change with it without a word when it is
    /// deleted or replaced. Somebody has to look first, and to say that they did. Of an emulator the steps
    /// lead nowhere into the product itself.
    fn unseen_use(&self, _class: &str, _role: &RoleState, _target: &Target) -> Option<UnseenUse> {
        None
    }
    /// What else changes for whoever holds a role when it changes so: each a sentence without a full stop,
    /// which stands beside the change.
    fn when_a_role_changes(&self, _before: &RoleState, _after: &RoleState) -> Vec<String> {
        Vec::new()
    }
    /// Why this role would not be held although everything about it can be sent; `None` where nothing is
    /// known against it.
    fn cannot_hold(&self, _moved: &Moved<'_>, _live: &LiveState, _settings: &Settings) -> Option<Obstacle> {
        None
    }
    /// What a person does in the dashboard where there is no API: steps in order, without numbers, each
    /// a sentence with the exact values. The same task has the same steps.
    fn manual(&self, task: &Task<'_>) -> Vec<String> {
        manual::steps(self.title(), "the page of its roles", task)
    }
    /// What a reader of a plan should know about making these roles, each by class and place, beyond what
    /// the plan shows: whole sentences, which become notes of the plan.
    fn about_new_roles(&self, _new: &[(&'static str, &Scope)], _live: &LiveState) -> Vec<String> {
        Vec::new()
    }
    /// What a reader of a plan should know about who is given a role and who loses one, beyond what the
    /// plan shows: whole sentences, which become notes of the plan. `moved` is sorted.
    fn about_assignments(&self, _moved: &[Moved<'_>], _roles: &Roles<'_>, _live: &LiveState) -> Vec<String> {
        Vec::new()
    }
    /// What goes with the role of a principal of `class` in `scope` where `on_unassign` says
    /// `remove_member`, beyond what that word says: a clause. `None` where nothing does.
    fn when_a_member_goes(&self, _class: &'static str, _scope: &Scope) -> Option<&'static str> {
        None
    }
    /// Whether whoever the credential acts for may give this, by what they hold themselves. For a
    /// provider that has no such rule, or checks nothing of the kind, everybody may.
    ///
    /// # Errors
    ///
    /// Why not, or why nobody can tell.
    fn may_give(&self, _given: Given<'_>, _live: &LiveState) -> Result<(), TooMuch> {
        Ok(())
    }
    /// Whether a role of one level is never held at another. Where the documentation leaves that open,
    /// it is a matter for a lint.
    fn keeps_levels_apart(&self) -> bool {
        true
    }
    /// Whether one place is inside another one, so that a role of `outer` can be held at `place` too; both in
    /// their canonical spelling.
    fn lies_in(&self, _place: &Scope, _outer: &Scope) -> bool {
        false
    }
    /// The type of resource that a role has to be for, so that it can be held at `at`; `None` where roles
    /// have no such types, or nothing tells.
    fn resource_type_at<'s>(&self, _at: &'s Scope) -> Option<&'s str> {
        None
    }
    /// Whether requests that change something in one scope have to follow each other.
    fn one_write_per_scope(&self) -> bool {
        false
    }
    /// Most requests that change something at a time.
    fn writes_at_a_time(&self) -> usize {
        4
    }
}

/// A principal whose role changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved<'a> {
    /// Class of the principal.
    pub class: &'static str,
    /// Where.
    pub scope: &'a Scope,
    /// Its id.
    pub principal: &'a Untrusted,
    /// What to call it.
    pub title: &'a Untrusted,
    /// The role that it holds there until then; of several one that it loses.
    pub before: Option<&'a RoleId>,
    /// The role that it holds there afterwards.
    pub after: Option<&'a RoleId>,
}

/// Roles as a plan leaves them.
#[derive(Clone, Copy, Debug)]
pub struct Roles<'a> {
    /// What each was called, or will be.
    pub names: &'a BTreeMap<RoleId, Untrusted>,
    /// Those that are declared, as they will be.
    pub wanted: &'a BTreeMap<RoleId, RoleState>,
}

impl Roles<'_> {
    /// What to call a role.
    pub fn name<'r>(&'r self, role: &'r RoleId) -> &'r str {
        match (self.names.get(role), role) {
            (Some(name), _) | (None, RoleId::Live(name)) => name.raw(),
            (None, RoleId::New(address)) => address.as_str(),
        }
    }
}

/// Something that no API tells, and that a role would be missed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenUse {
    /// What would happen, one sentence without a full stop.
    pub why: String,
    /// What a person does first, without numbers, each a sentence with the exact values.
    pub steps: Vec<String>,
}

/// Why something cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// One sentence without a full stop.
    pub why: String,
    /// What to do.
    pub help: String,
}

/// Why whoever the credential acts for may not give a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooMuch {
    /// Why not, or why nobody can tell: one sentence without a full stop.
    pub why: String,
    /// What to do, where another credential does not help.
    pub help: Option<&'static str>,
}

impl From<String> for TooMuch {
    fn from(why: String) -> Self {
        Self { why, help: None }
    }
}

/// A role that somebody is given.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Class of the principal.
    pub class: &'static str,
    /// Where.
    pub scope: &'a Scope,
    /// Its id.
    pub principal: &'a Untrusted,
    /// The id of the role.
    pub role: &'a Untrusted,
}

/// A target's settings by name; names and forms were checked against the contract.
pub type Settings = BTreeMap<String, Placed<Untrusted>>;

/// A role to begin with: harmless, and valid without any setting.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Its key in YAML.
    pub key: &'static str,
    /// Its name at the provider.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The level that it lives at, where its class has no place without `scope`.
    pub scope: Option<&'static str>,
    /// The built-in role that is its floor, by id, where its class has such bases.
    pub base: Option<&'static str>,
    /// Its permissions in canonical spelling, all from the catalogue that ships with the program.
    pub permissions: &'static [&'static str],
}

/// A key under `settings`.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it is for, one sentence.
    pub about: &'static str,
    /// An example, also for `init`.
    pub example: &'static str,
    /// Whether a target without it makes no sense.
    pub required: bool,
    /// What form its value has.
    pub form: SettingForm,
}

/// The form of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingForm {
    /// Letters, digits, and `._-`, at most 255: an id or a path segment.
    Id,
    /// An absolute URL of a host.
    Url,
    /// Ids joined by `/`, at most 255: the path of a group.
    Path,
    /// One of these.
    Words(&'static [&'static str]),
}

/// How people write permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionForm {
    /// A list of names.
    Flat,
    /// A mapping from resource to a list of accesses; canonically `resource:access`.
    ResourceAccess,
}

/// Equality of values as they are; the usual [`FieldSpec::same`].
pub fn equal(a: &Value, b: &Value) -> bool {
    a == b
}

/// Equality of texts where no text and the empty text are the same.
pub fn equal_text(a: &Value, b: &Value) -> bool {
    fn text(value: &Value) -> Option<&str> {
        match value {
            Value::Text(Some(text)) if !text.is_empty() => Some(text.raw()),
            _ => None,
        }
    }
    match (a, b) {
        (Value::Text(_), Value::Text(_)) => text(a) == text(b),
        _ => a == b,
    }
}

/// A provider's class by name, `None` where it has none of that name.
pub fn principal<'a>(spec: &'a dyn Spec, class: &str) -> Option<&'a PrincipalClass> {
    spec.principals().iter().find(|principal| principal.class == class)
}

/// The class of a role that does not say its own, by where it lives: the first one that has all places.
pub fn class_at<'s>(spec: &dyn Spec, scopes: impl IntoIterator<Item = &'s Scope>) -> Option<&'static str> {
    let scopes: Vec<&Scope> = scopes.into_iter().collect();
    let has = |class: &&RoleClass| scopes.iter().all(|scope| has_place(class.scopes, scope));
    spec.roles().iter().find(has).or(spec.roles().first()).map(|class| class.class)
}

/// A provider's class of roles by name, `None` where it has none of that name.
pub fn role_class(spec: &dyn Spec, class: &str) -> Option<&'static RoleClass> {
    spec.roles().iter().find(|role| role.class == class)
}

/// Whether a role of `class` that is for this type of resource can be held in places inside others, and
/// there alone: it is not of the usual type.
pub fn is_held_inside(spec: &dyn Spec, class: &str, resource_type: Option<&Value>) -> bool {
    let usual = role_class(spec, class).and_then(|class| class.resource_type).map(|kind| kind.usual);
    let own = match resource_type {
        Some(Value::Text(Some(kind))) => Some(kind.raw()),
        _ => None,
    };
    spec.principals().iter().any(|class| class.inside.is_some()) && own.is_some() && own != usual
}

/// Whether the provider ships a role of this name, or of this id, at `scope`. One that the catalogue puts
/// in no kind of place that roles have lives in the target itself.
pub fn ships(spec: &dyn Spec, name: &str, scope: &Scope) -> bool {
    let kind = match scope {
        Scope::Target => "",
        Scope::Level(kind) | Scope::In { kind, .. } => &**kind,
    };
    let is_place = |word: &&str| {
        let mut places = spec.roles().iter().flat_map(|class| class.scopes);
        places.any(|place| place.kind == *word)
    };
    let builtin = spec.catalogue().builtin.iter().filter(|one| one.id == name || one.title == name);
    builtin.into_iter().any(|one| one.scope.filter(is_place).unwrap_or_default() == kind)
}

/// Whether there is something that the API of a provider does not tell, so that a person attests it.
pub fn hides(spec: &dyn Spec) -> bool {
    let field = |class: &RoleClass| !class.listed || class.fields.iter().any(|field| !field.readable);
    spec.roles().iter().any(field) || spec.principals().iter().any(|class| !class.listed)
}

/// Whether no request tells a role or who holds one: what is live is known only as far as it is attested.
pub fn tells_nothing(spec: &dyn Spec) -> bool {
    spec.roles().iter().all(|class| !class.listed) && spec.principals().iter().all(|class| !class.listed)
}

/// Whether the API tells roles that only a person makes, in a dashboard.
pub fn needs_dashboard(spec: &dyn Spec) -> bool {
    spec.roles().iter().any(|class| class.listed)
        && spec.roles().iter().all(|class| class.create == Do::Manual)
}

/// Whether permissions are written over the API; where they are not, a person chooses from those that the
/// dashboard offers.
pub fn writes_permissions(spec: &dyn Spec) -> bool {
    use crate::model::field::PERMISSIONS;
    let writes = |class: &RoleClass| {
        class.create == Do::Api
            || matches!(class.on_change(PERMISSIONS), OnChange::InPlace | OnChange::Replace)
    };
    spec.roles().iter().any(writes)
}

/// Whether nothing of a provider changes over its API, so that every change is a person's.
pub fn is_by_hand(spec: &dyn Spec) -> bool {
    let role = |class: &RoleClass| {
        let fields = || class.fields.iter().map(|field| field.on_change);
        class.create != Do::Api
            && class.delete != Do::Api
            && fields().all(|change| matches!(change, OnChange::Manual | OnChange::Refuse))
    };
    spec.default_role().is_none()
        && spec.roles().iter().all(role)
        && spec.principals().iter().all(|class| class.assign != Do::Api)
}

/// The id of the principal of `class` that a definition writes as `spelling`; `None` where nobody,
/// or more than one, is written so. Where nothing tells who exists, it is what is written.
pub fn principal_id<'a>(
    spec: &dyn Spec,
    directory: &'a Directory,
    class: &'static str,
    spelling: &'a Spelling,
) -> Option<&'a Untrusted> {
    let spellings = principal(spec, class).map(|class| class.spellings);
    let handle_is_id = spellings.is_some_and(|spellings| spellings.handle_is_id);
    match spelling {
        Spelling::Handle(handle) if spellings.is_some_and(|spellings| spellings.free) => Some(handle),
        Spelling::Handle(handle) if handle_is_id => directory.find(class, &Spelling::Id(handle.clone())),
        _ => directory.find(class, spelling),
    }
}

/// Whether `id` is safe in the path of a URL: letters, digits, and `-._~`, not only dots, at most
/// 128 bytes. Ids come from APIs and from YAML, so every one passes here before it is sent.
pub fn is_safe_id(id: &Untrusted) -> bool {
    let id = id.raw();
    (1..=128).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
        && id.bytes().any(|b| b != b'.')
}
