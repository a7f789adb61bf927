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
use syn::{Expr, ExprReference, Token};

use crate::companion::companion;
use crate::item::Item;
use crate::key::{Piece, Start};
use crate::option_values::Ttl;
use crate::returns::Style;
use crate::validate::Plan;

pub(crate) fn expand(plan: &Plan) -> TokenStream {
    let Item {
        attrs,
        vis,
        sig,
        inner_attrs,
        ..
    } = &plan.item;
    let entry = entry(plan);
    let body = call(plan, &entry);
    let companion = plan.companion.as_ref().map(|_| companion(plan, &entry));
    quote! {
        #(#attrs)*
        #vis #sig {
            #inner_attrs
            #body
        }
        #companion
    }
}

/// The chain that makes the entry, up to its last call, which differs by style.
fn entry(plan: &Plan) -> TokenStream {
    let Plan {
        runtime,
        returns,
        codec,
        ..
    } = plan;
    let value = &returns.value;
    let name = plan.item.sig.ident.unraw().to_string();
    let version = plan.version.as_ref().map(|version| quote!(.version(#version)));
    let options = options(plan);
    let key = key(plan);
    quote! {
        #runtime::private::entry::<#value, #runtime::codec::#codec>(
            const { &#runtime::private::Site::new(::core::module_path!(), #name) #version }
        )
        #options
        #key
    }
}

fn options(plan: &Plan) -> TokenStream {
    let ttl = match &plan.ttl {
        Ttl::Fixed(length) => {
            let length = length.tokens();
            quote!(.ttl(#length))
        }
        Ttl::OfValue(closure) => quote!(.ttl_with(#closure)),
    };
    let jitter = plan.jitter.as_ref().map(|share| quote!(.jitter(#share)));
    let negative_ttl = plan.negative_ttl.as_ref().map(|(option, length)| {
        let length = length.tokens();
        // The method's name has the option's place, since a type without a `None` is an error of the method's bound.
        let method = quote_spanned!(option.span()=> negative_ttl);
        quote!(.#method(#length))
    });
    let cache_if = plan.cache_if.as_ref().map(|wanted| quote!(.cache_if(#wanted)));
    let cache = plan.cache.as_ref().map(|cache| {
        let cache = reference_to(cache);
        quote!(.cache(#cache))
    });
    quote!(#ttl #jitter #negative_ttl #cache_if #cache)
}

/// `&expr`, in parentheses where precedence needs them; a reference stays as it is.
fn reference_to(expr: &Expr) -> TokenStream {
    if matches!(expr, Expr::Reference(_)) {
        return expr.to_token_stream();
    }
    let and_token = Token![&](Span::call_site());
    ExprReference {
        attrs: Vec::new(),
        and_token,
        mutability: None,
        expr: Box::new(expr.clone()),
    }
    .into_token_stream()
}

fn key(plan: &Plan) -> TokenStream {
    let (start, end) = match &plan.key.start {
        Start::Text(text) => (quote!(.key(#text)), None),
        // A closure's type name tells the module, the type and the `impl` that the function is in, and nothing else does.
        Start::Path => (
            quote!(.default_key(::core::any::type_name_of_val(&|| ()))),
            Some(quote!(.end())),
        ),
    };
    let pieces = plan.key.pieces.iter().map(|piece| match piece {
        Piece::Text(text) => quote!(.text(#text)),
        Piece::Value(value) => quote!(.arg(#value)),
        Piece::Type(name) => quote!(.type_name::<#name>()),
    });
    quote!(#start #(#pieces)* #end)
}

/// The new body: the entry, asked for the value or for room to compute it.
fn call(plan: &Plan, entry: &TokenStream) -> TokenStream {
    let build = build(plan.returns.style);
    let (entry, before) = if plan.leaves_temporary {
        // A statement of its own, at whose end the temporaries of the options' expressions are dropped. The name is
        // hygienic: the user's code cannot see it.
        let name = Ident::new("entry", Span::mixed_site());
        (name.to_token_stream(), quote!(let #name = #entry #build;))
    } else {
        (quote!(#entry #build), TokenStream::new())
    };
    let method = match &plan.returns.error {
        Some(error) => quote!(get_or_try_compute::<#error>),
        None => quote!(get_or_compute),
    };
    let body = &plan.item.body;
    match plan.returns.style {
        Style::Async => {
            let body = typed(plan);
            quote!(#before #entry.#method(async move #body).await)
        }
        Style::Blocking => quote!(#before #entry.#method(move || #body)),
        // The body makes the boxed future that the signature promises; ours takes its place, and awaits it on a miss.
        Style::BoxedFuture => {
            let body = Group::new(Delimiter::Brace, body.stream());
            quote!(::std::boxed::Box::pin(async move { #before #entry.#method(#body).await }))
        }
    }
}

fn build(style: Style) -> TokenStream {
    match style {
        Style::Async | Style::BoxedFuture => quote!(.build()),
        Style::Blocking => quote!(.build_blocking()),
    }
}

/// The body with a first line that tells an `async` block its type.
///
/// An `async fn` knows what it returns, an `async` block infers it from what it meets first, and then `Err(Box::new(e))`
/// is no `Box<dyn Error>`. A block has no place for a type, so a `return` that is never reached gives it.
fn typed(plan: &Plan) -> Group {
    let body = &plan.item.body;
    if matches!(plan.item.sig.output, syn::ReturnType::Default) {
        return body.clone();
    }
    let whole = &plan.returns.whole;
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
