//! The list between an attribute's parentheses. Each element is read on its own, so two bad ones give two errors.

use proc_macro2::{Ident, TokenStream};
use syn::Token;
use syn::ext::IdentExt as _;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser as _};

use crate::report::diagnostics::Diagnostics;

/// Reads the elements of one attribute's list.
pub(crate) trait ListReader {
    /// Reads one element and the comma after it.
    fn element(&mut self, input: ParseStream<'_>) -> syn::Result<()>;

    /// After an element that could not be read: moves on to where the next one begins.
    fn recover(&mut self, input: ParseStream<'_>) -> syn::Result<()>;
}

/// Reads the whole list. Whatever is wrong with an element is reported, and reading goes on after it.
pub(crate) fn read(reader: &mut impl ListReader, tokens: TokenStream, errors: &Diagnostics) {
    let every = |input: ParseStream<'_>| {
        while !input.is_empty() {
            // On a fork: what a failed parser leaves unread in a bracket would be an error of its own.
            let ahead = input.fork();
            match reader.element(&ahead) {
                Ok(()) => input.advance_to(&ahead),
                Err(error) => {
                    errors.add(error);
                    reader.recover(input)?;
                }
            }
        }
        Ok(())
    };
    errors.ok(every.parse2(tokens));
}

/// The `=` after an option's name, which a value has to follow.
pub(crate) fn equals(input: ParseStream<'_>, name: &Ident) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new_spanned(name, format!("`{name} =` is followed by no value")));
    }
    Ok(())
}

/// The comma after `element`, or the list's end.
pub(crate) fn comma(input: ParseStream<'_>, element: &str) -> syn::Result<()> {
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error(format!("expected `,` after {element}")));
    }
    input.parse::<Option<Token![,]>>().map(drop)
}

/// Reports an option that was given before.
pub(crate) fn report_repetition(name: &Ident, errors: &Diagnostics) {
    errors.at(name, format!("`{}` is given twice: keep one of them", name.unraw()));
}
