//! What was found, for programs.

use redis_cached::{EntryInfo, KeyContent, Ttl};
use serde_json::{Value, json};

use super::Found;
use super::tags::TagState;
use crate::text::{ascii_json, shown};

/// Times are in milliseconds; `null` where there is none. Bytes that are no text are in hexadecimal.
pub(super) fn document(found: &Found) -> String {
    let mut document = json!({
        "key": shown(&found.key),
        "content": content(found),
    });
    if let Some(inspection) = &found.inspection {
        document["bytes"] = inspection.bytes.into();
        document["ttl_ms"] = millis(inspection.ttl);
        match &inspection.content {
            KeyContent::Entry(entry) => document["entry"] = of_entry(entry),
            KeyContent::Foreign(bytes) => document["hex"] = hex(bytes).into(),
            _ => {}
        }
    }
    if let Some(name) = &found.server_type {
        document["type"] = name.as_str().into();
    }
    if let Some(tags) = &found.tags {
        document["tags"] = tags.iter().map(of_tag).collect();
    }
    ascii_json(&format!("{document:#}\n"))
}

fn content(found: &Found) -> &'static str {
    match found.inspection.as_ref().map(|inspection| &inspection.content) {
        Some(KeyContent::Entry(_)) => "entry",
        Some(KeyContent::Lease) => "lease",
        Some(KeyContent::Tombstone) => "tombstone",
        Some(KeyContent::Damaged) => "damaged",
        Some(KeyContent::OtherVersion(_)) => "other version",
        Some(KeyContent::OtherCompression(_)) => "other compression",
        Some(KeyContent::Foreign(_)) => "foreign",
        Some(KeyContent::NotString) => "not a string",
        Some(_) => "unknown",
        None if found.server_type.is_some() => "foreign",
        None => "nothing",
    }
}

fn of_entry(entry: &EntryInfo) -> Value {
    let payload = entry.payload.as_deref();
    let mut document = json!({
        "codec": entry.codec_name(),
        "codec_number": entry.codec,
        "compression": entry.compression,
        "shape": entry.shape,
        "fingerprint": format!("{:016x}", entry.fingerprint),
        "age_ms": entry.age.map(|age| age.as_millis() as u64),
        "fresh_ms": millis(entry.fresh),
        "stale_window_ms": entry.stale_window.as_millis() as u64,
        "is_stale": entry.is_stale,
        "compute_time_us": entry.compute_time.as_micros() as u64,
        "sealed_under": entry.sealed_under.map(|id| hex(&id)),
        "tags": entry.tags.iter().map(|nonce| hex(nonce)).collect::<Vec<_>>(),
        "stored_payload_bytes": entry.stored_payload_bytes,
        "payload_bytes": payload.map(<[u8]>::len),
    });
    match payload.map(serde_json::from_slice::<Value>) {
        Some(Ok(value)) => document["payload"] = value,
        _ => document["payload_hex"] = payload.map(hex).into(),
    }
    document
}

fn of_tag(tag: &TagState) -> Value {
    match tag {
        TagState::Current(name) => json!({ "name": name, "state": "current" }),
        TagState::Other(name) => json!({ "name": name, "state": "not of the entry, or invalidated" }),
        TagState::Missing(name) => json!({ "name": name, "state": "no key" }),
        TagState::Unknown => json!({ "name": null, "state": "invalidated" }),
    }
}

fn millis(ttl: Ttl) -> Value {
    ttl.as_duration().map(|left| left.as_millis() as u64).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
