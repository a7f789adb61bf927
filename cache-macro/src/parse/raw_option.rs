//! An option as it was written, before its value is read.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Expr, ExprClosure, ExprLit, Lit, Token};

use super::expr::ungrouped;
use super::list;
use crate::report::diagnostics::Diagnostics;

pub(crate) struct RawOption {
    pub(crate) name: Ident,
    pub(crate) form: OptionForm,
}

pub(crate) enum OptionForm {
    /// `version`
    Bare,
    /// `version = 2`
    Equals(Expr),
    /// `skip(a, b)`
    List(TokenStream),
}

/// The value of an option.
///
/// A value that is wrong is reported where it stands, with what to write instead, and read as nothing.
pub(crate) trait OptionValue: Sized {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self>;
}

impl RawOption {
    /// One option and the comma after it.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected an option, such as `ttl = 3600` or `key = \"user:<id>\"`"));
        }
        let name = input.call(Ident::parse_any)?;
        let form = if input.peek(Token![=]) {
            list::equals(input, &name)?;
            OptionForm::Equals(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            OptionForm::List(content.parse()?)
        } else {
            OptionForm::Bare
        };
        list::comma(input, &format!("the option `{name}`"))?;
        Ok(Self { name, form })
    }

    /// The expression after `=`.
    pub(crate) fn expr(&self, example: &str, errors: &Diagnostics) -> Option<&Expr> {
        let OptionForm::Equals(expr) = &self.form else {
            errors.at(&self.name, format!("`{}` needs a value: write `{example}`", self.name));
            return None;
        };
        Some(ungrouped(expr))
    }
}

/// A closure of one parameter, which is called `of` in messages, or the name of a function.
pub(crate) fn predicate(raw: &RawOption, of: &str, errors: &Diagnostics) -> Option<Expr> {
    let option = raw.name.to_string();
    let example = format!("{option} = |{of}| …");
    let expr = raw.expr(&example, errors)?;
    match expr {
        Expr::Closure(closure) if !takes_one_parameter(closure, &option, errors) => None,
        Expr::Lit(_) => {
            errors.at(expr, format!("`{option}` takes a closure of the {of}: write `{example}`"));
            None
        }
        _ => Some(expr.clone()),
    }
}

/// Closures of options see the value and nothing else: they decide about what was computed, whoever asked for it.
pub(crate) fn takes_one_parameter(closure: &ExprClosure, option: &str, errors: &Diagnostics) -> bool {
    let takes_one = closure.inputs.len() == 1;
    if !takes_one {
        errors.at(
            closure,
            format!("`{option}` takes a closure of one parameter: write `{option} = |value| …`"),
        );
    }
    takes_one
}

/// A value that is a single word, with or without quotes.
pub(crate) fn word(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}
