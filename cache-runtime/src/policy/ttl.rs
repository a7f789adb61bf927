//! `Ttl`: how long a value has, or that it has no end.

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

/// The remaining lifetime of an entry, from [`Entry::ttl`](crate::Entry::ttl).
///
/// It compares with a [`Duration`]: [`Never`](Self::Never) is longer than any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ttl {
    /// The entry expires after this time.
    Expires(Duration),
    /// The entry does not expire: `ttl = "never"`.
    Never,
}

impl Ttl {
    /// The time until the entry expires; `None` if it does not.
    #[must_use]
    pub fn as_duration(self) -> Option<Duration> {
        match self {
            Self::Expires(left) => Some(left),
            Self::Never => None,
        }
    }
}

impl PartialEq<Duration> for Ttl {
    fn eq(&self, other: &Duration) -> bool {
        *self == Self::Expires(*other)
    }
}

impl PartialOrd<Duration> for Ttl {
    fn partial_cmp(&self, other: &Duration) -> Option<Ordering> {
        Some(self.cmp(&Self::Expires(*other)))
    }
}

/// `90s`, `1.5s`, `never`.
impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expires(left) => fmt::Debug::fmt(left, f),
            Self::Never => f.write_str("never"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_longer_than_any_time() {
        let second = Ttl::Expires(Duration::from_secs(1));
        assert!(Ttl::Never > second && Ttl::Never > Duration::MAX && Ttl::Never != Duration::MAX);
        assert!(second == Duration::from_secs(1) && second < Duration::from_secs(2));
        assert_eq!((second.as_duration(), Ttl::Never.as_duration()), (Some(Duration::from_secs(1)), None));
        let half = Ttl::Expires(Duration::from_millis(1500));
        assert_eq!((half.to_string(), Ttl::Never.to_string()), ("1.5s".to_owned(), "never".to_owned()));
    }
}
