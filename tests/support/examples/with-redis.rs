//! Runs a command with `REDIS_URL` set to a server of its own, which ends with the command:
//!
//! `cargo run --example with-redis -- [--tls] cargo run --example quickstart`
//!
//! With `--tls` the URL is `rediss://`, and `SSL_CERT_FILE` names the root certificate that the server's is from.

use std::error::Error;
use std::process::{Command, ExitCode};

use redis_cached_test_support::{Authority, RedisServer};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1).peekable();
    let speaks_tls = words.next_if(|word| word == "--tls").is_some();
    let Some(program) = words.next() else {
        eprintln!("usage: with-redis [--tls] COMMAND [ARGUMENT…]");
        return Ok(ExitCode::FAILURE);
    };
    let mut command = Command::new(&program);
    command.args(words);
    let authority = Authority::new();
    let roots = std::env::temp_dir().join(format!("with-redis-{}.pem", std::process::id()));
    let server = match speaks_tls {
        false => RedisServer::start(),
        true => RedisServer::builder().tls(&authority.issue()).start(),
    };
    if speaks_tls {
        std::fs::write(&roots, authority.pem())?;
        command.env("REDIS_URL", server.tls_url()).env("SSL_CERT_FILE", &roots).env_remove("SSL_CERT_DIR");
    } else {
        command.env("REDIS_URL", server.url());
    }
    let status = command.status();
    // The command is over, and where there was no TLS there is no such file.
    let _ = std::fs::remove_file(&roots);
    match status {
        // A signal has no code; nor has it succeeded.
        Ok(status) => {
            Ok(status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code.clamp(0, 255) as u8)))
        }
        Err(error) => {
            eprintln!("{}: {error}", program.display());
            Ok(ExitCode::FAILURE)
        }
    }
}
