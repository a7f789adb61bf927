//! The value of `max_size`: `1_000_000`, `"64MiB"`, or an expression.

use proc_macro2::{Literal, TokenStream};
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit, LitStr, UnOp};

use crate::parse::raw_option::{OptionValue, RawOption};
use crate::report::diagnostics::Diagnostics;

const EXAMPLE: &str = "max_size = \"64MiB\"";

/// The most bytes that a value may take in the store.
pub(crate) enum MaxSize {
    Known(Literal),
    /// Of type `u64`, which rustc checks.
    Expr(Expr),
}

impl OptionValue for MaxSize {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        errors.ok(Self::parse(raw.expr(EXAMPLE, errors)?))
    }
}

impl MaxSize {
    fn parse(expr: &Expr) -> syn::Result<Self> {
        let wrong = |problem: String| {
            syn::Error::new_spanned(expr, format!("{problem}: write a number of bytes, such as `{EXAMPLE}`"))
        };
        let bytes = match expr {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => parse_text(text)?,
            Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) if literal.suffix().is_empty() => {
                literal.base10_parse().map_err(|_| wrong("too large".into()))?
            }
            Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) if literal.suffix() != "u64" => {
                let (digits, unit) = (literal.base10_digits(), literal.suffix());
                return Err(wrong(format!("`{digits}{unit}` is no number of bytes")));
            }
            Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse()?,
            Expr::Lit(_) => return Err(wrong("this is no number of bytes".into())),
            Expr::Unary(unary) if matches!((&unary.op, &*unary.expr), (UnOp::Neg(_), Expr::Lit(_))) => {
                return Err(wrong("a size cannot be negative".into()));
            }
            Expr::Closure(_) => return Err(wrong("`max_size` is one for all values".into())),
            other => return Ok(Self::Expr(other.clone())),
        };
        if bytes == 0 {
            return Err(wrong("with a `max_size` of zero nothing is ever stored".into()));
        }
        let mut literal = Literal::u64_unsuffixed(bytes);
        literal.set_span(expr.span());
        Ok(Self::Known(literal))
    }

    /// The expression, if it is one that runs at each call.
    pub(crate) fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Expr(expr) => Some(expr),
            Self::Known(_) => None,
        }
    }

    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Self::Known(literal) => literal.to_token_stream(),
            Self::Expr(expr) => expr.to_token_stream(),
        }
    }
}

/// The grammar of `CacheBuilder::max_value_size`.
fn parse_text(text: &LitStr) -> syn::Result<u64> {
    let written = text.value();
    let trimmed = written.trim();
    let digits = trimmed.find(|character: char| !character.is_ascii_digit()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let unit: Option<u64> = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "kb" => Some(1_000),
        "mb" => Some(1_000_000),
        "gb" => Some(1_000_000_000),
        "kib" => Some(1 << 10),
        "mib" => Some(1 << 20),
        "gib" => Some(1 << 30),
        _ => None,
    };
    let bytes = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    bytes.ok_or_else(|| {
        let message = format!(
            "`{written}` is no number of bytes: write a whole number and a unit (B, kB, MB, GB, KiB, MiB, GiB), such as `{EXAMPLE}`"
        );
        syn::Error::new_spanned(text, message)
    })
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn read(expr: &Expr) -> Result<String, String> {
        MaxSize::parse(expr).map(|size| size.tokens().to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_text_and_expressions() {
        for (expr, bytes) in [
            (parse_quote!(1_000_000), "1000000"),
            (parse_quote!(7u64), "7"),
            (parse_quote!("64MiB"), "67108864"),
            (parse_quote!("1 GB"), "1000000000"),
            (parse_quote!(" 10kb "), "10000"),
            (parse_quote!("7"), "7"),
            (parse_quote!(LIMIT), "LIMIT"),
        ] {
            assert_eq!(read(&expr).as_deref(), Ok(bytes));
        }
    }

    /// The runtime's sizes are tested by the same table.
    #[test]
    fn texts_of_the_runtimes_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../cache-runtime/src/api/byte_size/texts.txt");
        let table = std::fs::read_to_string(path).expect("the table");
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let (text, bytes) = line.split_once('=').expect("text, `=` and bytes");
            assert_eq!(read(&parse_quote!(#text)).ok().as_deref().unwrap_or_default(), bytes, "`{text}`");
        }
    }

    #[test]
    fn what_is_no_size_is_told_what_would_be() {
        for (expr, problem) in [
            (parse_quote!(0), "of zero nothing is ever stored"),
            (parse_quote!("0B"), "of zero nothing is ever stored"),
            (parse_quote!("64M"), "`64M` is no number of bytes"),
            (parse_quote!("99999999999GiB"), "is no number of bytes"),
            (parse_quote!(64MiB), "`64MiB` is no number of bytes"),
            (parse_quote!(-1), "cannot be negative"),
            (parse_quote!(1.5), "no number of bytes"),
            (parse_quote!(99999999999999999999), "too large"),
            (parse_quote!(|value| 5), "one for all values"),
        ] {
            let error = read(&expr).expect_err("no size");
            assert!(error.contains(problem) && error.contains("max_size = \"64MiB\""), "{error}");
        }
    }
}
