//! A tag that is an expression, `City(city)`, `viewer.map(Viewer)`: printed where its arguments may be references.
//!
//! A function has an argument, its entry function a reference to it, and `City(city)` is to mean one thing in both. So a name or a field that is
//! handed to a constructor is lent, and becomes what the constructor wants, as the arguments of a target do. All else is printed as it was written.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Expr;

use crate::parse::expr::ungrouped;
use crate::parse::ident::same;
use crate::plan::expressions::is_place;
use crate::plan::tags::{Constructor, constructor};
use crate::report::spans::{Ends, ours_at};
use crate::signature::parameters::{Binding, Parameter};
use crate::signature::types::is_passed_by_value;

/// How the function that is printed has its arguments.
#[derive(Clone, Copy)]
pub(crate) struct TagArguments<'a> {
    pub(crate) parameters: &'a [Parameter],
    /// Whether it takes by reference what is neither a number nor a reference.
    pub(crate) are_lent: bool,
}

impl TagArguments<'_> {
    fn find(&self, expr: &Expr) -> Option<&Parameter> {
        let Expr::Path(path) = expr else { return None };
        let name = path.path.get_ident()?;
        self.parameters
            .iter()
            .find(|parameter| matches!(&parameter.binding, Binding::Name(own) if same(own, name)))
    }

    /// Whether `expr` is an argument that is the same in the function and in its entry function.
    pub(crate) fn is_as_declared(&self, expr: &Expr) -> bool {
        let is_as_declared = |parameter: &Parameter| {
            parameter.is_reference() || parameter.ty_of_name().is_some_and(is_passed_by_value)
        };
        self.find(expr).is_some_and(is_as_declared)
    }

    /// `&name` where `name` is a reference already, because this is the entry function.
    pub(crate) fn without_and<'e>(&self, expr: &'e Expr) -> &'e Expr {
        match expr {
            Expr::Reference(reference)
                if !self.is_as_declared(&reference.expr) && self.is_reference(&reference.expr) =>
            {
                &reference.expr
            }
            expr => expr,
        }
    }

    fn is_reference(&self, expr: &Expr) -> bool {
        self.find(expr).is_some_and(|parameter| {
            parameter.is_reference() || self.are_lent && !is_passed_by_value(&parameter.ty)
        })
    }

    /// The tag by value, or by reference where it exists without being made.
    pub(crate) fn print(&self, tag: &Expr, argument: &mut dyn FnMut(&Expr) -> TokenStream) -> TokenStream {
        match tag {
            place if is_place(place) && !matches!(place, Expr::Reference(_)) => {
                let at = ours_at(Ends::of(place).first);
                let reference = (!self.is_reference(place)).then(|| quote_spanned!(at=> &));
                quote!(#reference #place)
            }
            made => constructed(made, argument),
        }
    }
}

/// `City(…)` and `City { … }` with printed arguments.
fn constructed(expr: &Expr, argument: &mut dyn FnMut(&Expr) -> TokenStream) -> TokenStream {
    match constructor(expr) {
        Some(Constructor::Call(call)) => {
            let arguments = call.args.iter().map(|expr| constructed(expr, argument));
            let arguments = quote!(#(#arguments),*);
            let mut tokens = call.func.to_token_stream();
            call.paren_token.surround(&mut tokens, |tokens| tokens.extend(arguments));
            tokens
        }
        Some(Constructor::Struct(value)) => {
            let fields = value.fields.iter().map(|field| {
                let (attrs, member, value) =
                    (&field.attrs, &field.member, constructed(&field.expr, argument));
                // `Viewer { id }` stays as it is.
                let is_short =
                    field.colon_token.is_none() && value.to_string() == member.to_token_stream().to_string();
                let colon = (!is_short).then(|| quote!(: #value));
                quote!(#(#attrs)* #member #colon)
            });
            let fields = quote!(#(#fields),*);
            let mut tokens = value.path.to_token_stream();
            value.brace_token.surround(&mut tokens, |tokens| tokens.extend(fields));
            tokens
        }
        None => argument(ungrouped(expr)),
    }
}

/// Where an error about the tag's type is shown.
pub(crate) fn place(tag: &Expr) -> proc_macro2::Span {
    match tag {
        Expr::Call(call) => Ends::of(&call.func).last,
        Expr::Struct(value) => Ends::of(&value.path).last,
        other => Ends::of(other).first,
    }
}
