//! Each export with what can be done with it: fields, variants, methods, and the traits that it implements.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use quote::{ToTokens, quote};
use syn::{
    Attribute, Fields, FnArg, ImplItem, Item, ItemImpl, Pat, PathArguments, Signature, TraitItem, Type,
    parse_quote,
};

use super::exports::{Export, exports};
use super::print;
use crate::names::{Target, is_public, name_of, segments};
use crate::tree::{Crate, ModuleId, is_hidden};

pub(super) struct List<'a> {
    tree: &'a Crate,
    exports: Vec<Export>,
    implementations: Vec<Implementation<'a>>,
    /// Members by path and declaration, all as text; sorted, so that moving code changes nothing.
    blocks: BTreeMap<(String, String), BTreeSet<String>>,
    /// All that is printed, for other questions.
    pub(super) printed: Vec<Printed>,
}

pub(super) struct Printed {
    pub(super) module: ModuleId,
    pub(super) item: Item,
}

#[derive(Clone)]
struct Implementation<'a> {
    module: ModuleId,
    item: &'a ItemImpl,
    /// The type; `None` for references, tuples and the like.
    of: Option<Target>,
    implemented: Option<Target>,
}

impl<'a> List<'a> {
    pub(super) fn of(tree: &'a Crate) -> Self {
        let (exports, implementations) = (exports(tree, false), implementations(tree));
        let mut list = Self { tree, exports, implementations, blocks: BTreeMap::new(), printed: Vec::new() };
        for index in 0..list.exports.len() {
            list.add_export(index);
        }
        list
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for ((_, declaration), members) in &self.blocks {
            writeln!(text, "{declaration}").unwrap();
            for member in members {
                writeln!(text, "    {member}").unwrap();
            }
        }
        text
    }

    fn add_export(&mut self, index: usize) {
        let tree = self.tree;
        let Export { path, conditions, target } = &self.exports[index];
        let (path, conditions) = (path.clone(), conditions.clone());
        match target.clone() {
            Target::Item(module, name) => {
                let items = &tree.modules[module].items;
                for item in items.iter().filter(|item| name_of(item).is_some_and(|found| *found == name)) {
                    self.add_item(module, item, &path, &conditions);
                }
            }
            Target::Outside(outside) => {
                let declaration = format!("pub use {} as {path}", outside.join("::"));
                self.blocks.insert((path, declaration), BTreeSet::new());
            }
            Target::Module(_) => {}
        }
    }

    fn add_item(&mut self, module: ModuleId, item: &Item, path: &str, conditions: &[Attribute]) {
        let mut members = BTreeSet::new();
        let mut head = item.clone();
        let attributes = match &mut head {
            Item::Struct(item) => {
                members.extend(self.fields(module, &item.fields));
                item.fields = Fields::Unit;
                item.semi_token = Some(parse_quote!(;));
                &mut item.attrs
            }
            Item::Enum(item) => {
                members.extend(item.variants.iter().map(|variant| self.variant(module, variant)));
                item.variants.clear();
                &mut item.attrs
            }
            Item::Trait(item) => {
                let shown = item.items.iter().filter(|member| !is_hidden(trait_attributes(member)));
                members.extend(shown.map(|member| self.trait_member(module, member)));
                item.items.clear();
                &mut item.attrs
            }
            Item::Fn(item) => {
                *item.block = parse_quote!({});
                item.sig = outer(&item.sig);
                &mut item.attrs
            }
            Item::Const(item) => {
                *item.expr = parse_quote!(());
                &mut item.attrs
            }
            Item::Type(item) => &mut item.attrs,
            _ => panic!("{path} is of a kind that this list does not know yet"),
        };
        let derives = derives(attributes);
        let kind = macro_kind(attributes);
        *attributes = print::telling(attributes);
        for condition in
            conditions.iter().filter(|condition| !attributes.contains(condition)).cloned().collect::<Vec<_>>()
        {
            attributes.insert(0, condition);
        }
        members.extend(derives.iter().map(|derived| format!("derive({derived})")));
        members.extend(self.implementations(&Target::Item(module, path_end(item))));
        let declaration = self.print(module, &head);
        let (keyword, name) = (declared_as(item), path_end(item));
        let declaration = match kind {
            Some(kind) => format!("{kind} {path}"),
            None => declaration.replacen(&format!("{keyword} {name}"), &format!("{keyword} {path}"), 1),
        };
        self.blocks.entry((path.to_owned(), declaration)).or_default().extend(members);
    }

    fn fields(&mut self, module: ModuleId, fields: &Fields) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            if is_public(&field.vis) && !is_hidden(&field.attrs) {
                let name = field.ident.as_ref().map_or(index.to_string(), ToString::to_string);
                let ty = self.type_text(module, &field.ty);
                lines.push(format!("pub {name}: {ty}"));
            } else {
                lines.push("(private fields)".to_owned());
            }
        }
        lines
    }

    fn variant(&mut self, module: ModuleId, variant: &syn::Variant) -> String {
        let mut variant = variant.clone();
        variant.attrs = print::telling(&variant.attrs);
        variant.fields.iter_mut().for_each(|field| field.attrs.clear());
        let item: Item = parse_quote!(enum It { #variant });
        self.record(module, &item);
        print::inner(&item)
    }

    fn trait_member(&mut self, module: ModuleId, member: &TraitItem) -> String {
        let mut member = member.clone();
        let mut provided = "";
        match &mut member {
            TraitItem::Fn(function) => {
                function.attrs = print::telling(&function.attrs);
                function.sig = outer(&function.sig);
                if function.default.take().is_some() {
                    provided = " (provided)";
                    function.semi_token = Some(parse_quote!(;));
                }
            }
            TraitItem::Const(constant) => {
                constant.attrs = print::telling(&constant.attrs);
                if constant.default.take().is_some() {
                    provided = " (provided)";
                }
            }
            TraitItem::Type(ty) => ty.attrs = print::telling(&ty.attrs),
            _ => {}
        }
        let item: Item = parse_quote!(trait It { #member });
        self.record(module, &item);
        format!("{}{provided}", print::inner(&item))
    }

    /// A type's own methods, the traits that it implements, and the types of others that implement a trait of ours.
    fn implementations(&mut self, of: &Target) -> Vec<String> {
        let mut lines = Vec::new();
        for Implementation { module, item, of: this, implemented } in self.implementations.clone() {
            let is_this = this.as_ref() == Some(of);
            match implemented {
                None if is_this => lines.extend(self.methods(module, item)),
                Some(implemented) if is_this && self.is_known(&implemented) => {
                    lines.push(self.trait_implementation(module, item));
                }
                Some(implemented) if implemented == *of && !matches!(this, Some(Target::Item(..))) => {
                    lines.push(self.trait_implementation(module, item));
                }
                _ => {}
            }
        }
        lines
    }

    fn methods(&mut self, module: ModuleId, item: &ItemImpl) -> Vec<String> {
        let head = self.print(module, &head_of(item));
        let head = if is_plain(item) { String::new() } else { format!("{head}: ") };
        let mut lines = Vec::new();
        for member in &item.items {
            let printed = match member {
                ImplItem::Fn(function) if is_public(&function.vis) && !is_hidden(&function.attrs) => {
                    let (attributes, vis) = (print::telling(&function.attrs), &function.vis);
                    let sig = outer(&function.sig);
                    self.print(module, &parse_quote!(#(#attributes)* #vis #sig {}))
                }
                ImplItem::Const(constant) if is_public(&constant.vis) && !is_hidden(&constant.attrs) => {
                    let ty = self.type_text(module, &constant.ty);
                    format!("pub const {}: {ty}", constant.ident)
                }
                _ => continue,
            };
            lines.push(format!("{head}{printed}"));
        }
        lines
    }

    fn trait_implementation(&mut self, module: ModuleId, item: &ItemImpl) -> String {
        let mut line = self.print(module, &head_of(item));
        for member in &item.items {
            if let ImplItem::Type(ty) = member {
                write!(line, " {{ type {} = {} }}", ty.ident, self.type_text(module, &ty.ty)).unwrap();
            }
        }
        line
    }

    /// Traits that are neither of another crate nor exported are ours to change.
    fn is_known(&self, implemented: &Target) -> bool {
        matches!(implemented, Target::Outside(_))
            || self.exports.iter().any(|export| export.target == *implemented)
    }

    fn type_text(&mut self, module: ModuleId, ty: &Type) -> String {
        self.print(module, &print::alias(ty)).trim_start_matches("type It = ").to_owned()
    }

    fn print(&mut self, module: ModuleId, item: &Item) -> String {
        self.record(module, item);
        print::line(item)
    }

    fn record(&mut self, module: ModuleId, item: &Item) {
        self.printed.push(Printed { module, item: item.clone() });
    }
}

fn implementations(tree: &Crate) -> Vec<Implementation<'_>> {
    let mut all = Vec::new();
    for (module, place) in tree.modules.iter().enumerate() {
        for item in &place.items {
            let Item::Impl(item) = item else { continue };
            let of = match &*item.self_ty {
                Type::Path(path) if path.qself.is_none() => Some(tree.resolve(module, &segments(&path.path))),
                _ => None,
            };
            let implemented = item.trait_.as_ref().map(|(path, _)| tree.resolve(module, &segments(path)));
            all.push(Implementation { module, item, of, implemented });
        }
    }
    all
}

/// A signature as its caller sees it: whether an argument is bound as `mut` is the body's business.
fn outer(signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    for argument in &mut signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => receiver.mutability = None,
            FnArg::Typed(argument) => {
                if let Pat::Ident(name) = &mut *argument.pat {
                    name.mutability = None;
                }
            }
        }
    }
    signature
}

fn head_of(item: &ItemImpl) -> Item {
    let mut head = item.clone();
    head.attrs = print::telling(&head.attrs);
    head.items.clear();
    Item::Impl(head)
}

/// Whether a block of methods is for all instantiations of the type, so that there is nothing to say about it.
fn is_plain(item: &ItemImpl) -> bool {
    let Type::Path(path) = &*item.self_ty else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let parameters = &item.generics.params;
    let arguments = match &last.arguments {
        PathArguments::None => String::new(),
        arguments => arguments.to_token_stream().to_string(),
    };
    let same = if parameters.is_empty() { String::new() } else { quote!(<#parameters>).to_string() };
    same == arguments && item.generics.where_clause.is_none() && print::telling(&item.attrs).is_empty()
}

fn declared_as(item: &Item) -> &'static str {
    match item {
        Item::Struct(_) => "struct",
        Item::Enum(_) => "enum",
        Item::Trait(_) => "trait",
        Item::Fn(_) => "fn",
        Item::Const(_) => "const",
        _ => "type",
    }
}

fn path_end(item: &Item) -> String {
    name_of(item).unwrap().to_string()
}

fn derives(attributes: &[Attribute]) -> Vec<String> {
    let mut names = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        attribute
            .parse_nested_meta(|meta| {
                names.push(segments(&meta.path).join("::"));
                Ok(())
            })
            .unwrap();
    }
    names
}

/// What a function of a macro crate is to its users.
fn macro_kind(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let name = attribute.path().get_ident()?.to_string();
        let kind = name.strip_prefix("proc_macro")?.trim_start_matches('_');
        let arguments = match &attribute.meta {
            syn::Meta::List(list) => format!("({})", list.tokens),
            _ => String::new(),
        };
        Some(format!("{kind} macro{arguments}"))
    })
}

fn trait_attributes(item: &TraitItem) -> &[Attribute] {
    match item {
        TraitItem::Const(item) => &item.attrs,
        TraitItem::Fn(item) => &item.attrs,
        TraitItem::Type(item) => &item.attrs,
        _ => &[],
    }
}
