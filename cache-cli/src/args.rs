//! What can be written behind `redis-cached`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  redis-cached doctor redis://cache.example.com
  redis-cached inspect redis://cache.example.com shop:user:42
  redis-cached invalidate redis://cache.example.com --tag city:rome --cache-prefix shop:
  REDIS_URL=redis+cluster://n1,n2,n3 redis-cached top --cache-prefix shop:

A URL on the command line is seen by everybody who lists the processes of the machine. Where it has a
password, put it into REDIS_URL and leave it out here. The command prints no password.";

/// Looks into the caches of redis-cached: what of a server does not suit a cache, what stands at a key, what a fleet counts; and invalidates.
#[derive(Debug, Parser)]
#[command(name = "redis-cached", version, after_help = EXAMPLES)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Doctor(Doctor),
    Top(Top),
    Inspect(Inspect),
    Invalidate(Invalidate),
}

/// Says what of a server does not suit a cache, what follows from it, and the line that mends it.
///
/// It asks the server, or each primary of a cluster, for its version, its limits, its persistence, and for each command that the library uses whether it may
/// be used; and it measures 100 round trips. It writes nothing.
///
/// Ends with 0 if nothing is wrong, with 1 after a warning, and with 2 after a problem or where there is no server.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) server: Server,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Shows what the processes of a fleet count, and their server, once a second.
///
/// Processes are seen that publish their figures: `Cache::builder().publish_stats(…)`, with the same prefix as `--cache-prefix`. Keys: q quits, s or the
/// arrows choose the column to sort by, r reverses.
#[derive(Debug, Args)]
pub(crate) struct Top {
    #[command(flatten)]
    pub(crate) server: Server,
    /// Print everything once, as plain text, and end.
    #[arg(long)]
    pub(crate) once: bool,
    /// The column to sort by.
    #[arg(long, value_enum, default_value_t = Column::Lookups)]
    pub(crate) sort: Column,
}

/// A column of `top`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Column {
    Function,
    Lookups,
    Hits,
    Local,
    Computed,
    Each,
    Saved,
    Bytes,
}

/// Explains what stands at a key: an entry, a lease, a tombstone, or what is no entry.
///
/// Ends with 0 if something is there, with 1 if nothing is, and with 2 after an error.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) server: Server,
    /// The whole key as it stands in Redis, the cache's prefix included.
    #[arg(value_name = "KEY")]
    pub(crate) key: OsString,
    /// Say whether the entry has this tag, and whether it was invalidated since. Can be repeated.
    #[arg(long = "tag", value_name = "NAME")]
    pub(crate) tags: Vec<String>,
    /// Find the names of the entry's tags. Steps through all keys of the database.
    #[arg(long)]
    pub(crate) find_tags: bool,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Removes entries as a program does: what is being computed from older data is not stored afterwards either.
///
/// Ends with 0 if everything was invalidated, with 1 if the question was not answered with yes, and with 2 after an error.
#[derive(Debug, Args)]
pub(crate) struct Invalidate {
    #[command(flatten)]
    pub(crate) server: Server,
    /// The entry at this key: the whole key, the cache's prefix included. Can be repeated.
    #[arg(long = "key", value_name = "KEY")]
    pub(crate) keys: Vec<OsString>,
    /// All entries with this tag. Can be repeated.
    #[arg(long = "tag", value_name = "NAME")]
    pub(crate) tags: Vec<String>,
    /// All keys that begin so, whoever has written them: the whole beginning, the cache's prefix included. Steps through all keys of the database. Can be
    /// repeated.
    #[arg(long = "prefix", value_name = "PREFIX")]
    pub(crate) prefixes: Vec<String>,
    /// All entries of the cache with the prefix of --cache-prefix, if its programs have called `support_invalidate_all`.
    #[arg(long)]
    pub(crate) all: bool,
    /// Say what would be removed, and remove nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask before the removal of many keys.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// Where the server is, and how to reach it.
#[derive(Debug, Args)]
pub(crate) struct Server {
    /// The server, in the forms that the library takes: redis://, rediss://, redis+cluster://, redis+sentinel://, unix://. Left out: the environment
    /// variable REDIS_URL.
    #[arg(value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The prefix that the program has given its cache, for tags and figures.
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub(crate) cache_prefix: String,
    /// How long to wait for a connection, and for an answer.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
    /// Trust the certificate authorities of this PEM file, in place of the system's.
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// The client's certificate, a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "TLS")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The client's key, a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "TLS")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The name in the server's certificate, if it is not the URL's host.
    #[arg(long, value_name = "NAME", help_heading = "TLS")]
    pub(crate) tls_server_name: Option<String>,
    /// Accept any certificate: whoever is between here and the server can read and write everything.
    #[arg(long, help_heading = "TLS")]
    pub(crate) tls_insecure: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_url_may_be_left_out() {
        let parsed =
            CommandLine::try_parse_from(["redis-cached", "inspect", "user:7"]).expect("a key is enough");
        let Command::Inspect(inspect) = parsed.command else { panic!("another command") };
        assert_eq!((inspect.server.url.as_deref(), inspect.key), (None, "user:7".into()));
        let parsed = CommandLine::try_parse_from(["redis-cached", "inspect", "redis://h", "user:7"]);
        let Command::Inspect(inspect) = parsed.expect("both").command else { panic!("another command") };
        assert_eq!((inspect.server.url.as_deref(), inspect.key), (Some("redis://h"), "user:7".into()));
    }
}
