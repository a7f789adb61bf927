//! The option `codec`, and which codecs there are to choose from.
//!
//! A codec is a cargo feature of the runtime, which hands the feature on to this crate: only so can a codec that is off
//! be an error at the word in the attribute, with the line for Cargo.toml.

use proc_macro2::{Ident, TokenStream, TokenTree};
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
        CODECS.read(written, errors).map(Self)
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

    /// Reports a type that asks its bytes what they hold, where the codec cannot tell. Of most such types only the runtime
    /// finds out; these are known by their full names.
    pub(crate) fn check(codec: &Ident, stored: &TokenStream, errors: &Diagnostics) {
        if (codec == "Bincode" || codec == "Postcard")
            && let Some(json) = any_json(stored.clone())
        {
            errors.at(
                json,
                format!(
                    "`{codec}` cannot read this type back: write `codec = Json` or `codec = MessagePack`"
                ),
            );
        }
    }

    pub(crate) fn is_off(codec: &str, feature: &str) -> String {
        CODECS.is_off(codec, feature)
    }
}

/// `serde_json::Value`, `Map` or `Number`, wherever it is in a type: its tokens.
fn any_json(ty: TokenStream) -> Option<TokenStream> {
    let tokens: Vec<TokenTree> = ty.into_iter().collect();
    let is = |token: &TokenTree, names: &[&str]| matches!(token, TokenTree::Ident(name) if names.iter().any(|other| name == other));
    let path = tokens.windows(4).find(|path| {
        let is_path = matches!(&path[1], TokenTree::Punct(colon) if colon.as_char() == ':');
        is(&path[0], &["serde_json"]) && is_path && is(&path[3], &["Value", "Map", "Number"])
    });
    path.map(|path| path.iter().cloned().collect()).or_else(|| {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Group(group) => any_json(group.stream()),
            _ => None,
        })
    })
}

/// An option whose values are names that cargo features turn on.
pub(crate) struct Choices {
    pub(crate) option: &'static str,
    pub(crate) noun: &'static str,
    /// Name, cargo feature, and whether the feature is on. Tests read all, whatever they are built with.
    pub(crate) choices: &'static [(&'static str, &'static str, bool)],
    pub(crate) example: &'static str,
}

impl Choices {
    pub(crate) fn read(&self, written: &Written, errors: &Diagnostics) -> Option<Ident> {
        let expr = expr(written, &format!("{} = {}", self.option, self.example), errors)?;
        let name = match expr {
            Expr::Path(path) => path.path.get_ident().cloned(),
            _ => None,
        };
        if let Some(name) = &name
            && let Some((_, feature, enabled)) = self.choices.iter().find(|(choice, ..)| name == choice)
        {
            if !enabled {
                errors.at(name, self.is_off(&name.to_string(), feature));
            }
            return Some(name.clone());
        }
        errors.at(expr, self.unknown(&expr.to_token_stream().to_string()));
        None
    }

    pub(crate) fn is_off(&self, name: &str, feature: &str) -> String {
        format!(
            "the {} `{name}` is not compiled in: turn its feature on in Cargo.toml, \
             `redis-cached = {{ version = \"{}\", features = [\"{feature}\"] }}`",
            self.noun,
            env!("CARGO_PKG_VERSION")
        )
    }

    pub(crate) fn unknown(&self, written: &str) -> String {
        let Self { option, noun, choices, .. } = self;
        let names = || choices.iter().map(|(name, ..)| *name);
        match nearest(written.trim_matches('"'), names()) {
            Some(nearest) => format!("there is no {noun} `{written}`: write `{option} = {nearest}`"),
            None => format!("there is no {noun} `{written}`: the {noun}s are {}", list(names())),
        }
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
    fn any_json_is_found_by_its_full_name_alone() {
        use quote::quote;
        for (ty, is_found) in [
            (quote!(serde_json::Value), true),
            (quote!(::serde_json::Value), true),
            (quote!(Vec<(u8, Option<serde_json::Map<String, serde_json::Value>>)>), true),
            (quote!([(u8, serde_json::Number); 3]), true),
            (quote!(Value), false),
            (quote!(serde_json::Error), false),
            (quote!(Vec<config::Value>), false),
        ] {
            assert_eq!(any_json(ty.clone()).is_some(), is_found, "{ty}");
        }
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
