//! Who runs futures and timers: the caller's runtime, the library's own, or no runtime at all.

pub(crate) mod block_on;
pub(crate) mod executor;
pub(crate) mod lag;
