//! Reads as they are on the wire, and the envelope in which they are sent.
//!
//! A command of the driver for each of many reads costs several times what its bytes do. So the bytes are written here, into one buffer. They are made into
//! commands where each is sent by itself: after a connection has ended with the answer to one of them, and behind `ASKING`.

use std::ops::Range;

use redis::Cmd;

use super::frames::{commands, envelope};
use crate::store::request_times::CommandKind;
use crate::store::vocabulary::SLOT_LEN;

/// What an argument takes at most beside its bytes.
const ARGUMENT: usize = 24;

/// Reads that are sent at once, in their order.
#[derive(Debug, Default, Clone)]
pub(crate) struct ReadRequests {
    bytes: Vec<u8>,
    count: usize,
    /// What the first of them counts as.
    first: Option<CommandKind>,
}

impl ReadRequests {
    /// With room for so many reads of keys that have so many bytes together.
    pub(crate) fn with_capacity(reads: usize, keys: usize) -> Self {
        Self { bytes: Vec::with_capacity(reads * 2 * ARGUMENT + keys), ..Self::default() }
    }

    pub(crate) fn get(&mut self, key: &[u8]) {
        self.begin(CommandKind::Get, b"*2\r\n$3\r\nGET\r\n");
        push_argument(&mut self.bytes, key);
    }

    pub(crate) fn pttl(&mut self, key: &str) {
        self.begin(CommandKind::Other, b"*2\r\n$4\r\nPTTL\r\n");
        push_argument(&mut self.bytes, key.as_bytes());
    }

    /// As much of a value as its mark takes.
    pub(crate) fn beginning(&mut self, key: &str) {
        self.begin(CommandKind::Other, b"*4\r\n$8\r\nGETRANGE\r\n");
        push_argument(&mut self.bytes, key.as_bytes());
        push_argument(&mut self.bytes, b"0");
        push_argument(&mut self.bytes, itoa::Buffer::new().format(SLOT_LEN - 1).as_bytes());
    }

    pub(crate) fn mget(&mut self, keys: &KeyArguments) {
        self.begin(CommandKind::Mget, b"*");
        push_number(&mut self.bytes, 1 + keys.len());
        self.bytes.extend_from_slice(b"$4\r\nMGET\r\n");
        self.bytes.extend_from_slice(&keys.bytes);
    }

    fn begin(&mut self, kind: CommandKind, head: &[u8]) {
        self.first.get_or_insert(kind);
        self.count += 1;
        self.bytes.extend_from_slice(head);
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// What they count as.
    pub(super) fn operation(&self) -> CommandKind {
        self.first.filter(|_| self.count == 1).unwrap_or(CommandKind::Pipeline)
    }

    /// What the driver sends in their place, for an answer that is theirs in one piece.
    pub(super) fn envelope(&self) -> Cmd {
        envelope(self.count, &self.bytes)
    }

    /// As the driver has them.
    pub(super) fn commands(&self) -> impl Iterator<Item = Cmd> {
        commands(&self.bytes)
    }
}

/// Keys as they are on the wire.
#[derive(Debug, Default)]
pub(crate) struct KeyArguments {
    bytes: Vec<u8>,
    /// Where each key is, without the line before it and the end of its own.
    places: Vec<Range<usize>>,
}

impl KeyArguments {
    /// With room for so many keys that have so many bytes together.
    pub(crate) fn with_capacity(keys: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(keys * ARGUMENT + bytes), places: Vec::with_capacity(keys) }
    }

    pub(crate) fn of(keys: &[&str]) -> Self {
        let mut arguments = Self::with_capacity(keys.len(), keys.iter().map(|key| key.len()).sum());
        keys.iter().for_each(|key| arguments.push(key.as_bytes()));
        arguments
    }

    #[inline]
    pub(crate) fn push(&mut self, key: &[u8]) {
        push_argument(&mut self.bytes, key);
        let end = self.bytes.len() - 2;
        self.places.push(end - key.len()..end);
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        self.bytes.get(self.places.get(index)?.clone())
    }

    /// A `GET` for each.
    pub(crate) fn gets(&self) -> ReadRequests {
        let mut reads = ReadRequests::with_capacity(self.len(), self.bytes.len());
        (0..self.len()).filter_map(|index| self.get(index)).for_each(|key| reads.get(key));
        reads
    }
}

#[inline]
fn push_argument(bytes: &mut Vec<u8>, argument: &[u8]) {
    bytes.reserve(argument.len() + ARGUMENT);
    bytes.push(b'$');
    push_number(bytes, argument.len());
    bytes.extend_from_slice(argument);
    bytes.extend_from_slice(b"\r\n");
}

/// With the end of its line.
#[inline]
fn push_number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use redis::cmd;

    use super::*;
    use crate::store::redis::commands::get;

    fn packed(commands: impl IntoIterator<Item = Cmd>) -> Vec<Vec<u8>> {
        commands.into_iter().map(|command| command.get_packed_command()).collect()
    }

    #[test]
    fn each_read_is_what_the_driver_writes_and_counts_as_its_command() {
        let (mut alone, mut both) = (ReadRequests::default(), ReadRequests::default());
        alone.mget(&KeyArguments::of(&["a", ""]));
        both.pttl("key");
        both.beginning("a key\r\n");
        let expected =
            [cmd("PTTL").arg("key").clone(), cmd("GETRANGE").arg("a key\r\n").arg(0).arg(16).clone()];
        assert_eq!(packed(alone.commands()), packed([cmd("MGET").arg("a").arg("").clone()]));
        assert_eq!(packed(both.commands()), packed(expected));
        assert_eq!([alone.operation(), both.operation()], [CommandKind::Mget, CommandKind::Pipeline]);
        assert_eq!((alone.len(), both.len()), (1, 2));
    }

    proptest! {
        #[test]
        fn any_keys_come_back(keys in vec(vec(any::<u8>(), 0..200), 0..20)) {
            let mut arguments = KeyArguments::default();
            keys.iter().for_each(|key| arguments.push(key));
            let kept: Vec<_> = (0..arguments.len()).filter_map(|index| arguments.get(index)).collect();
            prop_assert_eq!(&kept, &keys);
            prop_assert_eq!(packed(arguments.gets().commands()), packed(keys.iter().map(|key| get(key))));
            let mut mget = ReadRequests::default();
            mget.mget(&arguments);
            prop_assert_eq!(packed(mget.commands()), packed([cmd("MGET").arg(&keys).clone()]));
        }
    }
}
