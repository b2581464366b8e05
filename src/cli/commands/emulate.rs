//! `rolecall emulate`

use std::{ffi::OsStr, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
    error::{ContextKind, ContextValue},
};

use super::Context;
use crate::{
    cli::interrupt::Interrupts,
    emulator::{self, Fault, Seed},
    render::json,
    workflow::{Exit, Failure},
};

/// Serve a provider's roles API on this machine, for trying things out and for tests.
///
/// When it is ready it prints one line of JSON with its address. It ends on Ctrl-C or SIGTERM.
/// docs/emulator.md explains seeds, faults, switches, and the routes under `/_dashboard/`.
#[derive(clap::Args, Debug)]
pub(crate) struct EmulateArgs {
    /// The provider.
    #[arg(value_parser = Providers(emulator::providers().into()))]
    provider: String,
    /// Where to listen; port 0 chooses a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Listen on an address that other machines reach. There is no other protection.
    #[arg(long)]
    allow_remote: bool,
    /// Tenants, roles, and people to start with (JSON or YAML).
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// A folder that keeps the state between runs; state that is there wins over the seed.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Wait this long before each answer.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Misbehave, such as `POST /v1/roles status=500 nth=2`. May be repeated.
    #[arg(long, value_name = "SPEC")]
    fault: Vec<String>,
    /// Choose a behaviour that the provider does not document, such as `delete_in_use=400`. May be
    /// repeated.
    #[arg(long = "switch", value_name = "NAME=VALUE", value_parser = switch)]
    switches: Vec<(String, String)>,
    /// List the switches with their values, and end.
    #[arg(long)]
    list_switches: bool,
}

/// The names of the emulators; another one is refused with the words that this version has no more.
#[derive(Clone)]
struct Providers(PossibleValuesParser);

impl TypedValueParser for Providers {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        self.0.parse_ref(command, arg, value).map_err(|mut error| {
            let known: Vec<String> =
                emulator::providers().iter().map(|provider| format!("`{provider}`")).collect();
            let only = if known.len() == 1 { "only " } else { "" };
            let tip = format!("this version emulates {only}{}", known.join(", "));
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

fn switch(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE; --list-switches lists them")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn run(context: &Context, args: &EmulateArgs) -> Exit {
    if args.list_switches {
        for switch in emulator::switches(&args.provider) {
            context.ui.data(&format!("{}={}\n    {}\n", switch.name, switch.values.join("|"), switch.about));
        }
        return Exit::Done;
    }
    context.end(context.block_on(serve(context, args)).and_then(|result| result))
}

async fn serve(context: &Context, args: &EmulateArgs) -> Result<Exit, Failure> {
    let failure = |error: emulator::EmulatorError| {
        use emulator::EmulatorError as E;
        let usage = matches!(
            error,
            E::UnknownProvider { .. }
                | E::UnknownSwitch { .. }
                | E::UnknownSwitchValue { .. }
                | E::Fault { .. }
                | E::NotLoopback { .. }
        );
        Failure::new(if usage { Exit::Usage } else { Exit::Error }, error.to_string())
    };
    let mut options = emulator::Options::new(&*args.provider);
    options.listen = args.listen;
    options.allow_remote = args.allow_remote;
    options.seed = args.seed.as_deref().map(Seed::read).transpose().map_err(failure)?;
    options.state = args.state.clone();
    options.latency = Duration::from_millis(args.latency);
    options.faults =
        args.fault.iter().map(|spec| Fault::parse(spec)).collect::<Result<_, _>>().map_err(failure)?;
    options.switches = args.switches.iter().cloned().collect();
    let running = emulator::start(options).await.map_err(failure)?;
    // Whoever reads the line may ask for the end at once.
    let mut interrupts = Interrupts::listen();
    let ready = serde_json::json!({ "provider": running.provider(), "url": running.url() });
    context.ui.data(&format!("{}\n", json::to_line(&ready)));
    tokio::select! {
        () = running.wait() => {}
        () = interrupts.next() => {}
    }
    running.stop().await;
    Ok(Exit::Done)
}
