//! Declared roles: their fields, their permissions, and whole entries that go.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Obstacle, RoleRevision,
    entries::{Edit, Holder, New, Sheet},
    places,
};
use crate::{
    contract::PermissionForm,
    definition::{
        emit::{quote, text},
        node::{Kind, Node},
    },
    model::Untrusted,
};

/// What becomes of roles, by key.
#[derive(Default)]
pub(super) struct Roles<'r> {
    /// Wherever they live.
    pub(super) changes: BTreeMap<&'r str, RoleRevision>,
    /// In single places.
    pub(super) places: BTreeMap<&'r str, BTreeMap<&'r Untrusted, RoleRevision>>,
    /// Places that they leave.
    pub(super) left: BTreeMap<&'r str, BTreeSet<&'r Untrusted>>,
}

impl<'r> Roles<'r> {
    fn keys(&self) -> BTreeSet<&'r str> {
        self.changes.keys().chain(self.places.keys()).chain(self.left.keys()).copied().collect()
    }
}

/// The edits that make every change of roles.
pub(super) fn edits<'a>(
    sheet: &Sheet<'a>,
    root: &'a Node<'a>,
    roles: &Roles<'_>,
    dropped: &BTreeSet<&str>,
    form: PermissionForm,
) -> Result<Vec<Edit>, Obstacle> {
    let wanted = roles.keys();
    let Some((key, node)) = root.entry("roles") else {
        return if wanted.is_empty() { Ok(Vec::new()) } else { Err(Obstacle::at(0, "declares no roles")) };
    };
    let holder = Holder { key: Some(key), node, sections: true };
    let mut removed = BTreeSet::new();
    let mut edits = Vec::new();
    let mut found = 0;
    for (index, (key, role)) in node.entries().iter().enumerate() {
        if dropped.contains(&*key.text) {
            removed.insert(index);
        } else if wanted.contains(&*key.text) {
            found += 1;
            let holder = || Holder { key: Some(key), node: role, sections: false };
            if let Some(change) = roles.changes.get(&*key.text) {
                edits.extend(Role { sheet, holder: holder(), form }.edits(change)?);
            }
            let (none, stays) = (BTreeMap::new(), BTreeSet::new());
            let places = roles.places.get(&*key.text).unwrap_or(&none);
            let left = roles.left.get(&*key.text).unwrap_or(&stays);
            edits.extend(places::edits(sheet, &holder(), places, left, form)?);
        }
    }
    if found < wanted.len() {
        return Err(Obstacle::at(node.span.start as usize, "does not hold the role"));
    }
    edits.extend(sheet.rework(&holder, &removed, &[])?);
    Ok(edits)
}

/// A role, or what is said of it in one place.
pub(super) struct Role<'s, 'a> {
    pub(super) sheet: &'s Sheet<'a>,
    pub(super) holder: Holder<'a>,
    pub(super) form: PermissionForm,
}

impl<'a> Role<'_, 'a> {
    pub(super) fn edits(&self, change: &RoleRevision) -> Result<Vec<Edit>, Obstacle> {
        let node = self.holder.node;
        let holder = Holder { key: self.holder.key, node, sections: self.holder.sections };
        let mut edits = Fields { sheet: self.sheet, holder }.heads(
            change.id.as_ref(),
            change.name.as_ref(),
            change.description.as_ref(),
        )?;
        let (mut removed, mut added) = (BTreeSet::new(), Vec::new());
        for (field, grant, revoke) in
            [("permissions", &change.grant, &change.revoke), ("except", &change.except, &change.readmit)]
        {
            let at = node.entries().iter().position(|(key, _)| key.text == field);
            match at {
                _ if grant.is_empty() && revoke.is_empty() => {}
                Some(index) => match self.permissions(index, grant, revoke)? {
                    Permissions::Edits(found) => edits.extend(found),
                    Permissions::Empty => {
                        removed.insert(index);
                    }
                },
                None if grant.is_empty() => {}
                None => added.push(New {
                    flow: format!("{field}: {}", text::permissions_flow(grant, self.form)),
                    block: text::permissions(field, grant, self.form, ""),
                }),
            }
        }
        edits.extend(self.sheet.rework(&self.holder, &removed, &added)?);
        Ok(edits)
    }

    /// The list or mapping of permissions at entry `index` of the role.
    fn permissions(
        &self,
        index: usize,
        grant: &BTreeSet<Untrusted>,
        revoke: &BTreeSet<Untrusted>,
    ) -> Result<Permissions, Obstacle> {
        let Some((key, node)) = self.holder.node.entries().get(index) else {
            return Ok(Permissions::Edits(Vec::new()));
        };
        let holder = Holder { key: Some(key), node, sections: false };
        let except = key.text == "except";
        match (&node.kind, self.form) {
            (Kind::Scalar { .. }, _) if node.scalar() == Some(crate::definition::scalar::Scalar::Null) => {
                let text = text::permissions_flow(grant, self.form);
                Ok(Permissions::Edits(vec![self.sheet.replace(key, node, text)?]))
            }
            (Kind::List(items), PermissionForm::Flat) => {
                let removed = chosen(items, |text| revoke.iter().any(|gone| gone.raw() == text));
                if except && removed.len() == items.len() && grant.is_empty() {
                    return Ok(Permissions::Empty);
                }
                let added: Vec<New> = grant.iter().map(|one| item(one.raw())).collect();
                Ok(Permissions::Edits(self.sheet.rework(&holder, &removed, &added)?))
            }
            (Kind::Map(resources), PermissionForm::ResourceAccess) => {
                let mut edits = Vec::new();
                let mut removed = BTreeSet::new();
                let mut granted = by_resource(grant);
                let revoked = by_resource(revoke);
                for (index, (resource, accesses)) in resources.iter().enumerate() {
                    let new = granted.remove(&*resource.text).unwrap_or_default();
                    let gone = revoked.get(&*resource.text).cloned().unwrap_or_default();
                    if new.is_empty() && gone.is_empty() {
                        continue;
                    }
                    let Kind::List(items) = &accesses.kind else {
                        return Err(Obstacle::at(resource.span.start as usize, "holds no list"));
                    };
                    let leaving = chosen(items, |text| gone.contains(text));
                    if leaving.len() == items.len() && new.is_empty() {
                        removed.insert(index);
                        continue;
                    }
                    let holder = Holder { key: Some(resource), node: accesses, sections: false };
                    let added: Vec<New> = new.iter().map(|access| item(access)).collect();
                    edits.extend(self.sheet.rework(&holder, &leaving, &added)?);
                }
                if except && removed.len() == resources.len() && granted.is_empty() {
                    return Ok(Permissions::Empty);
                }
                let added: Vec<New> = granted
                    .into_iter()
                    .map(|(resource, accesses)| {
                        let list = accesses.iter().map(|access| quote::word(access)).collect::<Vec<_>>();
                        let flow = format!("{}: [{}]", quote::word(resource), list.join(", "));
                        New { block: format!("{flow}\n"), flow }
                    })
                    .collect();
                edits.extend(self.sheet.rework(&holder, &removed, &added)?);
                Ok(Permissions::Edits(edits))
            }
            _ => Err(Obstacle::at(node.span.start as usize, "holds something else than permissions")),
        }
    }
}

/// The texts that an entry begins with.
pub(super) struct Fields<'s, 'a> {
    pub(super) sheet: &'s Sheet<'a>,
    pub(super) holder: Holder<'a>,
}

impl Fields<'_, '_> {
    /// The edits that give it another id, name, or description.
    pub(super) fn heads(
        &self,
        id: Option<&Untrusted>,
        name: Option<&Untrusted>,
        description: Option<&Option<Untrusted>>,
    ) -> Result<Vec<Edit>, Obstacle> {
        let node = self.holder.node;
        if !matches!(node.kind, Kind::Map(_)) || node.entries().is_empty() {
            return Err(Obstacle::at(node.span.start as usize, "is no mapping with fields"));
        }
        let mut edits = Vec::new();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for (field, value) in [("id", id), ("name", name)] {
            if let Some(value) = value {
                self.set(field, Some(value), &mut edits, &mut first)?;
            }
        }
        if let Some(description) = description {
            self.set("description", description.as_ref(), &mut edits, &mut second)?;
        }
        edits.extend(self.sheet.insert_before(&self.holder, 0, &first)?);
        let head = |field: &str| matches!(field, "id" | "name");
        let body = node.entries().iter().position(|(key, _)| !head(&key.text));
        edits.extend(self.sheet.insert_before(
            &self.holder,
            body.unwrap_or(node.entries().len()),
            &second,
        )?);
        Ok(edits)
    }

    /// A field of text gets another value, or is added.
    fn set(
        &self,
        field: &str,
        value: Option<&Untrusted>,
        edits: &mut Vec<Edit>,
        added: &mut Vec<New>,
    ) -> Result<(), Obstacle> {
        let flow = self.holder.is_flow(self.sheet.text);
        let written =
            |text: &Untrusted| if flow { quote::word(text.raw()) } else { quote::scalar(text.raw()) };
        let inline = value.map_or_else(|| "null".to_owned(), written);
        let indented = |column: usize| {
            let (indicator, lines) = value.and_then(|text| quote::block(text.raw()))?;
            let indent = " ".repeat(column + 2);
            let lines: Vec<String> = lines
                .iter()
                .map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") })
                .collect();
            Some(format!("{indicator}\n{}", lines.join("\n")))
        };
        let Some((key, old)) = self.holder.node.entry(field) else {
            let block = indented(0).unwrap_or_else(|| inline.clone());
            added.push(New { flow: format!("{field}: {inline}"), block: format!("{field}: {block}\n") });
            return Ok(());
        };
        if matches!(old.kind, Kind::Map(_) | Kind::List(_)) {
            return Err(Obstacle::at(old.span.start as usize, "is no text"));
        }
        let several = Some(old.span.end as usize)
            .filter(|end| !flow && self.sheet.ends_line(*end))
            .and_then(|_| indented(self.sheet.column(key.span.start as usize)));
        edits.push(self.sheet.replace(key, old, several.unwrap_or(inline))?);
        Ok(())
    }
}

enum Permissions {
    Edits(Vec<Edit>),
    /// Nothing is left.
    Empty,
}

/// The items whose text fits.
pub(super) fn chosen(items: &[Node<'_>], fits: impl Fn(&str) -> bool) -> BTreeSet<usize> {
    let fits = |item: &Node<'_>| matches!(&item.kind, Kind::Scalar { text, .. } if fits(text));
    items.iter().enumerate().filter(|(_, item)| fits(item)).map(|(index, _)| index).collect()
}

/// A new item of a list.
pub(super) fn item(text: &str) -> New {
    New { flow: quote::word(text), block: format!("- {}\n", quote::scalar(text)) }
}

/// Resources with their accesses; a permission without an access is left out.
fn by_resource(permissions: &BTreeSet<Untrusted>) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut resources: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (resource, access) in permissions.iter().filter_map(|one| one.raw().rsplit_once(':')) {
        resources.entry(resource).or_default().insert(access);
    }
    resources
}
