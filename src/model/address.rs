//! Addresses: how a plan names an object, stable across runs and safe to print.

use std::{fmt, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Scope, Untrusted};

/// Everything but the unreserved characters of RFC 3986 is encoded, so that an address never holds
/// a separator, a space, or a control character that somebody else chose.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `TARGET/role/KEY[@SCOPE]`, `TARGET/permission/SLUG`, `TARGET/default`,
/// `TARGET/assignment/SCOPE/KIND:PRINCIPAL[/ROLE]`. Parts are percent-encoded; an object that is
/// known only live stands as `=NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Address(Arc<str>);

fn part(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, PART)
}

fn scoped(scope: &Scope) -> String {
    match scope {
        Scope::Target => String::new(),
        Scope::Level(kind) => format!("@{}", part(kind)),
        Scope::In { kind, path } => format!("@{}={}", part(kind), part(path.raw())),
    }
}

impl Address {
    /// A declared role.
    pub fn role(target: &str, key: &str, scope: &Scope) -> Self {
        Self(format!("{}/role/{}{}", part(target), part(key), scoped(scope)).into())
    }

    /// A role that is known only live.
    pub fn live_role(target: &str, name: &Untrusted, scope: &Scope) -> Self {
        Self(format!("{}/role/={}{}", part(target), part(name.raw()), scoped(scope)).into())
    }

    /// A permission declared as a resource.
    pub fn permission(target: &str, slug: &Untrusted) -> Self {
        Self(format!("{}/permission/{}", part(target), part(slug.raw())).into())
    }

    /// The default role of the target.
    pub fn default_role(target: &str) -> Self {
        Self(format!("{}/default", part(target)).into())
    }

    /// Who holds what: `kind` is `user`, `group` ...; `role` where a principal may hold several.
    pub fn assignment(
        target: &str,
        scope: &Scope,
        kind: &str,
        principal: &Untrusted,
        role: Option<&str>,
    ) -> Self {
        let place = match scope {
            Scope::Target => "-".to_owned(),
            Scope::Level(kind) => part(kind).to_string(),
            Scope::In { kind, path } => format!("{}={}", part(kind), part(path.raw())),
        };
        let mut address =
            format!("{}/assignment/{place}/{}:{}", part(target), part(kind), part(principal.raw()));
        if let Some(role) = role {
            address.push_str(&format!("/{}", part(role)));
        }
        Self(address.into())
    }

    /// An address that somebody else wrote; `None` where no address looks like that.
    pub fn parse(text: &Untrusted) -> Option<Self> {
        let address = Self(text.raw().into());
        address.is_well_formed().then_some(address)
    }

    /// The same object in the target `name`, for one that was renamed.
    pub fn of_target(&self, name: &str) -> Option<Self> {
        let (_, rest) = self.0.split_once('/')?;
        Some(Self(format!("{}/{rest}", part(name)).into()))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Safe to print where it was built here; one that came from a plan file is checked on reading
/// ([`Address::is_well_formed`]).
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Address {
    /// Whether it consists only of the characters that an address can have.
    pub fn is_well_formed(&self) -> bool {
        self.0.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%/=@:".contains(&b))
    }
}
