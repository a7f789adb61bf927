//! Options whose value is a literal number, whole or not.

use proc_macro2::Literal;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit};

use crate::report::diagnostics::Diagnostics;

/// The number as an expansion writes it, at `expr`. `wrong` is reported where there is none that `is_right`.
pub(super) fn read(
    expr: &Expr,
    is_right: impl FnOnce(f64) -> bool,
    wrong: &str,
    errors: &Diagnostics,
) -> Option<Literal> {
    let number = match expr {
        Expr::Lit(ExprLit { lit: Lit::Float(literal), .. }) => literal.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse().ok(),
        _ => None,
    };
    let Some(number) = number.filter(|number| is_right(*number)) else {
        errors.at(expr, wrong);
        return None;
    };
    let mut literal = Literal::f64_unsuffixed(number);
    literal.set_span(expr.span());
    Some(literal)
}
