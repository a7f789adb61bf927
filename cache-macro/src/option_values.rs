//! What each option's value may be.
//!
//! A value that is wrong is reported where it stands, with what to write instead, and read as nothing.

use proc_macro2::{Ident, Literal};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprClosure, ExprLit, Lit, Path, Token};

use crate::diagnostics::Diagnostics;
use crate::key_template::{Noun, Template};
use crate::length::Length;
use crate::options::{Form, Written};

/// The value of an option.
pub(crate) trait Value: Sized {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self>;
}

/// `ttl`
#[derive(Clone)]
pub(crate) enum Ttl {
    Fixed(Length),
    /// `|value: &T| -> Duration`
    OfValue(ExprClosure),
}

/// `negative_ttl`
pub(crate) struct NegativeTtl(pub(crate) Length);

/// `skip`: names of arguments and of type parameters.
pub(crate) struct Skip {
    pub(crate) names: Vec<Ident>,
}

/// `cache_if`: a closure of the value, or the name of a function.
pub(crate) struct CacheIf(pub(crate) Expr);

/// `jitter`: a share between 0 and 1.
pub(crate) struct Jitter(pub(crate) Literal);

/// `stale_while_revalidate`, `stale_if_error`: for how long past its TTL a value is of use.
pub(crate) struct Window(pub(crate) Length);

/// `early_refresh`: XFetch's beta.
pub(crate) struct Beta(pub(crate) Literal);

/// `local`: for how long a value may be kept in the process.
pub(crate) struct Local(pub(crate) Length);

/// `max_wait`: for how long a call waits for others. Zero is not at all.
pub(crate) struct MaxWait(pub(crate) Length);

/// `finish_in_background`: whether a computation goes on when its caller has gone away.
pub(crate) struct FinishInBackground(pub(crate) bool);

/// `batch`: the argument that holds the keys.
pub(crate) struct BatchName(pub(crate) Ident);

/// `version`
pub(crate) struct Version(pub(crate) Literal);

/// `entry`
pub(crate) enum EntryName {
    Named(Ident),
    /// `false`: no companion function.
    None,
}

impl Value for Template {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let example = "key = \"user:<id>\"";
        match expr(written, example, errors)? {
            Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => {
                Some(Self::parse(literal.clone(), Noun::Key, errors))
            }
            other => {
                errors.at(other, format!("`key` is a template in one string literal: write `{example}`"));
                None
            }
        }
    }
}

impl Value for Ttl {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        match expr(written, "ttl = 3600", errors)? {
            Expr::Closure(closure) => {
                takes_the_value(closure, "ttl", errors).then(|| Self::OfValue(closure.clone()))
            }
            other => Length::read(other, "ttl", errors).map(Self::Fixed),
        }
    }
}

impl Value for NegativeTtl {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "negative_ttl = 30", errors)?;
        let problem = match expr {
            Expr::Closure(_) => "`negative_ttl` cannot depend on the value, because there is none",
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value() == "never" => {
                "a `None` that never expires would hide a value that comes later"
            }
            other => return Length::read(other, "negative_ttl", errors).map(Self),
        };
        errors.at(expr, format!("{problem}: write a length of time, such as `negative_ttl = 30`"));
        None
    }
}

impl Value for Skip {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        match &written.form {
            Form::List(tokens) => {
                let names = Punctuated::<Ident, Token![,]>::parse_terminated_with;
                let names = |input: syn::parse::ParseStream<'_>| names(input, Ident::parse_any);
                match names.parse2(tokens.clone()) {
                    Ok(names) => {
                        return Some(Self { names: names.into_iter().collect() });
                    }
                    Err(error) => errors.add(syn::Error::new(error.span(), skip_help("db, locale"))),
                }
            }
            Form::Equals(value) => errors.at(value, skip_help(&value.to_token_stream().to_string())),
            Form::Bare => errors.at(&written.name, skip_help("db, locale")),
        }
        None
    }
}

fn skip_help(names: &str) -> String {
    format!("`skip` takes the names of arguments in parentheses: write `skip({names})`")
}

impl Value for Expr {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        expr(written, &format!("{} = …", written.name), errors).cloned()
    }
}

impl Value for CacheIf {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "cache_if = |value| …", errors)?;
        match expr {
            Expr::Closure(closure) if !takes_the_value(closure, "cache_if", errors) => None,
            Expr::Lit(_) => {
                errors.at(expr, "`cache_if` takes a closure of the value: write `cache_if = |value| …`");
                None
            }
            _ => Some(Self(expr.clone())),
        }
    }
}

impl Value for Window {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let name = written.name.unraw().to_string();
        let expr = expr(written, &format!("{name} = \"30s\""), errors)?;
        match expr {
            Expr::Closure(_) => errors.at(
                expr,
                format!("`{name}` is one for all values: write a length of time, such as `{name} = \"30s\"`"),
            ),
            Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) if text.value() == "never" => errors.at(
                expr,
                format!("a value that is old for ever is not worth a TTL: write `{name} = \"1h\"`, or `ttl = \"never\"`"),
            ),
            other => return Length::read(other, &name, errors).map(Self),
        }
        None
    }
}

impl Value for Local {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "local = \"30s\"", errors)?;
        if let Expr::Closure(_) = expr {
            errors
                .at(expr, "`local` is one for all values: write a length of time, such as `local = \"30s\"`");
            return None;
        }
        Length::read(expr, "local", errors).map(Self)
    }
}

impl Value for MaxWait {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "max_wait = \"2s\"", errors)?;
        let problem = match expr {
            Expr::Closure(_) => "`max_wait` is known before there is a value",
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value() == "never" => {
                "`\"never\"` could mean not to wait, and to wait for ever"
            }
            other => return errors.ok(Length::parse(other, "max_wait")).map(Self),
        };
        errors.at(expr, format!("{problem}: write a length of time, such as `max_wait = \"2s\"`, or 0"));
        None
    }
}

impl Value for FinishInBackground {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        const EXAMPLE: &str = "finish_in_background = true";
        match expr(written, EXAMPLE, errors)? {
            Expr::Lit(ExprLit { lit: Lit::Bool(literal), .. }) => Some(Self(literal.value)),
            other => {
                errors.at(other, format!("`finish_in_background` is on or off: write `{EXAMPLE}`"));
                None
            }
        }
    }
}

impl Value for BatchName {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "batch = ids", errors)?;
        match expr {
            Expr::Path(path) if path.path.get_ident().is_some() => path.path.get_ident().cloned().map(Self),
            _ => {
                errors
                    .at(expr, "`batch` is the name of the argument that holds the keys: write `batch = ids`");
                None
            }
        }
    }
}

impl Value for Beta {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "early_refresh = 1.0", errors)?;
        let beta = number(expr).filter(|beta| *beta > 0.0 && beta.is_finite());
        let wrong =
            "`early_refresh` is a literal above 0: write `early_refresh = 1.0`, or more to refresh earlier";
        literal(beta, expr, wrong, errors).map(Self)
    }
}

impl Value for Jitter {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "jitter = 0.1", errors)?;
        let share = number(expr).filter(|share| (0.0..=1.0).contains(share));
        let wrong =
            "`jitter` is a share of the TTL, a literal from 0 to 1: write `jitter = 0.1` for up to 10 %";
        literal(share, expr, wrong, errors).map(Self)
    }
}

/// A literal number, whole or not.
fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Float(literal), .. }) => literal.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse().ok(),
        _ => None,
    }
}

/// The number as an expansion writes it, where `expr` stands.
fn literal(number: Option<f64>, expr: &Expr, wrong: &str, errors: &Diagnostics) -> Option<Literal> {
    let Some(number) = number else {
        errors.at(expr, wrong);
        return None;
    };
    let mut literal = Literal::f64_unsuffixed(number);
    literal.set_span(syn::spanned::Spanned::span(expr));
    Some(literal)
}

impl Value for Version {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "version = 2", errors)?;
        let version = match expr {
            Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse::<u32>().ok(),
            _ => None,
        };
        let Some(version) = version else {
            errors.at(expr, "`version` is a whole number that you count up by hand: write `version = 2`");
            return None;
        };
        let mut literal = Literal::u32_unsuffixed(version);
        literal.set_span(syn::spanned::Spanned::span(expr));
        Some(Self(literal))
    }
}

impl Value for EntryName {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "entry = user_entry", errors)?;
        match expr {
            Expr::Path(path) if path.path.get_ident().is_some() => {
                path.path.get_ident().cloned().map(Self::Named)
            }
            Expr::Lit(ExprLit { lit: Lit::Bool(literal), .. }) if !literal.value => Some(Self::None),
            _ => {
                errors.at(
                    expr,
                    "`entry` is the name of the second function, `entry = user_entry`, or `entry = false` for none",
                );
                None
            }
        }
    }
}

impl Value for Path {
    fn read(written: &Written, errors: &Diagnostics) -> Option<Self> {
        let expr = expr(written, "crate = my_crate::redis_cached", errors)?;
        match expr {
            Expr::Path(path) if path.qself.is_none() => Some(path.path.clone()),
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                errors
                    .at(expr, format!("`crate` is a path, without quotes: write `crate = {}`", text.value()));
                None
            }
            _ => {
                errors.at(
                    expr,
                    "`crate` is the path of the runtime crate: write `crate = my_crate::redis_cached`",
                );
                None
            }
        }
    }
}

/// The expression after `=`, without the invisible group that a `macro_rules!` variable leaves around it.
pub(crate) fn expr<'a>(written: &'a Written, example: &str, errors: &Diagnostics) -> Option<&'a Expr> {
    let Form::Equals(expr) = &written.form else {
        errors.at(&written.name, format!("`{}` needs a value: write `{example}`", written.name));
        return None;
    };
    let mut expr = expr;
    while let Expr::Group(group) = expr {
        expr = &group.expr;
    }
    Some(expr)
}

/// Closures of options see the value and nothing else: they decide about what was computed, whoever asked for it.
pub(crate) fn takes_the_value(closure: &ExprClosure, option: &str, errors: &Diagnostics) -> bool {
    if closure.inputs.len() != 1 {
        errors.at(
            closure,
            format!("`{option}` takes a closure of one parameter: write `{option} = |value| …`"),
        );
    }
    closure.inputs.len() == 1
}
