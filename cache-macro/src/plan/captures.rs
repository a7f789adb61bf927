//! Closures of options that use an argument, which they cannot see.
//!
//! They become plain functions. The compiler says so too, in terms of `fn` pointers; here it is said what to write instead.

use std::collections::HashSet;

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, ExprClosure, ExprPath, Macro, PatIdent, Token};

use crate::parse::ident::same;
use crate::parse::options::Options;
use crate::parse::values::cache_if::CacheIf;
use crate::parse::values::negative::Negative;
use crate::parse::values::ttl::Ttl;
use crate::report::diagnostics::Diagnostics;
use crate::signature::parameters::Parameter;

/// Reports an argument in a closure of an option.
pub(super) fn check_options(options: &Options, parameters: &[Parameter], errors: &Diagnostics) {
    if let Some(Ttl::OfValue(closure)) = options.ttl.value() {
        let instead = "for a `ttl` that depends on arguments write an expression, without `|value|`";
        check("ttl", "value", closure, instead, parameters, errors);
    }
    if let Some(CacheIf(Expr::Closure(closure))) = options.cache_if.value() {
        let instead = "let the value hold what decides";
        check("cache_if", "value", closure, instead, parameters, errors);
    }
    if let Some(Negative(Expr::Closure(closure))) = options.negative.value() {
        let instead = "let the error hold what decides";
        check("negative", "error", closure, instead, parameters, errors);
    }
    if let Some(closure) = options.tags.value().and_then(|tags| tags.of_value.as_ref()) {
        let instead = "arguments are named in templates, `tags = [\"org:<org>\"]`";
        check("tags", "value", closure, instead, parameters, errors);
    }
}

fn check(
    option: &str,
    sees: &str,
    closure: &ExprClosure,
    instead: &str,
    parameters: &[Parameter],
    errors: &Diagnostics,
) {
    let mut names = UsedNames::default();
    names.visit_expr_closure(closure);
    let is_argument = |name: &&Ident| {
        **name == "self"
            || parameters.iter().any(|parameter| parameter.binding.names().any(|own| same(own, name)))
    };
    let mut captured = names.used.iter().filter(|name| !names.bound.contains(&name.unraw().to_string()));
    if let Some(name) = captured.find(is_argument) {
        errors.at(
            name,
            format!("the closure of `{option}` sees the {sees} and nothing else, so it cannot use `{name}`: {instead}"),
        );
    }
}

/// The names that a closure uses, and those that it binds somewhere. What stands in a macro could be either, and is left to the
/// compiler, but for those whose arguments are known to be expressions.
#[derive(Default)]
struct UsedNames {
    used: Vec<Ident>,
    bound: HashSet<String>,
}

impl<'ast> Visit<'ast> for UsedNames {
    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        self.used.extend(path.path.get_ident().cloned());
    }

    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        self.bound.insert(pat.ident.unraw().to_string());
        visit::visit_pat_ident(self, pat);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if ["vec", "format"].iter().any(|name| call.path.is_ident(name))
            && let Ok(arguments) = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
        {
            let mut names = UsedNames::default();
            arguments.iter().for_each(|argument| names.visit_expr(argument));
            self.used.append(&mut names.used);
            self.bound.extend(names.bound);
        }
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;
    use crate::signature::parameters::parameters;

    fn is_reported(closure: &ExprClosure) -> bool {
        let signature = parse_quote!(fn f(&self, id: u64, r#type: u8, (a, b): (u8, u8)));
        let errors = Diagnostics::new();
        check("ttl", "value", closure, "", &parameters(&signature), &errors);
        errors.finish().is_some()
    }

    #[test]
    fn arguments() {
        for closure in [
            parse_quote!(|v| *v > id),
            parse_quote!(|v| self.ttl),
            parse_quote!(|v| f(&r#type)),
            parse_quote!(|v| v + a),
            parse_quote!(|v| S { id }),
            parse_quote!(|v| vec![v.to_string(), format!("{}", id)]),
        ] {
            assert!(is_reported(&closure));
        }
        for closure in [
            parse_quote!(|v| v.id > 1),
            parse_quote!(|id| id > 1),
            parse_quote!(|v| {
                let id = v.id;
                id > 1
            }),
            parse_quote!(|v| matches!(v, Some(id) if id > 1)),
            parse_quote!(|v| S { id: 1 }),
            parse_quote!(|v| id::f(v)),
            parse_quote!(|v| LIMIT > *v),
        ] {
            assert!(!is_reported(&closure));
        }
    }
}
