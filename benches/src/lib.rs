//! What the scenarios have in common: the command line, turns and ratios, tables and plots. It knows nothing of what is measured, so that its
//! own tests build without the contenders.

#![allow(missing_docs, reason = "for the program beside it alone")]
#![allow(missing_debug_implementations, reason = "for the program beside it alone")]

pub mod commands;
pub mod harness;
pub mod options;
pub mod plot;
pub mod scenario;
pub mod table;

/// Why nothing can be measured.
pub type Failure = Box<dyn std::error::Error>;
