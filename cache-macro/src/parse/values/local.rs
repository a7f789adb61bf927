//! `local = "30s"` and `local = revalidate`: whether values are kept in the process, and when they are served.

use syn::Expr;

use super::length::{Length, LengthOption};
use crate::parse::raw_option::{OptionValue, RawOption, word};
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::nearest;

pub(crate) enum Local {
    /// Without asking Redis, for so long.
    Tracked(Length),
    /// If Redis says, each time, that it is still the entry.
    Revalidate,
}

const REVALIDATE: &str = "revalidate";

impl Local {
    /// The expression, if it is one that runs at each call.
    pub(crate) fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Tracked(length) => length.expr(),
            Self::Revalidate => None,
        }
    }
}

impl OptionValue for Local {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr("local = \"30s\"` or `local = revalidate", errors)?;
        if let Some(word) = word(expr) {
            if word == REVALIDATE && matches!(expr, Expr::Path(_)) {
                return Some(Self::Revalidate);
            }
            if nearest(&word, [REVALIDATE, "revalidated", "verified"]).is_some() {
                errors.at(
                    expr,
                    "values that Redis is asked about at each call are kept by `local = revalidate`",
                );
                return None;
            }
        }
        if let Expr::Call(call) = expr
            && word(&call.func).is_some_and(|name| name == REVALIDATE)
        {
            errors.at(
                expr,
                "`local = revalidate` takes no length of time: Redis is asked at each call, and a copy lives as long as its entry",
            );
            return None;
        }
        let option =
            LengthOption { example: "\"30s\"", closure: "is one for all values", never: None, zero: false };
        option.read(raw, errors).map(Self::Tracked)
    }
}
