//! What every codec promises, asked of each that is compiled in.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

/// Makes a test of each function for each codec: the functions are generic over it.
macro_rules! for_each_codec {
    ($($(#[$attr:meta])* $name:ident;)*) => {
        #[cfg(feature = "bincode")]
        mod bincode {
            $(#[test] $(#[$attr])* fn $name() { super::$name::<crate::codec::Bincode>(); })*
        }
        #[cfg(feature = "json")]
        mod json {
            $(#[test] $(#[$attr])* fn $name() { super::$name::<crate::codec::Json>(); })*
        }
        #[cfg(feature = "messagepack")]
        mod message_pack {
            $(#[test] $(#[$attr])* fn $name() { super::$name::<crate::codec::MessagePack>(); })*
        }
        #[cfg(feature = "postcard")]
        mod postcard {
            $(#[test] $(#[$attr])* fn $name() { super::$name::<crate::codec::Postcard>(); })*
        }
    };
}

mod hostile;
mod refused;
mod round_trip;

use serde::{Serialize, de::DeserializeOwned};

use super::{Codec, CodecError};

fn encode<C: Codec, T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    C::encode(value, &mut out)?;
    Ok(out)
}

fn round_trip<C: Codec, T: Serialize + DeserializeOwned>(value: &T) -> T {
    let payload = encode::<C, T>(value).unwrap();
    C::decode(&payload).unwrap()
}

#[test]
fn numbers_of_codecs_are_part_of_the_format() {
    #[cfg(feature = "bincode")]
    assert_eq!((crate::codec::Bincode::ID, crate::codec::Bincode::HUMAN_READABLE), (1, false));
    #[cfg(feature = "json")]
    assert_eq!((crate::codec::Json::ID, crate::codec::Json::HUMAN_READABLE), (2, true));
    #[cfg(feature = "messagepack")]
    assert_eq!((crate::codec::MessagePack::ID, crate::codec::MessagePack::HUMAN_READABLE), (3, false));
    #[cfg(feature = "postcard")]
    assert_eq!((crate::codec::Postcard::ID, crate::codec::Postcard::HUMAN_READABLE), (4, false));
}

#[test]
fn errors_are_small_and_say_why() {
    let error = CodecError::new("unexpected end");
    assert_eq!(error.to_string(), "unexpected end");
    assert_eq!(format!("{error:?}"), r#"CodecError("unexpected end")"#);
    assert!(size_of::<CodecError>() <= 2 * size_of::<usize>());
}
