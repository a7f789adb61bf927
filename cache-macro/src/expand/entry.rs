//! The chain of calls that makes an entry.
//!
//! It stands in both functions and not in a call of the entry function by the function: an attribute cannot see whether a
//! function without `self` stands in an `impl`, and the entry function's path is different there.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Attribute, Expr, Type};

use super::builder_calls::{BuilderCall, builder_calls, of_value};
use super::callsite::{callsite, codec, shape};
use super::references::{self, lent};
use super::returning::object;
use super::typed_tag::{self, TagArguments};
use crate::plan::Plan;
use crate::plan::expressions::is_place;
use crate::plan::key::{Key, KeyArgument, KeyPiece, Start};
use crate::plan::tags::Tag;
use crate::report::spans::{Ends, moved, ours_at};
use crate::signature::parameters::Parameter;
use crate::signature::types::{bare, is_anonymous, is_of_a_macro, is_passed_by_value};

/// The chain that makes the entry, up to its last call, which differs by style.
///
/// Its tokens stand at the stored type and, where they name an option, at the option: that is where rustc shows what it
/// has to say about them.
pub(super) fn entry(plan: &Plan, which: Which) -> TokenStream {
    let Plan { runtime, returns, .. } = plan;
    let codec = codec(plan);
    let (entry, shape) = match shape(plan) {
        Some(shape) => ("shaped_entry", Some(quote!(, #shape))),
        None => ("entry", None),
    };
    let Ends { first, last } = returns.place;
    let callsite = callsite(plan);
    let begin = match (object(plan), &plan.negative) {
        // It was told at its beginning where it stands.
        (Some(negative), Some(_)) => quote_spanned!(ours_at(first)=> #negative.entry()),
        (Some(returned), None) => {
            let arguments = quote_spanned!(ours_at(last)=> (#callsite));
            let entry = Ident::new(entry, ours_at(first));
            quote_spanned!(ours_at(first)=> #returned.#entry::<#codec #shape> #arguments)
        }
        (None, _) => {
            let arguments = quote_spanned!(ours_at(last)=> (#callsite));
            let (at, value) = (moved(runtime, ours_at(first)), &returns.value);
            let entry = Ident::new(entry, ours_at(first));
            let function = quote_spanned!(ours_at(first)=> #at::expansion::#entry);
            quote!(#function::<#value, #codec #shape> #arguments)
        }
    };
    let calls = builder_calls(plan);
    let calls = calls
        .iter()
        .map(|BuilderCall { method, argument }| quote_spanned!(ours_at(last)=> .#method(#argument)));
    let (key, tags) = (key(plan, which), tags(plan, which));
    quote!(#begin #(#calls)* #key #tags)
}

/// Which of the two functions an entry is printed for: an argument that the one takes by value, the other takes by
/// reference.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Function,
    EntryFunction,
}

fn key(plan: &Plan, which: Which) -> TokenStream {
    let at = ours_at(plan.key.place);
    let (start, end) = match &plan.key.start {
        Start::Text(text) => (quote_spanned!(at=> .key(#text)), None),
        Start::Path => (quote!(.default_key()), Some(quote!(.end()))),
    };
    let pieces = pieces(plan, &plan.key, which);
    quote!(#start #(#pieces)* #end)
}

/// A call for each tag that the arguments name, and one for those that the value names.
fn tags(plan: &Plan, which: Which) -> TokenStream {
    let of_arguments = plan.tags.of_arguments.iter().map(|tag| match tag {
        Tag::Template(tag) => template_tag(plan, tag, which),
        Tag::Typed(expr) => typed_tag(plan, expr, which),
    });
    let of_value = plan.tags.of_value.as_ref().map(|(option, closure)| {
        let tags_of = Ident::new("tags_of", ours_at(option.span()));
        let closure = of_value(plan, closure, &quote!(::std::vec::Vec::new()));
        quote_spanned!(ours_at(plan.returns.place.last)=> .#tags_of(#closure))
    });
    quote!(#(#of_arguments)* #of_value)
}

fn template_tag(plan: &Plan, tag: &Key, which: Which) -> TokenStream {
    let (at, pieces) = (ours_at(tag.place), pieces(plan, tag, which));
    let text = tag.text();
    quote_spanned!(at=> .tag(#text) #(#pieces)*)
}

fn typed_tag(plan: &Plan, tag: &Expr, which: Which) -> TokenStream {
    let arguments = TagArguments { parameters: &plan.parameters, are_lent: which == Which::EntryFunction };
    let tag_printed = arguments.print(tag, &mut |argument| match argument {
        Expr::Reference(_) => arguments.without_and(argument).to_token_stream(),
        Expr::Lit(_) => argument.to_token_stream(),
        place if is_place(place) && !arguments.is_as_declared(place) => lent(&plan.runtime, place),
        other => other.to_token_stream(),
    });
    quote_spanned!(ours_at(typed_tag::place(tag))=> .typed_tag(#tag_printed))
}

fn pieces(plan: &Plan, key: &Key, which: Which) -> Vec<TokenStream> {
    let at = ours_at(key.place);
    let piece = |piece: &KeyPiece| match piece {
        KeyPiece::Text(text) => quote_spanned!(at=> .text(#text)),
        KeyPiece::Type(name) => quote_spanned!(at=> .type_name::<#name>()),
        KeyPiece::Argument(argument) if which == Which::Function && is_of_batch(plan, argument) => {
            let each = Ident::new(if argument.is_secret { "each_secret" } else { "each" }, at);
            quote_spanned!(at=> .#each())
        }
        KeyPiece::Argument(argument) => {
            let parameter = argument.parameter.and_then(|index| plan.parameters.get(index));
            let by_reference = |parameter: &Parameter| {
                parameter.ty_of_name().is_some_and(|ty| !is_passed_by_value(ty))
                    && (which == Which::EntryFunction || parameter.is_reference())
            };
            let reference = references::of_key(argument, parameter.is_some_and(by_reference));
            let ty = parameter.filter(|_| argument.is_whole()).and_then(type_of_a_macro);
            let arg = Ident::new(if argument.is_secret { "secret" } else { "arg" }, at);
            let piece = quote_spanned!(at=> .#arg #ty (#reference));
            let cfgs: Vec<_> = parameter.into_iter().flat_map(Parameter::cfgs).collect();
            if cfgs.is_empty() { piece } else { where_it_is(&cfgs, &piece) }
        }
    };
    key.pieces.iter().map(piece).collect()
}

/// The type of an argument, where a macro writes it. Spelt out it cannot be `impl Trait`, which the macro may hide.
fn type_of_a_macro(parameter: &Parameter) -> Option<TokenStream> {
    let ty = parameter.ty_of_name().filter(|ty| is_of_a_macro(ty) && !is_anonymous(ty))?;
    let ty = match bare(ty) {
        Type::Reference(reference) => &reference.elem,
        ty => ty,
    };
    Some(quote!(::<#ty>))
}

/// The piece of an argument that may not be there. Then its name is not there either, so the call is a statement, which can
/// have the argument's `#[cfg]`.
fn where_it_is(cfgs: &[&Attribute], piece: &TokenStream) -> TokenStream {
    let key = Ident::new("key", Span::mixed_site());
    quote!(.with(|#key| { #(#cfgs)* let #key = #key #piece; #key }))
}

/// Whether it is what tells the keys of a batch apart.
fn is_of_batch(plan: &Plan, argument: &KeyArgument) -> bool {
    plan.batch.as_ref().is_some_and(|batch| argument.parameter == Some(batch.parameter))
}
