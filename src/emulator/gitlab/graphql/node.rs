//! The objects that fields are asked of.

use std::sync::Arc;

use serde_json::Value;

use crate::emulator::gitlab::abilities::Ability;
use crate::emulator::gitlab::world::{AdminLink, Group, Project, Role, User};

/// What a field gives.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Null,
    /// A scalar, or a list of scalars.
    Value(Value),
    List(Vec<Self>),
    Object(Object),
}

/// An object, of the type that its fields belong to.
#[derive(Debug, Clone)]
pub(super) enum Object {
    Query,
    Group(Arc<Group>),
    Project(Arc<Project>),
    Role(Arc<Role>),
    AdminRole(Arc<Role>),
    AccessLevel(u8),
    StandardAbility(&'static Ability),
    AdminAbility(&'static Ability),
    /// A default role, in a group or of the instance.
    StandardRole(u8, Option<Arc<Group>>),
    AdminLink(Arc<AdminLink>),
    Policy(String),
    /// An enum with its values.
    EnumType(String, Vec<String>),
    EnumValue(String),
    User(Arc<User>),
    UserRole(Arc<User>, Arc<Role>),
    Connection(Connection),
    /// Type name, cursor and node of an edge.
    Edge(&'static str, String, Box<Self>),
    PageInfo(Box<PageInfo>),
    Payload(Box<Payload>),
}

/// One page of a list.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) of: &'static str,
    pub(super) items: Vec<(String, Object)>,
    pub(super) page: PageInfo,
}

/// Where a page stands.
#[derive(Debug, Clone)]
pub(super) struct PageInfo {
    pub(super) next: bool,
    pub(super) previous: bool,
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
}

/// What a mutation gives.
#[derive(Debug, Clone)]
pub(super) struct Payload {
    pub(super) of: &'static str,
    pub(super) client_id: Value,
    pub(super) errors: Vec<String>,
    /// Name and value of the field beside the errors.
    pub(super) result: (&'static str, Node),
}

impl Object {
    /// The name of its type.
    pub(super) fn type_name(&self) -> String {
        match self {
            Self::Query => "Query".to_owned(),
            Self::Group(_) => "Group".to_owned(),
            Self::Project(_) => "Project".to_owned(),
            Self::Role(_) => "MemberRole".to_owned(),
            Self::AdminRole(_) => "AdminMemberRole".to_owned(),
            Self::AccessLevel(_) => "AccessLevel".to_owned(),
            Self::StandardAbility(_) => "CustomizableStandardPermission".to_owned(),
            Self::AdminAbility(_) => "CustomizableAdminPermission".to_owned(),
            Self::StandardRole(..) => "StandardRole".to_owned(),
            Self::AdminLink(_) => "LdapAdminRoleLink".to_owned(),
            Self::Policy(_) => "ApprovalPolicy".to_owned(),
            Self::EnumType(..) => "__Type".to_owned(),
            Self::EnumValue(_) => "__EnumValue".to_owned(),
            Self::User(_) => "User".to_owned(),
            Self::UserRole(..) => "UserMemberRole".to_owned(),
            Self::Connection(connection) => format!("{}Connection", connection.of),
            Self::Edge(of, ..) => format!("{of}Edge"),
            Self::PageInfo(_) => "PageInfo".to_owned(),
            Self::Payload(payload) => payload.of.to_owned(),
        }
    }
}

/// An error that takes the place of a field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed(pub(super) String);

impl Failed {
    /// What GitLab says of everything that does not exist or is not for the caller.
    pub(super) fn not_available() -> Self {
        Self(
            "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
                .to_owned(),
        )
    }
}
