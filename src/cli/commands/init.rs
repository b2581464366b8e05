//! `rolecall init`

use std::{
    collections::BTreeMap,
    io::{self, BufRead, IsTerminal as _, Write},
    path::Path,
};

use super::{Context, schema::editor_schemas};
use crate::{
    contract::Spec,
    render::escape,
    repo,
    workflow::{
        Exit, Failure, World,
        init::{self, Answers, Scaffold, Wanted},
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
    /// Ask nothing.
    #[arg(short, long)]
    yes: bool,
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
    init::may_begin(&root)?;
    let wanted = Wanted {
        provider: args.provider.clone(),
        name: args.name.clone(),
        emulator: args.emulator,
        settings: settings(args)?,
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
    let scaffold = init::scaffold(&world, &answers, editor_schemas())?;
    if asks {
        let (mut input, mut output) = (io::stdin().lock(), io::stderr().lock());
        Questions { input: &mut input, output: &mut output }.confirm(&root, &scaffold)?;
    }
    scaffold.write(&root)?;
    context.ui.status(&told(&root, &answers, &scaffold, context.global.directory.as_deref()));
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

/// What was written, and the next two commands.
fn told(root: &Path, answers: &Answers<'_>, scaffold: &Scaffold, directory: Option<&Path>) -> String {
    let mut text = String::new();
    for path in scaffold.paths() {
        text.push_str(&format!("Wrote {}\n", escape::terminal(path)));
    }
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
    let at = directory.map(|directory| format!(" -C {}", word(directory))).unwrap_or_default();
    let at = escape::terminal(&at);
    let credential = answers.spec.credential();
    text.push_str(&match answers.emulator {
        true => format!("\nNext, against the emulator:\n  rolecall{at} plan\n  rolecall{at} apply\n"),
        false => format!(
            "\nNext, with the credential in {credential}:\n  rolecall{at} doctor\n  rolecall{at} plan\n"
        ),
    });
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
        if !wanted.emulator && init::has_emulator(spec) && wanted.settings.is_empty() {
            let question = format!(
                "Try it with an emulator of {} first? It needs no account and no network.",
                spec.title()
            );
            wanted.emulator = self.yes(&question)?;
        }
        if !wanted.emulator {
            self.settings(spec, &mut wanted.settings)?;
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
            self.say(&format!("{} For example {}.\n", setting.about, setting.example))?;
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
        match self.yes("Write these files?")? {
            true => self.say("\n"),
            false => Err(Failure::new(Exit::Error, "nothing was written")),
        }
    }

    fn yes(&mut self, question: &str) -> Result<bool, Failure> {
        loop {
            let answer = self.answer(&format!("{question} [yes]: "), "yes")?;
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
