//! No password is printed, whoever would print it: a URL that is mistyped is an argument that parsers repeat in their errors.

/// URLs as they were given, and as they may be shown.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Vec<(String, String)>);

impl Secrets {
    /// Of the arguments and the environment of this process.
    pub(crate) fn of_process() -> Self {
        let arguments = std::env::args_os().skip(1).chain(std::env::var_os("REDIS_URL"));
        Self::of(arguments.map(|argument| argument.to_string_lossy().into_owned()))
    }

    fn of(texts: impl Iterator<Item = String>) -> Self {
        // Of `--option=URL`, a parser repeats the URL alone.
        let value = |text: String| match text.strip_prefix("--").and_then(|option| option.split_once('=')) {
            Some((_, value)) => value.to_owned(),
            None => text,
        };
        let mut all: Vec<(String, String)> =
            texts.map(value).filter_map(|url| masked(&url).map(|masked| (url, masked))).collect();
        // The longest first, so that no other's part is left of it.
        all.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        Self(all)
    }

    /// The text without what is secret of them.
    pub(crate) fn hidden(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from.as_str(), to))
    }
}

/// The URL of which only the scheme and what is behind the credentials is left; `None` for what has no credentials.
fn masked(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    // A password with an `@` that should have been encoded must not be shown either.
    let (is_secret, host) = rest.rsplit_once('@').map_or((false, rest), |(_, host)| (true, host));
    if !is_secret && query.is_empty() {
        return None;
    }
    let (before, behind) = (if is_secret { "***@" } else { "" }, if query.is_empty() { "" } else { "?***" });
    Some(format!("{scheme}://{before}{host}{behind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_not_repeated() {
        let given = [
            "redis://:secret@host:1/2",
            "redis://host",
            "unix:///s?pass=secret",
            "redis://u:se@cret@host",
            "--url=redis://:secret@h",
        ];
        let secrets = Secrets::of(given.iter().map(|text| (*text).to_owned()));
        let said = secrets.hidden("a 'redis://:secret@host:1/2' b unix:///s?pass=secret c redis://u:se@cret@host redis://host redis://:secret@h");
        assert_eq!(
            said,
            "a 'redis://***@host:1/2' b unix:///s?*** c redis://***@host redis://host redis://***@h"
        );
    }
}
