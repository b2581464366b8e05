//! What a provider is, without I/O: its classes and fields, what can be read, changed, and
//! removed, how people write it, and its limits. The rooms that decide (definition, plan, assess)
//! know a provider only through this.

use crate::{
    catalog::Catalogue,
    model::{
        Field, Finding, Untrusted, Value,
        desired::{DesiredState, Spelling},
        directory::Directory,
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
    /// What the config may set under `settings`.
    fn settings(&self) -> &'static [Setting];
    /// Classes of roles; the first is the one of a role that says nothing.
    fn roles(&self) -> &'static [RoleClass];
    /// Whether there is a default role, and how it can be changed.
    fn default_role(&self) -> Option<DefaultRole>;
    /// Classes of principals that can hold roles.
    fn principals(&self) -> &'static [PrincipalClass];
    /// How people write permissions.
    fn permission_form(&self) -> PermissionForm;
    /// The catalogue that ships with the program.
    fn catalogue(&self) -> &Catalogue;
    /// A role to begin with.
    fn example(&self) -> Example;
    /// Checks that only this provider needs, on top of those that follow from its classes.
    fn check(&self, _desired: &DesiredState) -> Vec<Finding> {
        Vec::new()
    }
}

/// A role to begin with: harmless, and valid without any setting.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Its key in YAML.
    pub key: &'static str,
    /// Its name at the provider.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
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
}

/// A class of roles.
#[derive(Clone, Copy, Debug)]
pub struct RoleClass {
    /// Its name: `role`, `admin_role` ...
    pub class: &'static str,
    /// How a role comes to be.
    pub create: Do,
    /// How it goes.
    pub delete: Do,
    /// What `base:` means.
    pub base: Base,
    /// Its fields.
    pub fields: &'static [FieldSpec],
    /// Bounds of its name in characters.
    pub name: Length,
    /// Bounds of its description in characters; `None` where there is no such field.
    pub description: Option<Length>,
    /// Most roles of the class in one scope, where there is a limit.
    pub limit: Option<u32>,
    /// Whether a role can only be deleted once nobody holds it.
    pub delete_needs_vacancy: bool,
}

/// Bounds of a text in characters.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// Fewest.
    pub min: u32,
    /// Most; `None` where no limit is known.
    pub max: Option<u32>,
}

/// A field of a class.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// Its name.
    pub name: Field,
    /// Whether the API tells its value.
    pub readable: bool,
    /// What changing it takes.
    pub on_change: OnChange,
    /// When two values count as equal.
    pub same: fn(&Value, &Value) -> bool,
}

/// Whether something can be done over the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// By a request.
    Api,
    /// By a person in the dashboard.
    Manual,
    /// Not at all.
    Refuse,
}

/// What changing a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// One request.
    InPlace,
    /// A new object in place of the old one.
    Replace,
    /// A person in the dashboard.
    Manual,
    /// It cannot change.
    Refuse,
}

/// What `base:` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// There is no base.
    None,
    /// Its permissions are copied; `except` may take some away.
    Copy,
    /// Its permissions are always held; nothing can be taken away.
    Floor,
}

/// The default role.
#[derive(Clone, Copy, Debug)]
pub struct DefaultRole {
    /// Whether a built-in role can be the default.
    pub builtin: bool,
    /// Whether there can be none.
    pub none: bool,
}

/// A class of principals.
#[derive(Clone, Copy, Debug)]
pub struct PrincipalClass {
    /// Its name in addresses: `user`.
    pub class: &'static str,
    /// The field in an assignment: `users`.
    pub field: &'static str,
    /// Whether a principal holds at most one role in a scope.
    pub one_role: bool,
    /// Most principals in one request.
    pub batch: usize,
    /// What can be looked up: whether a plain handle, an e-mail, an id.
    pub spellings: Spellings,
    /// What taking the role away can mean.
    pub on_remove: OnRemove,
}

/// Which spellings of a principal a provider can resolve.
#[derive(Clone, Copy, Debug)]
pub struct Spellings {
    /// A plain handle; where `handle_is_id`, it is the id.
    pub handle: bool,
    /// `email:…`
    pub email: bool,
    /// `id:…`
    pub id: bool,
    /// A plain handle is the provider's id.
    pub handle_is_id: bool,
    /// What an id looks like, in words, for the message that refuses another spelling.
    pub about: &'static str,
}

/// What taking a role from somebody means at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnRemove {
    /// The assignment is gone.
    Gone,
    /// There is no such call: the principal always holds some role, so that another has to be
    /// named (`on_unassign`).
    AnotherRole,
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

impl RoleClass {
    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A provider's class by name, `None` where it has none of that name.
pub fn principal<'a>(spec: &'a dyn Spec, class: &str) -> Option<&'a PrincipalClass> {
    spec.principals().iter().find(|principal| principal.class == class)
}

/// The id of the principal of `class` that a definition writes as `spelling`; `None` where nobody,
/// or more than one, is written so.
pub fn principal_id<'a>(
    spec: &dyn Spec,
    directory: &'a Directory,
    class: &'static str,
    spelling: &Spelling,
) -> Option<&'a Untrusted> {
    let handle_is_id = principal(spec, class).is_some_and(|class| class.spellings.handle_is_id);
    match spelling {
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
