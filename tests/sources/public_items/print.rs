//! Declarations as one line each, whatever way the source breaks them.

use syn::{Attribute, Item, Type, parse_quote};

/// A declaration without what is no part of the interface: a body stands as `{}` and is cut off.
pub(super) fn line(item: &Item) -> String {
    let text = prettyplease::unparse(&parse_quote!(#item));
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Where rustfmt's rules broke the line.
    for (broken, joined) in [("( ", "("), (", )", ")"), (" )", ")"), ("< ", "<"), (", >", ">"), (", {", " {")]
    {
        line = line.replace(broken, joined);
    }
    let declaration = line.trim_end_matches(" {}").trim_end_matches(';').trim_end_matches(',');
    declaration.to_owned()
}

/// What stands between the braces of a declaration with one member.
pub(super) fn inner(item: &Item) -> String {
    let line = line(item);
    let (_, inner) = line.split_once('{').unwrap();
    let inner = inner.trim().trim_end_matches('}').trim();
    inner.trim_end_matches(',').trim_end_matches(';').to_owned()
}

pub(super) fn alias(ty: &Type) -> Item {
    parse_quote!(type It = #ty;)
}

/// The attributes that say something to users of an item.
pub(super) fn telling(attributes: &[Attribute]) -> Vec<Attribute> {
    let telling = |attribute: &&Attribute| {
        ["cfg", "non_exhaustive", "deprecated"].iter().any(|name| attribute.path().is_ident(name))
    };
    attributes.iter().filter(telling).cloned().collect()
}
