//! Definitions in memory, imported to and planned without any I/O.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::{Date, date};
use rolecall::{
    contract::Spec,
    definition::{LoadOptions, Loaded, ParseCache, load},
    model::{
        Address, Level, Untrusted,
        files::{FileError, FileErrorKind, Files, Listing},
        live::LiveState,
    },
    plan::{
        change::Plan,
        compare,
        earlier::{Earlier, Views},
        pending,
        resolve::{self, resolve},
    },
    repo,
    workflow::import::{
        self, Options, Prepared,
        drift::{self, Taken},
    },
};

const TODAY: Date = date(2026, 11, 20);

/// Files in memory, with the provider that they are about.
pub(crate) struct Tree<'a> {
    pub(crate) files: BTreeMap<String, String>,
    spec: &'a dyn Spec,
    cache: ParseCache,
}

impl Files for Tree<'_> {
    fn list(&self, patterns: &[Arc<str>]) -> Listing {
        let meant = |pattern: &Arc<str>, path: &str| repo::is_meant(std::slice::from_ref(pattern), path);
        let paths = || self.files.keys();
        Listing {
            files: paths()
                .filter(|path| repo::is_meant(patterns, path))
                .map(|path| path.as_str().into())
                .collect(),
            unmatched: (0..patterns.len())
                .filter(|i| !paths().any(|path| meant(&patterns[*i], path)))
                .collect(),
            problems: Vec::new(),
        }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let text = self.files.get(path).map(|text| text.as_bytes().to_vec());
        text.ok_or_else(|| FileError {
            path: path.into(),
            kind: FileErrorKind::NotFound,
            message: format!("there is no file `{path}`"),
        })
    }
}

impl<'a> Tree<'a> {
    /// A target `t` that git owns as a whole.
    pub(crate) fn new(spec: &'a dyn Spec) -> Self {
        let config = format!(
            "version: 1\ntargets:\n  t:\n    provider: {}\n    files: [\"roles/**/*.yaml\"]\n    manage: authoritative\n",
            spec.name()
        );
        Self { files: [("rolecall.yaml".into(), config)].into(), spec, cache: ParseCache::default() }
    }

    pub(crate) fn load(&self) -> Loaded {
        let options = LoadOptions {
            lints: BTreeMap::new(),
            revision: None,
            today: TODAY,
            skip_lints: false,
            cache: &self.cache,
        };
        load(self, "rolecall.yaml", &[self.spec], &options)
    }

    /// Imports and writes; `only` are live ids.
    pub(crate) fn import(
        &mut self,
        live: &LiveState,
        out: Option<&str>,
        only: Option<BTreeSet<Untrusted>>,
        force: bool,
    ) -> Result<Prepared, String> {
        let loaded = self.load();
        let options = Options { out: out.map(str::to_owned), role: None, assignments: true, force };
        let target = &loaded.config.as_ref().ok_or("the configuration is not valid")?.targets[0];
        let prepared = import::prepare(&import::Input {
            files: self,
            config_path: "rolecall.yaml",
            specs: &[self.spec],
            loaded: &loaded,
            target,
            spec: self.spec,
            live,
            only,
            options: &options,
            today: TODAY,
            cache: &self.cache,
        })
        .map_err(|problem| {
            let findings: Vec<&str> = problem.findings.iter().map(|finding| finding.message.raw()).collect();
            format!("{}\n{findings:?}\n{}", problem.failure.message.raw(), problem.paste.unwrap_or_default())
        })?;
        self.files.extend(prepared.texts.iter().map(|text| (text.path.to_string(), text.text.clone())));
        Ok(prepared)
    }

    /// What a plan would do.
    pub(crate) fn plan(&self, live: &LiveState) -> Result<Plan, String> {
        self.plan_after(live, Earlier::default())
    }

    /// What a plan would do, with what git held before.
    pub(crate) fn plan_after(&self, live: &LiveState, earlier: Earlier<'_>) -> Result<Plan, String> {
        let loaded = self.load();
        let errors: Vec<&str> = loaded
            .findings
            .iter()
            .filter(|finding| finding.level == Level::Error)
            .map(|finding| finding.message.raw())
            .collect();
        if !errors.is_empty() {
            return Err(format!("invalid: {errors:?}"));
        }
        let target = &loaded.config.as_ref().ok_or("no configuration")?.targets[0];
        let desired = loaded.desired.get("t").ok_or("no target")?;
        let input = resolve::Input { target, spec: self.spec, desired, live, earlier, today: TODAY };
        let resolved = resolve(input).map_err(|findings| format!("{findings:?}"))?;
        let views = Views::of(input, &resolved);
        Ok(compare::compare(compare::Input {
            target,
            spec: self.spec,
            resolved: &resolved,
            live,
            earlier,
            views: &views,
        }))
    }

    /// The live id of every declared role by its address, as a record holds them.
    pub(crate) fn recorded(&self, live: &LiveState) -> Result<BTreeMap<Address, Untrusted>, String> {
        let loaded = self.load();
        let target = &loaded.config.as_ref().ok_or("no configuration")?.targets[0];
        let desired = loaded.desired.get("t").ok_or("no target")?;
        let earlier = Earlier::default();
        let input = resolve::Input { target, spec: self.spec, desired, live, earlier, today: TODAY };
        let resolved = resolve(input).map_err(|findings| format!("{findings:?}"))?;
        Ok(resolved
            .roles
            .iter()
            .filter_map(|role| Some((role.address.clone(), role.live?.id.clone()?)))
            .collect())
    }

    /// Takes over what drifted since `earlier.applied`, and writes it.
    pub(crate) fn drift(&mut self, live: &LiveState, earlier: Earlier<'_>) -> Result<Taken, String> {
        let mut drift = self.plan_after(live, earlier)?;
        pending::drift(&mut drift);
        let loaded = self.load();
        let target = &loaded.config.as_ref().ok_or("the configuration is not valid")?.targets[0];
        let input = drift::Input {
            files: self,
            config_path: "rolecall.yaml",
            specs: &[self.spec],
            target,
            spec: self.spec,
            live,
            drift: &drift.changes,
            earlier,
            assignments: true,
            out: None,
            today: TODAY,
            cache: &self.cache,
        };
        let taken = drift::take(&input, BTreeMap::new())
            .map_err(|problem| problem.failure.message.raw().to_owned())?;
        self.files.extend(taken.texts.iter().map(|(path, text)| (path.to_string(), text.clone())));
        Ok(taken)
    }
}
