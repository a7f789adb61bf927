//! Prints one target.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprCall, ExprMethodCall, ExprPath, Pat};

use crate::expand::references::{self, behind_and, lent, referred};
use crate::expand::typed_tag::{self, TagArguments};
use crate::parse::ident::same;
use crate::plan::entry_function::default_name;
use crate::plan::expressions::is_place;
use crate::plan::key::{Key, KeyArgument, KeyPiece};
use crate::report::spans::{Ends, moved, ours_at};
use crate::signature::parameters::Parameter;
use crate::writes::parse::{Each, Kind};
use crate::writes::plan::{Target, TargetForm, When, WritePlan};

/// A target, printed.
pub(super) struct PrintedTarget {
    /// `.entry(get_user_entry(…))`
    pub(super) call: TokenStream,
    /// Where an error about its value is shown.
    pub(super) place: Span,
    /// What has to be cloned before the body.
    pub(super) before: Vec<TokenStream>,
    /// Whether it is made after the body.
    pub(super) after: bool,
}

/// `index` tells the clones of one target from another's.
pub(super) fn printed(plan: &WritePlan, target: &Target, index: &str) -> PrintedTarget {
    let mut arguments = TargetArguments::new(&plan.runtime, target, index);
    let (call, place) = match &target.form {
        TargetForm::Call(call) => entry_of_function(call, &mut arguments),
        TargetForm::Method(call) => entry_of_method(call, &mut arguments),
        TargetForm::Entry(entry) => {
            (quote_spanned!(ours_at(entry.span())=> .entry(#entry)), Ends::of(entry).first)
        }
        TargetForm::Tag(name, place) => (tag_call(plan, &tag(plan, name, &mut arguments), *place), *place),
        TargetForm::TypedTag(tag) => {
            let place = typed_tag::place(tag);
            (tag_call(plan, &typed_tag(plan, tag, &mut arguments), place), place)
        }
        TargetForm::Each(each) => (loop_over(plan, each, &mut arguments), Ends::of(&each.pat).first),
    };
    PrintedTarget { call, place, before: arguments.before, after: target.after }
}

/// `.each(&ids, |targets, id| targets.entry(get_user_entry(id)))`
fn loop_over(plan: &WritePlan, each: &Each<Target>, arguments: &mut TargetArguments<'_>) -> TokenStream {
    let Each { pat, collection, targets } = each;
    let inner = targets.iter().enumerate().map(|(index, target)| {
        let printed = printed(plan, target, &format!("{}_{index}", arguments.index));
        arguments.before.extend(printed.before);
        printed.call
    });
    let inner: Vec<TokenStream> = inner.collect();
    let is_entry = |target: &Target| !matches!(target.form, TargetForm::Each(_));
    let value = (plan.kind == Kind::Updates && targets.iter().any(is_entry)).then(|| written(plan, pat));
    let (targets, collection) =
        (Ident::new("targets", Span::mixed_site()), arguments.collection(plan, collection));
    let at = ours_at(Ends::of(pat).first);
    quote_spanned!(at=> .each(#collection, |#targets, #pat| #targets #(#inner)* #value))
}

/// What the entries of a loop's element become: the value that is given, or the element.
fn written(plan: &WritePlan, pat: &Pat) -> TokenStream {
    if let Some(value) = &plan.value {
        let value = referred(value);
        return quote!(.value(#value));
    }
    let element = match pat {
        Pat::Ident(pat) => pat.ident.clone(),
        // Reported by the plan, so that there is none.
        _ => Ident::new("element", Span::mixed_site()),
    };
    let at = ours_at(element.span());
    quote_spanned!(at=> .value(&#element))
}

fn entry_of_function(call: &ExprCall, arguments: &mut TargetArguments<'_>) -> (TokenStream, Span) {
    let printed = call.args.iter().map(|argument| arguments.print(argument));
    let printed = quote!(#(#printed),*);
    let place = Ends::of(&call.func).last;
    let mut entry = renamed_path(&call.func);
    entry.extend(in_parentheses(&call.paren_token, &printed));
    (quote_spanned!(ours_at(place)=> .entry(#entry)), place)
}

fn entry_of_method(call: &ExprMethodCall, arguments: &mut TargetArguments<'_>) -> (TokenStream, Span) {
    let ExprMethodCall { receiver, method, turbofish, args, paren_token, .. } = call;
    let method = default_name(method);
    let printed = args.iter().map(|argument| arguments.print(argument));
    let printed = quote!(#(#printed),*);
    let mut entry = quote!(#receiver.#method #turbofish);
    entry.extend(in_parentheses(paren_token, &printed));
    (quote_spanned!(ours_at(method.span())=> .entry(#entry)), method.span())
}

/// The name of a tag that is a template.
fn tag(plan: &WritePlan, name: &Key, arguments: &mut TargetArguments<'_>) -> TokenStream {
    let (at, text) = (ours_at(name.place), name.text());
    let is_secret =
        name.pieces.iter().any(|piece| matches!(piece, KeyPiece::Argument(argument) if argument.is_secret));
    let pieces = name.pieces.iter().map(|piece| match piece {
        KeyPiece::Text(text) => quote_spanned!(at=> .text(#text)),
        KeyPiece::Type(name) => quote_spanned!(at=> .type_name::<#name>()),
        KeyPiece::Argument(argument) => {
            let arg = Ident::new(if argument.is_secret { "secret" } else { "arg" }, at);
            let argument = in_a_tag(plan, argument, arguments);
            quote_spanned!(at=> .#arg(#argument))
        }
    });
    let pieces = quote!(#(#pieces)*);
    let runtime = moved(&plan.runtime, at);
    // The name of what is secret is the cache's.
    let begin = match (is_secret, &plan.cache) {
        (false, _) => quote_spanned!(at=> #runtime::expansion::tag(#text)),
        (true, None) => quote_spanned!(at=> #runtime::expansion::secret_tag(#text)),
        (true, Some(cache @ Expr::Reference(_))) => {
            quote_spanned!(at=> #runtime::expansion::secret_tag_in(#cache, #text))
        }
        (true, Some(cache)) => quote_spanned!(at=> #runtime::expansion::secret_tag_in(&#cache, #text)),
    };
    quote_spanned!(at=> #begin #pieces .end())
}

/// A placeholder's value by reference, or a clone of it where the body may consume it first.
fn in_a_tag(plan: &WritePlan, argument: &KeyArgument, arguments: &mut TargetArguments<'_>) -> TokenStream {
    // What a loop binds is there in its place.
    let of_ret = argument.name == "ret";
    let is_bound = arguments.bound.iter().any(|name| same(name, &argument.name));
    let parameter = argument.parameter.and_then(|index| plan.parameters.get(index));
    let is_reference = of_ret || parameter.is_some_and(Parameter::is_reference);
    let reference = references::of_key(argument, is_reference);
    if of_ret || is_bound || !arguments.after {
        return reference;
    }
    let name = arguments.keep(&reference, ours_at(Ends::of(&reference).first));
    quote!(&#name)
}

fn typed_tag(plan: &WritePlan, tag: &Expr, arguments: &mut TargetArguments<'_>) -> TokenStream {
    let as_declared = TagArguments { parameters: &plan.parameters, are_lent: false };
    as_declared.print(tag, &mut |argument| {
        let is_lent = is_place(argument) && (arguments.after || !as_declared.is_as_declared(argument));
        if is_lent { arguments.print(argument) } else { arguments.as_written(argument) }
    })
}

fn tag_call(plan: &WritePlan, name: &TokenStream, place: Span) -> TokenStream {
    let at = ours_at(place);
    match &plan.cache {
        Some(cache @ Expr::Reference(_)) => quote_spanned!(at=> .tag_in(#cache, #name)),
        Some(cache) => quote_spanned!(at=> .tag_in(&#cache, #name)),
        None => quote_spanned!(at=> .tag(#name)),
    }
}

/// The arguments of one target, while they are printed.
struct TargetArguments<'a> {
    runtime: &'a TokenStream,
    after: bool,
    /// What the loops around the target bind.
    bound: &'a [Ident],
    index: &'a str,
    /// The statements before the body.
    before: Vec<TokenStream>,
}

impl<'a> TargetArguments<'a> {
    fn new(runtime: &'a TokenStream, target: &'a Target, index: &'a str) -> Self {
        Self { runtime, after: target.after, bound: &target.bound, index, before: Vec::new() }
    }

    /// What a loop goes over: a name or a field by reference, for it may be needed again, and all else as it was written.
    fn collection(&mut self, plan: &WritePlan, collection: &Expr) -> TokenStream {
        let at = ours_at(Ends::of(collection).first);
        let is_lent = is_place(collection) && !matches!(collection, Expr::Reference(_));
        // The elements are what is written, so that they are looked at where they are.
        let is_kept = plan.kind == Kind::Invalidates && matches!(self.when(collection), When::Before);
        match (is_lent, is_kept) {
            (true, true) => {
                let name = self.keep(&quote_spanned!(at=> &#collection), at);
                quote_spanned!(at=> (&#name).into_iter())
            }
            (true, false) => {
                let star = plan.is_reference(collection).then(|| quote_spanned!(at=> *));
                quote_spanned!(at=> (&#star #collection).into_iter())
            }
            (false, true) => self.as_written(collection),
            (false, false) => collection.to_token_stream(),
        }
    }

    fn when(&self, argument: &Expr) -> When {
        When::of(argument, self.after, self.bound)
    }

    fn print(&mut self, argument: &Expr) -> TokenStream {
        if !matches!(self.when(argument), When::Before) {
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
                quote_spanned!(at=> #runtime::expansion::arg(&#name))
            }
        }
    }

    /// An argument as it was written.
    fn as_written(&mut self, argument: &Expr) -> TokenStream {
        match self.when(argument) {
            When::InPlace | When::After => argument.to_token_stream(),
            When::Before if matches!(argument, Expr::Reference(_)) => self.print(argument),
            When::Before => {
                let name = self.name();
                self.before.push(quote!(let #name = #argument;));
                name.to_token_stream()
            }
        }
    }

    fn name(&self) -> Ident {
        format_ident!("argument_{}_{}", self.index, self.before.len(), span = Span::mixed_site())
    }

    /// The name of a clone of what `reference` points to.
    fn keep(&mut self, reference: &TokenStream, at: Span) -> Ident {
        let name = self.name();
        let runtime = moved(self.runtime, at);
        let kept = quote_spanned!(at=> #runtime::expansion::kept(#reference));
        self.before.push(quote!(let #name = #kept;));
        name
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
