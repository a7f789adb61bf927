//! Numbers of bytes as people write them.

use crate::error::{Error, ErrorKind};

/// A number of bytes: an integer, or text such as `"64MiB"`.
///
/// Text is a whole number and a unit, with or without a space between: `B`, `kB`, `MB`, `GB` (powers of 1000), `KiB`, `MiB`, `GiB` (powers of 1024),
/// in upper or lower case.
pub trait ByteSize: sealed::Sealed {
    /// The number.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] if the text is not a size.
    #[doc(hidden)]
    fn bytes(&self) -> Result<u64, Error>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u64 {}
    impl Sealed for &str {}
}

impl ByteSize for u64 {
    fn bytes(&self) -> Result<u64, Error> {
        Ok(*self)
    }
}

impl ByteSize for &str {
    fn bytes(&self) -> Result<u64, Error> {
        parse(self).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOption,
                format!("`{self}` is no number of bytes: write a whole number and a unit, such as \"64MiB\""),
            )
        })
    }
}

fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_number_and_a_unit() {
        for (text, bytes) in [
            ("64MiB", Some(64 << 20)),
            ("1 GB", Some(1_000_000_000)),
            ("10kb", Some(10_000)),
            ("3kib", Some(3072)),
            ("7", Some(7)),
            ("7 B", Some(7)),
            ("", None),
            ("MiB", None),
            ("-1MiB", None),
            ("1.5MiB", None),
            ("64M", None),
            ("99999999999GiB", None),
        ] {
            assert_eq!(parse(text), bytes, "{text}");
        }
        assert_eq!(ByteSize::bytes(&"64M").expect_err("no unit").kind(), ErrorKind::InvalidOption);
        assert_eq!(ByteSize::bytes(&5_u64).expect("a number"), 5);
    }
}
