//! `tags = ["org:<org>"]`: under which names a function's entries are invalidated together.

use quote::ToTokens as _;
use syn::{Expr, ExprClosure, ExprLit, Lit, LitStr};

use crate::parse::expr::ungrouped;
use crate::parse::raw_option::{OptionValue, RawOption, takes_one_parameter};
use crate::report::diagnostics::Diagnostics;

/// `tags`
#[derive(Default)]
pub(crate) struct TagsOption {
    pub(crate) of_arguments: Vec<WrittenTag>,
    /// `|value: &T| -> Vec<String>`, in the list or in its place.
    pub(crate) of_value: Option<ExprClosure>,
}

/// A tag as it was written, of a function or of what invalidates it.
pub(crate) enum WrittenTag {
    /// `"org:<org>"`
    Template(LitStr),
    /// `City(city)`
    Typed(Expr),
}

const EXAMPLE: &str = "tags = [\"org:<org>\"]";

impl OptionValue for TagsOption {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let mut tags = Self::default();
        match raw.expr(EXAMPLE, errors)? {
            Expr::Closure(closure) => tags.closure(closure, errors)?,
            Expr::Array(list) if list.elems.is_empty() => {
                errors
                    .at(list, format!("there is no tag in the list: write `{EXAMPLE}`, or leave out `tags`"));
                return None;
            }
            Expr::Array(list) => {
                let read: Vec<_> = list.elems.iter().map(|tag| tags.element(tag, errors)).collect();
                read.into_iter().collect::<Option<()>>()?;
            }
            Expr::Lit(ExprLit { lit: Lit::Str(tag), .. }) => {
                let tag = tag.to_token_stream();
                errors.at(&tag, format!("`tags` is a list: write `tags = [{tag}]`"));
                return None;
            }
            other => {
                errors.at(
                    other,
                    format!("`tags` is a list of tags, or a closure of the value: write `{EXAMPLE}`"),
                );
                return None;
            }
        }
        Some(tags)
    }
}

impl TagsOption {
    fn element(&mut self, tag: &Expr, errors: &Diagnostics) -> Option<()> {
        match ungrouped(tag) {
            Expr::Closure(closure) => return self.closure(closure, errors),
            tag => self.of_arguments.push(errors.ok(WrittenTag::read(tag, EXAMPLE))?),
        }
        Some(())
    }

    fn closure(&mut self, closure: &ExprClosure, errors: &Diagnostics) -> Option<()> {
        if self.of_value.is_some() {
            errors.at(closure, "`tags` takes one closure of the value: let it name all tags");
            return None;
        }
        self.of_value = takes_one_parameter(closure, "tags", errors).then(|| closure.clone());
        self.of_value.as_ref().map(|_| ())
    }

    pub(crate) fn typed(&self) -> impl Iterator<Item = &Expr> {
        self.of_arguments.iter().filter_map(|tag| match tag {
            WrittenTag::Typed(expr) => Some(expr),
            WrittenTag::Template(_) => None,
        })
    }
}

impl WrittenTag {
    /// `example` is shown for what cannot be a tag.
    pub(crate) fn read(tag: &Expr, example: &str) -> syn::Result<Self> {
        match ungrouped(tag) {
            Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Ok(Self::Template(literal.clone())),
            Expr::Lit(_) | Expr::Array(_) | Expr::Closure(_) | Expr::Range(_) => {
                Err(syn::Error::new_spanned(
                    tag,
                    format!(
                        "a tag is a template in a string literal, or of a type with `#[derive(Tag)]`: write `{example}`"
                    ),
                ))
            }
            other => Ok(Self::Typed(other.clone())),
        }
    }
}
