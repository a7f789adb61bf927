//! `crate = my_crate::redis_cached`: where the runtime is.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Expr, ExprLit, Lit, Path};

use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

impl OptionValue for Path {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr("crate = my_crate::redis_cached", errors)?;
        match expr {
            Expr::Path(path) if path.qself.is_none() => return Some(path.path.clone()),
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                errors
                    .at(expr, format!("`crate` is a path, without quotes: write `crate = {}`", text.value()));
            }
            _ => errors
                .at(expr, "`crate` is the path of the runtime crate: write `crate = my_crate::redis_cached`"),
        }
        None
    }
}

/// The runtime's path: the one that the option names, or the crate by its own name.
pub(crate) fn runtime(option: Option<&Path>) -> TokenStream {
    option.map_or_else(|| quote!(::redis_cached), |path| path.to_token_stream())
}
