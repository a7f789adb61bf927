//! Questions about a function's parameters.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, GenericParam, Pat, PatIdent, PatType, Signature, Type};

/// One parameter that is not `self`.
pub(crate) struct Parameter {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) binding: Binding,
    pub(crate) ty: Type,
}

/// What the body can call a parameter.
pub(crate) enum Binding {
    /// `id: u64`, `mut id: u64`
    Name(Ident),
    /// `(a, b): (u8, u8)`, with the names bound in it.
    Pattern(Pat, Vec<Ident>),
    /// `_: u8`. The body cannot read it, so the result cannot depend on it, and it is no part of a key.
    Nothing,
}

pub(crate) fn parameters(signature: &Signature) -> Vec<Parameter> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    typed
        .map(|PatType { attrs, pat, ty, .. }| Parameter {
            attrs: attrs.clone(),
            binding: binding(pat),
            ty: (**ty).clone(),
        })
        .collect()
}

/// The type and const parameters; `impl Trait` has no name and is none of them.
pub(crate) fn type_parameters(signature: &Signature) -> impl Iterator<Item = TypeParameter<'_>> {
    signature.generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(TypeParameter { name: &param.ident, is_const: false }),
        GenericParam::Const(param) => Some(TypeParameter { name: &param.ident, is_const: true }),
        GenericParam::Lifetime(_) => None,
    })
}

#[derive(Clone, Copy)]
pub(crate) struct TypeParameter<'a> {
    pub(crate) name: &'a Ident,
    /// `const N: usize`: a value, so the key holds the value.
    pub(crate) is_const: bool,
}

fn binding(pat: &Pat) -> Binding {
    match pat {
        Pat::Ident(PatIdent { ident, .. }) => Binding::Name(ident.clone()),
        Pat::Paren(paren) => binding(&paren.pat),
        // What a macro binds is not known here, so it may not count as nothing.
        Pat::Macro(_) | Pat::Verbatim(_) => Binding::Pattern(pat.clone(), Vec::new()),
        _ => {
            let mut names = Names(Vec::new());
            names.visit_pat(pat);
            if names.0.is_empty() { Binding::Nothing } else { Binding::Pattern(pat.clone(), names.0) }
        }
    }
}

struct Names(Vec<Ident>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        self.0.push(pat.ident.clone());
        visit::visit_pat_ident(self, pat);
    }
}

/// Whether two identifiers are one name, `r#type` and `type` alike.
pub(crate) fn same(a: &Ident, b: &Ident) -> bool {
    a.unraw() == b.unraw()
}

/// A type without the parentheses and the invisible groups of `macro_rules!` around it.
pub(crate) fn bare(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// Integers, `bool` and `char`: what is cheaper to hand on by value than by reference.
pub(crate) fn is_passed_by_value(ty: &Type) -> bool {
    const NAMES: [&str; 14] = [
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "bool",
        "char",
    ];
    single_name(ty).is_some_and(|name| NAMES.iter().any(|known| name == known))
}

/// Why `<name.field>` cannot be, if it plainly cannot.
pub(crate) fn has_no_fields(ty: &Type, signature: &Signature) -> Option<String> {
    let mut ty = bare(ty);
    while let Type::Reference(reference) = ty {
        ty = bare(&reference.elem);
    }
    let shown = ty.to_token_stream();
    if is_passed_by_value(ty)
        || single_name(ty).is_some_and(|name| ["str", "f32", "f64"].iter().any(|known| name == known))
    {
        return Some(format!("`{shown}` has no fields"));
    }
    if matches!(ty, Type::ImplTrait(_)) {
        return Some("a type behind `impl Trait` shows no fields".to_owned());
    }
    let parameter =
        single_name(ty).is_some_and(|name| type_parameters(signature).any(|param| param.name == name));
    parameter.then(|| format!("the type parameter `{shown}` shows no fields"))
}

fn single_name(ty: &Type) -> Option<&Ident> {
    match bare(ty) {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn shown(signature: &Signature) -> Vec<String> {
        parameters(signature)
            .iter()
            .map(|parameter| match &parameter.binding {
                Binding::Name(name) => name.to_string(),
                Binding::Pattern(_, names) => {
                    format!("({})", names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
                }
                Binding::Nothing => "_".to_owned(),
            })
            .collect()
    }

    #[test]
    fn bindings() {
        let signature = parse_quote! {
            fn f(&self, a: u8, mut b: u8, r#type: u8, (c): u8, (d, e): (u8, u8), P { x, y: Some(z), .. }: P, [g, h @ ..]: &[u8],
                 &i: &u8, _: u8, (_, _): (u8, u8), (): ())
        };
        assert_eq!(
            shown(&signature),
            ["a", "b", "r#type", "c", "(d e)", "(x z)", "(g h)", "(i)", "_", "_", "_"]
        );
    }

    #[test]
    fn by_value() {
        assert!(is_passed_by_value(&parse_quote!(u64)) && is_passed_by_value(&parse_quote!((char))));
        assert!(!is_passed_by_value(&parse_quote!(String)) && !is_passed_by_value(&parse_quote!(std::u64)));
    }

    #[test]
    fn fields() {
        let signature: Signature = parse_quote!(fn f<T>(a: T));
        for ty in [
            parse_quote!(u64),
            parse_quote!(&str),
            parse_quote!(&&f64),
            parse_quote!(T),
            parse_quote!(impl Fn()),
        ] {
            assert!(has_no_fields(&ty, &signature).is_some());
        }
        for ty in [parse_quote!(User), parse_quote!(&User), parse_quote!(Arc<T>), parse_quote!((u8, u8))] {
            assert!(has_no_fields(&ty, &signature).is_none());
        }
    }
}
