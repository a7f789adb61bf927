//! The parts of a URL, by the delimiters of RFC 3986, and what each may be.

use std::net::Ipv6Addr;

use percent_encoding::percent_decode_str;

use super::Reason;
use crate::store::credentials::Credentials;

pub(super) const DEFAULT_PORT: u16 = 6379;
/// More than any server has, and what the driver and servers take for a number.
const LARGEST_DATABASE: u32 = i32::MAX as u32;

/// For an `@` where none can be: it is the one before the host, and a password holds a delimiter.
pub(super) const RAW: &str = "the user name or the password contains a raw `/`, `?`, `#` or `@`; percent-encode it: `%2F`, `%3F`, \
     `%23` or `%40`";

/// What stands behind `scheme://`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct AddressParts<'a> {
    /// Without the `@`.
    pub(super) user_info: &'a str,
    /// With the port.
    pub(super) host: &'a str,
    /// With the `/`.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) fragment: Option<&'a str>,
}

impl<'a> AddressParts<'a> {
    pub(super) fn of(text: &'a str) -> Result<Self, Reason> {
        let (text, fragment) = match text.split_once('#') {
            Some((text, fragment)) => (text, Some(fragment)),
            None => (text, None),
        };
        let (text, query) = text.split_once('?').unwrap_or((text, ""));
        let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        let (user_info, host) = authority.split_once('@').unwrap_or(("", authority));
        if host.contains('@') {
            return Err(RAW.into());
        }
        Ok(Self { user_info, host, path, query, fragment })
    }
}

/// A name or an address, and a port.
pub(super) fn host(text: &str, default_port: u16) -> Result<(String, u16), Reason> {
    if text.contains(',') {
        return Err("it names several hosts; a cluster is `redis+cluster://`, and servers that Sentinel watches over are `redis+sentinel://`".into());
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => bracketed(rest)?,
        None => named(text)?,
    };
    match port {
        "" => Ok((host, default_port)),
        port => Ok((host, self::port(port)?)),
    }
}

/// Several of them, separated by commas; each once.
pub(super) fn hosts(text: &str, default_port: u16) -> Result<Vec<(String, u16)>, Reason> {
    let mut hosts = Vec::new();
    for text in text.split(',') {
        let host = host(text.trim(), default_port)?;
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    Ok(hosts)
}

/// An IPv6 address, and what is behind the bracket.
fn bracketed(text: &str) -> Result<(String, &str), Reason> {
    const WRONG: &str = "what is in brackets is not an IPv6 address; write `redis://[::1]:6379`";
    let (address, port) = text.split_once(']').ok_or(WRONG)?;
    if !port.is_empty() && !port.starts_with(':') {
        return Err("what follows the bracket is not a port; write `redis://[::1]:6379`".into());
    }
    let address = decode("host", address)?;
    // An address of one link has the name of the interface behind it.
    let ip: Ipv6Addr = address.split('%').next().unwrap_or_default().parse().map_err(|_| WRONG)?;
    if ip.is_unspecified() {
        return Err(wildcard());
    }
    Ok((address, port))
}

/// A name or an IPv4 address, and what is behind it.
fn named(text: &str) -> Result<(String, &str), Reason> {
    let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
    if port.matches(':').count() > 1 {
        return Err(
            "the host contains more than one `:`; write an IPv6 address in brackets, `redis://[::1]:6379`, and an `@` between a \
             password and the host"
                .into(),
        );
    }
    if host.is_empty() {
        return Err("the host is missing; write `redis://HOST:PORT`".into());
    }
    let host = decode("host", host)?;
    // What a name may be, the resolver knows: there are underscores, and names in all scripts.
    if !host.chars().all(|char| char.is_alphanumeric() || "-_.".contains(char)) {
        return Err("the host contains a character that no name of a host has".into());
    }
    if host == "0.0.0.0" {
        return Err(wildcard());
    }
    Ok((host, port))
}

fn wildcard() -> Reason {
    "its host is the address on which a server listens everywhere; connect to one of its own, such as `127.0.0.1`".into()
}

/// `text` begins with a colon.
fn port(text: &str) -> Result<u16, Reason> {
    number(&text[1..], u16::MAX.into())
        .and_then(|port| u16::try_from(port).ok())
        .filter(|port| *port > 0)
        .ok_or_else(|| "the port behind the host is not a number from 1 to 65535".into())
}

pub(super) fn database_in_path(path: &str) -> Result<Option<u32>, Reason> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    match path {
        "" => Ok(None),
        _ if path.contains('/') => {
            Err("its path has more than one part; it is the database, such as `/5`".into())
        }
        _ => database(path).map(Some),
    }
}

/// The name of a service, and what is behind it.
pub(super) fn service_in_path(path: &str) -> Result<(String, &str), Reason> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (service, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    if service.contains('@') {
        return Err(RAW.into());
    }
    let service = decode("service", service)?;
    if service.is_empty() {
        return Err("the service is missing; write `redis+sentinel://HOST,HOST/SERVICE`, with the name that `sentinel monitor` gives it".into());
    }
    // As Sentinel has it.
    if !service.chars().all(|char| char.is_ascii_alphanumeric() || "-_.".contains(char)) {
        return Err("the service contains a character that no name of a service has".into());
    }
    Ok((service, rest))
}

pub(super) fn database(text: &str) -> Result<u32, Reason> {
    number(text, LARGEST_DATABASE)
        .ok_or_else(|| "its database is not a number, such as `/5` or `?db=5`".into())
}

/// Digits and nothing else, where `parse` takes a sign too.
fn number(text: &str, largest: u32) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten().filter(|number| *number <= largest)
}

/// `[USER][:PASSWORD]`, where a password alone has its colon too.
pub(super) fn credentials(user_info: &str) -> Result<Option<Credentials>, Reason> {
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    Ok(Credentials::of(decode("user name", user)?, decode("password", password)?))
}

/// Percent-decodes the part that is called `what`.
pub(super) fn decode(what: &str, text: &str) -> Result<String, Reason> {
    let is_escape = |after: &str| {
        after.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_escape) {
        return Err(format!("the {what} contains a raw `%`; percent-encode it: `%25`").into());
    }
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(format!("the {what} is not UTF-8 after percent-decoding").into()),
    }
}
