//! Which programs there are to be started.

use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// What package managers install, the usual one first.
const SYSTEMS_OWN: [&str; 2] = ["redis-server", "valkey-server"];

/// The server programs to run a matrix of tests over: the default one, then those in `REDIS_SERVERS`, which are paths separated by colons.
///
/// The default is the environment's `REDIS_SERVER`, else `redis-server` or `valkey-server`, whichever is on the `PATH`.
///
/// ```
/// use redis_cached_test::{RedisServer, servers};
///
/// for program in servers() {
///     let server = RedisServer::builder().program(program).start();
///     println!("{:?}", server.info("redis_version"));
/// }
/// ```
pub fn servers() -> Vec<String> {
    let more = env::var("REDIS_SERVERS").unwrap_or_default();
    let more = more.split(':').filter(|path| !path.is_empty()).map(str::to_owned);
    std::iter::once(default_program()).chain(more).collect()
}

pub(crate) fn default_program() -> String {
    env::var("REDIS_SERVER").unwrap_or_else(|_| {
        let found = SYSTEMS_OWN.into_iter().find(|program| is_on_the_path(program));
        // Where neither is, the message names the usual one.
        found.unwrap_or(SYSTEMS_OWN[0]).to_owned()
    })
}

fn is_on_the_path(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|directory| directory.join(program).is_file())
}

/// Those of [`servers`] that were built with TLS. Where none was, the system's own, so that tests of TLS run all the same. Who is left out is printed.
///
/// # Panics
/// Where no server speaks TLS.
pub fn servers_with_tls() -> Vec<String> {
    let (mut with, without): (Vec<_>, Vec<_>) =
        servers().into_iter().partition(|program| speaks_tls(program));
    if with.is_empty() {
        with.extend(
            SYSTEMS_OWN
                .into_iter()
                .find(|program| is_on_the_path(program) && speaks_tls(program))
                .map(str::to_owned),
        );
    }
    assert!(
        !with.is_empty(),
        "{} were built without TLS, and the tests of TLS need it: REDIS_SERVER names another program",
        without.join(", ")
    );
    for program in without {
        println!("{program} was built without TLS; {} is used", with[0]);
    }
    with
}

/// The server for tests of TLS that need one.
pub(crate) fn default_program_with_tls() -> String {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| servers_with_tls().swap_remove(0)).clone()
}

/// A build without TLS does not know the option. One that has it ends at once, too: it lacks a certificate.
fn speaks_tls(program: &str) -> bool {
    let output = Command::new(program).args(["--port", "0", "--tls-port", "1"]).output();
    // A program that is not there says so when it is started.
    output.map_or(true, |output| {
        let said = [output.stdout, output.stderr].concat();
        !String::from_utf8_lossy(&said).contains("Bad directive")
    })
}

/// What to do where there is no server. Each line begins with a program that is looked for.
const INSTALLERS: [(&str, &str); 5] = [
    ("apt-get", "apt-get install redis-server"),
    ("dnf", "dnf install redis || dnf install valkey"),
    ("apk", "apk add redis"),
    ("pacman", "pacman -S redis || pacman -S valkey"),
    ("brew", "brew install redis"),
];

/// That a program is missing, and how to come by it.
pub(crate) fn missing(program: &str) -> String {
    let advice = match INSTALLERS.into_iter().find(|(manager, _)| is_on_the_path(manager)) {
        _ if Path::new(program).components().count() > 1 => "there is no file of that name".to_owned(),
        Some((_, command)) => format!("install one: `{command}`"),
        None => "install Redis or Valkey".to_owned(),
    };
    format!(
        "there is no program `{program}` here, and these tests run against real servers: {advice}, or name a program in the variable REDIS_SERVER"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let told = missing("redis-server");
        assert!(
            told.contains("`redis-server`") && told.contains("install") && told.contains("REDIS_SERVER"),
            "{told}"
        );
        let told = missing("/opt/redis/redis-server");
        assert!(told.contains("no file of that name"), "{told}");
    }

    #[test]
    fn the_default_comes_first() {
        assert_eq!(servers().first(), Some(&default_program()));
    }
}
