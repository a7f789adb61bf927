//! Where a request has to go, in the terms of Redis Cluster.

pub(crate) use crate::store::vocabulary::SLOTS;

/// Where a request has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// To the server that owns the slot.
    Key(Slot),
    /// To every server. Where there is one, all requests have this route.
    Every,
}

impl Route {
    pub(crate) fn of_key(key: &str) -> Self {
        Self::Key(Slot::of(key.as_bytes()))
    }
}

/// The hash slot of a key. One command, or one script, takes several keys only if they share a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot(u16);

impl Slot {
    pub(crate) fn of(key: &[u8]) -> Self {
        let mut crc = 0;
        for byte in key {
            if *byte == b'{' {
                // One pass is enough for most keys, which have none.
                return Self(crc16(hash_tag(key).unwrap_or(key)) % SLOTS);
            }
            crc = next_crc(crc, *byte);
        }
        Self(crc % SLOTS)
    }

    /// `None` if there is no such slot.
    pub(crate) fn new(number: u16) -> Option<Self> {
        (number < SLOTS).then_some(Self(number))
    }

    pub(crate) fn number(self) -> u16 {
        self.0
    }
}

/// What stands between the first `{` and the first `}` behind it, unless that is nothing. Keys with the same tag share a slot.
fn hash_tag(key: &[u8]) -> Option<&[u8]> {
    let opening = key.iter().position(|byte| *byte == b'{')?;
    let rest = key.get(opening + 1..)?;
    let closing = rest.iter().position(|byte| *byte == b'}')?;
    rest.get(..closing).filter(|tag| !tag.is_empty())
}

/// CRC-16/XMODEM: the polynomial 0x1021, most significant bit first, from 0.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| next_crc(crc, *byte))
}

#[inline]
fn next_crc(crc: u16, byte: u8) -> u16 {
    (crc << 8) ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)]
}

static TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use redis_cached_test_support::RedisServer;

    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(crc16(b""), 0);
    }

    #[test]
    fn slots_are_those_of_a_server() {
        let server = RedisServer::builder().in_cluster_mode().start();
        let keys = [
            "",
            "a",
            "foo",
            "user:42",
            "{user1000}.following",
            "{user1000}.followers",
            "foo{}{bar}",
            "foo{{bar}}zap",
            "foo{bar}{zap}",
            "foo}{bar",
            "foo{bar",
            "{}",
            "{}a",
            "a{b}",
            "größe:{ä}",
            "a\u{1}b",
        ];
        for key in keys {
            let slot: u16 = server.query(&["CLUSTER", "KEYSLOT", key]);
            assert_eq!(Slot::of(key.as_bytes()), Slot(slot), "{key}");
        }
    }

    #[test]
    fn keys_with_one_hash_tag_share_a_slot() {
        assert_eq!(Route::of_key("{user:1}:orders"), Route::of_key("{user:1}:basket"));
        assert_ne!(Route::of_key("{user:1}:orders"), Route::of_key("{user:2}:orders"));
    }
}
