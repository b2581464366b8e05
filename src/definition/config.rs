//! From `rolecall.yaml` as it was written to the configuration.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    contract::{SettingForm, Spec},
    model::{
        Code, Finding, Site, SourceId,
        config::{
            Config, CredentialSource, Guards, Limit, LintLevel, Manage, Mode, OnUnassign, Placed, Target,
        },
    },
};

use super::{
    config_file::{ConfigFile, CredentialEntry, GuardsEntry, TargetEntry},
    de::{Spanned, Text},
    forms::{LimitEntry, ManageEntry, OnUnassignEntry},
    leak,
    span::Span,
    suggest,
};

/// A configuration and the targets of it that cannot be used.
pub(crate) struct Lowered {
    /// The configuration with every target that could be made out.
    pub(crate) config: Config,
    /// Places where a credential stands in place of a variable's name.
    pub(crate) masked: Vec<Site>,
}

/// Lowers a configuration; `findings` receives what the schema could not say.
pub(crate) fn lower(
    file: &ConfigFile,
    specs: &[&dyn Spec],
    source: SourceId,
    findings: &mut Vec<Finding>,
) -> Lowered {
    let mut masked = Vec::new();
    let mut targets = Vec::new();
    for (name, entry) in &file.targets.0 {
        let Some(spec) = specs.iter().find(|spec| spec.name() == entry.provider.value.as_str()) else {
            continue;
        };
        let mut lower = TargetLowering { spec: *spec, source, findings, masked: &mut masked };
        targets.push(lower.target(name, entry));
    }
    let guards = file.guards.as_ref().map(guards).unwrap_or_default();
    let lints: BTreeMap<Code, LintLevel> = file
        .lints
        .0
        .iter()
        .filter_map(|(code, level)| Some((code.value.as_str().parse().ok()?, level.0)))
        .collect();
    let apply_from =
        file.apply_from.as_ref().map(|list| list.iter().map(|branch| branch.value.as_str().into()).collect());
    let record = file.record.map(|word| word.0).unwrap_or_default();
    let names = file.comments.as_ref().and_then(|comments| comments.names).unwrap_or_default();
    Lowered { config: Config { targets, guards, lints, apply_from, record, names }, masked }
}

fn guards(entry: &GuardsEntry) -> Guards {
    let default = Guards::default();
    let limit = |entry: &Option<LimitEntry>, default| match entry {
        None => default,
        Some(LimitEntry::Count(count)) => Limit::Count(*count),
        Some(LimitEntry::Percent(text)) => {
            text.as_str().trim_end_matches('%').parse().map_or(default, Limit::Percent)
        }
    };
    Guards {
        max_deletes: limit(&entry.max_deletes, default.max_deletes),
        max_unassigns: limit(&entry.max_unassigns, default.max_unassigns),
        min_admins: entry.min_admins.unwrap_or(default.min_admins),
    }
}

fn manage(entry: Option<ManageEntry>) -> Manage {
    match entry {
        None => Manage { roles: Mode::default(), assignments: Mode::default() },
        Some(ManageEntry::All(mode)) => Manage { roles: mode, assignments: mode },
        Some(ManageEntry::Each(body)) => Manage {
            roles: body.roles.map(|word| word.0).unwrap_or_default(),
            assignments: body.assignments.map(|word| word.0).unwrap_or_default(),
        },
    }
}

struct TargetLowering<'a> {
    spec: &'a dyn Spec,
    source: SourceId,
    findings: &'a mut Vec<Finding>,
    masked: &'a mut Vec<Site>,
}

impl TargetLowering<'_> {
    fn target(&mut self, name: &Spanned<Text>, entry: &TargetEntry) -> Target {
        let site = name.span.site(self.source);
        let files = entry
            .files
            .0
            .iter()
            .map(|pattern| Placed {
                value: Arc::clone(&pattern.value.0),
                site: pattern.span.site(self.source),
            })
            .collect();
        Target {
            name: Arc::clone(&name.value.0),
            provider: self.spec.name(),
            files,
            manage: manage(entry.manage),
            settings: self.settings(entry, name.span),
            credential: self.credential(entry.credential.as_ref(), name.span),
            emulator: entry.emulator,
            on_unassign: self.on_unassign(entry),
            site,
        }
    }

    fn settings(
        &mut self,
        entry: &TargetEntry,
        name: Span,
    ) -> BTreeMap<String, Placed<crate::model::Untrusted>> {
        let mut settings = BTreeMap::new();
        for (key, value) in &entry.settings.0 {
            let form = self.spec.settings().iter().find(|known| known.name == key.value.as_str());
            let site = value.span.site(self.source);
            if form.is_some_and(|known| known.form == SettingForm::Url)
                && let Err(why) = check_url(value.value.as_str())
            {
                if value.value.as_str().contains('@') {
                    self.masked.push(site);
                }
                let finding = Finding::new(Code::Grammar, why)
                    .at(site, "")
                    .help("Write an absolute URL such as `https://host.example`.");
                self.findings.push(finding);
            }
            let value = Placed { value: value.value.as_str().into(), site };
            settings.insert(key.value.as_str().to_owned(), value);
        }
        // The emulator invents the tenant.
        for missing in self.spec.settings().iter().filter(|setting| setting.required && !entry.emulator) {
            if !settings.contains_key(missing.name) {
                let finding =
                    Finding::new(Code::MissingField, format!("the setting `{}` is missing", missing.name))
                        .at(name.site(self.source), "of this target")
                        .help(format!(
                            "{} Add `settings: {{ {}: \"{}\" }}`.",
                            missing.about, missing.name, missing.example
                        ));
                self.findings.push(finding);
            }
        }
        settings
    }

    fn credential(&mut self, entry: Option<&CredentialEntry>, name: Span) -> CredentialSource {
        let default = || CredentialSource::Env(self.spec.credential().into());
        let Some(entry) = entry else { return default() };
        let (variable, source): (_, fn(Arc<str>) -> CredentialSource) = match (&entry.env, &entry.file_env) {
            (Some(variable), None) => (variable, CredentialSource::Env),
            (None, Some(variable)) => (variable, CredentialSource::FileEnv),
            (both, _) => {
                let code = if both.is_some() { Code::Schema } else { Code::MissingField };
                let span = both.as_ref().map_or(name, |variable| variable.span);
                let finding = Finding::new(code, "a credential needs exactly one of `env` and `file_env`")
                    .at(span.site(self.source), "")
                    .help(self.variables());
                self.findings.push(finding);
                return default();
            }
        };
        if !is_allowed_variable(variable.value.as_str(), self.spec.credential()) {
            let site = variable.span.site(self.source);
            // What does not look like a variable's name may be the credential itself.
            let is_name = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
            let text = variable.value.as_str();
            if !text.bytes().all(is_name) && (text.len() >= 12 || leak::is_credential(text)) {
                self.masked.push(site);
            }
            let finding =
                Finding::new(Code::NotAllowed, "this variable is not read as a credential of the provider")
                    .at(site, "")
                    .help(self.variables());
            self.findings.push(finding);
        }
        source(Arc::clone(&variable.value.0))
    }

    fn variables(&self) -> String {
        let name = self.spec.credential();
        let list = suggest::list([name, &format!("{name}_SUFFIX"), "ROLECALL_CREDENTIAL_SUFFIX"]);
        format!("Allowed are {list}, where SUFFIX consists of capital letters, digits, and `_`.")
    }

    fn on_unassign(&self, entry: &TargetEntry) -> OnUnassign {
        match entry.on_unassign.as_ref().map(|entry| &entry.value) {
            None => OnUnassign::Refuse,
            Some(OnUnassignEntry::Word(word)) => match word.as_str() {
                "keep_base" => OnUnassign::KeepBase,
                "remove_member" => OnUnassign::RemoveMember,
                _ => OnUnassign::Refuse,
            },
            Some(OnUnassignEntry::To(body)) => OnUnassign::To(Placed {
                value: Arc::clone(&body.to.value.0),
                site: body.to.span.site(self.source),
            }),
        }
    }
}

/// Whether a provider's credential may come from this variable: its own, the same with a suffix, or
/// one that is named for rolecall.
fn is_allowed_variable(name: &str, own: &str) -> bool {
    let suffix = |rest: &str| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let after = |prefix: &str| name.strip_prefix(prefix).is_some_and(suffix);
    name == own || after(&format!("{own}_")) || after("ROLECALL_CREDENTIAL_")
}

fn check_url(text: &str) -> Result<(), &'static str> {
    let url = url::Url::parse(text).map_err(|_| "this is not an absolute URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("only http and https URLs are possible");
    }
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !loopback {
        return Err("plain http would send the credential without encryption");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL with a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a URL with a query or fragment");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_for_credentials() {
        for name in ["ACME_TOKEN", "ACME_TOKEN_EU", "ROLECALL_CREDENTIAL_X1"] {
            assert!(is_allowed_variable(name, "ACME_TOKEN"), "{name}");
        }
        for name in [
            "ACME_TOKEN_",
            "ACME_TOKENS",
            "GITHUB_TOKEN",
            "ROLECALL_CREDENTIAL_",
            "ACME_TOKEN_eu",
            "PATH",
            "",
        ] {
            assert!(!is_allowed_variable(name, "ACME_TOKEN"), "{name}");
        }
    }

    #[test]
    fn urls() {
        for url in
            ["https://host.example:8443/api", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:80"]
        {
            assert!(check_url(url).is_ok(), "{url}");
        }
        for url in [
            "host.example",
            "ftp://h/",
            "https://u:p@h/",
            "https://h/?a=1",
            "https://h/#x",
            "file:///etc/passwd",
            "http://host.example",
        ] {
            assert!(check_url(url).is_err(), "{url}");
        }
    }
}
