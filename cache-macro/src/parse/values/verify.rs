//! `verify = 0.01`: which share of hits is compared with what the function returns.

use proc_macro2::{Literal, TokenStream};
use quote::ToTokens as _;
use syn::{Expr, UnOp};

use super::number;
use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

pub(crate) enum Verify {
    Known(Literal),
    /// Of type `f64`, which rustc checks.
    Expr(Expr),
}

const EXAMPLE: &str = "verify = 0.01";
const WRONG: &str =
    "`verify` is a share of the hits, from 0 to 1: write `verify = 0.01` for one in a hundred";

impl OptionValue for Verify {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr(EXAMPLE, errors)?;
        let is_share = |share: f64| (0.0..=1.0).contains(&share);
        match expr {
            Expr::Closure(_) => {
                errors.at(expr, "`verify` is one share for all values: write `verify = 0.01`");
                None
            }
            Expr::Unary(unary) if matches!((&unary.op, &*unary.expr), (UnOp::Neg(_), Expr::Lit(_))) => {
                errors.at(expr, WRONG);
                None
            }
            Expr::Lit(_) => number::read(expr, is_share, WRONG, errors).map(Self::Known),
            other => Some(Self::Expr(other.clone())),
        }
    }
}

impl Verify {
    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Self::Known(literal) => literal.to_token_stream(),
            Self::Expr(expr) => expr.to_token_stream(),
        }
    }
}
