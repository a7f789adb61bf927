//! What `#[serde(…)]` may not say of a struct whose fields are stored one by one.
//!
//! serde's derives read these words, and `Fields` writes and reads each field by the `Serialize` and `Deserialize` of its own type. A
//! word by which serde would do something else with the field would silently be left out, so it is an error.

use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, Path, Token};

use crate::report::diagnostics::Diagnostics;

/// What the attribute stands on.
#[derive(Clone, Copy)]
pub(super) enum On {
    Struct,
    Field,
}

pub(super) fn check(attrs: &[Attribute], on: On, errors: &Diagnostics) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        // What cannot be parsed has an error of serde's.
        let _: Result<(), syn::Error> = attr.parse_nested_meta(|meta| {
            if let Some(remedy) = remedy(&meta.path, on) {
                errors.at(&meta.path, message(&meta.path, remedy));
            }
            skip_value(&meta)
        });
    }
}

fn message(word: &Path, remedy: &str) -> String {
    let word = word.get_ident().map(ToString::to_string).unwrap_or_default();
    format!("`Fields` stores each field by its own type, so `{word}` would be left out: {remedy}")
}

/// What to do about a word, unless it changes nothing. `rename` is such a one: a part has the field's own name.
fn remedy(word: &Path, on: On) -> Option<&'static str> {
    let word = word.get_ident()?.to_string();
    let remedy = match (on, word.as_str()) {
        (On::Field, "with" | "serialize_with" | "deserialize_with" | "getter") => {
            "give the field a type that serializes so, such as a newtype"
        }
        (On::Field, "skip" | "skip_serializing" | "skip_deserializing") => {
            "an entry holds every field, so keep what is not to be stored in another struct"
        }
        (On::Field, "skip_serializing_if") => "every field is stored, also an empty one; remove it",
        (On::Field, "default") => "a field that is missing makes the entry a miss; remove it",
        (On::Field, "flatten") => {
            "remove it, so that the inner struct is one field, or write its fields here"
        }
        (On::Field, "borrow") => {
            "what is read from Redis has nobody to borrow from; let the field own its data"
        }
        (On::Struct, "transparent") => {
            "a struct of one field has no parts worth asking for; leave `Fields` out"
        }
        (On::Struct, "from" | "try_from" | "into" | "remote") => "derive `Fields` on the type that is stored",
        (On::Struct, "default") => "a field that is missing makes the entry a miss; remove it",
        (On::Struct, "tag" | "content" | "untagged") => "a hash has no place for it; remove it",
        _ => return None,
    };
    Some(remedy)
}

/// What follows a word: `= "…"`, `(…)` or nothing.
fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let inside;
        syn::parenthesized!(inside in meta.input);
        inside.parse::<TokenStream>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;
    use syn::parse_quote;

    use super::*;

    fn messages(attr: Attribute, on: On) -> Vec<String> {
        let errors = Diagnostics::new();
        check(&[attr], on, &errors);
        errors.finish().into_iter().flatten().map(|error| error.to_string()).collect()
    }

    #[test]
    fn what_changes_no_stored_byte_is_let_be() {
        let harmless: [(Attribute, On); 4] = [
            (parse_quote!(#[serde(rename = "n", alias = "m", bound = "T: Clone")]), On::Field),
            (parse_quote!(#[serde(rename(serialize = "a", deserialize = "b"))]), On::Field),
            (
                parse_quote!(#[serde(rename_all = "camelCase", crate = "my::serde", deny_unknown_fields)]),
                On::Struct,
            ),
            (parse_quote!(#[doc(hidden)]), On::Field),
        ];
        for (attr, on) in harmless {
            let shown = attr.to_token_stream();
            assert_eq!(messages(attr, on), [""; 0], "{shown}");
        }
    }

    #[test]
    fn each_word_that_would_be_left_out_is_told_of() {
        let messages = messages(parse_quote!(#[serde(rename = "n", with = "seconds", default)]), On::Field);
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(messages[0].contains("so `with` would be left out: give the field a type"), "{messages:?}");
        assert!(messages[1].contains("so `default` would be left out"), "{messages:?}");
    }

    #[test]
    fn a_word_after_one_that_cannot_be_read_is_serdes_to_tell_of() {
        assert_eq!(messages(parse_quote!(#[serde(= "x", flatten)]), On::Field), [""; 0]);
    }
}
