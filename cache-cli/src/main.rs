//! `redis-cached`: looks into the caches of the library of that name. `docs/command.md` is for its users.
//!
//! A subcommand is a folder or a file. Each asks over connections of the library, and decides and prints apart from that, so that what it says can be tested
//! without a server.

mod args;
mod connect;
mod doctor;
mod failure;
mod inspect;
mod invalidate;
mod own_keys;
mod secrets;
mod servers;
mod text;
mod top;
mod units;

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use args::{Command, CommandLine};
use failure::Failure;
use secrets::Secrets;

/// What a subcommand prints, and how the command ends.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) code: u8,
}

/// How the command ends where it could not do what it was asked.
const FAILED: u8 = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let secrets = Secrets::of_process();
    let command = match CommandLine::try_parse() {
        Ok(line) => line.command,
        Err(error) => return said_by_parser(&error, &secrets),
    };
    let outcome = match command {
        Command::Doctor(doctor) => doctor::run(&doctor).await,
        Command::Top(top) => top::run(&top).await,
        Command::Inspect(inspect) => inspect::run(&inspect).await,
        Command::Invalidate(invalidate) => invalidate::run(&invalidate).await,
    };
    match outcome {
        Ok(Outcome { text, code }) => {
            print(&text);
            ExitCode::from(code)
        }
        Err(failure) => {
            complain(&secrets, &failure);
            ExitCode::from(FAILED)
        }
    }
}

/// Help and the version are no errors.
fn said_by_parser(error: &clap::Error, secrets: &Secrets) -> ExitCode {
    let text = secrets.hidden(&error.render().to_string());
    if error.use_stderr() {
        eprint!("{}", text::lines_shown(&text));
        return ExitCode::from(FAILED);
    }
    print(&text);
    ExitCode::SUCCESS
}

fn complain(secrets: &Secrets, failure: &Failure) {
    eprintln!("{}", secrets.hidden(&failure.to_string()));
}

/// Prints. Whoever reads no further, such as `head`, has what was wanted.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("redis-cached: cannot print: {error}");
    }
}
