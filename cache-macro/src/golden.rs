//! Golden expansions: what the macros make of each file in `tests/golden`, as a reader would see it.
//!
//! `name.in.rs` is expanded item by item, printed, and compared with `name.out.rs`. `UPDATE_GOLDEN=1 cargo test -p
//! redis-cached-macro` writes the outputs anew; the diff is then for a person to judge.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Attribute, File, ImplItem, Item, Meta, TraitItem};

use crate::cached::redis_cached;
use crate::derive::{fields, key_part, tag};
use crate::writes::{redis_invalidates, redis_updates};

#[test]
fn golden_expansions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let mut inputs: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("tests/golden")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".in.rs"))
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "no golden inputs in {}", folder.display());
    let wrong: Vec<_> = inputs.iter().filter_map(|input| check(input)).collect();
    assert!(wrong.is_empty(), "{}\n\nUPDATE_GOLDEN=1 accepts what is printed above", wrong.join("\n\n"));
}

/// What is wrong with one file.
fn check(input: &Path) -> Option<String> {
    let source = fs::read_to_string(input).expect("a readable input");
    let file = syn::parse_file(&source).unwrap_or_else(|error| panic!("{}: {error}", input.display()));
    let actual = prettyplease::unparse(&expanded(file));
    let output = PathBuf::from(input.to_string_lossy().replace(".in.rs", ".out.rs"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&output, actual).expect("a writable output");
        return None;
    }
    let expected = fs::read_to_string(&output).unwrap_or_default();
    (actual != expected).then(|| format!("{} expands to:\n{actual}", input.display()))
}

fn expanded(mut file: File) -> File {
    file.items = file.items.into_iter().flat_map(item).collect();
    file
}

fn item(item: Item) -> Vec<Item> {
    match item {
        Item::Fn(mut function) => match take(&mut function.attrs) {
            Some((expand, options)) => items(expand(options, function.into_token_stream()))
                .into_iter()
                .flat_map(self::item)
                .collect(),
            None => vec![Item::Fn(function)],
        },
        Item::Impl(mut block) => {
            block.items = block.items.into_iter().flat_map(impl_item).collect();
            vec![Item::Impl(block)]
        }
        Item::Trait(mut block) => {
            block.items = block.items.into_iter().flat_map(trait_item).collect();
            vec![Item::Trait(block)]
        }
        Item::Mod(mut module) => {
            if let Some((_, items)) = &mut module.content {
                *items = std::mem::take(items).into_iter().flat_map(self::item).collect();
            }
            vec![Item::Mod(module)]
        }
        Item::Struct(ref data) if derives(&data.attrs, "KeyPart") => items(key_part(quote!(#item))),
        Item::Struct(ref data) if derives(&data.attrs, "Tag") => items(tag(quote!(#item))),
        Item::Struct(ref data) if derives(&data.attrs, "Fields") => items(fields(quote!(#item))),
        Item::Enum(ref data) if derives(&data.attrs, "KeyPart") => items(key_part(quote!(#item))),
        other => vec![other],
    }
}

fn impl_item(item: ImplItem) -> Vec<ImplItem> {
    let ImplItem::Fn(mut function) = item else {
        return vec![item];
    };
    match take(&mut function.attrs) {
        Some((expand, options)) => {
            items(expand(options, function.into_token_stream())).into_iter().flat_map(impl_item).collect()
        }
        None => vec![ImplItem::Fn(function)],
    }
}

fn trait_item(item: TraitItem) -> Vec<TraitItem> {
    let TraitItem::Fn(mut function) = item else {
        return vec![item];
    };
    match take(&mut function.attrs) {
        Some((expand, options)) => {
            items(expand(options, function.into_token_stream())).into_iter().flat_map(trait_item).collect()
        }
        None => vec![TraitItem::Fn(function)],
    }
}

type Expand = fn(TokenStream, TokenStream) -> TokenStream;

const ATTRIBUTES: [(&str, Expand); 3] = [
    ("redis_cached", redis_cached),
    ("redis_invalidates", redis_invalidates),
    ("redis_updates", redis_updates),
];

/// Takes the first attribute of ours off a function, as rustc does, and gives what is between its parentheses.
fn take(attrs: &mut Vec<Attribute>) -> Option<(Expand, TokenStream)> {
    let expand = |attr: &Attribute| {
        ATTRIBUTES.iter().find(|(name, _)| attr.path().is_ident(name)).map(|(_, expand)| *expand)
    };
    let (at, expand) = attrs.iter().enumerate().find_map(|(at, attr)| Some((at, expand(attr)?)))?;
    let tokens = match attrs.remove(at).meta {
        Meta::List(list) => list.tokens,
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    };
    Some((expand, tokens))
}

fn derives(attrs: &[Attribute], name: &str) -> bool {
    attrs
        .iter()
        .any(|attr| attr.path().is_ident("derive") && attr.to_token_stream().to_string().contains(name))
}

fn items<T: Parse>(tokens: TokenStream) -> Vec<T> {
    let every = |input: ParseStream<'_>| {
        let mut items = Vec::new();
        while !input.is_empty() {
            items.push(input.parse()?);
        }
        Ok(items)
    };
    let text = tokens.to_string();
    every.parse2(tokens).unwrap_or_else(|error| panic!("{error} in the expansion {text}"))
}
