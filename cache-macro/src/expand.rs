//! Prints a [`Plan`]: the function around its old body, and the companion that gives the entry alone.
//!
//! Both are what a person would write by hand. Nothing here decides anything: the calls name the options, and the
//! runtime does the rest.
//!
//! The entry stands in both functions and not in a call of the companion by the function: an attribute cannot see
//! whether a function without `self` stands in an `impl`, and the companion's path is different there.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Attribute, Expr, FnArg, Pat, Signature, Type};

use crate::batch;
use crate::body_method;
use crate::calls::Call;
use crate::companion::companion;
use crate::detached::detached;
use crate::expressions::is_place;
use crate::item::Item;
use crate::key::{Key, Piece, Start, Value};
use crate::returning::{check, joined, returned, sharing, split, split_blocking, statement};
use crate::returns::{Form, Style};
use crate::signature::{Parameter, bare, is_anonymous, is_of_a_macro, is_passed_by_value};
use crate::spans::{Ends, moved, ours_at};
use crate::tags::Tag;
use crate::typed_tag::{self, Arguments};
use crate::validate::Plan;
use crate::writes::lent;

pub(crate) fn expand(plan: &Plan) -> TokenStream {
    let Item { vis, sig, inner_attrs, .. } = &plan.item;
    let attrs = body_method::attributes(plan);
    let sig = if plan.detaches.any() { unchanged(sig) } else { sig.clone() };
    let entry_of_call = entry(plan, Place::Function);
    let body = match &plan.batch {
        Some(batch) => batch::call(plan, batch, &entry_of_call),
        None => call(plan, &entry_of_call),
    };
    let body_method = body_method::method(plan);
    let companion = plan.companion.as_ref().map(|_| companion(plan, &entry(plan, Place::Companion)));
    quote! {
        #(#attrs)*
        #vis #sig {
            #inner_attrs
            #body
        }
        #companion
        #body_method
    }
}

/// A signature without the `mut` of its arguments, which is for the body, and the body is elsewhere.
fn unchanged(signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.mutability = None,
            FnArg::Typed(typed) => {
                if let Pat::Ident(pat) = &mut *typed.pat {
                    pat.mutability = None;
                }
            }
        }
    }
    signature
}

/// The chain that makes the entry, up to its last call, which differs by style.
///
/// Its tokens stand at the stored type and, where they name an option, at the option: that is where rustc shows what it
/// has to say about them.
fn entry(plan: &Plan, place: Place) -> TokenStream {
    let Plan { runtime, returns, codec, calls, .. } = plan;
    let Ends { first, last } = returns.place;
    let name = plan.item.sig.ident.unraw().to_string();
    let template = plan.key.template().map(|template| quote!(.template(#template)));
    let version = plan.version.as_ref().map(|version| quote!(.version(#version)));
    let begin = match returns.form {
        Form::ByType => {
            let returned = returned();
            quote_spanned!(ours_at(first)=> #returned.entry::<#runtime::codec::#codec>)
        }
        Form::Whole | Form::Named | Form::Result(_) => {
            let (at, value) = (moved(runtime, ours_at(first)), &returns.value);
            let function = quote_spanned!(ours_at(first)=> #at::private::entry);
            quote!(#function::<#value, #runtime::codec::#codec>)
        }
    };
    let site = quote!({
        static SITE: #runtime::private::Site = #runtime::private::Site::new(::core::module_path!(), #name)
            #template #version;
        &SITE
    });
    let calls =
        calls.iter().map(|Call { method, argument }| quote_spanned!(ours_at(last)=> .#method(#argument)));
    let (key, tags) = (key(plan, place), tags(plan, place));
    // A closure's type name tells the module, the type and the `impl` that the function is in, and nothing else does.
    let arguments = quote_spanned!(ours_at(last)=> (#site, || ()));
    quote!(#begin #arguments #(#calls)* #key #tags)
}

/// Which of the two functions an entry is printed for: an argument that the one takes by value, the other takes by
/// reference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Function,
    Companion,
}

fn key(plan: &Plan, place: Place) -> TokenStream {
    let at = ours_at(plan.key.place);
    let (start, end) = match &plan.key.start {
        Start::Text(text) => (quote_spanned!(at=> .key(#text)), None),
        Start::Path => (quote!(.default_key()), Some(quote!(.end()))),
    };
    let pieces = pieces(plan, &plan.key, place);
    quote!(#start #(#pieces)* #end)
}

/// A call for each tag that the arguments name, and one for those that the value names.
fn tags(plan: &Plan, place: Place) -> TokenStream {
    let of_arguments = plan.tags.of_arguments.iter().map(|tag| match tag {
        Tag::Template(tag) => template_tag(plan, tag, place),
        Tag::Typed(expr) => typed_tag(plan, expr, place),
    });
    let of_value = plan.tags.of_value.as_ref().map(|(option, closure)| {
        let tags_of = Ident::new("tags_of", ours_at(option.span()));
        quote_spanned!(ours_at(plan.returns.place.last)=> .#tags_of(#closure))
    });
    quote!(#(#of_arguments)* #of_value)
}

fn template_tag(plan: &Plan, tag: &Key, place: Place) -> TokenStream {
    let (at, pieces) = (ours_at(tag.place), pieces(plan, tag, place));
    let text = match &tag.start {
        Start::Text(text) => text,
        // Of a key alone.
        Start::Path => "",
    };
    quote_spanned!(at=> .tag(#text) #(#pieces)*)
}

fn typed_tag(plan: &Plan, tag: &Expr, place: Place) -> TokenStream {
    let arguments = Arguments { parameters: &plan.parameters, are_lent: place == Place::Companion };
    let tag_printed = arguments.print(tag, &mut |argument| match argument {
        Expr::Reference(_) => arguments.without_and(argument).to_token_stream(),
        Expr::Lit(_) => argument.to_token_stream(),
        place if is_place(place) && !arguments.is_as_declared(place) => lent(&plan.runtime, place),
        other => other.to_token_stream(),
    });
    quote_spanned!(ours_at(typed_tag::place(tag))=> .typed_tag(#tag_printed))
}

fn pieces(plan: &Plan, key: &Key, place: Place) -> Vec<TokenStream> {
    let at = ours_at(key.place);
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => quote_spanned!(at=> .text(#text)),
        Piece::Type(name) => quote_spanned!(at=> .type_name::<#name>()),
        Piece::Value(value) if place == Place::Function && is_of_batch(plan, value) => {
            quote_spanned!(at=> .each())
        }
        Piece::Value(value) => {
            let parameter = value.parameter.and_then(|index| plan.parameters.get(index));
            let by_reference = |parameter: &Parameter| {
                parameter.ty_of_name().is_some_and(|ty| !is_passed_by_value(ty))
                    && (place == Place::Companion || parameter.is_reference())
            };
            let reference = value.as_reference(parameter.is_some_and(by_reference));
            let ty = parameter.filter(|_| value.is_whole()).and_then(type_of_a_macro);
            let piece = quote_spanned!(at=> .arg #ty (#reference));
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
fn is_of_batch(plan: &Plan, value: &Value) -> bool {
    plan.batch.as_ref().is_some_and(|batch| value.parameter == Some(batch.parameter))
}

/// The new body: the entry, asked for the value or for room to compute it.
fn call(plan: &Plan, entry: &TokenStream) -> TokenStream {
    let (build, check, statement) = (build(plan), check(plan), statement(plan));
    let (entry, before) = if plan.leaves_temporary {
        // A statement of its own, at whose end the temporaries of the expression for `cache` are dropped. The name is
        // hygienic: the user's code cannot see it.
        let name = Ident::new("entry", Span::mixed_site());
        (name.to_token_stream(), quote!(#check #statement let #name = #entry #build;))
    } else {
        (quote!(#entry #build), quote!(#check #statement))
    };
    if plan.detaches.any() {
        return detached(plan, &before, &entry);
    }
    let (method, sharing) = match sharing(plan) {
        Some(sharing) => (quote!(get_or_try_compute_sharing), quote!(#sharing,)),
        None => (quote!(get_or_compute), TokenStream::new()),
    };
    let body = &plan.item.body;
    match plan.returns.style {
        Style::Async => {
            let body = typed(plan, body);
            let body = split(plan, quote!(async move #body));
            let result = joined(plan, quote!(#entry.#method(#sharing #body).await));
            quote!(#before #result)
        }
        Style::Blocking => {
            let arrow = arrow(plan);
            let body = split_blocking(plan, quote!(move || #arrow #body));
            let result = joined(plan, quote!(#entry.#method(#sharing #body)));
            quote!(#before #result)
        }
        // The body makes the boxed future that the signature promises; ours takes its place, and awaits it on a miss.
        Style::BoxedFuture => {
            let body = split(plan, Group::new(Delimiter::Brace, body.stream()).into_token_stream());
            let result = joined(plan, quote!(#entry.#method(#sharing #body).await));
            quote!(::std::boxed::Box::pin(async move { #before #result }))
        }
    }
}

/// The type of a closure's body, where what it is handed to does not tell.
fn arrow(plan: &Plan) -> Option<TokenStream> {
    let whole = &plan.returns.whole;
    matches!(plan.returns.form, Form::ByType).then(|| quote!(-> #whole))
}

fn build(plan: &Plan) -> TokenStream {
    match plan.returns.style {
        // Asks for the entry itself, to compute in the background.
        Style::Async | Style::BoxedFuture if plan.detaches.any() => quote!(.build()),
        Style::Async | Style::BoxedFuture => quote!(.look_up()),
        Style::Blocking => quote!(.build_blocking()),
    }
}

/// The body with a first line that tells an `async` block its type.
pub(crate) fn typed(plan: &Plan, body: &Group) -> Group {
    if matches!(plan.item.sig.output, syn::ReturnType::Default) {
        return body.clone();
    }
    typed_as(&plan.returns.whole, body)
}

/// An `async fn` knows what it returns, an `async` block infers it from what it meets first, and then `Err(Box::new(e))`
/// is no `Box<dyn Error>`. A block has no place for a type, so a `return` that is never reached gives it.
pub(crate) fn typed_as(whole: &TokenStream, body: &Group) -> Group {
    let mut tokens = quote! {
        if let ::core::option::Option::Some(never) = ::core::option::Option::None::<#whole> {
            return never;
        }
    };
    tokens.extend(body.stream());
    let mut typed = Group::new(Delimiter::Brace, tokens);
    typed.set_span(body.span());
    typed
}
