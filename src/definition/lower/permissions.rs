//! Permissions declared as resources of their own.

use std::sync::Arc;

use super::{Lowering, description};
use crate::{
    definition::{
        de::{Spanned, Text},
        declared::{Declaration, untrusted},
        definition_file::{PermissionEntry, RemovedBody},
        forms::RemovedEntry,
        validate::short,
    },
    model::{
        Code, Finding, SourceId, Untrusted,
        config::Placed,
        desired::{DesiredPermission, DesiredState},
    },
};

impl<'a> Lowering<'a, '_> {
    /// A permission as a resource of its own.
    pub(super) fn permission(
        &mut self,
        permission: &Declaration<'a, PermissionEntry>,
    ) -> (Untrusted, DesiredPermission) {
        let Declaration { key, entry, source, site } = *permission;
        let slug = Untrusted::new(Arc::clone(key));
        if let Some(class) = self.spec().permission_class() {
            let ships = self.spec().catalogue().permissions.contains_key(&slug);
            let finding = if !class.slug.fits(key) {
                Some(
                    Finding::new(Code::Grammar, format!("`{}` is no slug", short(key)))
                        .help(class.slug.about),
                )
            } else if ships {
                let text = format!("{} ships the permission `{}` itself", self.spec().title(), short(key));
                let help = "Remove it here: roles can have it all the same.";
                Some(Finding::new(Code::SameName, text).help(help))
            } else {
                None
            };
            self.findings.extend(finding.map(|finding| finding.at(site, "")));
        }
        let text = |text: &Spanned<Text>| Placed { value: untrusted(text), site: text.span.site(source) };
        let declared = DesiredPermission {
            name: entry.name.as_ref().map_or_else(|| Placed { value: slug.clone(), site }, text),
            description: description(entry.description.as_ref(), source),
            resource_type: entry.resource_type.as_ref().map(text),
            site,
        };
        (slug, declared)
    }

    /// A permission to delete on purpose.
    pub(super) fn removed_permission(
        &mut self,
        body: &RemovedBody,
        entry: &Spanned<RemovedEntry>,
        source: SourceId,
        desired: &mut DesiredState,
    ) {
        let of_roles =
            body.key.is_some() || body.name.is_some() || body.scope.is_some() || body.reassign_to.is_some();
        if of_roles {
            let finding = Finding::new(Code::Schema, "the removal of a permission has nothing else to say")
                .at(entry.span.site(source), "")
                .help("Give `permission` alone, or a role by `key` or `name`.");
            self.findings.push(finding);
            return;
        }
        let Some(slug) = &body.permission else { return };
        let site = slug.span.site(source);
        let first = *desired.removed_permissions.entry(untrusted(slug)).or_insert(site);
        if first != site {
            let text = format!("permission `{}` is removed twice", short(slug.value.as_str()));
            let finding = Finding::new(Code::DeclaredTwice, text)
                .at(site, "again here")
                .at(first, "first here")
                .help("Remove one of the two lines.");
            self.findings.push(finding);
        }
        if let Some(declared) = self.declared.permissions.get(slug.value.as_str()) {
            let text = format!("permission `{}` is removed and declared", short(slug.value.as_str()));
            let finding = Finding::new(Code::RemovedButDeclared, text)
                .at(site, "removed here")
                .at(declared.site, "declared here")
                .help("Keep one of the two.");
            self.findings.push(finding);
        }
    }
}
