//! `replica_reads = verified` and `replica_reads = "2s"`: whether values may be read from replicas, and how old those may be.

use syn::Expr;

use super::length::{Length, LengthOption};
use crate::parse::raw_option::{OptionValue, RawOption, word};
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::nearest;

pub(crate) enum ReplicaReads {
    Verified,
    /// Values that are at most so old.
    Bounded(Length),
}

const VERIFIED: &str = "verified";

impl ReplicaReads {
    /// The expression, if it is one that runs at each call.
    pub(crate) fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Verified => None,
            Self::Bounded(length) => length.expr(),
        }
    }
}

impl OptionValue for ReplicaReads {
    fn read(raw: &RawOption, errors: &Diagnostics) -> Option<Self> {
        let expr = raw.expr("replica_reads = verified` or `replica_reads = \"2s\"", errors)?;
        if let Some(word) = word(expr) {
            if word == "never" && matches!(expr, Expr::Lit(_)) {
                errors.at(
                    expr,
                    "a value from a replica must not be as old as it likes: write a length of time, such as `replica_reads = \"2s\"`",
                );
                return None;
            }
            if word == VERIFIED && matches!(expr, Expr::Path(_)) {
                return Some(Self::Verified);
            }
            if nearest(&word, [VERIFIED]).is_some() {
                errors.at(expr, "this way of reading replicas is called `replica_reads = verified`");
                return None;
            }
        }
        let option = LengthOption {
            example: "\"2s\"",
            closure: "is known before there is a value",
            never: None,
            zero: true,
        };
        let length = option.read(raw, errors)?;
        if matches!(length, Length::Known(bound) if bound.is_zero()) {
            errors.at(
                expr,
                "no replica is ever that close behind: write `replica_reads = verified`, which serves nothing old, or how old a \
                 value may be, such as `replica_reads = \"2s\"`",
            );
            return None;
        }
        Some(Self::Bounded(length))
    }
}
