//! Questions about the function's signature. The answers are what the tokens show; where that is a guess, the compiler
//! decides.

pub(crate) mod generics;
pub(crate) mod mentions;
pub(crate) mod parameters;
pub(crate) mod returns;
pub(crate) mod shared_errors;
pub(crate) mod style;
pub(crate) mod type_parameters;
pub(crate) mod types;
