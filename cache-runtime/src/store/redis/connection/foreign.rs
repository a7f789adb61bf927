//! Recognises peers that are not Redis by the first bytes that they send.

use std::io;

/// A record of TLS that is an alert, or a part of a handshake.
const TLS: [u8; 2] = [0x15, 0x16];

/// What the peer is, if it is recognised and not Redis.
pub(crate) fn recognised(opening: &[u8]) -> Option<io::Error> {
    let what = match opening {
        // Older servers omit the status line in answer to an invalid request.
        _ if opening.starts_with(b"HTTP/") || opening.starts_with(b"<") => {
            "an HTTP server answers on this port, and not Redis: look at the port"
        }
        [record, 0x03, ..] if TLS.contains(record) => "the server speaks TLS on this port; use rediss://",
        _ if opening.starts_with(b"SSH-") => {
            "an SSH server answers on this port, and not Redis: look at the port"
        }
        _ => return None,
    };
    Some(io::Error::new(io::ErrorKind::InvalidData, what))
}
