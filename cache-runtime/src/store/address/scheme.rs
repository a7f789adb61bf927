//! What stands before `://`.

use super::Reason;
use super::parts::AddressParts;

/// The kinds of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Memory,
    Tcp,
    Tls,
    Cluster,
    ClusterTls,
    Sentinel,
    SentinelTls,
    Unix,
}

/// The schemes that are understood, and those that are known and refused with a remedy.
const SCHEMES: &[(&[&str], Result<Scheme, &str>)] = &[
    (&["memory"], Ok(Scheme::Memory)),
    (&["redis", "valkey"], Ok(Scheme::Tcp)),
    (&["unix", "redis+unix", "valkey+unix"], Ok(Scheme::Unix)),
    (&["rediss", "valkeys"], Ok(Scheme::Tls)),
    (&["redis+cluster", "valkey+cluster"], Ok(Scheme::Cluster)),
    (&["rediss+cluster", "valkeys+cluster"], Ok(Scheme::ClusterTls)),
    (&["redis-cluster"], Err("is not known; a cluster is `redis+cluster://`")),
    (&["rediss-cluster"], Err("is not known; a cluster with TLS is `rediss+cluster://`")),
    (&["redis+sentinel", "valkey+sentinel"], Ok(Scheme::Sentinel)),
    (&["rediss+sentinel", "valkeys+sentinel"], Ok(Scheme::SentinelTls)),
    (&["redis-sentinel"], Err("is not known; write `redis+sentinel://HOST,HOST/SERVICE`")),
    (&["rediss-sentinel"], Err("is not known; write `rediss+sentinel://HOST,HOST/SERVICE`")),
    (&["redis+socket", "redis-socket"], Err("is not known; write `unix:///PATH`")),
    (&["redis+tls", "redis+ssl"], Err("is not known; TLS is `rediss://`")),
    (&["http", "https", "tcp", "redis+tcp"], Err("is not the protocol of Redis; write `redis://`")),
];

/// Cuts the scheme off.
pub(super) fn split(url: &str) -> Result<(Scheme, &str), Reason> {
    if url.eq_ignore_ascii_case("memory:") {
        return Ok((Scheme::Memory, ""));
    }
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return Err(without_scheme(url));
    };
    let known = SCHEMES.iter().find_map(|(names, found)| {
        names.iter().find(|name| name.eq_ignore_ascii_case(scheme)).map(|name| (name, found))
    });
    match known {
        Some((_, Ok(scheme))) => Ok((*scheme, rest)),
        Some((name, Err(reason))) => Err(format!("`{name}://` {reason}").into()),
        None => Err("its scheme is not known; write `redis://`, `unix://` or `memory://`".into()),
    }
}

/// As RFC 3986 has it.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char))
}

fn without_scheme(url: &str) -> Reason {
    // `localhost:6379`, and nothing in which a password could be.
    if shows_no_secret(url) {
        return format!("it has no scheme; write `redis://{url}`").into();
    }
    if url.starts_with('/') {
        return "it has no scheme; write `unix:///PATH` for a Unix socket".into();
    }
    "it has no scheme; write `redis://HOST:PORT`, with a password `redis://:PASSWORD@HOST:PORT`".into()
}

fn shows_no_secret(url: &str) -> bool {
    let is_host =
        AddressParts::of(url).is_ok_and(|parts| parts.user_info.is_empty() && parts.server(false).is_ok());
    let is_plain = url.chars().all(|char| char.is_ascii_alphanumeric() || ".:-_/[]".contains(char));
    // A word alone may be a password; one with a port behind it is a host.
    is_host && is_plain && (url.contains(':') || url == "localhost")
}
