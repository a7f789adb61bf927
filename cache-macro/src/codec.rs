//! The option `codec`, and which codecs there are to choose from.
//!
//! A codec is a cargo feature of the runtime, which hands the feature on to this crate: only so can a codec that is off
//! be an error at the word in the attribute, with the line for Cargo.toml.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::Expr;

use crate::diagnostics::Diagnostics;
use crate::nearest::{list, nearest};
use crate::option_values::{Value, expr};
use crate::options::Written;

/// The name of a codec whose feature is on.
pub(crate) struct Codec(pub(crate) Ident);

impl Value for Codec {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "codec = Json", errors)?;
        let name = match expr {
            Expr::Path(path) => path.path.get_ident().cloned(),
            _ => None,
        };
        if let Some(name) = &name
            && let Some((_, feature, enabled)) = CODECS.iter().find(|(codec, ..)| name == codec)
        {
            if !enabled {
                errors.at(name, codec_is_off(&name.to_string(), feature));
            }
            return Some(Self(name.clone()));
        }
        errors.at(expr, unknown_codec(&expr.to_token_stream().to_string()));
        None
    }
}

/// The codecs: name, cargo feature, and whether the feature is on. Tests read all, whatever they are built with.
const CODECS: [(&str, &str, bool); 4] = [
    ("Bincode", "bincode", cfg!(any(test, feature = "bincode"))),
    ("Json", "json", cfg!(any(test, feature = "json"))),
    ("MessagePack", "messagepack", cfg!(any(test, feature = "messagepack"))),
    ("Postcard", "postcard", cfg!(any(test, feature = "postcard"))),
];

impl Codec {
    /// What stands in for a `codec` that was left out, if its feature is on.
    pub(crate) fn default_is_on() -> bool {
        CODECS[0].2
    }
}

pub(crate) fn codec_is_off(codec: &str, feature: &str) -> String {
    format!(
        "the codec `{codec}` is not compiled in: turn its feature on in Cargo.toml, \
         `redis-cached = {{ version = \"{}\", features = [\"{feature}\"] }}`",
        env!("CARGO_PKG_VERSION")
    )
}

fn unknown_codec(written: &str) -> String {
    let names = || CODECS.iter().map(|(name, ..)| *name);
    match nearest(written.trim_matches('"'), names()) {
        Some(nearest) => format!("there is no codec `{written}`: write `codec = {nearest}`"),
        None => format!("there is no codec `{written}`: the codecs are {}", list(names())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codec_that_is_off_names_the_line_for_cargo() {
        let message = codec_is_off("MessagePack", "messagepack");
        assert!(message.contains("features = [\"messagepack\"]"), "{message}");
    }

    #[test]
    fn an_unknown_codec_names_the_nearest() {
        assert_eq!(unknown_codec("JSON"), "there is no codec `JSON`: write `codec = Json`");
        assert_eq!(
            unknown_codec("Messagepack"),
            "there is no codec `Messagepack`: write `codec = MessagePack`"
        );
        assert!(unknown_codec("Yaml").contains("the codecs are `Bincode`, `Json`"));
    }
}
