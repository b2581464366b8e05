//! Drafts as lines of YAML.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    draft::{NewPermission, NewRole},
    holders::NewAssignment,
    quote,
};
use crate::{
    contract::{PermissionForm, Spec},
    model::{Scope, Untrusted, desired::RoleName},
};

/// Widest line on which a list stands between brackets.
const WIDEST: usize = 100;

/// Stands for `{key}` in the path of the file with assignments and default, where every role has a
/// file of its own.
pub const HOLDERS_KEY: &str = "assignments";

/// What goes into one file.
#[derive(Clone, Debug, Default)]
pub struct Part<'a> {
    /// Permissions as resources of their own.
    pub permissions: Vec<&'a NewPermission>,
    /// Roles.
    pub roles: Vec<&'a NewRole>,
    /// The default role.
    pub default: Option<&'a Arc<str>>,
    /// Who holds what.
    pub assignments: Vec<&'a NewAssignment>,
}

/// The text of a new file; `schema` is the path of the schema, relative to the file.
pub fn new_text(part: &Part<'_>, spec: &dyn Spec, schema: Option<&str>) -> String {
    let mut text = String::new();
    if let Some(schema) = schema {
        text.push_str(&format!("# yaml-language-server: $schema={schema}\n"));
    }
    text.push_str(&format!("provider: {}\n", spec.name()));
    for section in sections(part, spec) {
        text.push('\n');
        text.push_str(&section);
    }
    text
}

/// The sections of a file, each with its key, without blank lines around.
pub fn sections(part: &Part<'_>, spec: &dyn Spec) -> Vec<String> {
    let mut sections = Vec::new();
    if !part.permissions.is_empty() {
        sections.push(format!("permission_definitions:\n{}", permission_definitions(&part.permissions, 2)));
    }
    if !part.roles.is_empty() {
        sections.push(format!("roles:\n{}", roles(&part.roles, spec, 2)));
    }
    if let Some(key) = part.default {
        sections.push(default(key));
    }
    if !part.assignments.is_empty() {
        sections.push(format!("assignments:\n{}", assignments(&part.assignments, 2)));
    }
    sections
}

/// `default_role:` with its line end.
pub(super) fn default(key: &str) -> String {
    format!("default_role: {}\n", quote::key(key))
}

/// Roles whose keys stand at column `indent`, with a blank line between them.
pub(super) fn roles(roles: &[&NewRole], spec: &dyn Spec, indent: usize) -> String {
    let texts: Vec<String> = roles.iter().map(|role| self::role(role, spec, indent)).collect();
    texts.join("\n")
}

fn role(role: &NewRole, spec: &dyn Spec, indent: usize) -> String {
    let (outer, inner) = (" ".repeat(indent), " ".repeat(indent + 2));
    let mut text = format!("{outer}{}:\n", quote::key(&role.key));
    let field = |name: &str, value: &Untrusted| format!("{inner}{name}: {}\n", quote::scalar(value.raw()));
    if let Some(kind) = role.kind {
        text.push_str(&field("kind", &kind.into()));
    }
    text.push_str(&scope(&role.scopes, &inner));
    let named = Some(&role.name).filter(|name| name.raw() != &*role.key);
    let others = [
        ("slug", &role.slug),
        ("id", &role.id),
        ("name", &named.cloned()),
        ("resource_type", &role.resource_type),
    ];
    for (name, value) in others {
        text.extend(value.as_ref().map(|value| field(name, value)));
    }
    text.push_str(&described(role.description.as_ref(), &inner));
    if let Some(base) = &role.base {
        text.push_str(&format!("{inner}base: {}\n", quote::scalar(base.raw())));
    }
    let form = spec.permission_form();
    text.push_str(&permissions("permissions", &role.permissions, form, &inner));
    if !role.overrides.is_empty() {
        text.push_str(&format!("{inner}overrides:\n"));
    }
    for (path, differs) in &role.overrides {
        let deeper = format!("{inner}    ");
        text.push_str(&format!("{inner}  {}:\n", quote::word(path.raw())));
        if let Some(name) = &differs.name {
            text.push_str(&format!("{deeper}name: {}\n", quote::scalar(name.raw())));
        }
        text.push_str(&described(differs.description.as_ref(), &deeper));
        for (field, set) in [("permissions", &differs.permissions), ("except", &differs.except)] {
            if !set.is_empty() {
                text.push_str(&permissions(field, set, form, &deeper));
            }
        }
    }
    text
}

/// `scope:` with its places, one kind of which a role has; nothing for the target itself.
fn scope(scopes: &[Scope], indent: &str) -> String {
    match scopes {
        [] | [Scope::Target, ..] => String::new(),
        [Scope::Level(kind), ..] => format!("{indent}scope: {}\n", quote::word(kind)),
        [Scope::In { kind, .. }, ..] => {
            let paths = scopes.iter().filter_map(|scope| match scope {
                Scope::In { path, .. } => Some(path.raw()),
                Scope::Target | Scope::Level(_) => None,
            });
            let places = list(&quote::word(kind), paths, &format!("{indent}  "));
            format!("{indent}scope:\n{places}")
        }
    }
}

/// A description, with the last line end; nothing where there is none.
fn described(description: Option<&Untrusted>, indent: &str) -> String {
    let Some(description) = description else { return String::new() };
    let Some((indicator, lines)) = quote::block(description.raw()) else {
        return format!("{indent}description: {}\n", quote::scalar(description.raw()));
    };
    let mut text = format!("{indent}description: {indicator}\n");
    for line in lines {
        let line = if line.is_empty() { String::new() } else { format!("{indent}  {line}") };
        text.push_str(&format!("{line}\n"));
    }
    text
}

/// Permissions as resources of their own, with their slugs at column `indent`.
pub(super) fn permission_definitions(permissions: &[&NewPermission], indent: usize) -> String {
    let (outer, inner) = (" ".repeat(indent), " ".repeat(indent + 2));
    let mut all = String::new();
    for one in permissions {
        // One without anything to say has its slug as its name.
        all.push_str(&format!("{outer}{}:\n", quote::word(one.slug.raw())));
        all.push_str(&format!("{inner}name: {}\n", quote::scalar(one.name.raw())));
        if let Some(resource_type) = &one.resource_type {
            all.push_str(&format!("{inner}resource_type: {}\n", quote::scalar(resource_type.raw())));
        }
        all.push_str(&described(one.description.as_ref(), &inner));
    }
    all
}

/// A set of permissions under `field`, with the last line end.
pub(super) fn permissions(
    field: &str,
    permissions: &BTreeSet<Untrusted>,
    form: PermissionForm,
    indent: &str,
) -> String {
    match form {
        PermissionForm::Flat => list(field, permissions.iter().map(Untrusted::raw), indent),
        PermissionForm::ResourceAccess if permissions.is_empty() => format!("{indent}{field}: {{}}\n"),
        PermissionForm::ResourceAccess => {
            let mut text = format!("{indent}{field}:\n");
            for (resource, accesses) in resources(permissions) {
                text.push_str(&list(&quote::word(resource), accesses.into_iter(), &format!("{indent}  ")));
            }
            text
        }
    }
}

/// A set of permissions between brackets.
pub(super) fn permissions_flow(permissions: &BTreeSet<Untrusted>, form: PermissionForm) -> String {
    let words = |texts: &mut dyn Iterator<Item = &str>| texts.map(quote::word).collect::<Vec<_>>().join(", ");
    match form {
        PermissionForm::Flat => format!("[{}]", words(&mut permissions.iter().map(Untrusted::raw))),
        PermissionForm::ResourceAccess if permissions.is_empty() => "{}".to_owned(),
        PermissionForm::ResourceAccess => {
            let resources = resources(permissions).into_iter().map(|(resource, accesses)| {
                format!("{}: [{}]", quote::word(resource), words(&mut accesses.into_iter()))
            });
            format!("{{ {} }}", resources.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Resources with their accesses.
fn resources(permissions: &BTreeSet<Untrusted>) -> BTreeMap<&str, Vec<&str>> {
    let mut resources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for permission in permissions {
        let (resource, access) = permission.raw().rsplit_once(':').unwrap_or((permission.raw(), ""));
        resources.entry(resource).or_default().push(access);
    }
    resources
}

/// A list between brackets, or one item a line where that would be too wide.
fn list<'a>(key: &str, items: impl Iterator<Item = &'a str>, indent: &str) -> String {
    let items: Vec<String> = items.map(quote::word).collect();
    let line = format!("{indent}{key}: [{}]\n", items.join(", "));
    if line.chars().count() <= WIDEST {
        return line;
    }
    let items: String = items.iter().map(|item| format!("{indent}  - {item}\n")).collect();
    format!("{indent}{key}:\n{items}")
}

/// Assignments whose dashes stand at column `indent`.
pub(super) fn assignments(assignments: &[&NewAssignment], indent: usize) -> String {
    let outer = " ".repeat(indent);
    let mut text = String::new();
    for assignment in assignments {
        let role = match &assignment.role {
            RoleName::Key(key) => quote::key(key),
            RoleName::Builtin(id) => quote::scalar(&format!("builtin:{}", id.raw())),
            RoleName::Live(name) => quote::scalar(name.raw()),
        };
        text.push_str(&format!("{outer}- role: {role}\n"));
        match &assignment.scope {
            Scope::Target => {}
            Scope::Level(kind) => text.push_str(&format!("{outer}  scope: {}\n", quote::word(kind))),
            Scope::In { kind, path } => {
                text.push_str(&format!(
                    "{outer}  scope: {{ {}: {} }}\n",
                    quote::word(kind),
                    quote::word(path.raw())
                ));
            }
        }
        if let Some(last) = assignment.expires {
            text.push_str(&format!("{outer}  expires: {last}\n"));
        }
        for (field, people) in &assignment.people {
            text.push_str(&format!("{outer}  {field}:\n"));
            for person in people {
                let called = person.called.as_ref().and_then(|name| quote::comment(name.raw()));
                let comment = called.map_or_else(String::new, |name| format!(" # {name}"));
                text.push_str(&format!("{outer}    - {}{comment}\n", quote::scalar(&person.written)));
            }
        }
    }
    text
}
