//! What the tokens of a return type show.

use syn::Type;

use crate::signature::types::{bare, is_passed_by_value, last_segment, type_arguments};

/// What the tokens of a type show.
pub(crate) enum Spelled<'a> {
    /// `Result<T, E>`, `io::Result<T>`
    Result(&'a Type, Option<&'a Type>),
    /// `AppResult<T>`, `SearchResult`: an alias of a `Result`, or not.
    LikeAResult,
    /// `Outcome`, `User`, `outcome!(User)`: hardly an alias of a `Result`, but it can be.
    AsAName,
    /// `u64`, `(A, B)`: no `Result`.
    Plain,
}

pub(crate) fn spelled(ty: &Type) -> Spelled<'_> {
    let last = match bare(ty) {
        Type::Path(_) if !is_passed_by_value(ty) => last_segment(ty),
        Type::Macro(_) => return Spelled::AsAName,
        _ => return Spelled::Plain,
    };
    let Some(last) = last else { return Spelled::AsAName };
    match type_arguments(last)[..] {
        [ok] if last.ident == "Result" => Spelled::Result(ok, None),
        [ok, error] if last.ident == "Result" => Spelled::Result(ok, Some(error)),
        _ if last.ident.to_string().ends_with("Result") => Spelled::LikeAResult,
        _ => Spelled::AsAName,
    }
}
