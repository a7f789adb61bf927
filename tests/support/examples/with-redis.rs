//! Runs a command with `REDIS_URL` set to a server of its own, which ends with the command:
//!
//! `cargo run --example with-redis -- cargo run --example quickstart`

use std::process::{Command, ExitCode};

use redis_cached_test_support::RedisServer;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else {
        eprintln!("usage: with-redis COMMAND [ARGUMENT…]");
        return ExitCode::FAILURE;
    };
    let server = RedisServer::start();
    match Command::new(&program).args(words).env("REDIS_URL", server.url()).status() {
        // A signal has no code; nor has it succeeded.
        Ok(status) => {
            status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code.clamp(0, 255) as u8))
        }
        Err(error) => {
            eprintln!("{}: {error}", program.display());
            ExitCode::FAILURE
        }
    }
}
