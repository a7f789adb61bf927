//! What servers answer, without what is of no interest.

use redis_cached::{ReplyValue, ServerReply};

/// The answers that are texts. Of a cluster only a key's owner gives one.
pub(crate) fn texts(replies: &[ServerReply]) -> impl Iterator<Item = String> {
    replies.iter().filter_map(|reply| match &reply.reply {
        Ok(ReplyValue::Text(text)) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    })
}

/// Host and port, or the path of a socket, of all that are asked.
pub(crate) fn addresses(replies: &[ServerReply]) -> String {
    let addresses: Vec<&str> = replies.iter().map(|reply| reply.address.as_str()).collect();
    addresses.join(", ")
}
