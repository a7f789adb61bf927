//! Markup and text, kept apart by their types.

use std::fmt;
use std::fmt::{Display, Write};

/// An HTML document that is being written.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// Markup. Only literals are taken, so nothing that is known at run time gets in without being escaped.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text between tags, or the value of an attribute in double quotes.
    pub(super) fn text(&mut self, text: impl Display) -> &mut Self {
        // Infallible: it is written to a string.
        let _ = write!(Escape(&mut self.0), "{text}");
        self
    }

    /// A Rust path, which may be broken into lines where its parts end.
    pub(super) fn path(&mut self, path: &str) -> &mut Self {
        for (at, part) in path.split("::").enumerate() {
            if at > 0 {
                self.markup("::<wbr>");
            }
            self.text(visible(part));
        }
        self
    }

    /// A key in Redis, which may hold whatever bytes of UTF-8 a caller has chosen.
    pub(super) fn key(&mut self, key: &str) -> &mut Self {
        self.text(visible(key))
    }

    /// A sentence in which backticks surround code.
    pub(super) fn sentence(&mut self, sentence: &str) -> &mut Self {
        for (at, part) in sentence.split('`').enumerate() {
            if at % 2 == 0 {
                self.text(visible(part));
            } else {
                self.markup("<code>").path(part).markup("</code>");
            }
        }
        self
    }
}

/// Escapes what would end the text, in an element or between double quotes.
struct Escape<'a>(&'a mut String);

impl Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                char => self.0.push(char),
            }
        }
        Ok(())
    }
}

/// The text with whatever is not printed as an escape: a key must not turn the direction of what follows it, and HTML has no control characters.
fn visible(text: &str) -> impl Display {
    struct Visible<'a>(&'a str);

    impl Display for Visible<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.chars().try_for_each(|char| match char {
                '"' | '\'' | '\\' => f.write_char(char),
                char => write!(f, "{}", char.escape_debug()),
            })
        }
    }

    Visible(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(write: impl FnOnce(&mut Html)) -> String {
        let mut html = Html::default();
        write(&mut html);
        html.into_string()
    }

    #[test]
    fn text_is_escaped() {
        let escaped = html(|html| _ = html.markup("<b title=\"").text(r#"<a href='x'>&"#).markup("\">"));
        assert_eq!(escaped, r#"<b title="&lt;a href=&#39;x&#39;&gt;&amp;">"#);
    }

    #[test]
    fn what_is_not_printed_is_made_visible() {
        let key = html(|html| _ = html.key("user:\u{0}\n\u{202e}é\""));
        assert_eq!(key, r"user:\0\n\u{202e}é&quot;");
    }

    #[test]
    fn backticks_surround_code() {
        let sentence = html(|html| _ = html.sentence("`a::b` <is> `c"));
        assert_eq!(sentence, "<code>a::<wbr>b</code> &lt;is&gt; <code>c</code>");
    }
}
