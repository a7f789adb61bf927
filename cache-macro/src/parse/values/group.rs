//! `group = "users"`: one tag for all entries of the function.

use syn::{Expr, ExprLit, Lit, LitStr};

use crate::parse::expr::ungrouped;
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct Group(LitStr);

impl OptionValue for Group {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let example = "group = \"users\"";
        errors.ok(Self::of(raw.expr(example, errors)?, example))
    }
}

impl Group {
    pub(crate) fn of(expr: &Expr, example: &str) -> syn::Result<Self> {
        let problem = match ungrouped(expr) {
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) if name.value().is_empty() => "has a name",
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) if name.value().contains('<') => {
                "is one for all calls; what differs between them is for tags"
            }
            Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => return Ok(Self(name.clone())),
            _ => "is a name in one string literal",
        };
        Err(syn::Error::new_spanned(expr, format!("a `group` {problem}: write `{example}`")))
    }

    /// It is the tag `group:<name>`.
    pub(crate) fn tag(&self) -> LitStr {
        LitStr::new(&format!("group:{}", self.0.value()), self.0.span())
    }
}
