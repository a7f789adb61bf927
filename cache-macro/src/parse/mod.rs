//! Syntax: what stands in the attribute and in the item, each piece with the span of the user's own tokens. Nothing here
//! asks whether the pieces fit together.

pub(crate) mod duration;
pub(crate) mod expr;
pub(crate) mod ident;
pub(crate) mod item;
pub(crate) mod key_template;
pub(crate) mod list;
pub(crate) mod options;
pub(crate) mod raw_option;
pub(crate) mod values;
