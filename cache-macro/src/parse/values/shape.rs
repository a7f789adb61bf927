//! `shape = Hash`: as which of Redis's types a value is stored.

use proc_macro2::Ident;
use quote::ToTokens as _;

use super::choices::Choices;
use crate::parse::raw_option::{OptionForm, OptionValue, RawOption, word};
use crate::report::diagnostics::Diagnostics;

/// The name of one of the runtime's shapes.
pub(crate) struct Shape(pub(crate) Ident);

impl Shape {
    pub(crate) fn is_set(&self) -> bool {
        self.0 == "Set"
    }
}

impl OptionValue for Shape {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        if let OptionForm::Equals(expr) = &raw.form
            && let Some(shape) = word(expr).and_then(|word| called_otherwise(&word))
        {
            let written = expr.to_token_stream();
            errors.at(expr, format!("there is no shape `{written}`: write `shape = {shape}`"));
            return None;
        }
        SHAPES.read(raw, errors).map(Self)
    }
}

/// No cargo feature turns one off.
const SHAPES: Choices = Choices {
    option: "shape",
    noun: "shape",
    choices: &[("Hash", "", true), ("Set", "", true), ("SortedSet", "", true), ("List", "", true)],
    example: "Hash",
};

/// The shape that is meant by Redis's own word for it, or by a collection's, which is near to none or to a wrong one.
fn called_otherwise(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "hashmap" | "btreemap" | "map" | "struct" => Some("Hash"),
        "hashset" | "btreeset" => Some("Set"),
        "zset" | "ranking" => Some("SortedSet"),
        "vec" | "vecdeque" | "array" => Some("List"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;
    use syn::parse::Parser as _;

    use super::*;

    fn message(value: &TokenStream) -> String {
        let errors = Diagnostics::new();
        let raw = RawOption::parse.parse2(quote!(shape = #value)).expect("an option");
        assert!(Shape::read(&raw, &errors).is_none());
        errors.finish().expect("an error").to_string()
    }

    #[test]
    fn an_unknown_shape_names_the_one_that_is_meant() {
        for (written, meant) in [
            (quote!(hash), "Hash"),
            (quote!(Sets), "Set"),
            (quote!("SortedSet"), "SortedSet"),
            (quote!(sortedset), "SortedSet"),
            (quote!(ZSet), "SortedSet"),
            (quote!(HashMap), "Hash"),
            (quote!("sorted_set"), "SortedSet"),
            (quote!(Vec), "List"),
        ] {
            let message = message(&written);
            assert!(message.ends_with(&format!("write `shape = {meant}`")), "{written}: {message}");
        }
        assert_eq!(
            message(&quote!(Stream)),
            "there is no shape `Stream`: the shapes are `Hash`, `Set`, `SortedSet` and `List`"
        );
    }
}
