//! A function's own type and const parameters. Those of an `impl` around it do not show.

use proc_macro2::Ident;
use syn::{GenericParam, Signature};

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

/// `T`, `E2`: the name of a type parameter, by custom. For those of an `impl`, it is all that there is to go by.
pub(crate) fn is_one_letter(ident: &Ident) -> bool {
    let name = ident.to_string();
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name[1..].chars().all(|rest| rest.is_ascii_digit())
}
