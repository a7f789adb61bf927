//! Return types that cannot be remembered.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Lifetime, Type, TypeImplTrait, TypeReference};

use crate::report::diagnostics::Diagnostics;
use crate::signature::style::{future_output, is_named_future};
use crate::signature::types::{bare, impl_traits};

/// Reports return types that cannot be remembered. An error may borrow, since it is handed on and never stored; a
/// stored value may not.
pub(super) fn check(whole: &Type, value: Option<&Type>, errors: &Diagnostics) {
    if matches!(bare(whole), Type::Never(_)) {
        errors.at(whole, "a function that never returns has no result to remember: remove the attribute");
        return;
    }
    if is_named_future(whole) {
        errors
            .at(whole, "a future cannot be stored, only what it results in: write `async fn` and that type");
        return;
    }
    let anonymous = impl_traits(whole);
    for ty in &anonymous {
        errors.at(ty, no_name(ty));
    }
    if let Some(value) = value.filter(|_| anonymous.is_empty()) {
        Borrows { errors, done: false }.visit_type(value);
    }
}

fn no_name(ty: &TypeImplTrait) -> String {
    match ty.bounds.iter().find_map(future_output) {
        Some(output) => {
            let output = output.to_token_stream();
            format!("a future cannot be stored, only what it results in: write `async fn` with `-> {output}`")
        }
        None => "a result that is remembered is decoded from bytes, so its type needs a name: write the type itself \
                 instead of `impl Trait`, such as `Vec<T>` for an iterator"
            .to_owned(),
    }
}

/// Finds the first borrow: one is enough to say that the type must own its data.
struct Borrows<'a> {
    errors: &'a Diagnostics,
    done: bool,
}

impl Borrows<'_> {
    fn report(&mut self, at: impl ToTokens, instead: &str) {
        if !self.done {
            self.errors.at(at, format!("a result that is remembered must own its data: {instead}"));
            self.done = true;
        }
    }
}

impl<'ast> Visit<'ast> for Borrows<'_> {
    /// Even `&'static str`: no decoder can make one.
    fn visit_type_reference(&mut self, ty: &'ast TypeReference) {
        let instead = match bare(&ty.elem) {
            Type::Path(path) if path.path.is_ident("str") => "return `String`".to_owned(),
            Type::Slice(slice) => format!("return `Vec<{}>`", slice.elem.to_token_stream()),
            elem => format!("return `{}`", elem.to_token_stream()),
        };
        self.report(ty, &instead);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            let instead = format!(
                "return a type without the lifetime `{lifetime}`, such as `String` for `Cow<'_, str>`"
            );
            self.report(lifetime, &instead);
        }
        visit::visit_lifetime(self, lifetime);
    }
}
