//! From a URL to an address. A part that is not understood is refused with a reason that names it and says what to write.
//!
//! All of a URL's text is a secret until it has been understood: behind a raw `/`, `?`, `#` or `@` the rest of a password looks like a
//! host, a path or an option. So a reason is fixed text. It repeats two things only, an option's name and a host with a port, and
//! these only if no password can be in them.

mod parts;
mod query;
mod scheme;
mod sentinel;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use self::parts::AddressParts;
use self::query::{Known, Options};
use self::scheme::Scheme;
pub(crate) use self::sentinel::SentinelAddress;
use super::credentials::Credentials;
use crate::error::{Error, ErrorKind};

/// Why a URL cannot be used, as the end of a sentence.
type Reason = Cow<'static, str>;

/// Where a cache's entries are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// `memory://`
    Memory,
    Server(Address),
    Cluster(ClusterAddress),
    Sentinel(SentinelAddress),
}

/// A server, and how to greet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(super) host: Host,
    pub(super) credentials: Option<Credentials>,
    pub(super) database: u32,
    pub(super) speaks_resp3: bool,
    pub(super) speaks_tls: bool,
}

/// Some nodes of a cluster, and how to greet each of its nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClusterAddress {
    /// Hosts and ports, at least one. All nodes that a host resolves to are asked.
    pub(crate) seeds: Vec<(String, u16)>,
    credentials: Option<Credentials>,
    speaks_resp3: bool,
    speaks_tls: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// An IPv6 address is without its brackets.
    Tcp(String, u16),
    Unix(PathBuf),
}

impl Target {
    /// # Errors
    /// [`ErrorKind::Url`], in whose message there is no secret.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        understand(url.trim())
            .map_err(|reason| Error::new(ErrorKind::Url, format!("the cache's URL cannot be used: {reason}")))
    }
}

impl ClusterAddress {
    /// The address of a node. Nodes have database 0 only.
    pub(crate) fn node(&self, host: &str, port: u16) -> Address {
        Address {
            host: Host::Tcp(host.to_owned(), port),
            credentials: self.credentials.clone(),
            database: 0,
            speaks_resp3: self.speaks_resp3,
            speaks_tls: self.speaks_tls,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

fn understand(url: &str) -> Result<Target, Reason> {
    if url.is_empty() {
        return Err("it is empty; write `redis://HOST:PORT`".into());
    }
    if url.starts_with(['"', '\'']) {
        return Err(
            "it begins with a quotation mark; leave the quotes out, or let the shell remove them".into()
        );
    }
    if url.contains(char::is_control) {
        return Err("it contains a line break, a tab or another control character".into());
    }
    let (scheme, rest) = scheme::split(url)?;
    let parts = AddressParts::of(rest)?;
    match scheme {
        Scheme::Memory => parts.memory(),
        Scheme::Tcp => parts.server_or_cluster(false),
        Scheme::Tls => parts.server_or_cluster(true),
        Scheme::Cluster => parts.cluster(false),
        Scheme::ClusterTls => parts.cluster(true),
        Scheme::Sentinel => parts.sentinel(false).map(Target::Sentinel),
        Scheme::SentinelTls => parts.sentinel(true).map(Target::Sentinel),
        Scheme::Unix => parts.unix().map(Target::Server),
    }
}

impl AddressParts<'_> {
    fn memory(&self) -> Result<Target, Reason> {
        let is_bare = *self == Self::default() || *self == Self { path: "/", ..Self::default() };
        is_bare.then_some(Target::Memory).ok_or_else(|| {
            "nothing follows `memory://`; `CacheBuilder::memory_capacity` sets its size".into()
        })
    }

    fn server_or_cluster(&self, speaks_tls: bool) -> Result<Target, Reason> {
        // What is behind the `?` says which; that it is well-formed is checked there.
        let is_cluster = self.query.split('&').any(|option| option == "cluster=true");
        if is_cluster { self.cluster(speaks_tls) } else { self.server(speaks_tls).map(Target::Server) }
    }

    fn server(&self, speaks_tls: bool) -> Result<Address, Reason> {
        let (database, credentials, options) = self.tcp(query::TCP)?;
        let (host, port) = parts::host(self.host, parts::DEFAULT_PORT)?;
        let speaks_resp3 = options.speaks_resp3();
        Ok(Address { host: Host::Tcp(host, port), credentials, database, speaks_resp3, speaks_tls })
    }

    fn cluster(&self, speaks_tls: bool) -> Result<Target, Reason> {
        let (database, credentials, options) = self.tcp(query::TCP)?;
        let seeds = parts::hosts(self.host, parts::DEFAULT_PORT)?;
        if database != 0 {
            return Err("it names a database, and a cluster has only database 0; `CacheBuilder::prefix` keeps programs apart".into());
        }
        if options.is_cluster == Some(false) {
            return Err("its scheme is a cluster's, and its option `cluster` says that it is none".into());
        }
        let speaks_resp3 = options.speaks_resp3();
        Ok(Target::Cluster(ClusterAddress { seeds, credentials, speaks_resp3, speaks_tls }))
    }

    /// What is around the hosts: the database, who to log in as, the options.
    fn tcp(&self, known: Known) -> Result<(u32, Option<Credentials>, Options), Reason> {
        if [self.path, self.query, self.fragment.unwrap_or_default()].iter().any(|part| part.contains('@')) {
            return Err(parts::RAW.into());
        }
        self.refuse_fragment()?;
        let credentials = parts::credentials(self.user_info)?;
        let in_path = parts::database_in_path(self.path)?;
        let options = Options::read(self.query, known)?;
        let database = match (in_path, options.database) {
            (Some(one), Some(other)) if one != other => {
                return Err("it names two databases, one in its path and one by `db`".into());
            }
            (one, other) => one.or(other).unwrap_or(0),
        };
        Ok((database, credentials, options))
    }

    fn unix(&self) -> Result<Address, Reason> {
        if cfg!(not(unix)) {
            return Err("this platform has no Unix sockets; write `redis://HOST:PORT`".into());
        }
        self.refuse_fragment()?;
        if !matches!(self.host, "" | "localhost") {
            return Err(
                "the path of a Unix socket begins with a `/`; write three of them: `unix:///PATH`".into()
            );
        }
        let path = parts::decode("path of the socket", self.path)?;
        if path.trim_matches('/').is_empty() {
            return Err("the path of the Unix socket is missing; write `unix:///PATH`".into());
        }
        let mut options = Options::read(self.query, query::UNIX)?;
        let database = options.database.unwrap_or(0);
        let speaks_resp3 = options.speaks_resp3();
        let by_options = Credentials::of(
            options.user.take().unwrap_or_default(),
            options.password.take().unwrap_or_default(),
        );
        let credentials = match (parts::credentials(self.user_info)?, by_options) {
            (Some(_), Some(_)) => {
                return Err("it names a user or a password twice, before the path and behind it".into());
            }
            (one, other) => one.or(other),
        };
        Ok(Address { host: Host::Unix(path.into()), credentials, database, speaks_resp3, speaks_tls: false })
    }

    fn refuse_fragment(&self) -> Result<(), Reason> {
        match self.fragment {
            None => Ok(()),
            Some(_) => Err(
                "it has a part behind a `#`, which means nothing; a database is written `?db=5`, and a `#` in a password `%23`"
                    .into(),
            ),
        }
    }
}
