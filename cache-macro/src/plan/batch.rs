//! `batch`: one call for many keys.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::{FnArg, Pat, Signature, Token, Type, TypeImplTrait, TypeParamBound};

use super::expressions::Expression;
use super::key::{Key, KeyPiece};
use super::tags::Tags;
use crate::parse::ident::same;
use crate::parse::options::Options;
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::instead;
use crate::report::spans::Ends;
use crate::signature::mentions::Mentions;
use crate::signature::parameters::{Binding, Parameter};
use crate::signature::returns::{Returns, part_of};
use crate::signature::style::Style;
use crate::signature::types::{associated_type, bare, is_passed_by_value, last_segment, type_arguments};

/// What `batch` says of a function.
pub(crate) struct Batch {
    /// Which parameter holds the keys.
    pub(crate) parameter: usize,
    pub(crate) name: Ident,
    /// `mut ids`: what it is to the body.
    pub(crate) mutability: Option<Token![mut]>,
    pub(crate) form: KeysForm,
    /// The type of one key.
    pub(crate) key: Type,
    /// The type of all values by their keys.
    pub(crate) collection: TokenStream,
}

/// How the function takes the keys.
pub(crate) enum KeysForm {
    /// `&[K]`, `&Vec<K>`: a reference to this.
    Borrowed(Type),
    /// `Vec<K>`
    Owned(Type),
    /// `impl IntoIterator<Item = K>`
    IntoIterator,
    /// `impl Iterator<Item = K>`
    Iterator,
}

impl Batch {
    /// Whether this parameter of the function holds the keys.
    pub(crate) fn takes_keys_as(&self, pat: &Pat) -> bool {
        matches!(pat, Pat::Ident(pat) if same(&pat.ident, &self.name))
    }

    /// The type of the keys where the body is a closure, which can have no `impl Trait`; `ty` is the parameter's.
    pub(crate) fn ty_of_closure(&self, ty: &Type) -> TokenStream {
        let key = &self.key;
        match self.form {
            KeysForm::Borrowed(_) | KeysForm::Owned(_) => ty.to_token_stream(),
            KeysForm::IntoIterator => quote!(::std::vec::Vec<#key>),
            KeysForm::Iterator => quote!(::std::vec::IntoIter<#key>),
        }
    }
}

/// The parameter that `batch` names. From here on it is, for the key and for the entry function, a parameter of one key's type, and
/// what the function returns is one key's value.
pub(crate) fn resolve(
    options: &Options,
    signature: &Signature,
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
    let mutability = mutability(signature, &name.0);
    let Binding::Name(name) = &parameters[parameter].binding else { return None };
    Some(Batch { parameter, name: name.clone(), mutability, form, key, collection })
}

/// What a batch does not do yet.
fn check_options(options: &Options, errors: &Diagnostics) {
    let finish = options.finish_in_background.given().map(|(name, _)| name);
    let timeout = options.timeout.given().map(|(name, _)| name);
    for name in finish.into_iter().chain(timeout) {
        errors.at(
            name,
            format!(
                "`{name}` cannot be combined with `batch`: leave it out here; a function for one key can have it, and both share \
                 their entries"
            ),
        );
    }
}

/// Reports what is wrong between the batch, the key and the other options.
pub(crate) fn check(
    batch: &Batch,
    key: &Key,
    tags: &Tags,
    skip: &[Ident],
    expressions: &[Expression<'_>],
    errors: &Diagnostics,
) {
    let name = batch.name.unraw();
    let of_batch = |piece: &&KeyPiece| matches!(piece, KeyPiece::Argument(argument) if argument.parameter == Some(batch.parameter));
    let pieces: Vec<_> = key.pieces.iter().filter(of_batch).collect();
    let at = key.place;
    match pieces[..] {
        [KeyPiece::Argument(argument)] if argument.is_whole() => {}
        [KeyPiece::Argument(_)] => errors.add(syn::Error::new(
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
    for tag in tags.templates() {
        let named: Vec<_> = tag.pieces.iter().filter(of_batch).collect();
        let is_whole =
            |piece: &KeyPiece| matches!(piece, KeyPiece::Argument(argument) if argument.is_whole());
        if named.len() > 1 || !named.into_iter().all(is_whole) {
            let message =
                format!("a tag names a key of the batch once, and all of it: write `<{name}>` once");
            errors.add(syn::Error::new(tag.place, message));
        }
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
    let instead = instead(&name, known.iter().map(String::as_str), "the function has none with a name");
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
fn form(ty: &Type) -> syn::Result<(KeysForm, Type)> {
    let found = match bare(ty) {
        Type::Reference(reference) if reference.mutability.is_none() => {
            let borrowed = KeysForm::Borrowed((*reference.elem).clone());
            match bare(&reference.elem) {
                Type::Slice(slice) => Some((borrowed, &*slice.elem)),
                elem => vec_of(elem).map(|key| (borrowed, key)),
            }
        }
        Type::ImplTrait(ty) => iterator_of(ty),
        owned => vec_of(owned).map(|key| (KeysForm::Owned(ty.clone()), key)),
    };
    found.map(|(form, key)| (form, key.clone())).ok_or_else(|| {
        syn::Error::new_spanned(
            ty,
            "the body is called with a list of the missing keys, which must be made as this type: write `&[K]`, `Vec<K>` or \
             `impl IntoIterator<Item = K>`",
        )
    })
}

fn vec_of(ty: &Type) -> Option<&Type> {
    let last = last_segment(ty).filter(|segment| segment.ident == "Vec")?;
    type_arguments(last).first().map(|key| bare(key))
}

/// `impl IntoIterator<Item = K>`, or of one of the iterators that a vector's can be, and whatever else.
fn iterator_of(ty: &TypeImplTrait) -> Option<(KeysForm, &Type)> {
    ty.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last()?;
        let form = match last.ident.to_string().as_str() {
            "IntoIterator" => KeysForm::IntoIterator,
            "Iterator" | "DoubleEndedIterator" | "ExactSizeIterator" => KeysForm::Iterator,
            _ => return None,
        };
        associated_type(last, "Item").map(|key| (form, key))
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
    // That has its own error: a result must own its data.
    if let Type::Reference(_) = bare(&ty) {
        return Ok((collection.clone(), Ends::of(&ty)));
    }
    let Some(last) = last_segment(&ty) else { return no_map() };
    let types: Vec<&Type> = type_arguments(last).into_iter().map(bare).collect();
    let shown = match (last.ident.to_string().as_str(), &types[..]) {
        ("HashMap" | "BTreeMap", [_, value, ..]) => *value,
        ("Vec", [Type::Tuple(pair)]) if pair.elems.len() == 2 => &pair.elems[1],
        ("Vec" | "Option" | "String" | "Box" | "Arc" | "HashSet" | "BTreeSet", _) => return no_map(),
        _ if is_passed_by_value(&ty) => return no_map(),
        _ => return Ok((part_of("ValueOf", &ty, runtime), Ends::of(&ty))),
    };
    Ok((shown.to_token_stream(), Ends::of(shown)))
}

/// Whether the parameter is `mut`.
fn mutability(signature: &Signature, name: &Ident) -> Option<Token![mut]> {
    signature.inputs.iter().find_map(|input| match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pat) if same(&pat.ident, name) => pat.mutability,
            _ => None,
        },
        FnArg::Receiver(_) => None,
    })
}
