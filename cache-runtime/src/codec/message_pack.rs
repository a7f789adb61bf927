use std::io::ErrorKind;

use rmp_serde::{Deserializer, Serializer, decode};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, DeserializeSeed},
};

use super::decode_limits::{Budget, MAX_CONTAINERS};
use super::encode_checks::{Rules, checked};
use super::{Codec, CodecError, built_in};

/// MessagePack, with structs as maps from field names: larger than by position, but `untagged`, `flatten` and
/// `skip_serializing_if` work, and other languages read it.
#[derive(Debug, Clone, Copy)]
pub struct MessagePack;

const RULES: Rules = Rules { positional: false, untagged_options: true, finite: false };

impl Codec for MessagePack {
    const ID: u8 = 3;
    const HUMAN_READABLE: bool = false;
    const NAME: &'static str = "MessagePack";
    const SELF_DESCRIBING: bool = true;

    built_in!();

    fn encode_counted<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<usize, CodecError> {
        checked(value, RULES, |value| value.serialize(&mut Serializer::new(out).with_struct_map()))
    }

    fn decode_stored<T: DeserializeOwned>(payload: &[u8], stored: usize) -> Result<T, CodecError> {
        let budget = Budget::new(payload, stored);
        let mut deserializer = Deserializer::from_read_ref(payload);
        // Here a hint for a scalar may still meet an array or a map, and those do not pass our wrapper: fields that the
        // type does not know, for one, are skipped by recursion. The crate's own limit holds there; it stops one short.
        deserializer.set_max_depth(usize::from(MAX_CONTAINERS) + 1);
        let value = budget.seed::<T>().deserialize(&mut deserializer).map_err(CodecError::new)?;
        if is_at_end(&mut deserializer) { Ok(value) } else { Err(CodecError::trailing()) }
    }
}

/// The crate does not say how much of a borrowed slice it used, but at its end there is no next marker to read. A
/// number is asked for because it reads one marker and never goes deeper, so that no later end is mistaken for this.
fn is_at_end<'de>(deserializer: &mut Deserializer<decode::ReadRefReader<'de, [u8]>>) -> bool {
    matches!(
        u8::deserialize(deserializer),
        Err(decode::Error::InvalidMarkerRead(cause)) if cause.kind() == ErrorKind::UnexpectedEof
    )
}
