//! What a user is told and where it is shown. This folder knows nothing of the attributes.

pub(crate) mod diagnostics;
pub(crate) mod fallback;
pub(crate) mod nearest;
pub(crate) mod spans;
