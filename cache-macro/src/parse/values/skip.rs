//! `skip(db, locale)`: names of arguments and of type parameters.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::Token;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;

use crate::parse::raw_option::{OptionForm, OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Skip {
    pub(crate) names: Vec<Ident>,
}

impl OptionValue for Skip {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        match &raw.form {
            OptionForm::List(tokens) => {
                let names = |input: ParseStream<'_>| {
                    Punctuated::<Ident, Token![,]>::parse_terminated_with(input, Ident::parse_any)
                };
                match names.parse2(tokens.clone()) {
                    Ok(names) => return Some(Self { names: names.into_iter().collect() }),
                    Err(error) => errors.add(syn::Error::new(error.span(), help("db, locale"))),
                }
            }
            OptionForm::Equals(value) => errors.at(value, help(&value.to_token_stream().to_string())),
            OptionForm::Bare => errors.at(&raw.name, help("db, locale")),
        }
        None
    }
}

fn help(names: &str) -> String {
    format!("`skip` takes the names of arguments in parentheses: write `skip({names})`")
}
