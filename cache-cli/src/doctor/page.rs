//! The findings as a page for people, and as a document for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::checks::memory_in_words;
use super::facts::{EntrySample, Facts, ServerFacts, Topology};
use super::finding::{Finding, Severity};
use crate::text::{ascii_json, key_id, shown};
use crate::units::{count, counted, time};

/// The width to which text is broken.
const WIDTH: usize = 100;

pub(super) fn text(facts: &Facts, findings: &[Finding]) -> String {
    let mut out = String::new();
    for server in &facts.servers {
        _ = writeln!(out, "{}", head(server));
    }
    _ = writeln!(out, "{}", keys(facts));
    if let Some(sealed) = facts.keys.as_ref().and_then(|keys| sealed(&keys.entries)) {
        _ = writeln!(out, "{sealed}");
    }
    for finding in findings {
        _ = writeln!(out, "\n{}: {}", finding.severity.name(), shown(finding.says.as_bytes()));
        // Where all servers share it, none needs a name.
        if facts.servers.len() > 1
            && !finding.servers.is_empty()
            && finding.servers.len() < facts.servers.len()
        {
            indented(&mut out, "  at ", &finding.servers.join(", "));
        }
        indented(&mut out, "  ", &finding.means);
        indented(&mut out, "  -> ", &finding.remedy);
    }
    let number = |severity| findings.iter().filter(|finding| finding.severity == severity).count() as u64;
    out.push('\n');
    out.push_str(&match findings {
        [] => "nothing is wrong\n".to_owned(),
        _ => format!(
            "{}, {}, {}\n",
            counted(number(Severity::Problem), "problem"),
            counted(number(Severity::Warning), "warning"),
            counted(number(Severity::Note), "note")
        ),
    });
    out
}

/// `Redis 7.0.15 at 127.0.0.1:6379, primary of 1 replica, 12 MiB of 1 GiB, allkeys-lru, 0.2 ms a round trip`
fn head(server: &ServerFacts) -> String {
    let mut parts =
        vec![format!("{} at {}", shown(server.version().as_bytes()), shown(server.address.as_bytes()))];
    if server.text("role") == "master" {
        match server.number("connected_slaves") {
            0 => parts.push("no replicas".to_owned()),
            1 => parts.push("1 replica".to_owned()),
            replicas => parts.push(format!("{} replicas", count(replicas))),
        }
    }
    if server.info.contains_key("used_memory") {
        parts.push(memory_in_words(server));
        parts.push(shown(server.text("maxmemory_policy").as_bytes()));
    }
    if let Some((median, worst)) = server.latency() {
        parts.push(format!("{} a round trip, {} at worst", time(median), time(worst)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

fn keys(facts: &Facts) -> String {
    let Some(keys) = &facts.keys else { return "the user may not list keys".to_owned() };
    let at_least = if keys.are_all { "" } else { "at least " };
    format!(
        "{at_least}{} with the cache's prefix \"{}\", of which {} of the library's own: tags and figures",
        counted(keys.found, "key"),
        shown(facts.cache_prefix.as_bytes()),
        if keys.own == 1 { "1 is".to_owned() } else { format!("{} are", count(keys.own)) }
    )
}

/// Under which keys entries are sealed; `None` where none is.
fn sealed(entries: &EntrySample) -> Option<String> {
    if entries.sealed.is_empty() {
        return None;
    }
    let under =
        entries.sealed.iter().map(|(id, number)| format!("{} sealed under {}", count(*number), key_id(*id)));
    let unsealed = (entries.unsealed > 0).then(|| format!("{} not sealed", count(entries.unsealed)));
    let parts: Vec<String> = under.chain(unsealed).collect();
    Some(format!("{} looked at: {}", entries_in_words(entries), parts.join(", ")))
}

fn entries_in_words(entries: &EntrySample) -> String {
    match entries.looked_at() {
        1 => "1 entry was".to_owned(),
        number => format!("{} entries were", count(number)),
    }
}

/// Text broken at spaces, its further lines as far in as the first.
fn indented(out: &mut String, begin: &str, text: &str) {
    let mut line = begin.to_owned();
    let margin = begin.chars().count();
    for word in shown(text.as_bytes()).split(' ') {
        if line.chars().count() + word.chars().count() + 1 > WIDTH && line.trim() != begin.trim() {
            _ = writeln!(out, "{line}");
            line = " ".repeat(margin);
        }
        if !line.ends_with(' ') {
            line.push(' ');
        }
        line.push_str(word);
    }
    _ = writeln!(out, "{line}");
}

/// Round trips are in microseconds.
pub(super) fn json(facts: &Facts, findings: &[Finding]) -> String {
    let servers: Vec<Value> = facts
        .servers
        .iter()
        .map(|server| {
            let latency = server.latency();
            json!({
                "address": server.address,
                "version": server.version(),
                "role": server.text("role"),
                "used_memory": server.number("used_memory"),
                "maxmemory": server.number("maxmemory"),
                "maxmemory_policy": server.text("maxmemory_policy"),
                "protocol": server.protocol,
                "round_trip_us": latency.map(|(median, _)| median.as_micros() as u64),
                "worst_round_trip_us": latency.map(|(_, worst)| worst.as_micros() as u64),
            })
        })
        .collect();
    let findings: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "severity": finding.severity.name(),
                "id": finding.id,
                "says": finding.says,
                "means": finding.means,
                "remedy": finding.remedy,
                "servers": finding.servers,
            })
        })
        .collect();
    let topology = match facts.topology {
        Topology::Single => "single",
        Topology::Cluster => "cluster",
        Topology::Sentinel => "sentinel",
    };
    let keys = facts
        .keys
        .as_ref()
        .map(|keys| {
            let under: serde_json::Map<String, Value> =
                keys.entries.sealed.iter().map(|(id, number)| (key_id(*id), json!(number))).collect();
            let entries =
                json!({ "looked_at": keys.entries.looked_at(), "unsealed": keys.entries.unsealed, "sealed_under": under });
            json!({ "found": keys.found, "own": keys.own, "are_all": keys.are_all, "entries": entries })
        });
    let document = json!({ "topology": topology, "servers": servers, "keys": keys, "findings": findings });
    ascii_json(&format!("{document:#}\n"))
}
