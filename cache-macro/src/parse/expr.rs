//! Expressions that come through a `macro_rules!` variable.

use syn::Expr;

/// The expression without the invisible groups that such a variable leaves around it.
pub(crate) fn ungrouped(mut expr: &Expr) -> &Expr {
    while let Expr::Group(group) = expr {
        expr = &group.expr;
    }
    expr
}
