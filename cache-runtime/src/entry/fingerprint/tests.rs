//! Three questions: is a change of a type seen, is what is no change not seen, and does it always end.

mod changes;
mod hostile;
mod stable;
