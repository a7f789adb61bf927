use serde::{
    Serialize,
    de::{DeserializeOwned, DeserializeSeed},
};

use super::decode_limits::Budget;
use super::encode_checks::{Rules, checked};
use super::{Codec, CodecError, built_in};

/// JSON, without white space: for entries that other programs read.
#[derive(Debug, Clone, Copy)]
pub struct Json;

const RULES: Rules = Rules { positional: false, untagged_options: true, finite: true };

impl Codec for Json {
    const ID: u8 = 2;
    const HUMAN_READABLE: bool = true;
    const NAME: &'static str = "JSON";
    const SELF_DESCRIBING: bool = true;

    built_in!();

    fn encode_counted<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<usize, CodecError> {
        checked(value, RULES, |value| value.serialize(&mut serde_json::Serializer::new(out)))
    }

    fn decode_stored<T: DeserializeOwned>(payload: &[u8], stored: usize) -> Result<T, CodecError> {
        // JSON allows white space after a value; we never write any, so it is something else's bytes.
        if payload.last().is_none_or(u8::is_ascii_whitespace) {
            return Err(CodecError::trailing());
        }
        let budget = Budget::new(payload, stored);
        let mut deserializer = serde_json::Deserializer::from_slice(payload);
        let value = budget.seed::<T>().deserialize(&mut deserializer).map_err(CodecError::new)?;
        deserializer.end().map_err(CodecError::new)?;
        Ok(value)
    }
}
