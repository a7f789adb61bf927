//! `inspect`: what stands at a key.

mod json;
mod tags;
mod words;

use redis_cached::{Cache, Inspection};

use self::tags::TagState;
use crate::Outcome;
use crate::args::Inspect;
use crate::connect::connect;
use crate::failure::Failure;
use crate::servers::texts;
use crate::text::shown;

/// How the command ends where nothing stands at the key.
const NOTHING: u8 = 1;

/// What is known of a key.
#[derive(Debug)]
struct Found {
    key: Vec<u8>,
    inspection: Option<Inspection>,
    /// What the server calls the type of what is no string.
    server_type: Option<String>,
    /// `None` if nobody has asked for tags.
    tags: Option<Vec<TagState>>,
}

pub(crate) async fn run(arguments: &Inspect) -> Result<Outcome, Failure> {
    let key = arguments.key.as_encoded_bytes();
    let text = arguments.key.to_str();
    if arguments.server.url.is_none() && text.is_some_and(|key| key.contains("://")) {
        let message = format!("{} was taken for a key: no other argument is one", shown(key));
        return Err(Failure::new(message, "write `redis-cached inspect URL KEY`"));
    }
    let cache = connect(&arguments.server, &arguments.server.cache_prefix).await?;
    let found = find(&cache, arguments, key, text).await?;
    let is_there = found.inspection.is_some() || found.server_type.is_some();
    let text = if arguments.json { json::document(&found) } else { words::explanation(&found) };
    Ok(Outcome { text, code: if is_there { 0 } else { NOTHING } })
}

async fn find(cache: &Cache, arguments: &Inspect, key: &[u8], text: Option<&str>) -> Result<Found, Failure> {
    let inspection = match text {
        Some(key) => cache.inspect(key).await?,
        None => None,
    };
    let prefix = &arguments.server.cache_prefix;
    let tags = match inspection.as_ref().and_then(tags::nonces) {
        Some(nonces) if arguments.find_tags => Some(tags::find(cache, prefix, key, nonces).await?),
        Some(nonces) if !arguments.tags.is_empty() => {
            Some(tags::ask(cache, prefix, &arguments.tags, nonces).await?)
        }
        _ => None,
    };
    let is_typed =
        inspection.as_ref().is_none_or(|found| matches!(found.content, redis_cached::KeyContent::NotString));
    let server_type = match is_typed {
        true => server_type(cache, key).await?,
        false => None,
    };
    Ok(Found { key: key.to_vec(), inspection, server_type, tags })
}

/// What the server says is at the key; `None` if nothing is. Of a cluster only the owner says anything.
async fn server_type(cache: &Cache, key: &[u8]) -> Result<Option<String>, Failure> {
    let replies = cache.ask_servers(&[b"TYPE", key]).await?;
    Ok(texts(&replies).next().filter(|name| name != "none"))
}
