//! Names, with and without `r#`.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;

/// Whether two identifiers are one name, `r#type` and `type` alike.
pub(crate) fn same(a: &Ident, b: &Ident) -> bool {
    a.unraw() == b.unraw()
}
