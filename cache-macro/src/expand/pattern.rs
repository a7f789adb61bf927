//! The pattern of an argument of which the entry function takes a reference: `Path(slug): Path<String>` becomes
//! `Path(slug): &Path<String>`.

use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{Pat, PatIdent, PatReference, Token, Type, parse_quote};

use crate::signature::types::bare;

/// The pattern for a reference to what the function takes: whatever it binds, it borrows.
///
/// Mostly a pattern without `mut` and `ref` is that by itself. One that looks behind a reference, `(&id, _)`, has to say so at
/// each step, because the two kinds do not mix.
pub(super) fn borrowing(pattern: &Pat, ty: &Type) -> Pat {
    let mut borrowed = pattern.clone();
    if matches!(bare(ty), Type::Reference(_)) {
        // What the entry function takes is a reference as before, if perhaps to no mutable place.
        if let Pat::Reference(outer) = &mut borrowed {
            outer.mutability = None;
        }
        Borrowing(ByRef::AsItIs).visit_pat_mut(&mut borrowed);
        return borrowed;
    }
    if looks_behind_references(pattern) {
        Borrowing(ByRef::Written).visit_pat_mut(&mut borrowed);
        return parse_quote!(&#borrowed);
    }
    Borrowing(ByRef::Implied).visit_pat_mut(&mut borrowed);
    borrowed
}

#[derive(Clone, Copy)]
enum ByRef {
    AsItIs,
    Written,
    Implied,
}

struct Borrowing(ByRef);

impl VisitMut for Borrowing {
    fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
        pat.mutability = None;
        pat.by_ref = match self.0 {
            ByRef::AsItIs => pat.by_ref,
            ByRef::Written => Some(Token![ref](pat.ident.span())),
            ByRef::Implied => None,
        };
        visit_mut::visit_pat_ident_mut(self, pat);
    }

    /// What is taken from behind a reference is `Copy`, or borrowed as it is.
    fn visit_pat_reference_mut(&mut self, pat: &mut PatReference) {
        visit_mut::visit_pat_reference_mut(&mut Self(ByRef::AsItIs), pat);
    }
}

fn looks_behind_references(pattern: &Pat) -> bool {
    struct Looks(bool);
    impl<'ast> Visit<'ast> for Looks {
        fn visit_pat_reference(&mut self, _: &'ast PatReference) {
            self.0 = true;
        }
    }
    let mut looks = Looks(false);
    looks.visit_pat(pattern);
    looks.0
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens as _, quote};
    use syn::{PatType, parse_quote};

    use super::*;

    #[test]
    fn patterns_borrow() {
        for (argument, expected) in [
            (parse_quote!(Path(slug): Path<String>), quote!(Path(slug))),
            (parse_quote!(Path(mut slug): Path<String>), quote!(Path(slug))),
            (parse_quote!(Path(ref slug): Path<String>), quote!(Path(slug))),
            (parse_quote!(Path(slug): &Path<String>), quote!(Path(slug))),
            (parse_quote!(Path(slug): &mut Path<String>), quote!(Path(slug))),
            (parse_quote!(&id: &u64), quote!(&id)),
            (parse_quote!(&mut Path(ref mut slug): &mut Path<String>), quote!(&Path(ref slug))),
            (parse_quote!((&id, _): (&u64, u8)), quote!(&(&id, _))),
            (parse_quote!((name, &_): (String, &u64)), quote!(&(ref name, &_))),
        ] {
            let argument: PatType = argument;
            let borrowed = borrowing(&argument.pat, &argument.ty);
            assert_eq!(borrowed.to_token_stream().to_string(), expected.to_string());
        }
    }
}
