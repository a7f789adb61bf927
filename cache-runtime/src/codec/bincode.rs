use serde::{Serialize, de::DeserializeOwned};

use super::decode_limits::Budget;
use super::encode_checks::{Rules, checked};
use super::{Codec, CodecError, built_in};

/// The compact binary encoding of the `bincode` crate, version 2, in its standard configuration: variable-length
/// integers, little-endian, fields by position.
#[derive(Debug, Clone, Copy)]
pub struct Bincode;

const RULES: Rules = Rules { positional: true, untagged_options: false, finite: false };

impl Codec for Bincode {
    const ID: u8 = 1;
    const HUMAN_READABLE: bool = false;
    const NAME: &'static str = "bincode";
    const SELF_DESCRIBING: bool = false;

    built_in!();

    fn encode_counted<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<usize, CodecError> {
        checked(value, RULES, |value| {
            ::bincode::serde::encode_into_writer(value, VecWriter(out), ::bincode::config::standard())
        })
    }

    fn decode_stored<T: DeserializeOwned>(payload: &[u8], stored: usize) -> Result<T, CodecError> {
        let budget = Budget::new(payload, stored).with_strings_as_bytes();
        // No `with_limit`: it would count every field, and what it guards against cannot happen here. The wrapper asks
        // for borrowed strings and byte strings only, which bincode slices out of the payload, and sequences go
        // through serde, where a length prefix reserves nothing by itself.
        let (value, used) = ::bincode::serde::seed_decode_from_slice(
            budget.seed::<T>(),
            payload,
            ::bincode::config::standard(),
        )
        .map_err(CodecError::new)?;
        if used == payload.len() { Ok(value) } else { Err(CodecError::trailing()) }
    }
}

/// bincode's own `Vec` writer starts an empty vector, and its `io::Write` adapter costs a call for every field.
struct VecWriter<'a>(&'a mut Vec<u8>);

impl ::bincode::enc::write::Writer for VecWriter<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), ::bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
