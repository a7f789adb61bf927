//! What a form of the page sends, `application/x-www-form-urlencoded`, and what may be wrong with it.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode;

/// The longest body that is read. The longest key has 250 bytes, and three times as many when it is encoded.
pub(crate) const LONGEST_BODY: usize = 8 * 1024;

/// What is to be invalidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormTarget {
    Tag,
    Key,
    Prefix,
}

impl FormTarget {
    pub(super) const ALL: [Self; 3] = [Self::Tag, Self::Key, Self::Prefix];

    /// As the form sends it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Key => "key",
            Self::Prefix => "prefix",
        }
    }
}

/// The fields of a form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    token: Option<String>,
    by: Option<String>,
    name: Option<String>,
}

/// Why a form is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormError {
    TooLong,
    Malformed,
    UnknownTarget,
    NoName,
}

impl FormError {
    /// The status of the answer.
    pub(crate) const fn status(self) -> u16 {
        if matches!(self, Self::TooLong) { 413 } else { 400 }
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "The form is longer than 8 KiB. No key is",
            Self::Malformed => "The form is not `application/x-www-form-urlencoded`, or has a field twice",
            Self::UnknownTarget => "The form’s field `by` is neither `tag`, `key` nor `prefix`",
            Self::NoName => "The form’s field `name` is empty. Write what is to be invalidated",
        })
    }
}

impl Form {
    /// Reads a body. Fields of other names are the program's own and are passed over.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, FormError> {
        if body.len() > LONGEST_BODY {
            return Err(FormError::TooLong);
        }
        let mut form = Self::default();
        for pair in body.split(|byte| *byte == b'&') {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let name = decoded(parts.next().unwrap_or_default()).ok_or(FormError::Malformed)?;
            let field = match &name[..] {
                "token" => &mut form.token,
                "by" => &mut form.by,
                "name" => &mut form.name,
                _ => continue,
            };
            let value = decoded(parts.next().unwrap_or_default()).ok_or(FormError::Malformed)?;
            if field.replace(value).is_some() {
                return Err(FormError::Malformed);
            }
        }
        Ok(form)
    }

    /// The token that came with it; empty if none did.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// What is to be invalidated, and its name.
    pub(crate) fn target(&self) -> Result<(FormTarget, &str), FormError> {
        let target = FormTarget::ALL.into_iter().find(|target| self.by.as_deref() == Some(target.name()));
        let target = target.ok_or(FormError::UnknownTarget)?;
        let name = self.name.as_deref().filter(|name| !name.is_empty()).ok_or(FormError::NoName)?;
        Ok((target, name))
    }
}

/// `None` if it is no UTF-8.
fn decoded(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_decoded() {
        let form =
            Form::parse(b"other=1&token=a%2Bb+c&by=key&name=user%3A%3Ctd%3E%c3%a9&flag").expect("it is read");
        assert_eq!(form.token(), "a+b c");
        assert_eq!(form.target(), Ok((FormTarget::Key, "user:<td>é")));
        for target in FormTarget::ALL {
            let form = Form::parse(format!("by={}&name=%00", target.name()).as_bytes()).expect("it is read");
            assert_eq!(form.target(), Ok((target, "\0")));
        }
    }

    #[test]
    fn what_is_no_such_form_is_refused() {
        let refused = |body: &[u8]| {
            Form::parse(body).and_then(|form| form.target().map(|_| ())).expect_err("it is refused")
        };
        assert_eq!(refused(b""), FormError::UnknownTarget);
        assert_eq!(refused(b"by=all&name=x"), FormError::UnknownTarget);
        assert_eq!(refused(b"by=key"), FormError::NoName);
        assert_eq!(refused(b"by=key&name="), FormError::NoName);
        assert_eq!(refused(b"by=key&name=a&name=b"), FormError::Malformed);
        assert_eq!(refused(b"by=key&name=%FF"), FormError::Malformed);
        assert_eq!(refused(&[b'x'; LONGEST_BODY + 1]), FormError::TooLong);
        assert_eq!(refused(&[b'&'; LONGEST_BODY]), FormError::UnknownTarget);
        assert_eq!(Form::parse(b"by=key").expect("it is read").token(), "");
    }
}
