//! One target: what is printed for it, and what of it is printed where.
//!
//! A target that does not mention `ret` is made before the body, which may consume the arguments. One that does is made
//! after it; those of its arguments that do not mention `ret` are cloned before.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprCall, ExprMethodCall, ExprPath};

use super::attribute::Written;
use crate::companion::default_name;
use crate::expressions::is_place;
use crate::key::{Key, Piece, Planner, Start, Value};
use crate::key_template::{Noun, Template};
use crate::mentions::Mentions;
use crate::signature::Parameter;
use crate::spans::{Ends, moved, ours_at};
use crate::{tags, typed_tag};

/// A target, printed.
pub(super) struct Target {
    /// `.entry(get_user_entry(…))`
    pub(super) call: TokenStream,
    /// Where an error about its value is shown.
    pub(super) place: Span,
    /// What has to be cloned before the body.
    pub(super) kept: Vec<TokenStream>,
    /// Whether it is made after the body.
    pub(super) after: bool,
    /// What of the user's is evaluated after the body.
    pub(super) evaluated_after: TokenStream,
}

/// What is needed to print targets.
pub(super) struct Printer<'a> {
    pub(super) runtime: &'a TokenStream,
    pub(super) cache: Option<&'a Expr>,
    pub(super) parameters: &'a [Parameter],
    /// For the names in tags.
    pub(super) planner: Planner<'a>,
}

pub(super) fn mentions_ret(code: impl quote::ToTokens) -> bool {
    Mentions::of(code).text("ret")
}

/// The user's own `ret`, which the closure's parameter has to be, or it would not be seen.
pub(super) fn users_ret(code: TokenStream) -> Option<Ident> {
    code.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "ret" => Some(ident),
        TokenTree::Group(group) => users_ret(group.stream()),
        _ => None,
    })
}

impl Printer<'_> {
    /// `index` tells the clones of one target from another's.
    pub(super) fn print(&self, written: &Written, index: usize) -> Target {
        match written {
            Written::Call(Expr::Call(call)) => self.call(call, index),
            Written::Call(Expr::MethodCall(call)) => self.method(call, index),
            Written::Call(expr) | Written::Entry(expr) => entry_itself(expr),
            Written::Tag(tags::Written::Template(name)) => self.tag(name, index),
            Written::Tag(tags::Written::Typed(tag)) => self.typed_tag(tag, index),
        }
    }

    fn call(&self, call: &ExprCall, index: usize) -> Target {
        let after = mentions_ret(&call.args);
        let mut arguments = Arguments::new(self.runtime, after, index);
        let arguments_printed: Vec<_> = call.args.iter().map(|argument| arguments.print(argument)).collect();
        let mut entry = renamed_path(&call.func);
        entry.extend(in_parentheses(&call.paren_token, &quote!(#(#arguments_printed),*)));
        arguments.target(&entry, Ends::of(&call.func).last)
    }

    fn method(&self, call: &ExprMethodCall, index: usize) -> Target {
        let ExprMethodCall { receiver, method, turbofish, args, paren_token, .. } = call;
        let method = default_name(method);
        let after = mentions_ret(receiver) || mentions_ret(args);
        let mut arguments = Arguments::new(self.runtime, after, index);
        let arguments_printed: Vec<_> = args.iter().map(|argument| arguments.print(argument)).collect();
        if after {
            arguments.evaluated_after.extend(receiver.to_token_stream());
        }
        let mut entry = quote!(#receiver.#method #turbofish);
        entry.extend(in_parentheses(paren_token, &quote!(#(#arguments_printed),*)));
        arguments.target(&entry, method.span())
    }

    fn tag(&self, literal: &syn::LitStr, index: usize) -> Target {
        let template = Template::parse(literal.clone(), Noun::Tag, self.planner.errors);
        let after = template.placeholders().any(|placeholder| placeholder.name == "ret");
        let Key { start, pieces, place } = self.planner.name(&template);
        let at = ours_at(place);
        let text = match start {
            Start::Text(text) => text,
            Start::Path => String::new(),
        };
        let mut arguments = Arguments::new(self.runtime, after, index);
        let pieces: Vec<TokenStream> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => quote_spanned!(at=> .text(#text)),
                Piece::Type(name) => quote_spanned!(at=> .type_name::<#name>()),
                Piece::Value(value) => {
                    let value = self.in_a_tag(value, &mut arguments);
                    quote_spanned!(at=> .arg(#value))
                }
            })
            .collect();
        let runtime = moved(self.runtime, at);
        let name = quote_spanned!(at=> #runtime::private::tag(#text) #(#pieces)* .end());
        self.tag_target(&name, literal.span(), arguments)
    }

    fn typed_tag(&self, tag: &Expr, index: usize) -> Target {
        let mut arguments = Arguments::new(self.runtime, mentions_ret(tag), index);
        let as_declared = typed_tag::Arguments { parameters: self.parameters, are_lent: false };
        let tag_printed = as_declared.print(tag, &mut |argument| {
            let is_lent = is_place(argument) && (arguments.after || !as_declared.is_as_declared(argument));
            if is_lent { arguments.print(argument) } else { arguments.made(argument) }
        });
        self.tag_target(&tag_printed, typed_tag::place(tag), arguments)
    }

    fn tag_target(&self, name: &TokenStream, place: Span, arguments: Arguments<'_>) -> Target {
        let at = ours_at(place);
        let Arguments { kept, after, mut evaluated_after, .. } = arguments;
        let call = match self.cache {
            Some(cache @ Expr::Reference(_)) => quote_spanned!(at=> .tag_in(#cache, #name)),
            Some(cache) => quote_spanned!(at=> .tag_in(&#cache, #name)),
            None => quote_spanned!(at=> .tag(#name)),
        };
        if let Some(cache) = self.cache.filter(|_| after) {
            evaluated_after.extend(cache.to_token_stream());
        }
        Target { call, place, kept, after, evaluated_after }
    }

    /// A placeholder's value by reference, or a clone of it where the body may consume it first.
    fn in_a_tag(&self, value: &Value, arguments: &mut Arguments<'_>) -> TokenStream {
        let of_ret = value.name == "ret";
        let parameter = value.parameter.and_then(|index| self.parameters.get(index));
        let is_reference = of_ret || parameter.is_some_and(Parameter::is_reference);
        let reference = value.as_reference(is_reference);
        if of_ret || !arguments.after {
            return reference;
        }
        let name = arguments.keep(&reference, ours_at(Ends::of(&reference).first));
        quote!(&#name)
    }
}

/// `entry(…)`: printed as it is.
fn entry_itself(expr: &Expr) -> Target {
    let after = mentions_ret(expr);
    let at = ours_at(expr.span());
    Target {
        call: quote_spanned!(at=> .entry(#expr)),
        place: Ends::of(expr).first,
        kept: Vec::new(),
        after,
        evaluated_after: if after { expr.to_token_stream() } else { TokenStream::new() },
    }
}

/// The arguments of one target, while they are printed.
struct Arguments<'a> {
    runtime: &'a TokenStream,
    after: bool,
    index: usize,
    kept: Vec<TokenStream>,
    evaluated_after: TokenStream,
}

impl<'a> Arguments<'a> {
    fn new(runtime: &'a TokenStream, after: bool, index: usize) -> Self {
        Self { runtime, after, index, kept: Vec::new(), evaluated_after: TokenStream::new() }
    }

    fn print(&mut self, argument: &Expr) -> TokenStream {
        if self.after && mentions_ret(argument) {
            self.evaluated_after.extend(quote!(#argument,));
            return lent(self.runtime, argument);
        }
        if !self.after || matches!(argument, Expr::Lit(_)) {
            return lent(self.runtime, argument);
        }
        let at = ours_at(Ends::of(argument).first);
        match argument {
            Expr::Reference(_) => {
                let name = self.keep(&argument.to_token_stream(), at);
                quote_spanned!(at=> &#name)
            }
            _ => {
                let argument = behind_and(argument);
                let name = self.keep(&quote_spanned!(at=> &#argument), at);
                let runtime = moved(self.runtime, at);
                quote_spanned!(at=> #runtime::private::arg(&#name))
            }
        }
    }

    /// An argument as it was written. What does not need the result is evaluated before the body.
    fn made(&mut self, argument: &Expr) -> TokenStream {
        if !self.after || matches!(argument, Expr::Lit(_)) {
            return argument.to_token_stream();
        }
        if mentions_ret(argument) {
            self.evaluated_after.extend(quote!(#argument,));
            return argument.to_token_stream();
        }
        if matches!(argument, Expr::Reference(_)) {
            return self.print(argument);
        }
        let name = self.name();
        self.kept.push(quote!(let #name = #argument;));
        name.to_token_stream()
    }

    fn name(&self) -> Ident {
        format_ident!("argument_{}_{}", self.index, self.kept.len(), span = Span::mixed_site())
    }

    /// The name of a clone of what `reference` points to.
    fn keep(&mut self, reference: &TokenStream, at: Span) -> Ident {
        let name = self.name();
        let runtime = moved(self.runtime, at);
        let kept = quote_spanned!(at=> #runtime::private::kept(#reference));
        self.kept.push(quote!(let #name = #kept;));
        name
    }

    fn target(self, entry: &TokenStream, place: Span) -> Target {
        let at = ours_at(place);
        Target {
            call: quote_spanned!(at=> .entry(#entry)),
            place,
            kept: self.kept,
            after: self.after,
            evaluated_after: self.evaluated_after,
        }
    }
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
    quote_spanned!(at=> #runtime::private::arg(&#argument))
}

/// An expression by reference.
pub(super) fn referred(value: &Expr) -> TokenStream {
    if matches!(value, Expr::Reference(_)) {
        return value.to_token_stream();
    }
    let at = ours_at(Ends::of(value).first);
    let value = behind_and(value);
    quote_spanned!(at=> &#value)
}

/// `&a + b` would be `(&a) + b`.
fn behind_and(argument: &Expr) -> TokenStream {
    match argument {
        Expr::Binary(_) | Expr::Cast(_) | Expr::Range(_) | Expr::Closure(_) => quote!((#argument)),
        _ => argument.to_token_stream(),
    }
}

/// `users::get_user::<T>` → `users::get_user_entry::<T>`, at the same place.
fn renamed_path(function: &Expr) -> TokenStream {
    let Expr::Path(ExprPath { path, .. }) = function else {
        return function.to_token_stream();
    };
    let mut renamed = path.clone();
    if let Some(last) = renamed.segments.last_mut() {
        last.ident = default_name(&last.ident);
    }
    let Expr::Path(whole) = function else { return renamed.into_token_stream() };
    ExprPath { attrs: Vec::new(), qself: whole.qself.clone(), path: renamed }.into_token_stream()
}

fn in_parentheses(parentheses: &syn::token::Paren, inside: &TokenStream) -> TokenStream {
    let mut tokens = TokenStream::new();
    parentheses.surround(&mut tokens, |tokens| tokens.extend(inside.clone()));
    tokens
}
