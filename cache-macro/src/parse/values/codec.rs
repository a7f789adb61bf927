//! `codec = Json`, and which codecs there are to choose from.

use proc_macro2::Ident;
use syn::{Expr, ExprPath};

use super::choices::Choices;
use crate::parse::raw_option::{OptionForm, OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

#[derive(Clone)]
pub(crate) enum Codec {
    /// The name of one of the library's, whose feature is on.
    BuiltIn(Ident),
    /// The path of one of the program's own.
    Own(ExprPath),
}

impl OptionValue for Codec {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        match &raw.form {
            OptionForm::Equals(Expr::Path(path)) if is_own(path) => Some(Self::Own(path.clone())),
            _ => CODECS.read(raw, errors).map(Self::BuiltIn),
        }
    }
}

/// A single word may be meant for one of the library's; what is like none of them is a type of the program's.
fn is_own(path: &ExprPath) -> bool {
    path.path.get_ident().is_none_or(|name| CODECS.nearest(&name.to_string()).is_none())
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
        assert!(is_own(&syn::parse_quote!(Yaml)) && is_own(&syn::parse_quote!(crate::Json)));
        assert!(!is_own(&syn::parse_quote!(JSON)) && !is_own(&syn::parse_quote!(Json)));
    }
}
