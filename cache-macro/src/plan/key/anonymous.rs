//! `impl Trait` in an argument's type, where a key is made of the argument.
//!
//! It is a type parameter without a name. `"1"` and `1_u8` render alike, because a key's argument is thought to have one type, so the
//! type has to be in the key too. A default key has it there; in a template nothing can name it.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::visit_mut::{self, VisitMut};
use syn::{Signature, Type, TypePath};

use super::Planner;
use crate::parse::key_template::Template;
use crate::signature::parameters::{Binding, Parameter};
use crate::signature::type_parameters::type_parameters;
use crate::signature::types::{bare, is_anonymous};

impl Planner<'_> {
    /// No argument whose type has no name is in the template, or in a default key by a part of it alone.
    pub(super) fn check_anonymous(&self, template: Option<&Template>) {
        for parameter in self.parameters.iter().filter(|parameter| is_anonymous(&parameter.ty)) {
            let Binding::Name(name) = &parameter.binding else { continue };
            let is_in_key = match template {
                Some(template) => template.names(name) || template.readable && !self.skips(name),
                None => !self.skips(name) && parameter.ty_of_name().is_none(),
            };
            if is_in_key {
                self.errors.at(&parameter.ty, unnamed(self.signature, parameter, name));
            }
        }
    }
}

fn unnamed(signature: &Signature, parameter: &Parameter, name: &Ident) -> String {
    let NamedType { parameters, ty, bounds } = NamedType::of(signature, &parameter.ty);
    let pattern = parameter.pattern.as_ref().map_or_else(|| shown(name), shown);
    let placeholders: Vec<String> = parameters.iter().map(|parameter| format!("`<{parameter}>`")).collect();
    let (function, name) = (&signature.ident, name.unraw());
    format!(
        "the type of `{name}` has no name, and values of different types can look alike in the key, so calls would be given each \
         other's results: write `fn {function}<{}>({pattern}: {ty})` and put {} into the key, or write `skip({name})` if the \
         result depends on neither",
        bounds.join(", "),
        placeholders.join(" and "),
    )
}

/// A type with a type parameter in place of each `impl Trait`.
struct NamedType {
    parameters: Vec<Ident>,
    /// `T: Trait`
    bounds: Vec<String>,
    ty: String,
}

impl NamedType {
    fn of(signature: &Signature, ty: &Type) -> Self {
        let is_free = |name: &Ident| !type_parameters(signature).any(|parameter| parameter.name == name);
        let names = ('T'..='Z').chain('A'..='S');
        let names = names.map(|name| Ident::new(&name.to_string(), Span::call_site())).filter(is_free);
        let mut ty = ty.clone();
        let mut naming = Naming { names: names.collect(), parameters: Vec::new(), bounds: Vec::new() };
        naming.visit_type_mut(&mut ty);
        Self { parameters: naming.parameters, bounds: naming.bounds, ty: shown(&ty) }
    }
}

struct Naming {
    /// Those that are left.
    names: Vec<Ident>,
    parameters: Vec<Ident>,
    bounds: Vec<String>,
}

impl VisitMut for Naming {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        let Type::ImplTrait(anonymous) = bare(ty) else { return visit_mut::visit_type_mut(self, ty) };
        let bounds = shown(&anonymous.bounds);
        // Twenty-six in one type are not written by hand; the message then names one twice.
        let name =
            if self.names.len() > 1 { self.names.remove(0) } else { Ident::new("T", Span::call_site()) };
        self.bounds.push(format!("{name}: {bounds}"));
        self.parameters.push(name.clone());
        *ty = Type::Path(TypePath { attrs: Vec::new(), qself: None, path: name.into() });
    }
}

/// As a person would write it.
fn shown(code: impl ToTokens) -> String {
    let mut text = code.to_token_stream().to_string();
    for (printed, written) in [
        (" :: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" ,", ","),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("' ", "'"),
    ] {
        text = text.replace(printed, written);
    }
    text
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn names_are_given() {
        let named = |signature: &Signature, ty: Type| {
            let NamedType { ty, bounds, .. } = NamedType::of(signature, &ty);
            (bounds.join(", "), ty)
        };
        let pair = |bounds: &str, ty: &str| (bounds.to_owned(), ty.to_owned());
        let plain = parse_quote!(fn f());
        assert_eq!(
            named(&plain, parse_quote!(impl KeyPart + fmt::Debug)),
            pair("T: KeyPart + fmt::Debug", "T")
        );
        assert_eq!(named(&plain, parse_quote!(&'a (impl KeyPart))), pair("T: KeyPart", "&'a T"));
        assert_eq!(
            named(&parse_quote!(fn f<T>()), parse_quote!(Vec<(impl KeyPart, Option<impl Into<u8>>)>)),
            pair("U: KeyPart, V: Into<u8>", "Vec<(U, Option<V>)>")
        );
    }
}
