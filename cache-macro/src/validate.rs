//! Options × signature → [`Plan`].
//!
//! Parse, don't validate: whatever can be wrong is found here, and a plan in hand means that nothing is. Only this file
//! can make one, so `expand` has nothing to check and cannot fail.

use std::iter;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::{Expr, Signature};

use crate::batch::{self, Batch};
use crate::calls::{Call, calls};
use crate::captures;
use crate::codec::Codec;
use crate::companion::default_name;
use crate::detached::Detaches;
use crate::diagnostics::Diagnostics;
use crate::expressions::{Expression, expressions, leaves_temporary};
use crate::item::Item;
use crate::key::{Key, Piece, Planner};
use crate::mentions::Mentions;
use crate::option_values::{EntryName, Version};
use crate::options::{Options, Slot};
use crate::returns::{Names, Returns};
use crate::signature::{Binding, Parameter, parameters};
use crate::tags::Tags;

/// Everything that an expansion needs, checked.
pub(crate) struct Plan {
    pub(crate) item: Item,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) returns: Returns,
    /// The path of the runtime crate.
    pub(crate) runtime: TokenStream,
    pub(crate) codec: Ident,
    pub(crate) version: Option<Literal>,
    /// The options that are calls.
    pub(crate) calls: Vec<Call>,
    pub(crate) key: Key,
    pub(crate) tags: Tags,
    pub(crate) companion: Option<Companion>,
    /// Whether the expression of `cache`, or of a tag, may make a value that lives until the end of its statement.
    pub(crate) leaves_temporary: bool,
    /// Whether the body must be able to run once more in the background, on clones of the arguments.
    pub(crate) detaches: Detaches,
    pub(crate) batch: Option<Batch>,
    /// Keeps other files from making a plan.
    _checked: (),
}

/// The second function: its name and what it takes.
pub(crate) struct Companion {
    pub(crate) name: Ident,
    pub(crate) takes_self: bool,
    /// Indices of parameters, in the signature's order.
    pub(crate) takes: Vec<usize>,
    /// The options' expressions, which its generic parameters have to cover.
    pub(crate) expressions: Vec<Expr>,
}

/// Checks everything, so that every error is found at once; a plan comes out only if none was.
pub(crate) fn validate(options: &Options, mut item: Item, errors: &Diagnostics) -> Option<Plan> {
    let runtime = match options.runtime.value() {
        Some(path) => path.to_token_stream(),
        None => quote!(::redis_cached),
    };
    check_signature(&item.sig, errors);
    let names = Names {
        companion: !matches!(options.entry.value(), Some(EntryName::None)),
        batch: options.batch.is_written(),
    };
    let mut returns = Returns::of(&item.sig, names, &runtime, errors);
    let mut parameters = parameters(&item.sig);
    captures::check_options(options, &parameters, errors);
    let batch = batch::resolve(options, &mut item.sig, &mut parameters, &mut returns, &runtime, errors);
    let skip = options.skip.value().map(|skip| &skip.names[..]).unwrap_or_default();
    let planner = Planner { signature: &item.sig, parameters: &parameters, skip, errors };
    // A key or a `skip` that could not be read was reported; without it every argument would look forgotten.
    let readable = options.key.is_written() == options.key.value().is_some()
        && options.skip.is_written() == options.skip.value().is_some();
    let key = readable.then(|| planner.plan(options.key.value()));
    let tags = Tags::plan(options, &planner);
    if let Some((_, closure)) = &tags.of_value {
        let instead = "arguments are named in templates, `tags = [\"org:<org>\"]`";
        captures::check("tags", closure, instead, &parameters, errors);
    }
    let codec = codec(&options.codec, errors);
    if let Some(codec) = &codec {
        Codec::check(codec, &returns.value, errors);
    }
    if !options.ttl.is_written() {
        errors.add(syn::Error::new(
            Span::call_site(),
            "no `ttl`: say how long a result is kept, `ttl = 3600` (seconds), `ttl = \"1h30m\"` or `ttl = \"never\"`",
        ));
    }
    let detaches = Detaches::plan(options, &item, names.companion, returns.style, errors);
    let key = key?;
    let expressions = expressions(options);
    if let Some(batch) = &batch {
        batch::check(batch, &key, skip, &expressions, errors);
    }
    let keys: Vec<&Key> = iter::once(&key).chain(tags.templates()).collect();
    let companion = companion(options, &item, &parameters, &keys, &expressions, errors);
    let leaves_temporary = options.cache.value().is_some_and(|cache| leaves_temporary("cache", cache))
        || options.tags.value().is_some_and(|tags| tags.typed().any(|tag| leaves_temporary("tags", tag)));
    Some(Plan {
        codec: codec?,
        version: options.version.value().map(|Version(version)| version.clone()),
        calls: calls(options, &returns, &runtime),
        batch,
        leaves_temporary,
        detaches,
        item,
        parameters,
        returns,
        runtime,
        key,
        tags,
        companion,
        _checked: (),
    })
}

fn check_signature(signature: &Signature, errors: &Diagnostics) {
    if let Some(constness) = &signature.constness {
        errors.at(constness, "a `const fn` cannot ask Redis: remove `const`");
    }
    if let Some(variadic) = &signature.variadic {
        errors.at(variadic, "variadic arguments cannot be part of a key: take a slice instead");
    }
}

/// The codec's name in `codec`.
fn codec(option: &Slot<Codec>, errors: &Diagnostics) -> Option<Ident> {
    if let Some(Codec(name)) = option.value() {
        return Some(name.clone());
    }
    if option.is_written() {
        return None;
    }
    if !Codec::default_is_on() {
        let message =
            format!("{}, or name another one, such as `codec = Json`", Codec::is_off("Bincode", "bincode"));
        errors.add(syn::Error::new(Span::call_site(), message));
    }
    Some(Ident::new("Bincode", Span::call_site()))
}

fn companion(
    options: &Options,
    item: &Item,
    parameters: &[Parameter],
    keys: &[&Key],
    expressions: &[Expression<'_>],
    errors: &Diagnostics,
) -> Option<Companion> {
    let function = &item.sig.ident;
    let name = match options.entry.value() {
        Some(EntryName::None) => return None,
        Some(EntryName::Named(name)) => name.clone(),
        None => default_name(function),
    };
    if name.unraw() == function.unraw() {
        errors.at(&name, format!("`{name}` is the function itself: choose another name for its entry"));
    }
    check_patterns_in_expressions(parameters, expressions, errors);
    let mut mentions = Mentions::default();
    expressions.iter().for_each(|expression| mentions.add(expression.expr));
    let pieces = || keys.iter().flat_map(|key| &key.pieces);
    let in_key = |index| {
        let values = pieces().filter_map(|piece| match piece {
            Piece::Value(value) => value.parameter,
            Piece::Text(_) | Piece::Type(_) => None,
        });
        values.into_iter().any(|parameter| parameter == index)
    };
    let takes = parameters.iter().enumerate().filter(|(index, parameter)| match &parameter.binding {
        Binding::Name(name) => in_key(*index) || mentions.name(name),
        Binding::Pattern(..) | Binding::Nothing => false,
    });
    let takes = takes.map(|(index, _)| index).collect();
    let self_in_key = pieces().any(|piece| matches!(piece, Piece::Value(value) if value.name == "self"));
    let takes_self = self_in_key || mentions.text("self");
    let expressions = expressions.iter().map(|expression| expression.expr.clone()).collect();
    Some(Companion { name, takes_self, takes, expressions })
}

/// The companion takes arguments by name, so it can give an option's expression no part of a destructured one.
fn check_patterns_in_expressions(
    parameters: &[Parameter],
    expressions: &[Expression<'_>],
    errors: &Diagnostics,
) {
    for Expression { option, expr } in expressions {
        let mentions = Mentions::of(expr);
        let names = parameters.iter().flat_map(|parameter| match &parameter.binding {
            Binding::Pattern(_, names) => &names[..],
            Binding::Name(_) | Binding::Nothing => &[],
        });
        for name in names.filter(|name| mentions.name(name)) {
            errors.at(
                expr,
                format!(
                    "`{option}` uses `{name}`, a part of a destructured argument, which the entry's function cannot take: \
                     give the argument a plain name, or write `entry = false`"
                ),
            );
        }
    }
}
