//! Numbers of bytes as people write them.

use crate::error::{Error, ErrorKind};

/// A number of bytes: an integer, or text such as `"64MiB"`.
///
/// Text is a whole number and a unit, with or without a space between: `B`, `kB`, `MB`, `GB` (powers of 1000), `KiB`, `MiB`, `GiB` (powers of 1024),
/// in upper or lower case.
pub trait ByteSize: sealed::Sealed {
    /// The number, for the option of this name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] if the text is not a size. The message begins with the option's name.
    #[doc(hidden)]
    fn bytes(&self, option: &str) -> Result<u64, Error>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u64 {}
    impl Sealed for &str {}
}

impl ByteSize for u64 {
    fn bytes(&self, _: &str) -> Result<u64, Error> {
        Ok(*self)
    }
}

impl ByteSize for &str {
    fn bytes(&self, option: &str) -> Result<u64, Error> {
        parse(self).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOption,
                format!(
                    "{option}: `{self}` is not a size; write a whole number and a unit (B, kB, MB, GB, KiB, MiB, GiB), such as \"64MiB\""
                ),
            )
        })
    }
}

/// The macro's `max_size` has the same grammar.
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

    /// The macro's `max_size` is tested by the same table.
    #[test]
    fn texts_of_the_table() {
        for line in include_str!("byte_size/texts.txt").lines().filter(|line| !line.starts_with('#')) {
            let (text, bytes) = line.split_once('=').expect("text, `=` and bytes");
            let bytes = (!bytes.is_empty()).then(|| bytes.parse().expect("a number"));
            assert_eq!(parse(text), bytes, "`{text}`");
        }
    }

    #[test]
    fn the_error_names_the_option_and_the_text() {
        let error = ByteSize::bytes(&"64M", "local_capacity").expect_err("no unit");
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert!(error.to_string().starts_with("local_capacity: `64M` is not a size"), "{error}");
        assert_eq!(ByteSize::bytes(&5_u64, "local_capacity").expect("a number"), 5);
    }
}
