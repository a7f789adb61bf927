//! `compress = Lz4`

use proc_macro2::Ident;

use super::choices::Choices;
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

/// The name of a compression whose feature is on.
pub(crate) struct Compression(pub(crate) Ident);

impl OptionValue for Compression {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        COMPRESSIONS.read(raw, errors).map(Self)
    }
}

const COMPRESSIONS: Choices = Choices {
    option: "compress",
    noun: "compression",
    choices: &[
        ("Lz4", "lz4", cfg!(any(test, feature = "lz4"))),
        ("Zstd", "zstd", cfg!(any(test, feature = "zstd"))),
    ],
    example: "Lz4",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compression_that_is_off_names_the_line_for_cargo() {
        let message = COMPRESSIONS.is_off("Zstd", "zstd");
        assert!(
            message.contains("compression `Zstd`") && message.contains("features = [\"zstd\"]"),
            "{message}"
        );
    }

    #[test]
    fn an_unknown_compression_names_the_nearest() {
        assert_eq!(COMPRESSIONS.unknown("LZ4"), "there is no compression `LZ4`: write `compress = Lz4`");
        assert_eq!(
            COMPRESSIONS.unknown("Brotli"),
            "there is no compression `Brotli`: the compressions are `Lz4` and `Zstd`"
        );
    }
}
