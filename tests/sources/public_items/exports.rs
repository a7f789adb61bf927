//! What users can name, found from the root along `pub mod` and `pub use`.

use syn::Attribute;

use crate::names::{Target, is_exported, is_public, name_of};
use crate::tree::{Crate, ModuleId, attributes, configuration, is_hidden};

pub(super) struct Export {
    /// As users write it.
    pub(super) path: String,
    /// `#[cfg]` attributes that it stands under.
    pub(super) conditions: Vec<Attribute>,
    pub(super) target: Target,
}

/// With `hidden`, also what is exported for expansions alone.
pub(super) fn exports(tree: &Crate, hidden: bool) -> Vec<Export> {
    let mut visitor = Visitor { tree, hidden, exports: Vec::new() };
    visitor.visit(0, tree.name, &[]);
    visitor.exports
}

struct Visitor<'a> {
    tree: &'a Crate,
    hidden: bool,
    exports: Vec<Export>,
}

impl Visitor<'_> {
    fn visit(&mut self, id: ModuleId, path: &str, conditions: &[Attribute]) {
        let (tree, hidden) = (self.tree, self.hidden);
        let is_shown = |attributes: &[Attribute]| hidden || !is_hidden(attributes);
        let module = &tree.modules[id];
        for item in module.items.iter().filter(|item| is_exported(item) && is_shown(attributes(item))) {
            let name = name_of(item).unwrap();
            self.add(format!("{path}::{name}"), conditions.to_vec(), Target::Item(id, name.to_string()));
        }
        for &child in &module.children {
            let child_module = &tree.modules[child];
            if is_public(&child_module.visibility) && is_shown(&child_module.attributes) {
                let conditions = joined(conditions, &child_module.attributes);
                self.visit(child, &format!("{path}::{}", child_module.name), &conditions);
            }
        }
        for import in module.imports.iter().filter(|import| import.public && is_shown(&import.attributes)) {
            let conditions = joined(conditions, &import.attributes);
            let alias = format!("{path}::{}", import.alias);
            match tree.resolve(id, &import.path) {
                Target::Module(module) if import.is_glob() => self.visit(module, path, &conditions),
                Target::Module(module) => self.visit(module, &alias, &conditions),
                target => self.add(alias, conditions, target),
            }
        }
    }

    fn add(&mut self, path: String, conditions: Vec<Attribute>, target: Target) {
        self.exports.push(Export { path, conditions, target });
    }
}

fn joined(outer: &[Attribute], inner: &[Attribute]) -> Vec<Attribute> {
    let inner =
        inner.iter().filter(|attribute| configuration(attribute).is_some() && !outer.contains(attribute));
    outer.iter().chain(inner).cloned().collect()
}
