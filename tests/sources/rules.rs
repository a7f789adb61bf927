//! Invariants of `ARCHITECTURE.md` about who may name what.

use std::collections::BTreeSet;
use std::fs;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::Item;

use crate::mentions::paths;
use crate::names::Target;
use crate::public_items::exported_paths;
use crate::tree::{self, Crate, ModuleId};

#[test]
fn only_the_redis_store_names_the_driver() {
    let tree = tree::runtime();
    assert_only(&tree, "redis_cached::store::redis", &["redis"]);
    let tls = ["rustls", "tokio_rustls", "rustls_native_certs", "webpki_roots"];
    assert_only(&tree, "redis_cached::store::redis::tls", &tls);
}

#[test]
fn keys_policy_and_report_do_no_io_and_read_no_clock() {
    let tree = tree::runtime();
    let pure = (0..tree.modules.len()).filter(|id| {
        ["key", "policy", "report"].iter().any(|room| is_within(&tree, *id, &format!("redis_cached::{room}")))
    });
    let mut seen = 0;
    let mut found = Vec::new();
    for id in pure {
        seen += 1;
        let file = tree.modules[id].file.display();
        let impure = tree.mentions(id).into_iter().filter(|target| is_impure(&tree, target));
        found.extend(impure.map(|target| format!("{file}: {}", shown(&tree, &target))));
        let items = &tree.modules[id].items;
        let elapsed = items.iter().any(|item| calls(item.to_token_stream(), &CLOCK));
        found.extend(elapsed.then(|| format!("{file}: asks what time it is")));
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(seen > 5, "`key`, `policy` and `report` have moved");
}

/// What an instant is asked for.
const CLOCK: [&str; 2] = ["elapsed", "now"];

/// What the macros make is held to it by the golden expansions, which show every form of it.
#[test]
fn expansions_name_only_what_is_exported_for_them() {
    let tree = tree::runtime();
    let exported = exported_paths(&tree);
    let mut seen = BTreeSet::new();
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(tree::root().join("tests/golden")).unwrap() {
        let file = entry.unwrap().path();
        if !file.to_string_lossy().ends_with(".out.rs") {
            continue;
        }
        let tokens: TokenStream = fs::read_to_string(&file).unwrap().parse().unwrap();
        for path in paths(tokens) {
            let [first, second, rest @ ..] = path.as_slice() else { continue };
            if !first.is_empty() || second != "redis_cached" {
                continue;
            }
            let is_module =
                |name: &String| ["codec", "expansion", "shape"].iter().any(|module| module == name);
            let depth = if rest.first().is_some_and(is_module) { 2 } else { 1 };
            let item = [&["redis_cached".to_owned()], &rest[..depth.min(rest.len())]].concat().join("::");
            if !exported.contains(&item) {
                found.insert(format!("{}: {item}", file.display()));
            }
            seen.insert(item);
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(seen.len() > 20, "only {seen:?} in all golden expansions");
}

fn assert_only(tree: &Crate, place: &str, crates: &[&str]) {
    let is_driver =
        |target: &Target| matches!(target, Target::Outside(path) if crates.contains(&path[0].as_str()));
    let mut inside = 0;
    let mut outside = Vec::new();
    for id in 0..tree.modules.len() {
        let mentions = tree.mentions(id).into_iter().filter(is_driver);
        if is_within(tree, id, place) {
            inside += mentions.count();
        } else {
            let file = tree.modules[id].file.display();
            outside.extend(mentions.map(|target| format!("{file}: {}", shown(tree, &target))));
        }
    }
    assert!(outside.is_empty(), "only {place} names {crates:?}: {outside:#?}");
    assert!(inside > 0, "{place} has moved: nothing in it names {crates:?}");
}

fn is_within(tree: &Crate, id: ModuleId, place: &str) -> bool {
    let path = tree.path(id);
    path == place || path.starts_with(&format!("{place}::"))
}

fn is_impure(tree: &Crate, target: &Target) -> bool {
    match target {
        Target::Outside(path) => {
            let path = path.iter().map(String::as_str).collect::<Vec<_>>();
            match path[..] {
                ["std", "env" | "fs" | "io" | "net" | "os" | "process" | "thread", ref rest @ ..] => {
                    // The addresses are values and open nothing.
                    !rest.last().is_some_and(|name| name.starts_with("Ip") || name.starts_with("Socket"))
                }
                ["std", "time", "SystemTime", ..] => true,
                ["tokio" | "redis" | "socket2" | "coarsetime", ..] => true,
                _ => false,
            }
        }
        Target::Module(module) => is_io(tree, *module),
        Target::Item(module, name) => is_io(tree, *module) || reads_a_clock(tree, *module, name),
    }
}

fn is_io(tree: &Crate, module: ModuleId) -> bool {
    ["redis_cached::runtime", "redis_cached::store::redis"].iter().any(|place| is_within(tree, module, place))
}

/// A function of ours may do it for who calls it.
fn reads_a_clock(tree: &Crate, module: ModuleId, name: &str) -> bool {
    let items = tree.modules[module].items.iter();
    let mut functions = items.filter(|item| matches!(item, Item::Fn(function) if function.sig.ident == name));
    functions.any(|item| calls(item.to_token_stream(), &CLOCK))
}

/// Whether a method or a function of one of these names is called.
fn calls(tokens: TokenStream, names: &[&str]) -> bool {
    let mut named = false;
    tokens.into_iter().any(|token| {
        let called = named && matches!(&token, TokenTree::Group(_));
        named = matches!(&token, TokenTree::Ident(name) if names.iter().any(|other| name == other));
        called || matches!(token, TokenTree::Group(group) if calls(group.stream(), names))
    })
}

fn shown(tree: &Crate, target: &Target) -> String {
    match target {
        Target::Outside(path) => path.join("::"),
        Target::Module(module) => tree.path(*module),
        Target::Item(module, name) => format!("{}::{name}", tree.path(*module)),
    }
}
