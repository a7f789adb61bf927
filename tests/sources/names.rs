//! What a path means in a module: an item of the crate, a module of it, or something of another crate.

use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

use crate::tree::{Crate, ModuleId};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// All items of a name in a module: a type and a function may share one.
    Item(ModuleId, String),
    Module(ModuleId),
    /// Of another crate, of the prelude, or a generic parameter: the path as far as it is known.
    Outside(Vec<String>),
}

/// One name that a `use` brings in; `*` for a glob.
pub(crate) struct Import {
    pub(crate) alias: String,
    pub(crate) path: Vec<String>,
    pub(crate) public: bool,
    pub(crate) attributes: Vec<Attribute>,
}

impl Import {
    pub(crate) fn is_glob(&self) -> bool {
        self.alias == "*"
    }
}

impl Crate {
    pub(crate) fn resolve(&self, module: ModuleId, path: &[String]) -> Target {
        self.resolve_within(module, path, &mut Vec::new())
    }

    fn resolve_within(
        &self,
        module: ModuleId,
        path: &[String],
        open: &mut Vec<(ModuleId, String)>,
    ) -> Target {
        let Some((first, rest)) = path.split_first() else { return Target::Module(module) };
        let target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(module),
            "super" => Target::Module(self.modules[module].parent.unwrap()),
            name => match self.look_up(module, name, open) {
                Some(target) => target,
                None => return Target::Outside(path.to_vec()),
            },
        };
        match target {
            Target::Module(module) => self.resolve_within(module, rest, open),
            // `Self::Item`, `Enum::Variant`: the item that the path begins with.
            Target::Item(..) => target,
            Target::Outside(mut found) => {
                found.extend(rest.iter().cloned());
                Target::Outside(found)
            }
        }
    }

    /// What a name stands for in a module; `None` where nothing in the module says so.
    fn look_up(&self, module: ModuleId, name: &str, open: &mut Vec<(ModuleId, String)>) -> Option<Target> {
        let question = (module, name.to_owned());
        // Globs import each other, and `use name;` names a crate by its own alias.
        if open.contains(&question) {
            return None;
        }
        open.push(question);
        let target = self.look_up_here(module, name, open);
        open.pop();
        target
    }

    fn look_up_here(
        &self,
        module: ModuleId,
        name: &str,
        open: &mut Vec<(ModuleId, String)>,
    ) -> Option<Target> {
        let this = &self.modules[module];
        if this.items.iter().any(|item| name_of(item).is_some_and(|found| found == name)) {
            return Some(Target::Item(module, name.to_owned()));
        }
        if let Some(child) = this.children.iter().find(|child| self.modules[**child].name == name) {
            return Some(Target::Module(*child));
        }
        // A macro, a trait and a function may share a name: what is ours is what a signature means.
        let named = this.imports.iter().filter(|import| import.alias == name);
        let mut named =
            named.map(|import| self.resolve_within(module, &import.path, open)).collect::<Vec<_>>();
        named.sort_by_key(|target| matches!(target, Target::Outside(_)));
        if !named.is_empty() {
            return Some(named.swap_remove(0));
        }
        this.imports.iter().filter(|import| import.is_glob()).find_map(|import| {
            match self.resolve_within(module, &import.path, open) {
                Target::Module(other) => self.look_up(other, name, open),
                _ => None,
            }
        })
    }
}

pub(crate) fn imports(item: &ItemUse) -> Vec<Import> {
    let mut names = Vec::new();
    collect(&item.tree, &[], &mut names);
    let import = |(alias, path)| {
        let (public, attributes) = (is_public(&item.vis), item.attrs.clone());
        Import { alias, path, public, attributes }
    };
    names.into_iter().map(import).collect()
}

/// Each alias with its path.
fn collect(tree: &UseTree, path: &[String], names: &mut Vec<(String, Vec<String>)>) {
    let to =
        |name: &syn::Ident| if name == "self" { path.to_vec() } else { [path, &[name.to_string()]].concat() };
    match tree {
        UseTree::Path(tree) => collect(&tree.tree, &[path, &[tree.ident.to_string()]].concat(), names),
        UseTree::Group(group) => group.items.iter().for_each(|tree| collect(tree, path, names)),
        UseTree::Name(name) => {
            let path = to(&name.ident);
            names.push((path.last().unwrap().clone(), path));
        }
        UseTree::Rename(name) => names.push((name.rename.to_string(), to(&name.ident))),
        UseTree::Glob(_) => names.push(("*".to_owned(), path.to_vec())),
    }
}

/// The name that an item declares.
pub(crate) fn name_of(item: &Item) -> Option<&syn::Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}

pub(crate) fn is_exported(item: &Item) -> bool {
    match item {
        Item::Const(item) => is_public(&item.vis),
        Item::Enum(item) => is_public(&item.vis),
        Item::Fn(item) => is_public(&item.vis),
        Item::Static(item) => is_public(&item.vis),
        Item::Struct(item) => is_public(&item.vis),
        Item::Trait(item) => is_public(&item.vis),
        Item::Type(item) => is_public(&item.vis),
        Item::Union(item) => is_public(&item.vis),
        _ => false,
    }
}

pub(crate) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

pub(crate) fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}
