//! `conditional = old`: what an older value is called in the body, which may renew it.

use proc_macro2::Ident;
use syn::Expr;

use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

const EXAMPLE: &str = "conditional = old";

pub(crate) struct StaleName(pub(crate) Ident);

impl OptionValue for StaleName {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr(EXAMPLE, errors)?;
        let name = match expr {
            Expr::Path(path) => path.path.get_ident().filter(|name| *name != "self"),
            _ => None,
        };
        if name.is_none() {
            errors
                .at(expr, format!("`conditional` is what the body calls the older value: write `{EXAMPLE}`"));
        }
        name.cloned().map(Self)
    }
}
