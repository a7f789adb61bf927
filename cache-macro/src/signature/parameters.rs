//! Questions about a function's parameters.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, Receiver, ReceiverKind, Signature, Type, parse_quote};

use super::types::bare;

/// One parameter that is not `self`.
#[derive(Clone)]
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
#[derive(Clone)]
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

/// Whether the function is a method.
pub(crate) fn takes_self(signature: &Signature) -> bool {
    signature.receiver().is_some()
}

/// The type of `self`.
pub(crate) fn receiver_type(receiver: &Receiver) -> Type {
    match &receiver.kind {
        ReceiverKind::Reference(and, _, mutability) => parse_quote!(#and #mutability Self),
        ReceiverKind::Typed(_, ty) => (**ty).clone(),
        _ => parse_quote!(Self),
    }
}

fn binding(pat: &Pat) -> Binding {
    match pat {
        Pat::Ident(PatIdent { ident, .. }) => Binding::Name(ident.clone()),
        Pat::Paren(paren) => binding(&paren.pat),
        _ => {
            let mut names = BoundNames::default();
            names.visit_pat(pat);
            match &names.found[..] {
                [] if names.are_all => Binding::Nothing,
                [name] if names.are_all => Binding::Name(name.clone()),
                _ => Binding::Pattern(pat.clone(), names.found),
            }
        }
    }
}

/// All names that a pattern binds.
pub(crate) fn bound_names(pat: &Pat) -> Vec<Ident> {
    let mut names = BoundNames::default();
    names.visit_pat(pat);
    names.found
}

/// Whether the pattern is a name for the whole argument.
fn is_plain(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(_) => true,
        Pat::Paren(paren) => is_plain(&paren.pat),
        _ => false,
    }
}

struct BoundNames {
    found: Vec<Ident>,
    /// What a macro binds is not known here, so it may not count as nothing.
    are_all: bool,
}

impl Default for BoundNames {
    fn default() -> Self {
        Self { found: Vec::new(), are_all: true }
    }
}

impl<'ast> Visit<'ast> for BoundNames {
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
}
