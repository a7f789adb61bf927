//! Which paths a piece of source mentions, in signatures, bodies and the arguments of macros alike.

use std::mem;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::ToTokens;

use crate::names::Target;
use crate::tree::{Crate, ModuleId};

/// A path of at least two segments, as written. One that begins with `::` begins with an empty segment.
pub(crate) fn paths(tokens: TokenStream) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    collect(tokens, &mut paths);
    paths.retain(|path| path.len() > 1);
    paths
}

fn collect(tokens: TokenStream, paths: &mut Vec<Vec<String>>) {
    let mut path = Vec::new();
    // Whether the last token was `::`, or the first half of one.
    let (mut separated, mut half) = (false, false);
    for token in tokens {
        match token {
            TokenTree::Punct(colon) if colon.as_char() == ':' => {
                separated = half;
                half = !half && colon.spacing() == Spacing::Joint;
                continue;
            }
            TokenTree::Ident(name) => {
                if !separated {
                    paths.push(mem::take(&mut path));
                } else if path.is_empty() {
                    path.push(String::new());
                }
                path.push(name.to_string());
            }
            other => {
                paths.push(mem::take(&mut path));
                if let TokenTree::Group(group) = other {
                    collect(group.stream(), paths);
                }
            }
        }
        (separated, half) = (false, false);
    }
    paths.push(path);
}

impl Crate {
    /// What a module mentions, resolved: its imports, and the paths of its items.
    pub(crate) fn mentions(&self, id: ModuleId) -> Vec<Target> {
        let module = &self.modules[id];
        let imported = module.imports.iter().map(|import| import.path.clone());
        let written = module.items.iter().flat_map(|item| paths(item.to_token_stream()));
        let absolute = |path: Vec<String>| match path.split_first() {
            Some((first, rest)) if first.is_empty() => Target::Outside(rest.to_vec()),
            _ => self.resolve(id, &path),
        };
        imported.chain(written).map(absolute).collect()
    }
}
