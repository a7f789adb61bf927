use serde::{
    Serialize,
    de::{DeserializeOwned, DeserializeSeed},
};

use super::decode_limits::Budget;
use super::encode_checks::{Rules, checked};
use super::{Codec, CodecError, built_in};

/// The encoding of the `postcard` crate, whose wire format is specified: variable-length integers, fields by position.
#[derive(Debug, Clone, Copy)]
pub struct Postcard;

const RULES: Rules = Rules { positional: true, untagged_options: false, finite: false };

impl Codec for Postcard {
    const ID: u8 = 4;
    const HUMAN_READABLE: bool = false;
    const NAME: &'static str = "postcard";
    const SELF_DESCRIBING: bool = false;

    built_in!();

    fn encode_counted<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<usize, CodecError> {
        let mut serializer = ::postcard::Serializer { output: VecFlavor(out) };
        checked(value, RULES, |value| value.serialize(&mut serializer))
    }

    fn decode_stored<T: DeserializeOwned>(payload: &[u8], stored: usize) -> Result<T, CodecError> {
        let budget = Budget::new(payload, stored).with_strings_as_bytes();
        let mut deserializer = ::postcard::Deserializer::from_bytes(payload);
        let value = budget.seed::<T>().deserialize(&mut deserializer).map_err(CodecError::new)?;
        let rest = deserializer.finalize().map_err(CodecError::new)?;
        if rest.is_empty() { Ok(value) } else { Err(CodecError::trailing()) }
    }
}

/// postcard's own flavors own their output; ours continues behind the entry's header.
struct VecFlavor<'a>(&'a mut Vec<u8>);

impl ::postcard::ser_flavors::Flavor for VecFlavor<'_> {
    type Output = ();

    #[inline]
    fn try_extend(&mut self, data: &[u8]) -> ::postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    #[inline]
    fn try_push(&mut self, data: u8) -> ::postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> ::postcard::Result<()> {
        Ok(())
    }
}
