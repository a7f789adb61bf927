//! Options × signature → [`Plan`].
//!
//! Parse, don't validate: whatever can be wrong is found here, and a plan in hand means that nothing is. Only this file
//! can make one, so [`expand`](crate::expand) has nothing to check and cannot fail.

pub(crate) mod background;
pub(crate) mod batch;
mod captures;
mod codec;
mod conditional;
pub(crate) mod entry_function;
pub(crate) mod expressions;
pub(crate) mod key;
pub(crate) mod negative;
pub(crate) mod receiver;
mod replica_reads;
mod shape;
mod sliding;
pub(crate) mod tags;

use std::iter;

use proc_macro2::{Span, TokenStream};
use syn::Signature;

use self::background::Background;
use self::batch::Batch;
use self::entry_function::EntryFunction;
use self::expressions::{expressions, leaves_temporary};
use self::key::{Key, Planner};
use self::negative::NegativeErrors;
use self::tags::Tags;
use crate::parse::item::Item;
use crate::parse::options::Options;
use crate::parse::values::codec::Codec;
use crate::parse::values::runtime::runtime;
use crate::report::diagnostics::Diagnostics;
use crate::signature::parameters::{Parameter, parameters};
use crate::signature::returns::{Namers, Returns};

/// Everything that an expansion needs, checked.
pub(crate) struct Plan {
    pub(crate) options: Options,
    pub(crate) item: Item,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) returns: Returns,
    /// The path of the runtime crate.
    pub(crate) runtime: TokenStream,
    pub(crate) codec: Codec,
    pub(crate) key: Key,
    pub(crate) tags: Tags,
    pub(crate) entry_function: Option<EntryFunction>,
    /// Whether the expression of `cache`, or of a tag, may make a value that lives until the end of its statement.
    pub(crate) leaves_temporary: bool,
    /// What may run in the background, on clones of the arguments.
    pub(crate) background: Option<Background>,
    pub(crate) batch: Option<Batch>,
    pub(crate) negative: Option<NegativeErrors>,
    /// Keeps other files from making a plan.
    _checked: (),
}

/// Checks everything, so that every error is found at once; a plan comes out only if none was.
pub(crate) fn plan(options: Options, item: Item, errors: &Diagnostics) -> Option<Plan> {
    let runtime = runtime(options.runtime.value());
    check_signature(&item.sig, errors);
    let has_entry_function = EntryFunction::is_wanted(&options);
    let namers = Namers {
        entry_function: has_entry_function,
        batch: options.batch.is_written(),
        negative: options.negative.is_written(),
    };
    let mut returns = Returns::of(&item.sig, namers, &runtime, errors);
    let mut parameters = parameters(&item.sig);
    captures::check_options(&options, &parameters, errors);
    let batch = batch::resolve(&options, &item.sig, &mut parameters, &mut returns, &runtime, errors);
    let negative = NegativeErrors::plan(&options, batch.as_ref(), &mut returns, errors);
    let skip = options.skip.value().map(|skip| &skip.names[..]).unwrap_or_default();
    let planner = Planner { signature: &item.sig, parameters: &parameters, skip, errors };
    // A key or a `skip` that could not be read was reported; without it every argument would look forgotten.
    let readable = options.key.is_written() == options.key.value().is_some()
        && options.skip.is_written() == options.skip.value().is_some();
    let key = readable.then(|| planner.plan(options.key.value()));
    let tags = Tags::plan(&options, &planner);
    let codec = codec::plan(&options.codec, &returns.value, errors);
    if !options.ttl.is_written() {
        errors.add(syn::Error::new(
            Span::call_site(),
            "no `ttl`: say how long a result is kept, `ttl = 3600` (seconds), `ttl = \"1h30m\"` or `ttl = \"never\"`",
        ));
    }
    replica_reads::check(&options, errors);
    sliding::check(&options, errors);
    conditional::check(&options, &parameters, returns.style, errors);
    shape::check(&options, errors);
    let background = Background::plan(&options, &item, batch.as_ref(), returns.style, errors);
    let key = key?;
    let expressions = expressions(&options);
    if let Some(batch) = &batch {
        batch::check(batch, &key, &tags, skip, &expressions, errors);
    }
    let keys: Vec<&Key> = iter::once(&key).chain(tags.templates()).collect();
    let entry_function =
        EntryFunction::plan(&options, &item.sig.ident, &parameters, &keys, &expressions, errors);
    let leaves_temporary = options.cache.value().is_some_and(|cache| leaves_temporary("cache", cache))
        || options.tags.value().is_some_and(|tags| tags.typed().any(|tag| leaves_temporary("tags", tag)));
    Some(Plan {
        codec: codec?,
        batch,
        negative,
        leaves_temporary,
        background,
        options,
        item,
        parameters,
        returns,
        runtime,
        key,
        tags,
        entry_function,
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
