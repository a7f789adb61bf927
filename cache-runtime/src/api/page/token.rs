//! The secret by which the forms of a page are known.

use std::fmt;
use std::hint::black_box;

use hmac_sha256::Hash;

use crate::error::{Error, ErrorKind};

/// The bytes that a token has: enough that nobody guesses it, and no more than fits a form.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=256;

/// A secret of the program's own that stands in the forms of a [`Page`](crate::Page) and comes back with them, so that no other site can send one in a reader's name
/// (CSRF). Needs the cargo feature `page`.
///
/// One for each session is best, such as the one that the program's other forms have. One for the whole program does as well, the same in all of its processes: whoever sees
/// the page sees the token.
#[derive(Clone)]
pub struct PageToken(String);

impl PageToken {
    /// Takes 16 to 256 visible characters of ASCII, of which nobody can guess the whole: 32 random digits in hexadecimal, for example. No round trip.
    ///
    /// ```
    /// # use redis_cached::{ErrorKind, PageToken};
    /// # fn main() -> Result<(), redis_cached::Error> {
    /// let token = PageToken::new("c0ffee5bad0a4b7f9d31e2a86f5c7d10")?;
    /// assert_eq!(PageToken::new("").unwrap_err().kind(), ErrorKind::InvalidOption);
    /// # let _ = token;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] if it is shorter, as the empty one is, or longer, or has other characters.
    pub fn new(token: impl Into<String>) -> Result<Self, Error> {
        let token = token.into();
        if LENGTHS.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(token));
        }
        let message = format!(
            "a token of the page has {} to {} visible characters of ASCII, and this one has {} bytes: make it of random digits",
            LENGTHS.start(),
            LENGTHS.end(),
            token.len()
        );
        Err(Error::new(ErrorKind::InvalidOption, message))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Takes as long whatever is given, but for its length: the digests are compared, and all of them.
    pub(super) fn is(&self, given: &str) -> bool {
        let (own, given) = (Hash::hash(self.0.as_bytes()), Hash::hash(given.as_bytes()));
        let differing =
            own.iter().zip(given).fold(0, |differing, (own, given)| black_box(differing | (own ^ given)));
        differing == 0
    }
}

/// Without the secret.
impl fmt::Debug for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_enough_and_visible() {
        for refused in [
            "",
            "short",
            "has a space in it",
            "ümlaut-is-no-ascii",
            "new\nline-in-the-token",
            &"x".repeat(257),
        ] {
            let error = PageToken::new(refused).expect_err("it is refused");
            assert_eq!(error.kind(), ErrorKind::InvalidOption);
            assert!(refused.is_empty() || !error.to_string().contains(refused), "{error}");
        }
        for taken in ["0123456789abcdef", "\"<&>'0123456789ab", &"x".repeat(256)] {
            let token = PageToken::new(taken).expect("it is taken");
            assert!(token.is(taken));
            assert!(!format!("{token:?}").contains(taken));
            for other in ["", "0123456789abcdeF", &taken[1..], &format!("{taken} ")] {
                assert!(!token.is(other), "{other}");
            }
        }
    }
}
