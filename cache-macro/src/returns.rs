//! Questions about a function's return type: what is stored, what the error is, and what can never be stored.
//!
//! All of it is syntax. `Result` is recognised by name, since an attribute sees names only: any path whose last segment
//! ends in `Result`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit::{self, Visit};
use syn::{
    GenericArgument, Lifetime, Path, PathArguments, ReturnType, Signature, Type, TypeImplTrait,
    TypeParamBound, TypeReference,
};

use crate::diagnostics::Diagnostics;
use crate::signature::bare;
use crate::spans::{Ends, moved, ours_at};

/// What a function computes.
pub(crate) struct Returns {
    /// The whole type that the body, or the future that it makes, results in.
    pub(crate) whole: TokenStream,
    /// `T`: what is stored.
    pub(crate) value: TokenStream,
    /// `E`, where the function can fail.
    pub(crate) error: Option<TokenStream>,
    pub(crate) style: Style,
    /// Where an error about what is stored is shown.
    pub(crate) place: Ends,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Async,
    Blocking,
    /// A plain function that returns `Pin<Box<dyn Future>>`: what `#[async_trait]` has made of an `async fn`.
    BoxedFuture,
}

impl Returns {
    /// Reads the return type, and reports what cannot be remembered. `runtime` is the path of the runtime crate.
    pub(crate) fn of(signature: &Signature, runtime: &TokenStream, errors: &Diagnostics) -> Self {
        let ReturnType::Type(_, ty) = &signature.output else {
            let style = if signature.asyncness.is_some() { Style::Async } else { Style::Blocking };
            return Self {
                whole: quote!(()),
                value: quote!(()),
                error: None,
                style,
                place: Ends::call_site(),
            };
        };
        let (ty, style) = match (signature.asyncness, boxed_output(ty)) {
            (Some(_), _) => (&**ty, Style::Async),
            (None, Some(output)) => (output, Style::BoxedFuture),
            (None, None) => (&**ty, Style::Blocking),
        };
        let (value, error) = split(ty, runtime);
        let stored = value.unwrap_or(ty);
        check(ty, stored, errors);
        let whole = ty.to_token_stream();
        let value = value.map_or_else(|| part_of("OkOf", ty, runtime), ToTokens::to_token_stream);
        Self { whole, value, error, style, place: Ends::of(stored) }
    }
}

/// The runtime's type for a part of a `Result` whose arguments do not show it.
pub(crate) fn part_of(part: &str, ty: &Type, runtime: &TokenStream) -> TokenStream {
    let Ends { first, last } = Ends::of(ty);
    let (runtime, part) = (moved(runtime, ours_at(first)), Ident::new(part, ours_at(first)));
    let close = quote_spanned!(ours_at(last)=> >);
    quote_spanned!(ours_at(first)=> #runtime::private::#part<#ty #close)
}

/// `T` and `E` of a return type; no `T` where only the runtime's traits can tell.
fn split<'a>(ty: &'a Type, runtime: &TokenStream) -> (Option<&'a Type>, Option<TokenStream>) {
    let Some(arguments) = result_arguments(ty) else {
        return (Some(ty), None);
    };
    match arguments[..] {
        [ok, error] => (Some(ok), Some(error.to_token_stream())),
        [ok] => (Some(ok), Some(part_of("ErrorOf", ty, runtime))),
        _ => (None, Some(part_of("ErrorOf", ty, runtime))),
    }
}

/// The type arguments of a `Result` by whatever alias.
pub(crate) fn result_arguments(ty: &Type) -> Option<Vec<&Type>> {
    let path = path(ty)?;
    path.segments.last()?.ident.to_string().ends_with("Result").then(|| type_arguments(path))
}

/// `R` of `Pin<Box<dyn Future<Output = R> + …>>`.
pub(crate) fn boxed_output(ty: &Type) -> Option<&Type> {
    let Type::TraitObject(object) = bare(only_argument(only_argument(ty, "Pin")?, "Box")?) else {
        return None;
    };
    object.bounds.iter().find_map(future_output)
}

pub(crate) fn future_output(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else {
        return None;
    };
    let future = bound.path.segments.last().filter(|segment| segment.ident == "Future")?;
    let PathArguments::AngleBracketed(arguments) = &future.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    })
}

fn only_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let path = path(ty).filter(|path| path.segments.last().is_some_and(|segment| segment.ident == name))?;
    match type_arguments(path)[..] {
        [argument] => Some(argument),
        _ => None,
    }
}

fn path(ty: &Type) -> Option<&Path> {
    match bare(ty) {
        Type::Path(path) => Some(&path.path),
        _ => None,
    }
}

fn type_arguments(path: &Path) -> Vec<&Type> {
    let Some(PathArguments::AngleBracketed(arguments)) =
        path.segments.last().map(|segment| &segment.arguments)
    else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// Reports return types that cannot be remembered. An error may borrow, since it is handed on and never stored; a
/// stored value may not.
fn check(whole: &Type, value: &Type, errors: &Diagnostics) {
    if matches!(bare(whole), Type::Never(_)) {
        errors.at(whole, "a function that never returns has no result to remember: remove the attribute");
        return;
    }
    if is_named_future(whole) {
        errors
            .at(whole, "a future cannot be stored, only what it results in: write `async fn` and that type");
        return;
    }
    let mut anonymous = Anonymous { errors, found: false };
    anonymous.visit_type(whole);
    if !anonymous.found {
        Borrows { errors, done: false }.visit_type(value);
    }
}

/// `BoxFuture<'_, T>` and its like.
pub(crate) fn is_named_future(ty: &Type) -> bool {
    path(ty)
        .and_then(|path| path.segments.last())
        .is_some_and(|segment| segment.ident.to_string().ends_with("Future"))
}

/// Finds `impl Trait`.
struct Anonymous<'a> {
    errors: &'a Diagnostics,
    found: bool,
}

impl<'ast> Visit<'ast> for Anonymous<'_> {
    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.found = true;
        match ty.bounds.iter().find_map(future_output) {
            Some(output) => {
                let output = output.to_token_stream();
                self.errors.at(
                    ty,
                    format!("a future cannot be stored, only what it results in: write `async fn` with `-> {output}`"),
                );
            }
            None => self.errors.at(
                ty,
                "a result that is remembered is decoded from bytes, so its type needs a name: write the type itself \
                 instead of `impl Trait`, such as `Vec<T>` for an iterator",
            ),
        }
    }
}

/// Finds the first borrow: one is enough to say that the type must own its data.
struct Borrows<'a> {
    errors: &'a Diagnostics,
    done: bool,
}

impl Borrows<'_> {
    fn report(&mut self, at: impl ToTokens, instead: &str) {
        if !self.done {
            self.errors.at(at, format!("a result that is remembered must own its data: {instead}"));
            self.done = true;
        }
    }
}

impl<'ast> Visit<'ast> for Borrows<'_> {
    /// Even `&'static str`: no decoder can make one.
    fn visit_type_reference(&mut self, ty: &'ast TypeReference) {
        let instead = match bare(&ty.elem) {
            Type::Path(path) if path.path.is_ident("str") => "return `String`".to_owned(),
            Type::Slice(slice) => format!("return `Vec<{}>`", slice.elem.to_token_stream()),
            elem => format!("return `{}`", elem.to_token_stream()),
        };
        self.report(ty, &instead);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            let instead = format!(
                "return a type without the lifetime `{lifetime}`, such as `String` for `Cow<'_, str>`"
            );
            self.report(lifetime, &instead);
        }
        visit::visit_lifetime(self, lifetime);
    }
}

#[cfg(test)]
mod tests;
