//! `batch = ids`: the argument that holds the keys.

use proc_macro2::Ident;
use syn::Expr;

use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) struct BatchName(pub(crate) Ident);

impl OptionValue for BatchName {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr("batch = ids", errors)?;
        let name = match expr {
            Expr::Path(path) => path.path.get_ident(),
            _ => None,
        };
        if name.is_none() {
            errors.at(expr, "`batch` is the name of the argument that holds the keys: write `batch = ids`");
        }
        name.cloned().map(Self)
    }
}
