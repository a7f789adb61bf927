//! `codec = Json`, and which codecs there are to choose from.

use proc_macro2::Ident;

use super::choices::Choices;
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

/// The name of a codec whose feature is on.
pub(crate) struct Codec(pub(crate) Ident);

impl OptionValue for Codec {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        CODECS.read(raw, errors).map(Self)
    }
}

const CODECS: Choices = Choices {
    option: "codec",
    noun: "codec",
    choices: &[
        ("Bincode", "bincode", cfg!(any(test, feature = "bincode"))),
        ("Json", "json", cfg!(any(test, feature = "json"))),
        ("MessagePack", "messagepack", cfg!(any(test, feature = "messagepack"))),
        ("Postcard", "postcard", cfg!(any(test, feature = "postcard"))),
    ],
    example: "Json",
};

impl Codec {
    /// What stands in for a `codec` that was left out, if its feature is on.
    pub(crate) fn default_is_on() -> bool {
        CODECS.choices[0].2
    }

    pub(crate) fn is_off(codec: &str, feature: &str) -> String {
        CODECS.is_off(codec, feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codec_that_is_off_names_the_line_for_cargo() {
        let message = Codec::is_off("MessagePack", "messagepack");
        assert!(message.contains("features = [\"messagepack\"]"), "{message}");
    }

    #[test]
    fn an_unknown_codec_names_the_nearest() {
        assert_eq!(CODECS.unknown("JSON"), "there is no codec `JSON`: write `codec = Json`");
        assert_eq!(
            CODECS.unknown("Messagepack"),
            "there is no codec `Messagepack`: write `codec = MessagePack`"
        );
        assert!(CODECS.unknown("Yaml").contains("the codecs are `Bincode`, `Json`"));
    }
}
