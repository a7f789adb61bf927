//! Arguments by reference, as the runtime's functions take them.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Expr;

use crate::plan::key::KeyArgument;
use crate::report::spans::{Ends, moved, moved_ident, ours_at};

/// A reference to what a key holds, whose name may be a reference already.
pub(crate) fn of_key(argument: &KeyArgument, is_reference: bool) -> TokenStream {
    let (name, fields) = (moved_ident(&argument.name, argument.place), &argument.fields);
    let and = (!is_reference || !fields.is_empty()).then(|| quote_spanned!(name.span()=> &));
    let reference = quote!(#and #name #(.#fields)*);
    if argument.is_type { quote!(::core::any::type_name_of_val(#reference)) } else { reference }
}

/// An argument by reference, for the runtime to hand over as it is wanted. One that is a reference already stays as it is,
/// with all that rustc does to make it fit.
pub(crate) fn lent(runtime: &TokenStream, argument: &Expr) -> TokenStream {
    if matches!(argument, Expr::Reference(_)) {
        return argument.to_token_stream();
    }
    let at = ours_at(Ends::of(argument).first);
    let runtime = moved(runtime, at);
    let argument = behind_and(argument);
    quote_spanned!(at=> #runtime::expansion::arg(&#argument))
}

/// An expression by reference.
pub(crate) fn referred(value: &Expr) -> TokenStream {
    if matches!(value, Expr::Reference(_)) {
        return value.to_token_stream();
    }
    let at = ours_at(Ends::of(value).first);
    let value = behind_and(value);
    quote_spanned!(at=> &#value)
}

/// `&a + b` would be `(&a) + b`.
pub(crate) fn behind_and(argument: &Expr) -> TokenStream {
    match argument {
        Expr::Binary(_) | Expr::Cast(_) | Expr::Range(_) | Expr::Closure(_) => quote!((#argument)),
        _ => argument.to_token_stream(),
    }
}
