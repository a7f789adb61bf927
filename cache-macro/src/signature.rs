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
    /// What is taken apart for the name, if it is not the argument's own: `Path(slug)`.
    pub(crate) pattern: Option<Pat>,
    pub(crate) ty: Type,
}

impl Parameter {
    /// The type of what the name stands for. A pattern does not show it.
    pub(crate) fn ty_of_name(&self) -> Option<&Type> {
        self.pattern.is_none().then_some(&self.ty)
    }

    /// Whether the name stands for a reference, as far as the signature shows it.
    pub(crate) fn is_reference(&self) -> bool {
        self.ty_of_name().is_some_and(|ty| matches!(bare(ty), Type::Reference(_)))
    }

    /// The conditions under which the parameter exists.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        self.attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
    }
}

/// What the body can call a parameter.
pub(crate) enum Binding {
    /// `id: u64`, `mut id: u64`, and `Path(slug): Path<String>`: of such an argument the body sees what the one name stands
    /// for, so that is the argument.
    Name(Ident),
    /// `(a, b): (u8, u8)`, with the names bound in it.
    Pattern(Pat, Vec<Ident>),
    /// `_: u8`. The body cannot read it, so the result cannot depend on it, and it is no part of a key.
    Nothing,
}

impl Binding {
    /// All names that it binds.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Ident> {
        match self {
            Self::Name(name) => std::slice::from_ref(name).iter(),
            Self::Pattern(_, names) => names.iter(),
            Self::Nothing => [].iter(),
        }
    }
}

pub(crate) fn parameters(signature: &Signature) -> Vec<Parameter> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    typed
        .map(|PatType { attrs, pat, ty, .. }| {
            let binding = binding(pat);
            let is_taken_apart = matches!(binding, Binding::Name(_)) && !is_plain(pat);
            let pattern = is_taken_apart.then(|| (**pat).clone());
            Parameter { attrs: attrs.clone(), binding, pattern, ty: (**ty).clone() }
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
        _ => {
            let mut names = Names::default();
            names.visit_pat(pat);
            match &names.found[..] {
                [] if names.are_all => Binding::Nothing,
                [name] if names.are_all => Binding::Name(name.clone()),
                _ => Binding::Pattern(pat.clone(), names.found),
            }
        }
    }
}

/// Whether the pattern is a name for the whole argument.
fn is_plain(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(_) => true,
        Pat::Paren(paren) => is_plain(&paren.pat),
        _ => false,
    }
}

struct Names {
    found: Vec<Ident>,
    /// What a macro binds is not known here, so it may not count as nothing.
    are_all: bool,
}

impl Default for Names {
    fn default() -> Self {
        Self { found: Vec::new(), are_all: true }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        // Each side of `A(x) | B(x)` binds it.
        if !self.found.contains(&pat.ident) {
            self.found.push(pat.ident.clone());
        }
        visit::visit_pat_ident(self, pat);
    }

    fn visit_pat(&mut self, pat: &'ast Pat) {
        self.are_all &= !matches!(pat, Pat::Macro(_) | Pat::Verbatim(_));
        visit::visit_pat(self, pat);
    }
}

/// Whether two identifiers are one name, `r#type` and `type` alike.
pub(crate) fn same(a: &Ident, b: &Ident) -> bool {
    a.unraw() == b.unraw()
}

/// Whether a type has an `impl Trait` in it: a type parameter that nobody can name.
pub(crate) fn is_anonymous(ty: &Type) -> bool {
    any_type(ty, |ty| matches!(ty, Type::ImplTrait(_)))
}

/// Whether a macro writes a type or a part of it, which may be `impl Trait`.
pub(crate) fn is_of_a_macro(ty: &Type) -> bool {
    any_type(ty, |ty| matches!(ty, Type::Macro(_)))
}

/// Whether `ty` or any type in it is `wanted`.
fn any_type(ty: &Type, wanted: fn(&Type) -> bool) -> bool {
    struct Search(fn(&Type) -> bool, bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_type(&mut self, ty: &'ast Type) {
            self.1 |= self.0(ty);
            visit::visit_type(self, ty);
        }
    }
    let mut search = Search(wanted, false);
    search.visit_type(ty);
    search.1
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

/// What a reference, or a reference to one, refers to; any other type itself.
pub(crate) fn behind_references(ty: &Type) -> &Type {
    let mut ty = bare(ty);
    while let Type::Reference(reference) = ty {
        ty = bare(&reference.elem);
    }
    ty
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
    let ty = behind_references(ty);
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
                 &i: &u8, _: u8, (_, _): (u8, u8), (): (), Json(j): Json<u8>, (Ok(k) | Err(k)): Result<u8, u8>,
                 (l, m!()): (u8, u8), m @ P(n): P, m!(): u8)
        };
        assert_eq!(
            shown(&signature),
            [
                "a", "b", "r#type", "c", "(d e)", "(x z)", "(g h)", "i", "_", "_", "_", "j", "k", "(l)", "m",
                "()"
            ]
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
