//! `batch`: one call for many keys.
//!
//! The function becomes a loop: as long as something is missing that nobody else computes, its body runs with those keys.
//! Mostly that is once or not at all; it is once more if another caller's computation, which this one waited for, came to
//! nothing. So the body stays a block in its place, sees its other arguments as they are, and may not use them up.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{
    AngleBracketedGenericArguments, FnArg, GenericArgument, Pat, PathArguments, Signature, Token, Type,
    TypeImplTrait, TypeParamBound, TypePath,
};

use crate::diagnostics::Diagnostics;
use crate::expand::typed;
use crate::expressions::Expression;
use crate::key::{Key, Piece};
use crate::mentions::Mentions;
use crate::nearest::{list, nearest};
use crate::options::Options;
use crate::returning::sharing;
use crate::returns::{Returns, Style, part_of};
use crate::signature::{Binding, Parameter, bare, is_passed_by_value, same};
use crate::spans::{Ends, ours_at};
use crate::validate::Plan;

/// What `batch` says of a function.
pub(crate) struct Batch {
    /// Which parameter holds the keys.
    pub(crate) parameter: usize,
    name: Ident,
    /// `mut ids`: what it is to the body.
    mutability: Option<Token![mut]>,
    form: Form,
    /// The type of one key.
    key: Type,
    /// The type of all values by their keys.
    collection: TokenStream,
}

/// How the function takes the keys.
enum Form {
    /// `&[K]`, `&Vec<K>`: a reference to this.
    Borrowed(Type),
    /// `Vec<K>`
    Owned(Type),
    /// `impl IntoIterator<Item = K>`
    IntoIterator,
    /// `impl Iterator<Item = K>`
    Iterator,
}

/// The parameter that `batch` names. From here on it is, for the key and for the companion, a parameter of one key's type, and
/// what the function returns is one key's value.
pub(crate) fn resolve(
    options: &Options,
    signature: &mut Signature,
    parameters: &mut [Parameter],
    returns: &mut Returns,
    runtime: &TokenStream,
    errors: &Diagnostics,
) -> Option<Batch> {
    let (option, name) = options.batch.given()?;
    check_options(options, errors);
    if returns.style == Style::BoxedFuture {
        errors.at(
            option,
            "`batch` cannot be on a function under `#[async_trait]`: move the body to a function of its own, and put the \
             attribute there",
        );
    }
    let known = parameters
        .iter()
        .position(|parameter| matches!(&parameter.binding, Binding::Name(own) if same(own, &name.0)));
    let Some(parameter) = known else {
        errors.at(&name.0, unknown(&name.0, parameters));
        return None;
    };
    let (form, key) = errors.ok(form(&parameters[parameter].ty))?;
    if let Type::Reference(reference) = bare(&key) {
        errors.at(&key, borrowed(&reference.elem));
        return None;
    }
    parameters[parameter].ty = key.clone();
    let collection = std::mem::take(&mut returns.value);
    let (value, place) = errors.ok(value(&collection, runtime))?;
    (returns.value, returns.place) = (value, place);
    let mutability = take_mutability(signature, &name.0);
    let Binding::Name(name) = &parameters[parameter].binding else { return None };
    Some(Batch { parameter, name: name.clone(), mutability, form, key, collection })
}

/// What has no meaning for several keys at once, or none yet.
fn check_options(options: &Options, errors: &Diagnostics) {
    let windows = [&options.stale_while_revalidate, &options.stale_if_error];
    let names = windows.into_iter().filter_map(|window| window.given().map(|(name, _)| name));
    let tags = options.tags.given().map(|(name, _)| name);
    let group = options.group.given().map(|(name, _)| name);
    let early_refresh = options.early_refresh.given().map(|(name, _)| name);
    let finish = options.finish_in_background.given().map(|(name, _)| name);
    for name in names.chain(early_refresh).chain(finish) {
        errors.at(
            name,
            format!(
                "`{name}` cannot be combined with `batch`: leave it out here; a function for one key can have it, and both share \
                 their entries"
            ),
        );
    }
    for name in tags.into_iter().chain(group) {
        errors.at(
            name,
            format!(
                "`{name}` cannot be combined with `batch`: leave it out here; a function for one key that has it needs a key of \
                 its own, since entries with tags and entries without take one another for a miss"
            ),
        );
    }
}

/// Reports what is wrong between the batch, the key and the other options.
pub(crate) fn check(
    batch: &Batch,
    key: &Key,
    skip: &[Ident],
    expressions: &[Expression<'_>],
    errors: &Diagnostics,
) {
    let name = batch.name.unraw();
    let of_batch =
        |piece: &&Piece| matches!(piece, Piece::Value(value) if value.parameter == Some(batch.parameter));
    let pieces: Vec<_> = key.pieces.iter().filter(of_batch).collect();
    let at = key.place;
    match pieces[..] {
        [Piece::Value(value)] if value.is_whole() => {}
        [Piece::Value(_)] => errors.add(syn::Error::new(
            at,
            format!("two keys of the batch that differ elsewhere would have one entry: write `<{name}>`, all of it"),
        )),
        [] => {
            if let Some(skipped) = skip.iter().find(|skipped| same(skipped, &batch.name)) {
                errors.at(
                    skipped,
                    format!("each key of the batch has an entry of its own: leave `{name}` out of `skip`"),
                );
            }
        }
        _ => errors.add(syn::Error::new(at, format!("the batch's argument can stand in the key once: write `<{name}>` once"))),
    }
    for Expression { option, expr } in expressions {
        if Mentions::of(expr).name(&batch.name) {
            errors.at(
                expr,
                format!("`{option}` is one for the whole batch, and `{name}` is different for each key: leave it out"),
            );
        }
    }
}

fn unknown(name: &Ident, parameters: &[Parameter]) -> String {
    let known: Vec<String> = parameters
        .iter()
        .filter_map(|parameter| match &parameter.binding {
            Binding::Name(name) => Some(name.unraw().to_string()),
            Binding::Pattern(..) | Binding::Nothing => None,
        })
        .collect();
    let name = name.unraw().to_string();
    let instead = match nearest(&name, known.iter().map(String::as_str)) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if known.is_empty() => "the function has none with a name".to_owned(),
        None => format!("there are {}", list(known.iter().map(String::as_str))),
    };
    format!("no argument is named `{name}`: {instead}")
}

fn borrowed(elem: &Type) -> String {
    let owned = match bare(elem) {
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        elem => elem.to_token_stream().to_string(),
    };
    format!("the keys of a batch come back in its result, so they own their data: write `{owned}`")
}

/// How the keys are taken, and the type of one.
fn form(ty: &Type) -> syn::Result<(Form, Type)> {
    match bare(ty) {
        Type::Reference(reference) if reference.mutability.is_none() => match bare(&reference.elem) {
            Type::Slice(slice) => {
                return Ok((Form::Borrowed((*reference.elem).clone()), (*slice.elem).clone()));
            }
            Type::Path(path) => {
                if let Some(key) = vec_of(path) {
                    return Ok((Form::Borrowed((*reference.elem).clone()), key.clone()));
                }
            }
            _ => {}
        },
        Type::Path(path) => {
            if let Some(key) = vec_of(path) {
                return Ok((Form::Owned(ty.clone()), key.clone()));
            }
        }
        Type::ImplTrait(ty) => {
            if let Some(found) = iterator_of(ty) {
                return Ok(found);
            }
        }
        _ => {}
    }
    Err(syn::Error::new_spanned(
        ty,
        "the body is called with a list of the missing keys, which must be made as this type: write `&[K]`, `Vec<K>` or \
         `impl IntoIterator<Item = K>`",
    ))
}

fn vec_of(path: &TypePath) -> Option<&Type> {
    let last = path.path.segments.last().filter(|segment| segment.ident == "Vec")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    types(arguments).first().copied()
}

/// `impl IntoIterator<Item = K>`, or of one of the iterators that a vector's can be, and whatever else.
fn iterator_of(ty: &TypeImplTrait) -> Option<(Form, Type)> {
    ty.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last()?;
        let form = match last.ident.to_string().as_str() {
            "IntoIterator" => Form::IntoIterator,
            "Iterator" | "DoubleEndedIterator" | "ExactSizeIterator" => Form::Iterator,
            _ => return None,
        };
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        arguments
            .args
            .iter()
            .find_map(|argument| match argument {
                GenericArgument::AssocType(item) if item.ident == "Item" => Some(item.ty.clone()),
                _ => None,
            })
            .map(|key| (form, key))
    })
}

/// The type of one key's value, and where it stands. Where the collection's name does not show it, an alias perhaps, the
/// runtime tells.
fn value(collection: &TokenStream, runtime: &TokenStream) -> syn::Result<(TokenStream, Ends)> {
    let ty: Type = syn::parse2(collection.clone())?;
    let no_map = || {
        let help = "a function with `batch` returns its values by their keys: write `HashMap<K, V>`, `BTreeMap<K, V>` or \
                    `Vec<(K, V)>`, plain or in a `Result`";
        Err(syn::Error::new_spanned(&ty, help))
    };
    let path = match bare(&ty) {
        Type::Path(path) => path,
        // That has its own error: a result must own its data.
        Type::Reference(_) => return Ok((collection.clone(), Ends::of(&ty))),
        _ => return no_map(),
    };
    let Some(last) = path.path.segments.last() else { return no_map() };
    let types = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => types(arguments),
        _ => Vec::new(),
    };
    let shown = match (last.ident.to_string().as_str(), &types[..]) {
        ("HashMap" | "BTreeMap", [_, value, ..]) => *value,
        ("Vec", [Type::Tuple(pair)]) if pair.elems.len() == 2 => &pair.elems[1],
        ("Vec" | "Option" | "String" | "Box" | "Arc" | "HashSet" | "BTreeSet", _) => return no_map(),
        _ if is_passed_by_value(&ty) => return no_map(),
        _ => return Ok((part_of("ValueOf", &ty, runtime), Ends::of(&ty))),
    };
    Ok((shown.to_token_stream(), Ends::of(shown)))
}

fn types(arguments: &AngleBracketedGenericArguments) -> Vec<&Type> {
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(bare(ty)),
        _ => None,
    });
    types.collect()
}

/// The function's own parameter is not changed any more; what the body sees in its place is.
fn take_mutability(signature: &mut Signature, name: &Ident) -> Option<Token![mut]> {
    signature.inputs.iter_mut().find_map(|input| match input {
        FnArg::Typed(typed) => match &mut *typed.pat {
            Pat::Ident(pat) if same(&pat.ident, name) => pat.mutability.take(),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    })
}

/// The new body. `entry` is the chain without its last call.
pub(crate) fn call(plan: &Plan, batch: &Batch, entry: &TokenStream) -> TokenStream {
    let [this, missing, how] =
        ["batch", "missing", "sharing"].map(|name| Ident::new(name, Span::mixed_site()));
    let Batch { collection, .. } = batch;
    let Ends { first, last } = Ends::of(collection);
    let (first, last) = (ours_at(first), ours_at(last));
    let keys = batch.keys(&plan.runtime);
    let make = quote_spanned!(first=> .batch::<#collection>);
    let arguments = quote_spanned!(last=> (#keys));
    let missing_keys = batch.missing(&missing);
    let can_fail = plan.returns.can_fail();
    let (prefix, question) = if can_fail { ("try_", Some(quote!(?))) } else { ("", None) };
    let (suffix, wait) = match plan.returns.style {
        Style::Blocking => ("_blocking", None),
        Style::Async | Style::BoxedFuture => ("", Some(quote!(.await))),
    };
    let method = |name: &str| Ident::new(&format!("{prefix}{name}{suffix}"), Span::call_site());
    let (ask, compute) = (method("missing"), method("compute"));
    let (share, shared) = match sharing(plan) {
        Some(sharing) => (Some(quote!(let #how = #sharing;)), Some(quote!(#how))),
        None => (None, None),
    };
    let comma = shared.as_ref().map(|_| quote!(,));
    let body = &plan.item.body;
    let whole = &plan.returns.whole;
    let body = match plan.returns.style {
        Style::Blocking => quote!(|| -> #whole #body),
        Style::Async | Style::BoxedFuture => {
            let body = typed(plan, body);
            quote!(async #body)
        }
    };
    let result =
        if can_fail { quote!(::core::result::Result::Ok(#this.finish())) } else { quote!(#this.finish()) };
    quote! {
        let mut #this = #entry #make #arguments;
        #share
        while let ::core::option::Option::Some(#missing) = #this.#ask(#shared) #wait #question {
            #missing_keys
            #this.#compute(#shared #comma #body) #wait #question;
        }
        #result
    }
}

impl Batch {
    /// The caller's keys. The tokens stand at a key's type, where rustc shows what it misses.
    fn keys(&self, runtime: &TokenStream) -> TokenStream {
        let Self { name, key, .. } = self;
        match self.form {
            Form::Borrowed(_) => {
                let at = ours_at(Ends::of(key).first);
                quote_spanned!(at=> #runtime::private::cloned::<#key>(#name))
            }
            Form::Owned(_) | Form::IntoIterator | Form::Iterator => name.to_token_stream(),
        }
    }

    /// The missing keys under the name, and as the type, that the body knows.
    fn missing(&self, missing: &Ident) -> TokenStream {
        let Self { name, mutability, .. } = self;
        let shadow = quote! {
            #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
        };
        let missing = match &self.form {
            Form::Borrowed(elem) => quote!(let #mutability #name: &#elem = &#missing;),
            Form::Owned(ty) => quote!(let #mutability #name: #ty = #missing;),
            Form::IntoIterator => quote!(let #mutability #name = #missing;),
            Form::Iterator => {
                quote!(let #mutability #name = ::core::iter::IntoIterator::into_iter(#missing);)
            }
        };
        quote!(#shadow #missing)
    }
}
