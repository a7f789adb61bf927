//! Questions about a function's return type: what is stored, what the error is, and what can never be stored.
//!
//! All of it is syntax, and so a guess: an alias of a `Result` can have any name, and a struct can be called `SearchResult`. No guess
//! decides. What is spelled as a `Result` is used as one, which fails to compile if it is none; for all other names the
//! compiler is asked, by the runtime's `Returned` (see `returning`).

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit::{self, Visit};
use syn::{
    GenericArgument, Lifetime, Path, PathArguments, ReturnType, Signature, Type, TypeImplTrait,
    TypeParamBound, TypeReference,
};

use crate::diagnostics::Diagnostics;
use crate::signature::{bare, is_passed_by_value, type_parameters};
use crate::spans::{Ends, moved, ours_at};

/// What a function computes.
pub(crate) struct Returns {
    /// The whole type that the body, or the future that it makes, results in.
    pub(crate) whole: TokenStream,
    /// `T`: what is stored. Nothing where only the type tells, and nobody has to name it.
    pub(crate) value: TokenStream,
    pub(crate) form: Form,
    pub(crate) style: Style,
    /// Where an error about what is stored is shown.
    pub(crate) place: Ends,
}

/// How a function returns its value.
pub(crate) enum Form {
    /// All that is returned is stored.
    Whole,
    /// The same, if the compiler agrees that it is no `Result`.
    Named,
    /// In a `Result` with this error.
    Result(TokenStream),
    /// As the type has it, which the expansion asks.
    ByType,
}

/// Who has to name the type of the value.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    /// The companion's signature.
    pub(crate) companion: bool,
    /// The collection of a batch.
    pub(crate) batch: bool,
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
    pub(crate) fn of(
        signature: &Signature,
        names: Names,
        runtime: &TokenStream,
        errors: &Diagnostics,
    ) -> Self {
        let ReturnType::Type(_, ty) = &signature.output else {
            let style = if signature.asyncness.is_some() { Style::Async } else { Style::Blocking };
            return Self {
                whole: quote!(()),
                value: quote!(()),
                form: Form::Whole,
                style,
                place: Ends::call_site(),
            };
        };
        let (ty, style) = match (signature.asyncness, boxed_output(ty)) {
            (Some(_), _) => (&**ty, Style::Async),
            (None, Some(output)) => (output, Style::BoxedFuture),
            (None, None) => (&**ty, Style::Blocking),
        };
        let Split { form, value, stored } = split(ty, signature, names, runtime);
        check(ty, stored, errors);
        Self { whole: ty.to_token_stream(), value, form, style, place: Ends::of(stored.unwrap_or(ty)) }
    }

    pub(crate) fn can_fail(&self) -> bool {
        matches!(self.form, Form::Result(_) | Form::ByType)
    }
}

/// What a return type is taken for.
struct Split<'a> {
    form: Form,
    value: TokenStream,
    /// The type that is stored, where it shows.
    stored: Option<&'a Type>,
}

fn split<'a>(ty: &'a Type, signature: &Signature, names: Names, runtime: &TokenStream) -> Split<'a> {
    let whole = |form| Split { form, value: ty.to_token_stream(), stored: Some(ty) };
    let ok_of = || part_of("OkOf", ty, runtime);
    let error_of = || Form::Result(part_of("ErrorOf", ty, runtime));
    let in_a_result = |ok: &'a Type, form| Split { form, value: ok.to_token_stream(), stored: Some(ok) };
    match (spelled(ty), names) {
        (Spelled::Result(ok, Some(error)), _) => in_a_result(ok, Form::Result(error.to_token_stream())),
        (Spelled::Result(ok, None), _) => in_a_result(ok, error_of()),
        (Spelled::LikeAResult, Names { batch: true, .. }) => {
            Split { form: error_of(), value: ok_of(), stored: None }
        }
        (Spelled::LikeAResult, Names { companion: true, .. }) if may_be_generic(ty, signature) => {
            Split { form: error_of(), value: ok_of(), stored: None }
        }
        (Spelled::LikeAResult, Names { companion, .. }) => {
            let value = if companion { stored_by_type(ty, runtime) } else { TokenStream::new() };
            Split { form: Form::ByType, value, stored: None }
        }
        (Spelled::AsAName, Names { batch: false, companion: true }) => whole(Form::Named),
        (Spelled::AsAName, Names { batch: false, companion: false }) => {
            Split { form: Form::ByType, value: TokenStream::new(), stored: Some(ty) }
        }
        (Spelled::AsAName, _) | (Spelled::Plain, _) => whole(Form::Whole),
    }
}

/// What the tokens of a type show.
pub(crate) enum Spelled<'a> {
    /// `Result<T, E>`, `io::Result<T>`
    Result(&'a Type, Option<&'a Type>),
    /// `AppResult<T>`, `SearchResult`: an alias of a `Result`, or not.
    LikeAResult,
    /// `Outcome`, `User`, `outcome!(User)`: hardly an alias of a `Result`, but it can be.
    AsAName,
    /// `u64`, `(A, B)`: no `Result`.
    Plain,
}

pub(crate) fn spelled(ty: &Type) -> Spelled<'_> {
    let path = match bare(ty) {
        Type::Path(path) if !is_passed_by_value(ty) => &path.path,
        Type::Macro(_) => return Spelled::AsAName,
        _ => return Spelled::Plain,
    };
    let Some(last) = path.segments.last() else { return Spelled::AsAName };
    match type_arguments(path)[..] {
        [ok] if last.ident == "Result" => Spelled::Result(ok, None),
        [ok, error] if last.ident == "Result" => Spelled::Result(ok, Some(error)),
        _ if last.ident.to_string().ends_with("Result") => Spelled::LikeAResult,
        _ => Spelled::AsAName,
    }
}

/// The runtime's type for a part of a `Result` whose arguments do not show it.
pub(crate) fn part_of(part: &str, ty: &Type, runtime: &TokenStream) -> TokenStream {
    let Ends { first, last } = Ends::of(ty);
    let (runtime, part) = (moved(runtime, ours_at(first)), Ident::new(part, ours_at(first)));
    let close = quote_spanned!(ours_at(last)=> >);
    quote_spanned!(ours_at(first)=> #runtime::private::#part<#ty #close)
}

/// The value of a type that may be a `Result`, for a signature: a constant of the type tells.
fn stored_by_type(ty: &Type, runtime: &TokenStream) -> TokenStream {
    quote!(#runtime::private::Stored<#ty, {
        use #runtime::private::Plain as _;
        #runtime::private::Returned::<#ty>::IS_RESULT
    }>)
}

/// Whether a type may depend on a generic parameter, which no constant in a signature may. Those of an `impl` do not show; by
/// custom they have one letter.
fn may_be_generic(ty: &Type, signature: &Signature) -> bool {
    fn any(tokens: TokenStream, parameter: &impl Fn(&Ident) -> bool) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => parameter(&ident),
            TokenTree::Punct(punct) => punct.as_char() == '\'',
            TokenTree::Group(group) => any(group.stream(), parameter),
            TokenTree::Literal(_) => false,
        })
    }
    any(ty.to_token_stream(), &|ident| {
        ident == "Self" || is_one_letter(ident) || type_parameters(signature).any(|own| own.name == ident)
    })
}

/// `T`, `E2`: the name of a type parameter, by custom.
pub(crate) fn is_one_letter(ident: &Ident) -> bool {
    let name = ident.to_string();
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name[1..].chars().all(|rest| rest.is_ascii_digit())
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
fn check(whole: &Type, value: Option<&Type>, errors: &Diagnostics) {
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
    if let Some(value) = value.filter(|_| !anonymous.found) {
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
