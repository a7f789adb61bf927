//! Questions about a type, as far as its tokens answer them.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::visit::{self, Visit};
use syn::{GenericArgument, PathArguments, PathSegment, Signature, Type, TypeImplTrait, TypeMacro};

use super::type_parameters::type_parameters;

/// Whether a type has an `impl Trait` in it: a type parameter that nobody can name.
pub(crate) fn is_anonymous(ty: &Type) -> bool {
    !impl_traits(ty).is_empty()
}

/// Each `impl Trait` in a type.
pub(crate) fn impl_traits(ty: &Type) -> Vec<&TypeImplTrait> {
    struct Search<'ast>(Vec<&'ast TypeImplTrait>);
    impl<'ast> Visit<'ast> for Search<'ast> {
        fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
            self.0.push(ty);
            visit::visit_type_impl_trait(self, ty);
        }
    }
    let mut search = Search(Vec::new());
    search.visit_type(ty);
    search.0
}

/// Whether a macro writes a type or a part of it, which may be `impl Trait`.
pub(crate) fn is_of_a_macro(ty: &Type) -> bool {
    struct Search(bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_type_macro(&mut self, _: &'ast TypeMacro) {
            self.0 = true;
        }
    }
    let mut search = Search(false);
    search.visit_type(ty);
    search.0
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

pub(crate) fn is_mut_reference(ty: &Type) -> bool {
    matches!(bare(ty), Type::Reference(reference) if reference.mutability.is_some())
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

/// The end of a type's path: `Vec<u8>` of `std::vec::Vec<u8>`.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// `A` and `B` of `Path<A, B>`.
pub(crate) fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let types = arguments(segment).filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// `T` of `Trait<Name = T>`.
pub(crate) fn associated_type<'a>(segment: &'a PathSegment, name: &str) -> Option<&'a Type> {
    arguments(segment).find_map(|argument| match argument {
        GenericArgument::AssocType(associated) if associated.ident == name => Some(&associated.ty),
        _ => None,
    })
}

fn arguments(segment: &PathSegment) -> impl Iterator<Item = &GenericArgument> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    };
    arguments.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

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
