//! What the servers say, and how long they take to say it.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use redis_cached::{Cache, Protection, ReplyValue, ServerReply};

use super::rights::{ASKED, KEY, Right, Verdict, pairs};
use crate::failure::Failure;
use crate::own_keys;

/// How many round trips are measured, and for how long at most.
const ROUND_TRIPS: usize = 100;
const MEASURING: Duration = Duration::from_secs(5);
/// What of the configuration matters. One pattern each: servers before 7.0 take one only.
const CONFIGURATION: [&str; 9] = [
    "maxmemory-policy",
    "save",
    "appendonly",
    "appendfsync",
    "stop-writes-on-bgsave-error",
    "tracking-table-max-keys",
    "proto-max-bulk-len",
    "maxclients",
    "cluster-require-full-coverage",
];

/// How the servers were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topology {
    Single,
    Cluster,
    Sentinel,
}

#[derive(Debug)]
pub(super) struct Facts {
    pub(super) topology: Topology,
    pub(super) is_encrypted: bool,
    pub(super) cache_prefix: String,
    pub(super) servers: Vec<ServerFacts>,
    /// What `CLUSTER INFO` of the first server says.
    pub(super) cluster: HashMap<String, String>,
    /// `None` where keys are not to be listed.
    pub(super) keys: Option<KeySample>,
}

/// One server.
#[derive(Debug, Default)]
pub(super) struct ServerFacts {
    pub(super) address: String,
    /// What `INFO` says; empty if it is refused.
    pub(super) info: HashMap<String, String>,
    /// What `CONFIG GET` says; empty if it is refused.
    pub(super) config: HashMap<String, String>,
    /// RESP2 or RESP3, by `HELLO`; 0 if it is refused.
    pub(super) protocol: u32,
    pub(super) rights: HashMap<Right, Verdict>,
    /// Round trips, the shortest first.
    pub(super) round_trips: Vec<Duration>,
}

/// Keys of the database that begin with the cache's prefix.
#[derive(Debug, Default)]
pub(super) struct KeySample {
    pub(super) found: u64,
    /// Those of them that are the library's own: tags and figures.
    pub(super) own: u64,
    /// Whether all were looked at.
    pub(super) are_all: bool,
    pub(super) entries: EntrySample,
}

/// Some of the entries, spread over all keys that were found.
#[derive(Debug, Default)]
pub(super) struct EntrySample {
    /// Those that are not sealed.
    pub(super) unsealed: u64,
    /// Sealed ones, by what the SHA-256 of their key's name begins with.
    pub(super) sealed: BTreeMap<[u8; 4], u64>,
}

impl EntrySample {
    /// How many are sealed.
    pub(super) fn sealed(&self) -> u64 {
        self.sealed.values().sum()
    }

    /// How many were looked at.
    pub(super) fn looked_at(&self) -> u64 {
        self.unsealed + self.sealed()
    }

    fn add(&mut self, protection: Protection) {
        match protection {
            Protection::None => self.unsealed += 1,
            Protection::SealedUnder(id) => *self.sealed.entry(id).or_default() += 1,
        }
    }
}

/// How many steps through the keys are taken, of a thousand keys each.
const STEPS: usize = 50;
/// How many entries are looked at, in requests of so many, and for how long and how many bytes at most: they are transferred whole.
const ENTRIES: usize = 500;
const AT_ONCE: usize = 20;
const LOOKING: Duration = Duration::from_secs(5);
const MOST_BYTES: u64 = 16 << 20;

pub(super) async fn gather(cache: &Cache, url: &str, cache_prefix: &str) -> Result<Facts, Failure> {
    let info = cache.ask_servers(&[b"INFO"]).await?;
    let mut servers: Vec<ServerFacts> = info
        .iter()
        .map(|reply| ServerFacts {
            address: reply.address.clone(),
            info: lines(reply),
            ..ServerFacts::default()
        })
        .collect();
    for name in CONFIGURATION {
        each(cache, &["CONFIG", "GET", name], &mut servers, |server, reply| {
            server.config.extend(reply.reply.as_ref().map(pairs).unwrap_or_default());
        })
        .await?;
    }
    each(cache, &["HELLO"], &mut servers, |server, reply| {
        let said = reply.reply.as_ref().map(pairs).unwrap_or_default();
        server.protocol = said
            .iter()
            .find_map(|(name, value)| if name == "proto" { value.parse().ok() } else { None })
            .unwrap_or(0);
    })
    .await?;
    // Nobody's: a program's keys hold no control character 0x01.
    let key = format!("{cache_prefix}\u{1}doctor");
    for (right, words) in ASKED {
        let words: Vec<&str> =
            words.iter().map(|word| if *word == KEY { key.as_str() } else { word }).collect();
        each(cache, &words, &mut servers, |server, reply| {
            server.rights.insert(right, Verdict::of(reply));
        })
        .await?;
    }
    measure(cache, &mut servers).await?;
    let topology = topology(url);
    let cluster = match topology {
        Topology::Cluster => {
            cache.ask_servers(&[b"CLUSTER", b"INFO"]).await?.first().map(lines).unwrap_or_default()
        }
        _ => HashMap::new(),
    };
    let is_encrypted =
        scheme(url).is_some_and(|scheme| scheme.starts_with("rediss") || scheme.starts_with("valkeys"));
    let keys = keys(cache, cache_prefix).await.ok();
    Ok(Facts { topology, is_encrypted, cache_prefix: cache_prefix.to_owned(), servers, cluster, keys })
}

/// Asks all servers, and notes what each answers. Who has come or gone meanwhile is left out.
async fn each(
    cache: &Cache,
    words: &[&str],
    servers: &mut [ServerFacts],
    mut note: impl FnMut(&mut ServerFacts, &ServerReply),
) -> Result<(), Failure> {
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    for reply in cache.ask_servers(&words).await? {
        if let Some(server) = servers.iter_mut().find(|server| server.address == reply.address) {
            note(server, &reply);
        }
    }
    Ok(())
}

async fn measure(cache: &Cache, servers: &mut [ServerFacts]) -> Result<(), Failure> {
    let begun = Instant::now();
    for _ in 0..ROUND_TRIPS {
        each(cache, &["PING"], servers, |server, reply| {
            if reply.reply.is_ok() {
                server.round_trips.push(reply.took);
            }
        })
        .await?;
        if begun.elapsed() > MEASURING {
            break;
        }
    }
    servers.iter_mut().for_each(|server| server.round_trips.sort_unstable());
    Ok(())
}

async fn keys(cache: &Cache, prefix: &str) -> Result<KeySample, Failure> {
    let mut sample = KeySample::default();
    let (mut steps, mut entries) = (0, Vec::new());
    let note = |keys: Vec<Vec<u8>>| {
        for key in keys {
            sample.found += 1;
            if own_keys::is_own(&key) {
                sample.own += 1;
            } else if let Ok(key) = String::from_utf8(key) {
                entries.push(key);
            }
        }
        steps += 1;
        steps < STEPS
    };
    sample.are_all = cache.each_key(prefix, note).await?;
    // What the user may not read is not judged: the check of rights says so.
    sample.entries = look_at(cache, &entries).await.unwrap_or_default();
    Ok(sample)
}

async fn look_at(cache: &Cache, keys: &[String]) -> Result<EntrySample, Failure> {
    let (begun, mut sample, mut bytes) = (Instant::now(), EntrySample::default(), 0);
    let some: Vec<&str> =
        keys.iter().step_by(keys.len().div_ceil(ENTRIES).max(1)).map(String::as_str).collect();
    for keys in some.chunks(AT_ONCE) {
        let (protected, of_these) = cache.protection(keys).await?;
        protected.into_iter().for_each(|protection| sample.add(protection));
        bytes += of_these;
        if bytes > MOST_BYTES || begun.elapsed() > LOOKING {
            break;
        }
    }
    Ok(sample)
}

/// The lines of a name, a colon and a value.
fn lines(reply: &ServerReply) -> HashMap<String, String> {
    let Ok(ReplyValue::Text(text)) = &reply.reply else { return HashMap::new() };
    String::from_utf8_lossy(text)
        .lines()
        .filter_map(|line| line.trim_end().split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn scheme(url: &str) -> Option<String> {
    Some(url.trim().split_once("://")?.0.to_ascii_lowercase())
}

fn topology(url: &str) -> Topology {
    match scheme(url) {
        Some(scheme) if scheme.ends_with("+cluster") => Topology::Cluster,
        Some(scheme) if scheme.ends_with("+sentinel") => Topology::Sentinel,
        _ if url.contains("cluster=true") => Topology::Cluster,
        _ => Topology::Single,
    }
}

impl ServerFacts {
    pub(super) fn text(&self, name: &str) -> &str {
        self.info.get(name).or_else(|| self.config.get(name)).map_or("", String::as_str)
    }

    pub(super) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// `None` where the configuration is not to be read.
    pub(super) fn configured(&self, name: &str) -> Option<&str> {
        self.config.get(name).map(String::as_str)
    }

    pub(super) fn is_refused(&self, right: Right) -> bool {
        self.rights.get(&right).is_some_and(Verdict::is_refused)
    }

    /// `Redis 7.0.15`.
    pub(super) fn version(&self) -> String {
        match (self.text("valkey_version"), self.text("redis_version")) {
            ("", "") => "a server that does not say its version".to_owned(),
            ("", version) => format!("Redis {version}"),
            (version, _) => format!("Valkey {version}"),
        }
    }

    /// The median of the round trips, and the longest.
    pub(super) fn latency(&self) -> Option<(Duration, Duration)> {
        Some((*self.round_trips.get(self.round_trips.len() / 2)?, *self.round_trips.last()?))
    }
}

impl Facts {
    /// Whether the connection is known to leave this machine. Behind sentinels the server goes by their names.
    pub(super) fn is_remote(&self) -> bool {
        let is_local = |server: &ServerFacts| {
            let host = server.address.rsplit_once(':').map_or(server.address.as_str(), |(host, _)| host);
            host.starts_with('/') || host.starts_with("127.") || host == "localhost" || host.contains("::1")
        };
        self.topology != Topology::Sentinel && !self.servers.iter().all(is_local)
    }
}
