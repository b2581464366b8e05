//! `rolecall init`

mod pipelines;

use std::{
    collections::BTreeMap,
    io::{self, BufRead, IsTerminal as _, Write},
    path::Path,
};

use self::pipelines::PipelineArgs;
use super::{
    Context,
    import::{self, ImportArgs},
    schema::editor_schemas,
};
use crate::{
    contract::{self, Spec},
    definition::schema::Kept,
    render::escape,
    repo,
    workflow::{
        Exit, Failure, World,
        init::{self, Scaffold, Wanted},
    },
};

/// Begin a project here: a configuration, an example role, and schemas for editors.
///
/// On a terminal it asks what the options do not say. Nothing that is there is overwritten.
#[derive(clap::Args, Debug)]
pub(crate) struct InitArgs {
    /// The product whose roles are kept. Not needed where there is only one.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// What to call the target; the provider's name where none is given.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Begin with the emulator inside the program: no account, no network.
    #[arg(long)]
    emulator: bool,
    /// A setting of the provider, such as an organization's id. May be repeated.
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Import the roles that are live, and who holds them, in place of an example. Needs the
    /// credential.
    #[arg(long, conflicts_with = "emulator")]
    import: bool,
    /// Ask nothing.
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    pipelines: PipelineArgs,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn run(context: &Context, args: &InitArgs) -> Exit {
    context.end(begin(context, args))
}

fn begin(context: &Context, args: &InitArgs) -> Result<Exit, Failure> {
    if context.global.config.is_some() || context.global.rev.is_some() {
        return Err(Failure::new(
            Exit::Usage,
            "`init` begins in a folder: --config and --rev mean nothing here",
        )
        .help("Name the folder with `-C DIR`. The configuration is called `rolecall.yaml`."));
    }
    let world = context.world(None);
    let root = context.start();
    args.pipelines.check()?;
    if let Some(forge) = args.pipelines.ci
        && root.join(repo::CONFIG_NAME).is_file()
    {
        return pipelines::write(context, &world, &args.pipelines, forge);
    }
    if let Err(failure) = init::may_begin(&root) {
        // Whoever asks for a provider that does not exist needs no other folder.
        args.provider.as_deref().map(|name| init::provider(&world, name)).transpose()?;
        return Err(failure);
    }
    let wanted = Wanted {
        provider: args.provider.clone(),
        name: args.name.clone(),
        emulator: args.emulator,
        settings: settings(args)?,
        import: args.import,
    };
    let asks = !args.yes && io::stdin().is_terminal() && io::stderr().is_terminal();
    let wanted = match asks {
        true => {
            let (mut input, mut output) = (io::stdin().lock(), io::stderr().lock());
            Questions { input: &mut input, output: &mut output }.ask(&world, wanted)?
        }
        false => wanted,
    };
    let answers = init::complete(&world, &wanted)?;
    let scaffold = init::scaffold(&world, &answers, editor_schemas(&Kept::new()))?;
    if asks {
        let (mut input, mut output) = (io::stdin().lock(), io::stderr().lock());
        Questions { input: &mut input, output: &mut output }.confirm(&root, &scaffold)?;
    }
    scaffold.write(&root)?;
    context.ui.status(&wrote(&root, &scaffold));
    if let Some(forge) = args.pipelines.ci {
        pipelines::write(context, &world, &args.pipelines, forge)?;
    }
    let at = context.global.directory.as_deref();
    let at = at.map(|directory| format!(" -C {}", word(directory))).unwrap_or_default();
    let at = escape::terminal(&at);
    if answers.import {
        let exit = import::run(context, &ImportArgs::default());
        if exit != Exit::Done {
            let again = format!("The configuration stays. Once that is fixed: rolecall{at} import");
            context.ui.problem(&again);
        }
        return Ok(exit);
    }
    let credential = answers.spec.credential();
    context.ui.status(&match answers.emulator {
        true if contract::needs_dashboard(answers.spec) => format!(
            "\nNext, against the emulator:\n  rolecall{at} plan\nRoles of {} are made by hand. The emulator inside the program has no dashboard for that; one of its own has, and its page says how:\n  rolecall emulate {}",
            answers.spec.title(),
            answers.spec.name()
        ),
        true => format!("\nNext, against the emulator:\n  rolecall{at} plan\n  rolecall{at} apply"),
        false => format!(
            "\nNext, with the credential in {credential}:\n  rolecall{at} doctor\n  rolecall{at} plan"
        ),
    });
    Ok(Exit::Done)
}

/// The settings of the command line; one that is given twice is an error.
fn settings(args: &InitArgs) -> Result<BTreeMap<String, String>, Failure> {
    let mut settings = BTreeMap::new();
    for (name, value) in &args.settings {
        if settings.insert(name.clone(), value.clone()).is_some() {
            return Err(Failure::new(Exit::Usage, format!("--setting {name} is given twice")));
        }
    }
    Ok(settings)
}

/// What was written, and whether it hides another project.
fn wrote(root: &Path, scaffold: &Scaffold) -> String {
    let mut text: String =
        scaffold.paths().map(|path| format!("Wrote {}\n", escape::terminal(path))).collect();
    let above = root.canonicalize().ok().and_then(|root| {
        let place = repo::find_config(root.parent()?, None, repo::Reading::WorkTree).ok()?;
        Some(place.folder().ok()?.display().to_string())
    });
    if let Some(above) = above {
        text.push_str(&format!(
            "Another configuration is in {}; inside this folder, this one counts.\n",
            escape::terminal(&above)
        ));
    }
    text
}

/// A path as one word of a shell.
fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// A conversation on a terminal.
struct Questions<'a> {
    input: &'a mut dyn BufRead,
    output: &'a mut dyn Write,
}

impl Questions<'_> {
    /// Asks for what `wanted` does not say.
    fn ask(&mut self, world: &World, mut wanted: Wanted) -> Result<Wanted, Failure> {
        let specs = world.registry.specs();
        self.say("Enter takes what stands in brackets.\n")?;
        if wanted.provider.is_none() && specs.len() > 1 {
            wanted.provider = Some(self.provider(&specs)?);
        }
        let chosen = wanted.provider.as_deref();
        let spec = match specs.iter().find(|spec| chosen.is_none_or(|name| name == spec.name())) {
            Some(spec) => *spec,
            // What is wrong with the option is said together with everything else.
            None => return Ok(wanted),
        };
        if wanted.name.is_none() {
            wanted.name = Some(self.name(spec)?);
        }
        if !wanted.emulator && !wanted.import && init::has_emulator(spec) && wanted.settings.is_empty() {
            let question = "Try it with an emulator first, without an account?";
            wanted.emulator = self.yes(question, true)?;
        }
        if !wanted.emulator {
            self.settings(spec, &mut wanted.settings)?;
            if !wanted.import {
                let variable = spec.credential();
                let there = (world.environment)(variable).is_some();
                self.say(&format!("An import needs the credential in {variable}.\n"))?;
                let question = "Import the roles that are live, in place of an example?";
                wanted.import = self.yes(question, there)?;
            }
        }
        Ok(wanted)
    }

    fn provider(&mut self, specs: &[&dyn Spec]) -> Result<String, Failure> {
        self.say("Products:\n")?;
        for spec in specs {
            self.say(&format!("  {:<16} {}\n", spec.name(), spec.title()))?;
        }
        let first = specs.first().map_or("", |spec| spec.name());
        loop {
            let answer = self.answer(&format!("Product [{first}]: "), first)?;
            if specs.iter().any(|spec| spec.name() == answer) {
                return Ok(answer);
            }
            self.say(&format!("`{}` is none of these.\n", escape::terminal(&answer)))?;
        }
    }

    fn name(&mut self, spec: &dyn Spec) -> Result<String, Failure> {
        loop {
            let answer = self.answer(&format!("Name of the target [{}]: ", spec.name()), spec.name())?;
            match init::name_fault(&answer) {
                None => return Ok(answer),
                Some(fault) => self.say(&format!("{}.\n", escape::terminal(&fault)))?,
            }
        }
    }

    fn settings(&mut self, spec: &dyn Spec, settings: &mut BTreeMap<String, String>) -> Result<(), Failure> {
        for setting in spec.settings() {
            if settings.contains_key(setting.name) {
                continue;
            }
            self.say(&format!("{}\nFor example {}\n", setting.about, setting.example))?;
            let skip = if setting.required { "" } else { " [leave out]" };
            loop {
                let answer = self.answer(&format!("{}{skip}: ", setting.name), "")?;
                if !answer.is_empty() {
                    settings.insert(setting.name.to_owned(), answer);
                } else if setting.required {
                    self.say("It is needed.\n")?;
                    continue;
                }
                break;
            }
        }
        Ok(())
    }

    /// Shows the files and asks whether to write them.
    fn confirm(&mut self, root: &Path, scaffold: &Scaffold) -> Result<(), Failure> {
        let folder = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        self.say(&format!("\nIn {}:\n", escape::terminal(&folder.display().to_string())))?;
        for path in scaffold.paths() {
            self.say(&format!("  {}\n", escape::terminal(path)))?;
        }
        match self.yes("Write these files?", true)? {
            true => self.say("\n"),
            false => Err(Failure::new(Exit::Error, "nothing was written")),
        }
    }

    fn yes(&mut self, question: &str, default: bool) -> Result<bool, Failure> {
        let default = if default { "yes" } else { "no" };
        loop {
            let answer = self.answer(&format!("{question} [{default}]: "), default)?;
            match answer.to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.say("Answer yes or no.\n")?,
            }
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        let said = self.output.write_all(text.as_bytes()).and_then(|()| self.output.flush());
        said.map_err(|error| Failure::new(Exit::Error, format!("the terminal is gone: {error}")))
    }

    /// One line; `default` where it is empty. The end of the input ends the conversation.
    fn answer(&mut self, question: &str, default: &str) -> Result<String, Failure> {
        self.say(question)?;
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Ok(0) => {
                self.say("\n")?;
                Err(Failure::new(Exit::Error, "no answer; nothing was written")
                    .help("Without a terminal, `rolecall init --yes` asks nothing."))
            }
            Ok(_) => Ok(match line.trim() {
                "" => default.to_owned(),
                answer => answer.to_owned(),
            }),
            Err(error) => Err(Failure::new(Exit::Error, format!("cannot read the answer: {error}"))),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::{ffi::OsString, sync::Arc};

    use super::*;
    use crate::{definition::ParseCache, model::Redactor, provider::Registry};

    fn world(set: &'static [&'static str]) -> World {
        World {
            actor: "somebody".into(),
            now: jiff::Timestamp::UNIX_EPOCH,
            registry: {
                // Only the first one, so that nothing asks which.
                let all = Registry::builtin();
                let first = all.specs().first().unwrap().name();
                Registry::default().with(Arc::clone(all.get(first).unwrap()))
            },
            environment: Arc::new(|name: &str| set.contains(&name).then(|| OsString::from("x"))),
            allowed_hosts: Vec::new(),
            redactor: Redactor::default(),
            today: jiff::civil::date(2026, 11, 20),
            cache: ParseCache::default(),
            stop: crate::provider::http::Stop::default(),
            events: None,
        }
    }

    /// What was said, without the provider's own words.
    fn plain(world: &World, said: &str) -> String {
        let specs = world.registry.specs();
        let spec = specs.first().unwrap();
        said.replace(spec.title(), "PRODUCT")
            .replace(spec.credential(), "CREDENTIAL")
            .replace(spec.name(), "NAME")
    }

    /// What is wanted after these answers, and what was said.
    fn ask(world: &World, wanted: Wanted, answers: &str) -> (Result<Wanted, Failure>, String) {
        let mut output = Vec::new();
        let wanted = Questions { input: &mut answers.as_bytes(), output: &mut output }.ask(world, wanted);
        (wanted, String::from_utf8(output).unwrap())
    }

    #[test]
    fn enter_takes_what_stands_in_brackets() {
        let world = world(&[]);
        let (wanted, said) = ask(&world, Wanted::default(), "\n\n");
        let wanted = wanted.unwrap();
        assert!(wanted.emulator && !wanted.import && wanted.settings.is_empty());
        let answers = init::complete(&world, &wanted).unwrap();
        assert_eq!(answers.name, answers.spec.name());
        insta::assert_snapshot!(plain(&world, &said), @"
        Enter takes what stands in brackets.
        Name of the target [NAME]: Try it with an emulator first, without an account? [yes]:
        ");
    }

    #[test]
    fn a_real_tenant_is_asked_for_its_settings_and_wrong_answers_again() {
        let world = world(&[]);
        let answers = "A B\nreviews\nperhaps\nno\n88321\n\n\n";
        let (wanted, said) = ask(&world, Wanted::default(), answers);
        let wanted = wanted.unwrap();
        assert_eq!(wanted.name.as_deref(), Some("reviews"));
        assert_eq!(wanted.settings.values().collect::<Vec<_>>(), ["88321"]);
        assert!(!wanted.emulator && !wanted.import);
        insta::assert_snapshot!(plain(&world, &said), @"
        Enter takes what stands in brackets.
        Name of the target [NAME]: `A B` is no name of a target: small letters, digits, and `._-`, at most 64, the first a letter or digit.
        Name of the target [NAME]: Try it with an emulator first, without an account? [yes]: Answer yes or no.
        Try it with an emulator first, without an account? [yes]: The git provider's id of the organization; only a workspace API token needs it.
        For example 88321
        org_id [leave out]: The API of another region, or a server of your own.
        For example https://api.eu.NAME.ai
        url [leave out]: An import needs the credential in CREDENTIAL.
        Import the roles that are live, in place of an example? [no]:
        ");
    }

    #[test]
    fn only_what_the_options_leave_open_is_asked() {
        let world = world(&[]);
        let given = Wanted {
            provider: world.registry.specs().first().map(|spec| spec.name().to_owned()),
            name: Some("reviews".into()),
            emulator: true,
            ..Wanted::default()
        };
        let (wanted, said) = ask(&world, given, "");
        assert_eq!(wanted.unwrap().name.as_deref(), Some("reviews"));
        assert_eq!(said, "Enter takes what stands in brackets.\n");
    }

    #[test]
    fn the_end_of_the_input_writes_nothing() {
        let (wanted, _) = ask(&world(&[]), Wanted::default(), "reviews");
        assert_eq!(wanted.unwrap_err().exit, Exit::Error);
        let world = world(&[]);
        let answers = init::complete(&world, &Wanted::default()).unwrap();
        let scaffold = init::scaffold(&world, &answers, editor_schemas(&Kept::new())).unwrap();
        let mut output = Vec::new();
        let mut questions = Questions { input: &mut "no\n".as_bytes(), output: &mut output };
        assert!(questions.confirm(Path::new("."), &scaffold).is_err());
    }
}
