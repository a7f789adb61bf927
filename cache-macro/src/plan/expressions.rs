//! The expressions among the options: what runs at each call, in the function and in its entry function.

use syn::{Expr, UnOp};

use crate::parse::options::Options;
use crate::parse::values::local::Local;
use crate::parse::values::max_size::MaxSize;
use crate::parse::values::replica_reads::ReplicaReads;
use crate::parse::values::tags::TagsOption;
use crate::parse::values::ttl::Ttl;

pub(crate) struct Expression<'a> {
    /// The option that it is the value of.
    pub(crate) option: &'static str,
    pub(crate) expr: &'a Expr,
}

/// Closures are none of them: they see the value and nothing else.
pub(crate) fn expressions(options: &Options) -> Vec<Expression<'_>> {
    let ttl = options.ttl.value().and_then(|ttl| match ttl {
        Ttl::Fixed(length) => length.expr(),
        Ttl::OfValue(_) => None,
    });
    let fixed = [
        ("cache", options.cache.value()),
        ("ttl", ttl),
        ("negative_ttl", options.negative_ttl.value().and_then(|ttl| ttl.0.expr())),
        ("stale_while_revalidate", options.stale_while_revalidate.value().and_then(|window| window.0.expr())),
        ("stale_if_error", options.stale_if_error.value().and_then(|window| window.0.expr())),
        ("max_wait", options.max_wait.value().and_then(|wait| wait.0.expr())),
        ("max_age", options.max_age.value().and_then(|age| age.0.expr())),
        ("timeout", options.timeout.value().and_then(|timeout| timeout.0.expr())),
        ("max_size", options.max_size.value().and_then(MaxSize::expr)),
        ("replica_reads", options.replica_reads.value().and_then(ReplicaReads::expr)),
        ("local", options.local.value().and_then(Local::expr)),
    ];
    let fixed = fixed.into_iter().filter_map(|(option, expr)| Some(Expression { option, expr: expr? }));
    let tags = options.tags.value().into_iter().flat_map(TagsOption::typed);
    fixed.chain(tags.map(|expr| Expression { option: "tags", expr })).collect()
}

/// Whether an option's expression may leave a value behind that lives until the end of its statement.
///
/// `ttl = self.config.read().unwrap().ttl` leaves a lock guard. In one statement with the computation, the guard would be
/// held while the function's body runs: a future that is not `Send`, and a deadlock if the body takes the lock.
pub(crate) fn leaves_temporary(option: &str, expr: &Expr) -> bool {
    match expr {
        // `cache` is taken by reference, so whatever is made for it stays.
        expr if option == "cache" => !is_place(expr),
        // A call by name gives its result away, and its arguments with it.
        Expr::Call(call) => !is_place(&call.func) || !call.args.iter().all(is_place),
        Expr::Struct(value) => !value.fields.iter().all(|field| is_place(&field.expr)),
        Expr::Binary(binary) => !is_place(&binary.left) || !is_place(&binary.right),
        expr => !is_place(expr),
    }
}

/// A literal, or something that exists without being made.
pub(crate) fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Reference(reference) => is_place(&reference.expr),
        Expr::Paren(paren) => is_place(&paren.expr),
        Expr::Group(group) => is_place(&group.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)) && is_place(&unary.expr),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn temporaries() {
        for expr in [
            parse_quote!(TTL),
            parse_quote!(&self.cache),
            parse_quote!(Duration::from_secs(30)),
            parse_quote!(Duration::from_secs(self.seconds)),
            parse_quote!(Viewer { id, team: user.team }),
            parse_quote!(self.ttl * 2),
            parse_quote!(*cache),
        ] {
            assert!(!leaves_temporary("ttl", &expr));
        }
        for expr in [
            parse_quote!(self.config.read().ttl),
            parse_quote!(self.ttl()),
            parse_quote!(Viewer { id: self.id() }),
            parse_quote!(ttl(&config())),
            parse_quote!(caches[&id]),
            parse_quote!(if a { b } else { c }),
        ] {
            assert!(leaves_temporary("ttl", &expr));
        }
        assert!(leaves_temporary("cache", &parse_quote!(cache_of(id))));
        assert!(!leaves_temporary("cache", &parse_quote!(self.cache)));
    }
}
