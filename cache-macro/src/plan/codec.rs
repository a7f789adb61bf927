//! Which codec, and whether it can read the stored type back.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

use crate::parse::options::OptionSlot;
use crate::parse::values::codec::Codec;
use crate::report::diagnostics::Diagnostics;

/// The codec, which `stored`, the type of what is stored, has to suit.
pub(super) fn plan(option: &OptionSlot<Codec>, stored: &TokenStream, errors: &Diagnostics) -> Option<Codec> {
    let codec = match option.value() {
        Some(codec) => codec.clone(),
        None if option.is_written() => return None,
        None => Codec::BuiltIn(default(errors)),
    };
    if let Codec::BuiltIn(name) = &codec {
        check(name, stored, errors);
    }
    Some(codec)
}

fn default(errors: &Diagnostics) -> Ident {
    if !Codec::default_is_on() {
        let message =
            format!("{}, or name another one, such as `codec = Json`", Codec::is_off("Bincode", "bincode"));
        errors.add(syn::Error::new(Span::call_site(), message));
    }
    Ident::new("Bincode", Span::call_site())
}

/// Reports a type that asks its bytes what they hold, where the codec cannot tell. Of most such types only the runtime
/// finds out; these are known by their full names.
fn check(codec: &Ident, stored: &TokenStream, errors: &Diagnostics) {
    if (codec == "Bincode" || codec == "Postcard")
        && let Some(json) = any_json(stored.clone())
    {
        errors.at(
            json,
            format!("`{codec}` cannot read this type back: write `codec = Json` or `codec = MessagePack`"),
        );
    }
}

/// `serde_json::Value`, `Map` or `Number`, wherever it is in a type: its tokens.
fn any_json(ty: TokenStream) -> Option<TokenStream> {
    let tokens: Vec<TokenTree> = ty.into_iter().collect();
    let is = |token: &TokenTree, names: &[&str]| matches!(token, TokenTree::Ident(name) if names.iter().any(|other| name == other));
    let path = tokens.windows(4).find(|path| {
        let is_path = matches!(&path[1], TokenTree::Punct(colon) if colon.as_char() == ':');
        is(&path[0], &["serde_json"]) && is_path && is(&path[3], &["Value", "Map", "Number"])
    });
    path.map(|path| path.iter().cloned().collect()).or_else(|| {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Group(group) => any_json(group.stream()),
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn any_json_is_found_by_its_full_name_alone() {
        for (ty, is_found) in [
            (quote!(serde_json::Value), true),
            (quote!(::serde_json::Value), true),
            (quote!(Vec<(u8, Option<serde_json::Map<String, serde_json::Value>>)>), true),
            (quote!([(u8, serde_json::Number); 3]), true),
            (quote!(Value), false),
            (quote!(serde_json::Error), false),
            (quote!(Vec<config::Value>), false),
        ] {
            assert_eq!(any_json(ty.clone()).is_some(), is_found, "{ty}");
        }
    }
}
