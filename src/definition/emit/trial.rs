//! Whether the definitions accept an object as it is about to be written: asked of the reader of
//! definitions itself, so that the two cannot disagree.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    contract::Spec,
    definition::{
        check,
        context::Context,
        declared::{Declared, Input},
        definition_file::DefinitionFile,
        lower,
        parsed::{self, FileOf},
        schema,
        table::Tables,
        validate::Checker,
    },
    model::{
        Finding, Level, Site, SourceId,
        config::{CredentialSource, Manage, Mode, OnUnassign, Target},
    },
};

/// Reads files of one provider that stand alone.
pub(super) struct Trial<'a> {
    spec: &'a dyn Spec,
    /// Made when it is first needed: often there is nothing to add.
    checker: OnceCell<Option<Checker>>,
    target: Target,
}

impl<'a> Trial<'a> {
    pub(super) fn new(spec: &'a dyn Spec) -> Self {
        let target = Target {
            name: "import".into(),
            provider: spec.name(),
            files: Vec::new(),
            manage: Manage { roles: Mode::Declared, assignments: Mode::Declared },
            settings: BTreeMap::new(),
            credential: CredentialSource::Env(spec.credential().into()),
            emulator: false,
            on_unassign: OnUnassign::Refuse,
            site: Site { source: SourceId(0), start: 0, end: 0 },
        };
        Self { spec, checker: OnceCell::new(), target }
    }

    /// The first error in a file with this text; `None` where it is fine.
    pub(super) fn fault(&self, text: String) -> Option<String> {
        let schema = || schema::definitions_schema(&[self.spec]);
        let checker = || Checker::new(schema(), schema::vocabulary(&[self.spec]));
        let Some(checker) = self.checker.get_or_init(checker) else {
            return Some("the contract of the provider does not make a schema".to_owned());
        };
        let file: Arc<FileOf<DefinitionFile>> = Arc::new(parsed::read(text.into_bytes(), checker));
        let mut findings = file.findings.clone();
        let input = Input {
            target: &self.target,
            spec: self.spec,
            files: vec![(SourceId(0), file)],
            shared: &BTreeSet::new(),
            tables: &Tables::new(),
            live: None,
            today: jiff::civil::Date::MIN,
        };
        let declared = Declared::new(&input, &mut findings);
        let lower::Lowered { desired, names } = lower::lower(&input, &declared, None, &mut findings);
        let context = Context { input: &input, declared: &declared, desired: &desired, names: &names };
        check::run(&context, &mut findings);
        findings.iter().find(|finding| finding.level == Level::Error).map(words)
    }
}

fn words(finding: &Finding) -> String {
    format!("{} {}", finding.code, finding.message.raw())
}
