//! The commands, one file each. Data goes to stdout, all else to stderr; exit codes: 0 fine, 1 the
//! thing checked is wrong, 2 wrong usage, 3 configuration, 4 cannot reach.

mod alerts;
mod backup;
mod check;
mod client;
mod connectors;
mod doctor;
mod events;
mod explain;
mod healthcheck;
mod import;
mod infer;
mod map;
mod new;
mod objections;
mod polls;
mod send;
mod serve;
mod show;
mod simulate;
pub(crate) mod stats;
mod store;
mod token;
mod try_out;
mod unmapped;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::config::{ConfigError, Settings};

/// Self-hosted relay: signed webhooks of shops and warehouses in, trigger events of marketing
/// tools out.
#[derive(Debug, Parser)]
#[command(name = "parcelwire", version, about)]
struct Arguments {
    /// The settings' file [default: config/parcelwire.yaml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the relay; SIGTERM finishes what is in flight and stops
    Serve,
    /// Relay, sandbox and a shop that sends signed webhooks, all on this machine
    Demo(serve::Demo),
    /// The sandbox marketing API alone: checks requests, can be told to fail
    Sandbox(serve::SandboxArgs),
    /// Check all files and run the tests in them; needs no secrets
    Check(check::Check),
    /// Live stories against the real rules, on a clock that jumps; needs no configuration
    Simulate(simulate::Simulate),
    /// Dry run of one payload: events, triggers, requests, notes
    Map(map::Map),
    /// Sign a payload as a source would, and post it
    Send(send::Send),
    /// Send one realistic test event per trigger to one address
    Try(try_out::Try),
    /// The books of a running relay
    Stats(stats::Stats),
    /// Codes that no connector knew, with the line to add
    Unmapped(unmapped::Unmapped),
    /// Who objected to advertising, or to all messages: add, remove, list
    Objections(objections::Objections),
    /// How it goes at the sources and feeds that are asked for news
    Polls(polls::Polls),
    /// What is wrong now; with --test, whether those who should hear of it do
    Alerts(alerts::Alerts),
    /// Canonical events of a running relay
    Events(events::Events),
    /// Who else may ask a running relay, and how much they see
    Token(token::Tokens),
    /// What happened to an order and why, in plain words
    Explain(explain::Explain),
    /// Teach a running relay what was before: open orders, of which nothing is told
    Import(import::Import),
    /// What can be connected: each connector, what it can do, how well its facts are confirmed
    Connectors(connectors::Connectors),
    /// A commented file to start from: source, destination, merchant or mapping
    New(new::New),
    /// Propose a source connector from sample payloads
    Infer(infer::Infer),
    /// The effective settings, secrets masked
    Config(show::Config),
    /// The JSON Schema of a kind of file
    Schema(show::Schema),
    /// Look at everything a relay needs, and say what to do where something is wrong
    Doctor(doctor::Doctor),
    /// Whether a relay answers: for containers
    Healthcheck(healthcheck::Healthcheck),
    /// Completions for a shell
    Completions(show::Completions),
    /// Copy the embedded store into a file while it is in use
    Backup(backup::Backup),
    /// Move everything between the embedded store and Redis
    Store(store::Store),
}

/// Why a command failed, by whose fault it is.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was checked is wrong: exit 1.
    Wrong(String),
    /// The arguments are wrong: exit 2.
    Usage(String),
    /// The configuration is wrong: exit 3.
    Configuration(String),
    /// Something cannot be reached: exit 4.
    Unreachable(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Wrong(_) => 1,
            Self::Usage(_) => 2,
            Self::Configuration(_) => 3,
            Self::Unreachable(_) => 4,
        }
    }

    /// Puts its text into the log, instead of behind it.
    fn logged(self) -> Self {
        tracing::error!("{}", self.text());
        match self {
            Self::Wrong(_) => Self::Wrong(String::new()),
            Self::Usage(_) => Self::Usage(String::new()),
            Self::Configuration(_) => Self::Configuration(String::new()),
            Self::Unreachable(_) => Self::Unreachable(String::new()),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Wrong(text)
            | Self::Usage(text)
            | Self::Configuration(text)
            | Self::Unreachable(text) => text,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(chain(&error))
    }
}

pub(crate) type Done = Result<(), Failure>;

/// Reads the arguments, runs the command, answers the exit code.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.text().is_empty() {
                say(&format!("parcelwire: {}", failure.text()));
            }
            ExitCode::from(failure.code())
        }
    }
}

fn dispatch(arguments: Arguments) -> Done {
    let settings = || Ok(Settings::load(arguments.config.as_deref())?);
    match arguments.command {
        Command::Serve => serve::serve(settings()?),
        Command::Demo(demo) => serve::demo(&demo),
        Command::Sandbox(sandbox) => serve::sandbox(&sandbox),
        Command::Check(check) => check.run(&settings()?),
        Command::Simulate(simulate) => simulate.run(&settings()?),
        Command::Map(map) => map.run(&settings()?),
        Command::Send(send) => send.run(&settings()?),
        Command::Try(wish) => wish.run(&settings),
        Command::Stats(stats) => stats.run(&settings),
        Command::Events(events) => events.run(&settings),
        Command::Explain(explain) => explain.run(&settings),
        Command::Import(import) => import.run(&settings),
        Command::Unmapped(unmapped) => unmapped.run(&settings),
        Command::Objections(objections) => objections.run(&settings),
        Command::Polls(polls) => polls.run(&settings),
        Command::Token(tokens) => tokens.run(&settings),
        Command::Alerts(alerts) => alerts.run(&settings),
        Command::Connectors(connectors) => connectors.run(&settings()?),
        Command::New(new) => new.run(&settings()?),
        Command::Infer(infer) => infer.run(),
        Command::Config(config) => config.run(&settings()?),
        Command::Schema(schema) => schema.run(),
        Command::Doctor(doctor) => doctor.run(&settings),
        Command::Healthcheck(health) => health.run(&settings),
        Command::Completions(completions) => completions.run(),
        Command::Backup(backup) => backup.run(&settings()?),
        Command::Store(store) => store.run(&settings()?),
    }
}

/// Writes data to stdout. A reader that has gone is no failure.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")));
}

/// Tells the person, on stderr.
pub(crate) fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// An error with all its causes, once each.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

/// A header as it is given in an argument: its name in small letters, and its value.
fn header(text: &str) -> Result<(String, String), Failure> {
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| Failure::Usage(format!("--header '{text}' is not 'Name: value'")))?;
    Ok((name.trim().to_lowercase(), value.trim().to_owned()))
}

/// A runtime for one command.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Unreachable(format!("no threads can be started: {error}")))
}

#[expect(clippy::disallowed_methods, reason = "commands are an edge: they ask what time it is")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
