//! The value of an option that says how long: `3600`, `"1h30m"`, `"never"`, or an expression.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::{Expr, ExprLit, Lit, LitInt, UnOp};

use crate::parse::duration;
use crate::parse::raw_option::RawOption;
use crate::report::diagnostics::Diagnostics;

pub(crate) enum Length {
    Known(Duration),
    Never,
    /// Of type `Duration`, which rustc checks.
    Expr(Expr),
}

/// An option that takes one length of time for all values, and what it says to what it cannot take.
pub(super) struct LengthOption {
    /// A right value.
    pub(super) example: &'static str,
    /// Why the option takes no closure.
    pub(super) closure: &'static str,
    /// Why it does not take `"never"`, if so.
    pub(super) never: Option<&'static str>,
    /// Whether it takes zero.
    pub(super) zero: bool,
}

impl LengthOption {
    pub(super) fn read(&self, raw: &RawOption, errors: &Diagnostics) -> Option<Length> {
        let name = raw.name.unraw().to_string();
        let expr = raw.expr(&format!("{name} = {}", self.example), errors)?;
        let never = matches!(expr, Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value() == "never");
        let problem = match expr {
            Expr::Closure(_) => Some(format!("`{name}` {}", self.closure)),
            _ => self.never.filter(|_| never).map(str::to_owned),
        };
        if let Some(problem) = problem {
            let or_zero = if self.zero { ", or 0" } else { "" };
            let example = self.example;
            errors.at(
                expr,
                format!("{problem}: write a length of time, such as `{name} = {example}`{or_zero}"),
            );
            return None;
        }
        if self.zero { errors.ok(Length::parse(expr, &name)) } else { Length::read(expr, &name, errors) }
    }
}

impl Length {
    /// Reads the value of `option`, whose name the messages need.
    pub(crate) fn read(expr: &Expr, option: &str, errors: &Diagnostics) -> Option<Self> {
        let length = errors.ok(Self::parse(expr, option))?;
        let zero = match &length {
            Self::Known(duration) => duration.is_zero(),
            Self::Never => false,
            Self::Expr(expr) => is_zero(expr),
        };
        if zero {
            errors.at(
                expr,
                format!("with a `{option}` of zero nothing is ever found again: {}", how_long(option)),
            );
        }
        (!zero).then_some(length)
    }

    /// The same for an option that may be zero.
    fn parse(expr: &Expr, option: &str) -> syn::Result<Self> {
        match expr {
            Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => seconds(literal, option),
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value() == "never" => Ok(Length::Never),
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => duration::parse(text).map(Length::Known),
            Expr::Lit(ExprLit { lit: Lit::Float(literal), .. }) => Err(syn::Error::new_spanned(
                literal,
                format!(
                    "`{option}` is in whole seconds: write `{option} = \"{}s\"`",
                    literal.base10_digits()
                ),
            )),
            Expr::Lit(_) => Err(syn::Error::new_spanned(expr, how_long(option))),
            Expr::Unary(unary) if matches!((&unary.op, &*unary.expr), (UnOp::Neg(_), Expr::Lit(_))) => {
                Err(syn::Error::new_spanned(
                    expr,
                    format!("a length of time cannot be negative: {}", how_long(option)),
                ))
            }
            other => Ok(Length::Expr(other.clone())),
        }
    }

    /// The expression, if it is one that runs at each call.
    pub(crate) fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Expr(expr) => Some(expr),
            Self::Known(_) | Self::Never => None,
        }
    }

    /// The `Duration` as an expansion writes it.
    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Self::Known(duration) => duration::tokens(*duration),
            Self::Never => quote!(::core::time::Duration::MAX),
            Self::Expr(expr) => expr.to_token_stream(),
        }
    }
}

fn how_long(option: &str) -> String {
    format!("write seconds, `{option} = 3600`, or a length of time, `{option} = \"1h30m\"`")
}

fn seconds(literal: &LitInt, option: &str) -> syn::Result<Length> {
    let number = literal.base10_digits();
    match (literal.suffix(), number.parse()) {
        ("" | "u32" | "u64" | "i32" | "i64" | "usize", Ok(seconds)) => {
            Ok(Length::Known(Duration::from_secs(seconds)))
        }
        (_, Err(_)) => {
            Err(syn::Error::new_spanned(literal, format!("too long: write `{option} = \"never\"`")))
        }
        (unit, Ok(_)) => Err(syn::Error::new_spanned(
            literal,
            format!("a length of time with a unit stands in quotes: write `{option} = \"{number}{unit}\"`"),
        )),
    }
}

/// Whether an expression is plainly `Duration::ZERO`, `Duration::from_secs(0)` or the like. What only running it can
/// tell is for the runtime.
fn is_zero(expr: &Expr) -> bool {
    let of_duration = |expr: &Expr| match expr {
        Expr::Path(path) => {
            let mut names = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
            let function = names.next();
            function.filter(|_| names.next().is_some_and(|name| name == "Duration"))
        }
        _ => None,
    };
    match expr {
        Expr::Path(_) => of_duration(expr).is_some_and(|constant| constant == "ZERO"),
        Expr::Call(call) => {
            of_duration(&call.func)
                .is_some_and(|name| name.starts_with("from_") || name == "new" || name == "default")
                && call.args.iter().all(is_literal_zero)
        }
        _ => false,
    }
}

fn is_literal_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_digits() == "0",
        Expr::Lit(ExprLit { lit: Lit::Float(literal), .. }) => {
            literal.base10_digits().chars().all(|digit| matches!(digit, '0' | '.'))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn read(expr: &Expr) -> Result<String, String> {
        let errors = Diagnostics::new();
        let length = Length::read(expr, "ttl", &errors);
        match errors.finish() {
            Some(error) => Err(error.to_string()),
            None => Ok(length.expect("a length").tokens().to_string().replace(' ', "")),
        }
    }

    #[test]
    fn lengths() {
        for (expr, expected) in [
            (parse_quote!(3600), "::core::time::Duration::from_secs(3600)"),
            (parse_quote!(1_000u64), "::core::time::Duration::from_secs(1000)"),
            (parse_quote!("1h30m"), "::core::time::Duration::from_secs(5400)"),
            (parse_quote!("never"), "::core::time::Duration::MAX"),
            (parse_quote!(Duration::from_secs(5)), "Duration::from_secs(5)"),
            (parse_quote!(self.ttl), "self.ttl"),
            (parse_quote!(duration(0)), "duration(0)"),
        ] {
            assert_eq!(read(&expr).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn zero_is_found_where_it_is_written_out() {
        for expr in [
            parse_quote!(0),
            parse_quote!("0s"),
            parse_quote!("0h 0m"),
            parse_quote!(Duration::ZERO),
            parse_quote!(std::time::Duration::from_secs(0)),
            parse_quote!(Duration::from_secs_f64(0.0)),
            parse_quote!(Duration::new(0, 0)),
            parse_quote!(Duration::default()),
        ] {
            assert!(read(&expr).expect_err("zero").contains("of zero"));
        }
    }

    #[test]
    fn what_is_no_length_says_what_to_write() {
        for (expr, part) in [
            (parse_quote!(90s), "ttl = \"90s\""),
            (parse_quote!(1.5), "ttl = \"1.5s\""),
            (parse_quote!(-1), "cannot be negative"),
            (parse_quote!(true), "ttl = 3600"),
            (parse_quote!('a'), "ttl = 3600"),
            (parse_quote!(99999999999999999999), "never"),
            (parse_quote!("soon"), "1h30m"),
        ] {
            let message = read(&expr).expect_err(part);
            assert!(message.contains(part), "{message}");
        }
    }
}
