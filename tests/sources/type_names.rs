//! One name, one type: a reader of a name in a crate need not ask which of several it is.

use std::collections::BTreeMap;

use syn::Item;

use crate::names::name_of;
use crate::tree::{self, Crate};

#[test]
fn no_two_types_of_the_macro_crate_share_a_name() {
    assert_unshared(&tree::macros());
}

fn assert_unshared(tree: &Crate) {
    let shared = shared_names(tree);
    assert!(shared.is_empty(), "types that share a name:\n{}", shared.join("\n"));
}

/// Each name that several modules declare, with their paths.
fn shared_names(tree: &Crate) -> Vec<String> {
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for (id, module) in tree.modules.iter().enumerate() {
        for item in module.items.iter().filter(|item| is_type(item)) {
            let name = name_of(item).unwrap().to_string();
            places.entry(name).or_default().push(tree.path(id));
        }
    }
    places.retain(|_, places| places.len() > 1);
    places.iter().map(|(name, places)| format!("{name}: {}", places.join(", "))).collect()
}

fn is_type(item: &Item) -> bool {
    matches!(item, Item::Struct(_) | Item::Enum(_) | Item::Union(_) | Item::Trait(_) | Item::Type(_))
}

#[test]
fn no_two_types_of_the_runtime_share_a_name() {
    assert_unshared(&tree::runtime());
}
