//! Runs a command with `REDIS_URL` set to a server of its own, which ends with the command:
//!
//! `cargo run --example with-redis -- [--tls | --cluster | --sentinel] cargo run --example quickstart`
//!
//! With `--tls` the URL is `rediss://`, and `SSL_CERT_FILE` names the root certificate that the server's is from. With `--cluster` it is
//! `redis+cluster://…` and names three primaries; with `--sentinel` it is `redis+sentinel://…` and names three sentinels, which watch over
//! a primary and a replica.

use std::error::Error;
use std::ffi::OsStr;
use std::process::{Command, ExitCode};

use redis_cached_test_support::{Authority, RedisCluster, RedisSentinels, RedisServer};

/// What runs as long as the command does.
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
enum Servers {
    One(RedisServer),
    Tls(RedisServer),
    Cluster(RedisCluster),
    Sentinels(RedisSentinels),
}

impl Servers {
    /// `None` for a word that is not an option.
    fn start(option: &OsStr, authority: &Authority) -> Option<Self> {
        match option.to_str()? {
            "--tls" => Some(Self::Tls(RedisServer::builder().tls(&authority.issue()).start())),
            "--cluster" => Some(Self::Cluster(RedisCluster::start())),
            "--sentinel" => Some(Self::Sentinels(RedisSentinels::start())),
            _ => None,
        }
    }

    fn url(&self) -> String {
        match self {
            Self::One(server) => server.url(),
            Self::Tls(server) => server.tls_url(),
            Self::Cluster(cluster) => cluster.url(),
            Self::Sentinels(sentinels) => sentinels.url(),
        }
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let authority = Authority::new();
    let mut words = std::env::args_os().skip(1).peekable();
    let chosen = words.peek().and_then(|word| Servers::start(word, &authority));
    if chosen.is_some() {
        words.next();
    }
    let Some(program) = words.next() else {
        eprintln!("usage: with-redis [--tls | --cluster | --sentinel] COMMAND [ARGUMENT…]");
        return Ok(ExitCode::FAILURE);
    };
    let servers = chosen.unwrap_or_else(|| Servers::One(RedisServer::start()));
    let mut command = Command::new(&program);
    command.args(words).env("REDIS_URL", servers.url());
    let roots = std::env::temp_dir().join(format!("with-redis-{}.pem", std::process::id()));
    if matches!(servers, Servers::Tls(_)) {
        std::fs::write(&roots, authority.pem())?;
        command.env("SSL_CERT_FILE", &roots).env_remove("SSL_CERT_DIR");
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
