//! The options behind the `?`.

use super::Reason;
use super::parts::{database, decode};

/// The longest name that a reason repeats.
const LONGEST_NAME: usize = 32;

/// The options of one kind of address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    names: &'static [&'static str],
    list: &'static str,
}

pub(super) const TCP: Known =
    Known { names: &["db", "protocol", "cluster"], list: "`db`, `protocol` and `cluster`" };
pub(super) const SENTINEL: Known = Known {
    names: &["db", "protocol", "sentinel_user", "sentinel_password"],
    list: "`db`, `protocol`, `sentinel_user` and `sentinel_password`",
};
/// There is no place before the path for a user, in what most programs write.
pub(super) const UNIX: Known =
    Known { names: &["db", "protocol", "user", "pass"], list: "`db`, `protocol`, `user` and `pass`" };

/// What other clients take in a URL, and where it goes here.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["ssl", "tls", "ssl_cert_reqs", "sslmode"], "TLS is a scheme, `rediss://`"),
    (
        &[
            "timeout",
            "connect_timeout",
            "connection_timeout",
            "socket_timeout",
            "read_timeout",
            "write_timeout",
        ],
        "time limits are `CacheBuilder::deadline` and `connect_timeout`",
    ),
    (
        &["user", "username", "pass", "password", "auth"],
        "write `redis://USER:PASSWORD@HOST`, or `unix:///PATH?user=USER&pass=PASSWORD`",
    ),
    (&["prefix", "namespace", "key_prefix"], "a prefix is `CacheBuilder::prefix`"),
];

/// What the options of a URL say.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) database: Option<u32>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) sentinel_user: Option<String>,
    pub(super) sentinel_password: Option<String>,
    /// Whether the server belongs to a cluster.
    pub(super) is_cluster: Option<bool>,
    speaks_resp3: Option<bool>,
}

impl Options {
    pub(super) fn read(query: &str, known: Known) -> Result<Self, Reason> {
        let mut options = Self::default();
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let Some(name) = known.names.iter().find(|known| **known == name) else {
                return Err(unknown(name, known, options.has_password()));
            };
            if options.set(name, value)? {
                return Err(format!("its option `{name}` is given twice").into());
            }
        }
        Ok(options)
    }

    fn has_password(&self) -> bool {
        self.password.is_some() || self.sentinel_password.is_some()
    }

    /// Says whether it was set before.
    fn set(&mut self, name: &str, value: &str) -> Result<bool, Reason> {
        Ok(match name {
            "db" => self.database.replace(database(value)?).is_some(),
            "user" => self.user.replace(decode("user name", value)?).is_some(),
            "cluster" => self.is_cluster.replace(is_cluster(value)?).is_some(),
            "pass" => self.password.replace(decode("password", value)?).is_some(),
            "sentinel_user" => self.sentinel_user.replace(decode("user name", value)?).is_some(),
            "sentinel_password" => self.sentinel_password.replace(decode("password", value)?).is_some(),
            _ => self.speaks_resp3.replace(speaks_resp3(value)?).is_some(),
        })
    }

    /// RESP3 tells at once when a connection ends, and is what the local tier needs.
    pub(super) fn speaks_resp3(&self) -> bool {
        self.speaks_resp3.unwrap_or(true)
    }
}

fn is_cluster(value: &str) -> Result<bool, Reason> {
    value.parse().map_err(|_| "its option `cluster` is neither `true` nor `false`".into())
}

fn speaks_resp3(value: &str) -> Result<bool, Reason> {
    match value {
        "resp2" | "2" => Ok(false),
        "resp3" | "3" => Ok(true),
        _ => Err("its option `protocol` is neither `resp2` nor `resp3`".into()),
    }
}

fn unknown(name: &str, known: Known, follows_password: bool) -> Reason {
    let list = known.list;
    let is_name = name.len() <= LONGEST_NAME
        && name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || "_-.".contains(char));
    if follows_password {
        // It may be the rest of the password.
        return format!(
            "an option behind a password is not known; there are {list}, and a `&` in a password is written `%26`"
        )
        .into();
    }
    if !is_name {
        return format!("what follows the `?` is not known; there are the options {list}").into();
    }
    let elsewhere = ELSEWHERE.iter().find(|(names, _)| names.contains(&name.to_ascii_lowercase().as_str()));
    match elsewhere {
        Some((_, remedy)) => format!("its option `{name}` is not known; {remedy}").into(),
        None => format!("its option `{name}` is not known; there are {list}").into(),
    }
}
