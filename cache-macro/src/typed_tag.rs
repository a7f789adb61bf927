//! A tag that is an expression, `City(city)`, `viewer.map(Viewer)`: printed where its arguments may be references.
//!
//! A function has an argument, its entry's function a reference to it, and `City(city)` is to mean one thing in both. So a name or a field that is
//! handed to a constructor is lent, and becomes what the constructor wants, as the arguments of a target do. All else is printed as it was written.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Expr, Path};

use crate::expressions::is_place;
use crate::signature::{Binding, Parameter, is_passed_by_value, same};
use crate::spans::{Ends, ours_at};

/// How the function that is printed has its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a> {
    pub(crate) parameters: &'a [Parameter],
    /// Whether it takes by reference what is neither a number nor a reference.
    pub(crate) are_lent: bool,
}

impl Arguments<'_> {
    fn find(&self, expr: &Expr) -> Option<&Parameter> {
        let Expr::Path(path) = expr else { return None };
        let name = path.path.get_ident()?;
        self.parameters
            .iter()
            .find(|parameter| matches!(&parameter.binding, Binding::Name(own) if same(own, name)))
    }

    /// Whether `expr` is an argument that is the same in the function and in its entry's.
    pub(crate) fn is_as_declared(&self, expr: &Expr) -> bool {
        let is_as_declared = |parameter: &Parameter| {
            parameter.is_reference() || parameter.ty_of_name().is_some_and(is_passed_by_value)
        };
        self.find(expr).is_some_and(is_as_declared)
    }

    /// `&name` where `name` is a reference already, because this is the entry's function.
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
    match expr {
        Expr::Call(call) if matches!(*call.func, Expr::Path(_)) => {
            let (constructor, arguments) =
                (&call.func, call.args.iter().map(|expr| constructed(expr, argument)));
            let mut tokens = constructor.to_token_stream();
            let arguments = quote!(#(#arguments),*);
            call.paren_token.surround(&mut tokens, |tokens| tokens.extend(arguments));
            tokens
        }
        Expr::Struct(value) if value.qself.is_none() && value.rest.is_none() => {
            let path: &Path = &value.path;
            let fields = value.fields.iter().map(|field| {
                let (attrs, member, value) =
                    (&field.attrs, &field.member, constructed(&field.expr, argument));
                // `Viewer { id }` stays as it is.
                let is_short =
                    field.colon_token.is_none() && value.to_string() == member.to_token_stream().to_string();
                let colon = (!is_short).then(|| quote!(: #value));
                quote!(#(#attrs)* #member #colon)
            });
            let mut tokens = path.to_token_stream();
            let fields = quote!(#(#fields),*);
            value.brace_token.surround(&mut tokens, |tokens| tokens.extend(fields));
            tokens
        }
        Expr::Group(group) => constructed(&group.expr, argument),
        other => argument(other),
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
