//! A crate as a tree of modules with their items, as built with all features and without tests.

use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::{Attribute, Item, Meta, Token, Visibility, punctuated::Punctuated};

use crate::macros::Macros;
use crate::names::{Import, imports};

/// Index of a module in its crate; the root is 0.
pub(crate) type ModuleId = usize;

pub(crate) struct Crate {
    pub(crate) name: &'static str,
    pub(crate) modules: Vec<Module>,
}

pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) parent: Option<ModuleId>,
    pub(crate) visibility: Visibility,
    /// Of the declaration `mod name`.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<ModuleId>,
    /// Relative to the repository.
    pub(crate) file: PathBuf,
    pub(crate) imports: Vec<Import>,
    /// Without modules, imports, test items and macros: what a crate's own macros expand to stands here.
    pub(crate) items: Vec<Item>,
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub(crate) fn runtime() -> Crate {
    Crate::read("redis_cached", "cache-runtime")
}

pub(crate) fn macros() -> Crate {
    Crate::read("redis_cached_macro", "cache-macro")
}

impl Crate {
    fn read(name: &'static str, package: &str) -> Self {
        let mut tree = Self { name, modules: Vec::new() };
        let file = Path::new(package).join("src/lib.rs");
        let source = parse(&file);
        let place = Place { folder: file.parent().unwrap().to_owned(), file };
        let root = Module::new(name, None, Visibility::Inherited, Vec::new(), &place);
        tree.add(root, source, &place, &Macros::default());
        tree
    }

    /// Where a module is, as in `redis_cached::key::writer`.
    pub(crate) fn path(&self, id: ModuleId) -> String {
        let module = &self.modules[id];
        match module.parent {
            Some(parent) => format!("{}::{}", self.path(parent), module.name),
            None => module.name.clone(),
        }
    }

    fn add(&mut self, module: Module, items: Vec<Item>, place: &Place, outer: &Macros) -> ModuleId {
        let id = self.modules.len();
        self.modules.push(module);
        let mut macros = outer.clone();
        self.fill(id, items, place, &mut macros);
        id
    }

    /// In the order of the source: a macro is known to what follows its definition.
    fn fill(&mut self, id: ModuleId, items: Vec<Item>, place: &Place, macros: &mut Macros) {
        for item in items.into_iter().filter(|item| is_built(attributes(item))) {
            match item {
                Item::Mod(item) => {
                    let child = self.read_module(id, item, place, macros);
                    self.modules[id].children.push(child);
                }
                Item::Macro(item) => {
                    if let Some(expansion) = macros.define_or_expand(&item) {
                        self.fill(id, expansion, place, macros);
                    }
                }
                Item::Use(item) => self.modules[id].imports.extend(imports(&item)),
                item => self.modules[id].items.push(item),
            }
        }
    }

    fn read_module(
        &mut self,
        parent: ModuleId,
        item: syn::ItemMod,
        place: &Place,
        macros: &Macros,
    ) -> ModuleId {
        let name = item.ident.to_string();
        let mut place = place.clone();
        let items = match item.content {
            Some((_, items)) => {
                place.folder.push(&name);
                items
            }
            None => {
                place = place.of_module(&name, &item.attrs);
                parse(&place.file)
            }
        };
        let module = Module::new(&name, Some(parent), item.vis, item.attrs, &place);
        self.add(module, items, &place, macros)
    }
}

impl Module {
    fn new(
        name: &str,
        parent: Option<ModuleId>,
        visibility: Visibility,
        attributes: Vec<Attribute>,
        place: &Place,
    ) -> Self {
        let (name, file) = (name.to_owned(), place.file.clone());
        Self {
            name,
            parent,
            visibility,
            attributes,
            children: Vec::new(),
            file,
            imports: Vec::new(),
            items: Vec::new(),
        }
    }
}

/// Where a module's source is, and in which folder those of its children are looked for.
#[derive(Clone)]
struct Place {
    file: PathBuf,
    folder: PathBuf,
}

impl Place {
    fn of_module(&self, name: &str, attributes: &[Attribute]) -> Self {
        if let Some(path) = text_of(attributes, "path") {
            let file = self.file.parent().unwrap().join(path);
            let folder = file.parent().unwrap().to_owned();
            return Self { file, folder };
        }
        let folder = self.folder.join(name);
        let beside = folder.with_extension("rs");
        let file = if root().join(&beside).exists() { beside } else { folder.join("mod.rs") };
        Self { file, folder }
    }
}

fn parse(file: &Path) -> Vec<Item> {
    let source =
        fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    syn::parse_file(&source).unwrap_or_else(|error| panic!("{}: {error}", file.display())).items
}

pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The text of `#[name = "text"]`.
fn text_of(attributes: &[Attribute], name: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.path().is_ident(name))?;
    let Ok(syn::Expr::Lit(literal)) = attribute.meta.require_name_value().map(|meta| &meta.value) else {
        return None;
    };
    match &literal.lit {
        syn::Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

/// Hidden from the documentation, and so no promise to users.
pub(crate) fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "hidden")
    })
}

/// Whether an item is part of the library when it is built with all features and without tests.
pub(crate) fn is_built(attributes: &[Attribute]) -> bool {
    attributes.iter().filter_map(configuration).all(|meta| holds(&meta))
}

/// The condition of `#[cfg(condition)]`.
pub(crate) fn configuration(attribute: &Attribute) -> Option<Meta> {
    attribute.path().is_ident("cfg").then(|| attribute.parse_args().unwrap())
}

fn holds(condition: &Meta) -> bool {
    let conditions = |list: &syn::MetaList| {
        list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap().into_iter()
    };
    match condition {
        Meta::List(list) if list.path.is_ident("all") => conditions(list).all(|each| holds(&each)),
        Meta::List(list) if list.path.is_ident("any") => conditions(list).any(|each| holds(&each)),
        Meta::List(list) if list.path.is_ident("not") => !conditions(list).all(|each| holds(&each)),
        // `test` and what stands in its place; `unix`, `debug_assertions` and every feature are taken for true.
        Meta::Path(path) => {
            !["test", "doctest", "fuzzing", "docsrs", "windows"].iter().any(|name| path.is_ident(name))
        }
        Meta::NameValue(pair) => pair.path.is_ident("feature"),
        Meta::List(list) => panic!("unknown condition `{}`", list.to_token_stream()),
    }
}
