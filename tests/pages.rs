//! The code in the pages for people is tested, here and not in the library: what a package contains cannot reach outside it.

/// The repository's front page.
#[doc = include_str!("../README.md")]
pub mod readme {}

/// The page that the registry shows.
#[doc = include_str!("../cache-runtime/README.md")]
pub mod registry {}

/// Keys.
#[doc = include_str!("../docs/keys.md")]
pub mod keys {}

/// Testing.
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

/// Coming from another cache.
#[doc = include_str!("../docs/coming-from.md")]
pub mod coming_from {}
