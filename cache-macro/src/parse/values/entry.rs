//! `entry = name`, or `entry = false`: what the entry function is called, and whether there is one.

use proc_macro2::Ident;
use syn::{Expr, ExprLit, Lit};

use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) enum EntryName {
    Named(Ident),
    /// `false`: no entry function.
    None,
}

impl OptionValue for EntryName {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr("entry = user_entry", errors)?;
        let name = match expr {
            Expr::Path(path) => path.path.get_ident().cloned().map(Self::Named),
            Expr::Lit(ExprLit { lit: Lit::Bool(literal), .. }) if !literal.value => Some(Self::None),
            _ => None,
        };
        if name.is_none() {
            errors.at(
                expr,
                "`entry` is the name of the entry function, `entry = user_entry`, or `entry = false` for none",
            );
        }
        name
    }
}
