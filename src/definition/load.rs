//! All files of a configuration, read and checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use crate::{
    contract::{self, Spec},
    model::{
        Code, Finding, Level, Site, SourceId, Sources, Untrusted,
        config::{Config, LintLevel, Target},
        desired::DesiredState,
        files::{FileError, FileErrorKind, Files, LARGEST_TOTAL, MOST_FILES},
        secret::REDACTED,
    },
};

use super::{
    attested_file::AttestedFile,
    cache::{ParseCache, Parsed},
    catalogue_file::CatalogueFile,
    config::{self, Lowered},
    config_file::ConfigFile,
    definition_file::DefinitionFile,
    leak, lint,
    parsed::{self, FileOf},
    span::Span,
    table::{Named, Table, Tables, is_table},
    target::Question,
};

/// What a load depends on beside the files.
#[derive(Debug)]
pub struct LoadOptions<'a> {
    /// Levels of lints from the command line; they beat those of the config.
    pub lints: BTreeMap<Code, LintLevel>,
    /// The git revision that `files` is, for the sources; `None` is the work tree.
    pub revision: Option<Arc<str>>,
    /// The day that counts as today.
    pub today: jiff::civil::Date,
    /// Whether lints are left out, as for a revision that is only compared with.
    pub skip_lints: bool,
    /// Files that were parsed before. One cache serves any number of loads with the same providers.
    pub cache: &'a ParseCache,
}

/// What came of a load.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The configuration; `None` where it cannot be used. A target whose own entry is wrong may be
    /// missing from it; it is in `failed`.
    pub config: Option<Config>,
    /// What each target declares; only targets without an error of their own. Two loads with one
    /// cache share it where the configuration and all files of the target are the same.
    pub desired: BTreeMap<Arc<str>, Arc<DesiredState>>,
    /// Targets that have an error of their own.
    pub failed: BTreeSet<Arc<str>>,
    /// What is attested of each target whose snapshot could be read.
    pub attested: BTreeMap<Arc<str>, Arc<AttestedFile>>,
    /// Every finding, sorted by place, each once.
    pub findings: Vec<Finding>,
    /// Every file that was read.
    pub sources: Sources,
    /// The path of every file that was read or asked for, sorted.
    pub read: Vec<Arc<str>>,
    /// How many of them are definition files: neither the configuration nor a list kept beside it.
    pub definition_files: usize,
    /// Places of credentials in plain text: whoever shows a line of a source masks these bytes.
    /// No message, label, or help holds them.
    pub masked: Vec<Site>,
}

/// Loads `config_path` and every definition file that its targets name.
///
/// Never fails as a whole: what is wrong is in `findings`.
pub fn load(files: &dyn Files, config_path: &str, specs: &[&dyn Spec], options: &LoadOptions<'_>) -> Loaded {
    let mut load = Load {
        files,
        config_path,
        specs,
        options,
        sources: Sources::default(),
        findings: Vec::new(),
        read: BTreeSet::new(),
        masked: Vec::new(),
        config_text: Arc::default(),
        secrets: BTreeSet::new(),
        failed: BTreeSet::new(),
        attested: BTreeMap::new(),
    };
    let mut desired = BTreeMap::new();
    let config = load.config(config_path, &mut desired);
    load.finish(config, desired)
}

struct Load<'a> {
    files: &'a dyn Files,
    config_path: &'a str,
    specs: &'a [&'a dyn Spec],
    options: &'a LoadOptions<'a>,
    sources: Sources,
    findings: Vec<Finding>,
    read: BTreeSet<Arc<str>>,
    masked: Vec<Site>,
    config_text: Arc<str>,
    /// The texts of credentials, to keep them out of messages.
    secrets: BTreeSet<String>,
    failed: BTreeSet<Arc<str>>,
    attested: BTreeMap<Arc<str>, Arc<AttestedFile>>,
}

impl Load<'_> {
    fn config(&mut self, path: &str, desired: &mut BTreeMap<Arc<str>, Arc<DesiredState>>) -> Option<Config> {
        let path: Arc<str> = path.into();
        self.read.insert(Arc::clone(&path));
        let bytes = match self.files.read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.findings.push(unreadable(&error));
                return None;
            }
        };
        let Some(checker) = self.options.cache.config_checker(self.specs) else {
            self.findings.push(bad_schema());
            return None;
        };
        let file: FileOf<ConfigFile> = parsed::read(bytes, checker);
        self.config_text = Arc::clone(&file.text);
        let source = self.add(&path, &file);
        let mut own: Vec<Finding> = parsed::relocated(&file.findings, source).collect();
        for finding in own.iter_mut().filter(|finding| finding.code == Code::Empty) {
            finding.help = Some("Begin with `version: 1` and `targets:`.".to_owned().into());
        }
        let content = file.content.as_ref();
        let Lowered { config, masked } = match content {
            Some(content) => config::lower(content, self.specs, source, &mut own),
            None => {
                self.findings.append(&mut own);
                return None;
            }
        };
        for site in masked {
            self.mask(site);
        }
        let spoiled = self.blame(&own, &file.extents);
        self.findings.append(&mut own);

        let directives = file.directives.iter().map(|directive| (source, *directive)).collect();
        self.targets(&config, directives, desired);
        // An error outside every target concerns all of them.
        if spoiled {
            self.failed.extend(config.targets.iter().map(|target| Arc::clone(&target.name)));
        }
        for name in &self.failed {
            desired.remove(name);
        }
        (!spoiled).then_some(config)
    }

    /// Marks the targets in whose entries an error lies; whether one lies outside of all.
    fn blame(&mut self, findings: &[Finding], extents: &[(Arc<str>, Span)]) -> bool {
        let mut spoiled = false;
        for finding in findings.iter().filter(|finding| finding.level == Level::Error) {
            let start = finding.labels.first().map(|label| label.site.start);
            let inside = |span: &Span| start.is_some_and(|start| (span.start..=span.end).contains(&start));
            match extents.iter().find(|(_, span)| inside(span)) {
                Some((name, _)) => {
                    self.failed.insert(Arc::clone(name));
                }
                None => spoiled = true,
            }
        }
        spoiled
    }

    fn targets(
        &mut self,
        config: &Config,
        mut directives: Vec<(SourceId, super::directive::Directive)>,
        desired: &mut BTreeMap<Arc<str>, Arc<DesiredState>>,
    ) {
        let mut paths_of: Vec<Vec<Arc<str>>> = Vec::new();
        let mut users: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for target in &config.targets {
            let paths = self.list(target);
            for path in &paths {
                *users.entry(Arc::clone(path)).or_default() += 1;
            }
            paths_of.push(paths);
        }
        let Some(files) = self.read_all(&users.keys().cloned().collect::<Vec<_>>(), config) else { return };
        let mut ids: BTreeMap<Arc<str>, (SourceId, Option<Parsed>)> = BTreeMap::new();
        let mut shared = BTreeSet::new();
        for (path, file) in files {
            self.read.insert(Arc::clone(&path));
            let file = match file {
                Ok(file) => file,
                Err(error) => {
                    let mut finding = unreadable(&error);
                    let serves = |paths: &Vec<Arc<str>>| paths.contains(&path);
                    let users = config.targets.iter().zip(&paths_of).filter(|(_, paths)| serves(paths));
                    for (target, _) in users.take(8) {
                        finding = finding.at(target.site, "a file of this target");
                    }
                    self.findings.push(finding);
                    ids.insert(path, (SourceId(u32::MAX), None));
                    continue;
                }
            };
            let source = self.add(&path, &file);
            self.findings.extend(parsed::relocated(&file.findings, source));
            directives.extend(file.directives.iter().map(|directive| (source, *directive)));
            if users.get(&path).is_some_and(|count| *count > 1) {
                shared.insert(source);
            }
            ids.insert(path, (source, Some(file)));
        }
        let tables = self.tables(ids.values().filter_map(|(_, file)| file.as_deref()));
        let levels = lint::Levels::new(&self.options.lints, &config.lints, directives.into_iter());
        for (target, paths) in config.targets.iter().zip(paths_of) {
            let own: Vec<(SourceId, Option<Parsed>)> =
                paths.iter().filter_map(|path| ids.get(path)).map(|(id, file)| (*id, file.clone())).collect();
            self.target(target, own, (&shared, &tables), &levels, desired);
        }
    }

    fn target(
        &mut self,
        target: &Target,
        files: Vec<(SourceId, Option<Parsed>)>,
        (shared, tables): (&BTreeSet<SourceId>, &Tables),
        levels: &lint::Levels<'_>,
        desired: &mut BTreeMap<Arc<str>, Arc<DesiredState>>,
    ) {
        let Some(spec) = self.specs.iter().copied().find(|spec| spec.name() == target.provider) else {
            return;
        };
        let broken = files.iter().any(|(_, file)| {
            let errors = |file: &Parsed| file.findings.iter().any(|finding| finding.level == Level::Error);
            file.as_ref().is_none_or(errors)
        });
        let live = self.live(target);
        if contract::hides(spec) {
            self.attested(target);
        }
        let question = Question {
            config: &self.config_text,
            target,
            spec,
            files,
            shared,
            tables,
            live,
            today: self.options.today,
            lints: (!self.options.skip_lints).then_some((levels, &self.options.lints)),
        };
        let (state, mut findings) = self.options.cache.answers().of(question).all_findings();
        if broken || findings.iter().any(|finding| finding.level == Level::Error) {
            self.failed.insert(Arc::clone(&target.name));
        } else {
            desired.insert(Arc::clone(&target.name), state);
        }
        self.findings.append(&mut findings);
    }

    /// Reads every table of people that some file names, once.
    fn tables<'f>(&mut self, files: impl Iterator<Item = &'f FileOf<DefinitionFile>>) -> Tables {
        let entries = files.filter_map(|file| file.content.as_ref()).flat_map(|file| &file.assignments);
        let named = entries.flat_map(|entry| &entry.tables);
        let paths: BTreeSet<Arc<str>> = named.map(|(_, table)| Arc::clone(&table.file.value.0)).collect();
        let mut total = 0;
        let mut tables = Tables::new();
        for path in paths {
            let read = match is_table(&path) {
                true => self.files.read(&path).map_err(|error| not_a_table(&error)),
                false => Err(Finding::new(Code::PathLeavesRoot, format!("`{path}` is no CSV file"))
                    .help("A table of people ends in `.csv`.")),
            };
            let read = read.and_then(|bytes| {
                total += bytes.len() as u64;
                match total <= LARGEST_TOTAL {
                    true => Ok(bytes),
                    false => Err(Finding::new(
                        Code::TooLarge,
                        format!("the tables of people together are larger than {} MiB", LARGEST_TOTAL >> 20),
                    )
                    .help("Name fewer of them, or leave out columns that nobody needs.")),
                }
            });
            let named = match read {
                Ok(bytes) => {
                    self.read.insert(Arc::clone(&path));
                    let table = Table::read(bytes);
                    let source = self.sources.add(parsed::source_of(
                        &path,
                        self.options.revision.as_ref(),
                        &table.text,
                    ));
                    for span in &table.secrets {
                        self.mask(span.site(source));
                    }
                    Named::Read(source, table)
                }
                Err(finding) => Named::Not(Box::new(finding)),
            };
            tables.insert(path, Arc::new(named));
        }
        tables
    }

    /// The files of a target, with findings for patterns that are wrong or match nothing.
    fn list(&mut self, target: &Target) -> Vec<Arc<str>> {
        let patterns: Vec<Arc<str>> = target.files.iter().map(|pattern| Arc::clone(&pattern.value)).collect();
        let listing = self.files.list(&patterns);
        for index in listing.unmatched {
            if let Some(pattern) = target.files.get(index) {
                let finding = Finding::new(Code::NoFiles, "this pattern matches no file")
                    .at(pattern.site, "")
                    .help("Patterns are relative to the configuration file.");
                self.findings.push(finding);
            }
        }
        for (index, error) in listing.problems {
            let mut finding = unreadable(&error);
            if let Some(pattern) = target.files.get(index) {
                finding = finding.at(pattern.site, "of this pattern");
            }
            self.findings.push(finding);
            self.failed.insert(Arc::clone(&target.name));
        }
        // The configuration lies beside the definitions and may match: it is none.
        let mut files = listing.files;
        files.retain(|path| **path != *self.config_path);
        files
    }

    /// Reads and parses all files, on as many threads as there are processors. `None` after it was
    /// reported that they are too many or too large.
    #[expect(clippy::type_complexity, reason = "one use")]
    fn read_all(
        &mut self,
        paths: &[Arc<str>],
        config: &Config,
    ) -> Option<Vec<(Arc<str>, Result<Parsed, FileError>)>> {
        if paths.len() > MOST_FILES {
            self.too_large(config, format!("more than {MOST_FILES} definition files"));
            return None;
        }
        let Some(checker) = self.options.cache.definitions_checker(self.specs) else {
            self.findings.push(bad_schema());
            self.failed.extend(config.targets.iter().map(|target| Arc::clone(&target.name)));
            return None;
        };
        let (next, total) = (AtomicUsize::new(0), AtomicU64::new(0));
        let (files, cache) = (self.files, self.options.cache);
        cache.identify(files);
        let work = || {
            let mut done = Vec::new();
            while let Some((index, path)) = Some(next.fetch_add(1, Ordering::Relaxed))
                .and_then(|index| paths.get(index).map(|path| (index, path)))
            {
                let fits = |size| total.fetch_add(size, Ordering::Relaxed) + size <= LARGEST_TOTAL;
                done.push((index, cache.definitions(files, path, checker, fits)));
            }
            done
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(paths.len()).min(16);
        let mut done = if threads <= 1 {
            work()
        } else {
            std::thread::scope(|scope| {
                let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
            })
        };
        if total.into_inner() > LARGEST_TOTAL || done.len() < paths.len() {
            let most = LARGEST_TOTAL >> 20;
            self.too_large(config, format!("the definition files together are larger than {most} MiB"));
            return None;
        }
        done.sort_by_key(|(index, _)| *index);
        let files = done.into_iter().filter_map(|(index, file)| {
            let path = Arc::clone(paths.get(index)?);
            Some((path, file.transpose()?))
        });
        Some(files.collect())
    }

    fn too_large(&mut self, config: &Config, message: String) {
        let mut finding = Finding::new(Code::TooLarge, message).help("Narrow the `files:` of the targets.");
        for pattern in config.targets.iter().flat_map(|target| &target.files).take(8) {
            finding = finding.at(pattern.site, "");
        }
        self.findings.push(finding);
        self.failed.extend(config.targets.iter().map(|target| Arc::clone(&target.name)));
    }

    /// The live catalogue that is kept beside the definitions, where there is one.
    fn live(&mut self, target: &Target) -> Option<CatalogueFile> {
        let path: Arc<str> = CatalogueFile::path(&target.name).into();
        let bytes = match self.files.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind == FileErrorKind::NotFound => return None,
            Err(error) => {
                self.failed.insert(Arc::clone(&target.name));
                self.findings.push(unreadable(&error).at(target.site, "the catalogue of this target"));
                return None;
            }
        };
        self.read.insert(Arc::clone(&path));
        match CatalogueFile::parse(&bytes, target.provider) {
            Ok(file) => Some(file),
            Err(why) => {
                self.failed.insert(Arc::clone(&target.name));
                let finding = Finding::new(
                    Code::FileUnreadable,
                    format!("the catalogue `{path}` cannot be used: {why}"),
                )
                .at(target.site, "of this target")
                .help("Write it again with `rolecall catalog --write`, or delete it.");
                self.findings.push(finding);
                None
            }
        }
    }

    /// The snapshot of what the API does not tell, where there is one.
    fn attested(&mut self, target: &Target) {
        let path: Arc<str> = AttestedFile::path(&target.name).into();
        let read = match self.files.read(&path) {
            Ok(bytes) => {
                self.read.insert(Arc::clone(&path));
                let why = |why| {
                    let message = format!("the attested snapshot `{path}` cannot be used: {why}");
                    Finding::new(Code::FileUnreadable, message)
                        .at(target.site, "of this target")
                        .help("Write it again with `rolecall import --attest`, or delete it.")
                };
                AttestedFile::parse(&bytes, target.provider).map_err(why)
            }
            Err(error) if error.kind == FileErrorKind::NotFound => return,
            Err(error) => Err(unreadable(&error).at(target.site, "the attested snapshot of this target")),
        };
        match read {
            Ok(file) => {
                self.attested.insert(Arc::clone(&target.name), Arc::new(file));
            }
            Err(finding) => {
                self.failed.insert(Arc::clone(&target.name));
                self.findings.push(finding);
            }
        }
    }

    /// Makes a source of a file.
    fn add<T>(&mut self, path: &Arc<str>, file: &FileOf<T>) -> SourceId {
        let source = self.sources.add(parsed::source_of(path, self.options.revision.as_ref(), &file.text));
        for span in &file.secrets {
            self.mask(span.site(source));
        }
        source
    }

    fn mask(&mut self, site: Site) {
        if let Some(source) = self.sources.get(site.source) {
            let text = source.text.get(site.start as usize..site.end as usize).unwrap_or_default();
            self.secrets.extend(words(text).map(|(_, word)| word.to_owned()).filter(|word| word.len() >= 6));
        }
        self.masked.push(site);
    }

    fn finish(mut self, config: Option<Config>, desired: BTreeMap<Arc<str>, Arc<DesiredState>>) -> Loaded {
        if !self.masked.is_empty() {
            self.findings.iter_mut().for_each(|finding| redact(finding, &self.secrets));
        }
        let place = |finding: &Finding| finding.labels.first().map(|label| label.site);
        self.findings.sort_by(|a, b| {
            let key = |finding: &Finding| (place(finding), finding.code, std::cmp::Reverse(finding.level));
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        self.findings.dedup();
        self.masked.sort_unstable();
        self.masked.dedup();
        let definition = |path: &&Arc<str>| {
            ***path != *self.config_path && !path.starts_with(".rolecall/") && !is_table(path)
        };
        Loaded {
            definition_files: self.read.iter().filter(definition).count(),
            config,
            desired,
            failed: self.failed,
            attested: self.attested,
            findings: self.findings,
            sources: self.sources,
            read: self.read.into_iter().collect(),
            masked: self.masked,
        }
    }
}

/// The finding for a file or pattern that cannot be used.
fn unreadable(error: &FileError) -> Finding {
    let code = match error.kind {
        FileErrorKind::Pattern => Code::PathLeavesRoot,
        FileErrorKind::Link => Code::Link,
        FileErrorKind::TooLarge | FileErrorKind::TooMany => Code::TooLarge,
        FileErrorKind::NotFound | FileErrorKind::NotAFile | FileErrorKind::NotUnicode | FileErrorKind::Io => {
            Code::FileUnreadable
        }
    };
    let help = match code {
        Code::PathLeavesRoot => {
            "Patterns are relative, stay below the configuration file, and end in `.yaml` or `.yml`."
        }
        Code::Link => "Links are not followed. Put the file itself there.",
        Code::TooLarge => "Split it, or narrow the `files:` of the target.",
        _ => "Check the path and its permissions.",
    };
    let message = match error.message.contains(&*error.path) {
        true => error.message.clone(),
        false => format!("{}: {}", error.path, error.message),
    };
    Finding::new(code, message).help(help)
}

/// The finding for a table of people that cannot be read, without the place where it is named.
fn not_a_table(error: &FileError) -> Finding {
    let mut finding = unreadable(error);
    let help = match finding.code {
        Code::PathLeavesRoot => {
            "A table of people lies below the configuration file, and its path is relative to it."
        }
        Code::TooLarge => "Leave out columns that nobody needs.",
        Code::FileUnreadable => "Its path is relative to the configuration file.",
        _ => return finding,
    };
    finding.help = Some(help.into());
    finding
}

fn bad_schema() -> Finding {
    Finding::new(Code::Schema, "the contracts of the providers do not make a schema")
        .help("This is a mistake in rolecall, not in the files. Please report it.")
}

/// The words of a text that a credential could be, with their first bytes.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let base = text.as_ptr() as usize;
    text.split(move |c| !inside(c))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - base, word))
}

/// Takes credentials out of everything that a finding says.
fn redact(finding: &mut Finding, secrets: &BTreeSet<String>) {
    let clean = |text: &mut Untrusted| {
        let secret = |word: &str| leak::is_credential(word) || secrets.contains(word);
        if !words(text.raw()).any(|(_, word)| secret(word)) {
            return;
        }
        let (mut cleaned, mut from) = (String::new(), 0);
        for (at, word) in words(text.raw()).filter(|(_, word)| secret(word)) {
            cleaned.push_str(text.raw().get(from..at).unwrap_or_default());
            cleaned.push_str(REDACTED);
            from = at + word.len();
        }
        cleaned.push_str(text.raw().get(from..).unwrap_or_default());
        *text = cleaned.into();
    };
    clean(&mut finding.message);
    finding.labels.iter_mut().for_each(|label| clean(&mut label.text));
    finding.help.iter_mut().for_each(clean);
}
