//! Permissions that a closed catalogue does not have. An open catalogue is a matter for a lint.

use std::collections::{BTreeSet, HashMap};

use crate::{
    catalog::Meaning,
    contract::PermissionForm,
    definition::{
        context::Context,
        sets::{self, Named, Names},
        suggest,
        validate::short,
    },
    model::{Code, Finding, Site, Untrusted},
};

/// Most unknown permissions for which the nearest known one is looked for.
const MOST_SUGGESTIONS: usize = 500;

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.input.spec.catalogue().closed {
        return;
    }
    let title = context.input.spec.title();
    for Unknown { what, name, site, help, .. } in unknown(context) {
        let text = format!("{title} has no {what} `{}`", short(&name));
        let mut finding = Finding::new(Code::UnknownPermission, text).at(site, "");
        if let Some(help) = help {
            finding = finding.help(help);
        }
        findings.push(finding);
    }
}

/// Something that no known catalogue has.
pub(crate) struct Unknown {
    /// `permission`, or `resource` where the resource itself is unknown.
    pub(crate) what: &'static str,
    /// What is unknown, in canonical spelling.
    pub(crate) name: String,
    /// Where it stands: the access, or the key of the resource.
    pub(crate) site: Site,
    /// The role or set that it stands in.
    pub(crate) owner: Site,
    /// What was probably meant.
    pub(crate) help: Option<String>,
}

/// What no known catalogue has, in the order it is written; a resource once for all its accesses.
pub(crate) fn unknown(context: &Context<'_>) -> Vec<Unknown> {
    let strange: BTreeSet<&Untrusted> =
        context.names.iter().filter(|name| !is_known(context, name)).collect();
    if strange.is_empty() {
        return Vec::new();
    }
    let mut judge = Judge::new(context);
    // Each permission is judged once.
    let mut verdicts: HashMap<Untrusted, Verdict> = HashMap::new();
    let mut resources: BTreeSet<Site> = BTreeSet::new();
    let mut all = Vec::new();
    let mut names = Names::new(context.input.spec.catalogue());
    for (owner, lists) in sets::lists(context.declared) {
        let named = lists.into_iter().flat_map(|list| names.of(list, owner.source));
        for Named { permission, site, resource } in named.collect::<Vec<_>>() {
            if !strange.contains(&permission) {
                continue;
            }
            let verdict = || judge.verdict(permission.raw());
            let Verdict { of_resource, help } = verdicts.entry(permission.clone()).or_insert_with(verdict);
            let (what, name, site) = match (permission.raw().rsplit_once(':'), resource) {
                (Some((area, _)), Some(resource)) if *of_resource => {
                    if !resources.insert(resource) {
                        continue;
                    }
                    ("resource", area, resource)
                }
                _ => ("permission", permission.raw(), site),
            };
            all.push(Unknown { what, name: name.to_owned(), site, owner, help: help.clone() });
        }
    }
    all
}

/// Whether the catalogue that ships with the program, or the live one, has a permission.
fn is_known(context: &Context<'_>, name: &Untrusted) -> bool {
    context.input.spec.catalogue().permissions.contains_key(name)
        || context.input.live.as_ref().is_some_and(|live| live.permissions.contains(name))
        || context.desired.permissions.contains_key(name)
}

/// What is wrong with an unknown permission.
struct Verdict {
    /// Whether its resource is unknown, and not only the access.
    of_resource: bool,
    help: Option<String>,
}

/// Finds what was probably meant.
struct Judge<'a> {
    form: PermissionForm,
    known: Vec<&'a str>,
    resources: BTreeSet<&'a str>,
    accesses: BTreeSet<&'a str>,
    /// Whether an unknown resource is likely a new one.
    open: bool,
    /// How many more permissions are compared with all known ones.
    left: usize,
}

impl<'a> Judge<'a> {
    fn new(context: &'a Context<'_>) -> Self {
        let catalogue = context.input.spec.catalogue();
        let live = context.input.live.iter().flat_map(|live| &live.permissions);
        let spellings = catalogue.permissions.values().flat_map(Meaning::spellings);
        let declared = context.desired.permissions.keys();
        let known = catalogue.permissions.keys().chain(live).chain(declared).map(Untrusted::raw);
        let known: Vec<&str> = known.chain(spellings).collect();
        let parts = || known.iter().filter_map(|known| known.rsplit_once(':'));
        Self {
            form: context.input.spec.permission_form(),
            resources: parts().map(|(resource, _)| resource).collect(),
            // A resource that nobody documented has the accesses that all others have.
            accesses: parts().map(|(_, access)| access).collect(),
            known,
            open: !catalogue.closed && context.input.live.is_none(),
            left: MOST_SUGGESTIONS,
        }
    }

    /// What is wrong with `name`, and what was probably meant, as a person writes it.
    fn verdict(&mut self, name: &str) -> Verdict {
        let few = self.left > 0;
        self.left = self.left.saturating_sub(1);
        let (PermissionForm::ResourceAccess, Some((resource, access))) = (self.form, name.rsplit_once(':'))
        else {
            let known = self.known.iter().copied();
            return Verdict {
                of_resource: false,
                help: few.then(|| suggest::did_you_mean(name, known)).flatten(),
            };
        };
        if self.resources.contains(resource) {
            let others = self.known.iter().filter_map(|known| known.rsplit_once(':'));
            let accesses = others.filter(|(area, _)| *area == resource).map(|(_, access)| access);
            let near = few.then(|| suggest::nearest(access, accesses)).flatten();
            let help = near.map(|near| format!("Did you mean `{near}` under `{resource}`?"));
            return Verdict { of_resource: false, help };
        }
        let near = |word: &str, known: &BTreeSet<&'a str>| {
            few.then(|| suggest::nearest(word, known.iter().copied())).flatten()
        };
        let slip = (!self.accesses.contains(access)).then(|| near(access, &self.accesses)).flatten();
        match (near(resource, &self.resources), slip) {
            (Some(resource), Some(access)) => {
                Verdict { of_resource: true, help: Some(format!("Did you mean `{resource}: [{access}]`?")) }
            }
            (Some(resource), None) => {
                Verdict { of_resource: true, help: Some(format!("Did you mean `{resource}`?")) }
            }
            (None, Some(access)) if self.open => Verdict {
                of_resource: false,
                help: Some(format!("Did you mean `{access}` under `{resource}`?")),
            },
            (None, _) => Verdict { of_resource: true, help: None },
        }
    }
}
