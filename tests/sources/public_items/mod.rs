//! The public interface as text, so that a review sees each change of it.

mod exports;
mod list;
mod print;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::process::Command;

use syn::visit::{self, Visit};

use crate::names::{Target, segments};
use crate::tree::{self, Crate, ModuleId};
use list::List;

/// What of other crates may be in a public signature: each a promise that lasts as long as a major version.
const IN_SIGNATURES: [&str; 6] = ["std", "core", "serde", "uuid", "time", "chrono"];

#[test]
fn the_public_items_are_those_of_the_golden_list() {
    let text = format!(
        "{}\n{}\n{}",
        features(),
        List::of(&tree::runtime()).text(),
        List::of(&tree::macros()).text()
    );
    let file = tree::root().join("tests/golden/public-items.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let golden = fs::read_to_string(&file).unwrap_or_default();
    let differing = golden.lines().zip(text.lines()).find(|(golden, now)| golden != now);
    assert!(
        golden == text,
        "the public interface has changed, first here (golden, now): {differing:#?}\n\
         UPDATE_GOLDEN=1 cargo test -p redis-cached-tests --test sources, and read the difference"
    );
}

#[test]
fn no_type_of_the_driver_is_in_a_public_signature() {
    let tree = tree::runtime();
    let mut foreign = Foreign { tree: &tree, module: 0, found: Vec::new() };
    for printed in &List::of(&tree).printed {
        foreign.module = printed.module;
        foreign.visit_item(&printed.item);
    }
    assert!(foreign.found.is_empty(), "in public signatures, beside {IN_SIGNATURES:?}: {:#?}", foreign.found);
}

/// All paths that other crates can name, those for expansions alone included.
pub(crate) fn exported_paths(tree: &Crate) -> BTreeSet<String> {
    exports::exports(tree, true).into_iter().map(|export| export.path).collect()
}

/// The cargo features of the library. Adding one is a minor version, removing one a major.
fn features() -> String {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(tree::root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let library = packages.iter().find(|package| package["name"] == "redis-cached").unwrap();
    let mut text = String::new();
    for feature in library["features"].as_object().unwrap().keys().filter(|name| *name != "default") {
        writeln!(text, "feature {feature}").unwrap();
    }
    let defaults: Vec<_> =
        library["features"]["default"].as_array().unwrap().iter().filter_map(|name| name.as_str()).collect();
    writeln!(text, "default features: {}", defaults.join(" ")).unwrap();
    text
}

/// Finds what a signature names of crates that it must not name.
struct Foreign<'a> {
    tree: &'a Crate,
    module: ModuleId,
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Foreign<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        match self.tree.resolve(self.module, &segments(path)) {
            Target::Outside(path) if is_foreign(&path) => {
                self.found.push(format!(
                    "{} ({})",
                    path.join("::"),
                    self.tree.modules[self.module].file.display()
                ));
            }
            Target::Item(module, name) => self.visit_alias(module, &name),
            _ => {}
        }
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

impl Foreign<'_> {
    /// An alias of ours may stand for what is another crate's.
    fn visit_alias(&mut self, module: ModuleId, name: &str) {
        let tree = self.tree;
        let aliases = tree.modules[module].items.iter().filter_map(|item| match item {
            syn::Item::Type(alias) if alias.ident == name => Some(alias),
            _ => None,
        });
        let here = std::mem::replace(&mut self.module, module);
        aliases.for_each(|alias| self.visit_type(&alias.ty));
        self.module = here;
    }
}

/// Whether a path is of a crate that has no place in a signature. One segment is of the prelude, and what begins with a capital
/// is a parameter: `T::Item`, `Self::Output`.
fn is_foreign(path: &[String]) -> bool {
    let root = path[0].as_str();
    path.len() > 1 && !root.starts_with(char::is_uppercase) && !IN_SIGNATURES.contains(&root)
}
