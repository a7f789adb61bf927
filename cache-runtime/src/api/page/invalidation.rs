//! What a form of the page does.

use super::token::PageToken;
use crate::api::cache::Cache;
use crate::api::inspect::{Inspection, KeyContent};
use crate::engine::remove_all;
use crate::engine::retry_queue::Key;
use crate::error::{Error, ErrorKind};
use crate::key::{LONGEST, bucket};
use crate::report::page::{Form, FormTarget, answer};
use crate::tags;

/// The answer to a form of the page: from [`Cache::invalidate_from_page`].
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAnswer {
    /// The status of the HTTP answer: 200, or 400, 403, 409, 413 or 503.
    pub status: u16,
    /// A document that says what was removed, or what was wrong. It goes with the headers of the page; all names and keys in it are escaped.
    pub html: String,
}

/// A status, and the sentence that explains it, without its full stop.
type Said = (u16, String);

impl Cache {
    /// Does what a form of the page asks for: invalidates a tag, a key or all keys that begin with a text. `form` is the body of the request, as the browser has
    /// sent it; `token` is the one that the page was [given](crate::Page::allow_invalidation). Needs the cargo feature `page`.
    ///
    /// Mount it for `POST` at the address of the page, behind the same login:
    ///
    /// ```
    /// # use redis_cached::{Cache, PageToken};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), redis_cached::Error> {
    /// # let cache = Cache::memory();
    /// let token = PageToken::new("c0ffee5bad0a4b7f9d31e2a86f5c7d10")?;
    /// let form = b"token=c0ffee5bad0a4b7f9d31e2a86f5c7d10&by=tag&name=city%3Arome";
    /// assert_eq!(cache.invalidate_from_page(&token, form).await.status, 200);
    /// assert_eq!(cache.invalidate_from_page(&token, b"token=guessed&by=tag&name=city%3Arome").await.status, 403);
    /// # Ok(()) }
    /// ```
    ///
    /// | field `by` | invalidates |
    /// | --- | --- |
    /// | `tag` | the tag `name`, as [`invalidate_tag`](Self::invalidate_tag) does. Two round trips |
    /// | `key` | what is at the whole key `name`, as [`Entry::invalidate`](crate::Entry::invalidate) does. A tombstone of [`invalidate_with_hold`](crate::Entry::invalidate_with_hold) stays. Two round trips |
    /// | `prefix` | all keys that begin with `name`, as [`invalidate_prefix`](Self::invalidate_prefix) does: one or two round trips for each thousand keys of the server, for which the answer waits |
    ///
    /// Keys and prefixes are whole, as the page shows keys, and begin with the cache's prefix: the page does not reach other keys of the database.
    ///
    /// The status is 200 if it was done; 403 without the right token, whose comparison takes the same time for all; 400 for another form; 413 for one of more than 8 KiB; 409 if a tombstone stays; and
    /// 503 if Redis did not do it in time. An invalidation of a tag or a key is then retried in the background, as after [`invalidate_tag`](Self::invalidate_tag).
    pub async fn invalidate_from_page(&self, token: &PageToken, form: &[u8]) -> PageAnswer {
        let (status, sentence) = match Form::parse(form) {
            Err(error) => (error.status(), error.to_string()),
            Ok(form) if !token.is(form.token()) => {
                (403, "The form is not from this page, or the page was too old: load it again".to_owned())
            }
            Ok(form) => match form.target() {
                Err(error) => (error.status(), error.to_string()),
                Ok((FormTarget::Tag, name)) => self.tag_from_page(name).await,
                Ok((FormTarget::Key, key)) => self.key_from_page(key).await,
                Ok((FormTarget::Prefix, prefix)) => self.prefix_from_page(prefix).await,
            },
        };
        PageAnswer { status, html: answer(status, &sentence) }
    }

    async fn tag_from_page(&self, name: &str) -> Said {
        // What is not known is not said; that Redis is away, the invalidation itself says.
        let found = self.inspect(&tags::tag(&self.0.prefix, name)).await;
        match self.invalidate_tag(name).await {
            Ok(()) if matches!(found, Ok(None)) => {
                (200, format!("No entry had the tag `{name}`. Is it written as the program writes it?"))
            }
            Ok(()) => (200, format!("The tag `{name}` is invalidated: all entries that had it")),
            Err(error) => not_done(&error, RETRIED),
        }
    }

    async fn key_from_page(&self, key: &str) -> Said {
        let key = bucket::common(key);
        if let Err(said) = self.own_name(key) {
            return said;
        }
        if key.len() > LONGEST {
            return (
                400,
                format!("A key of an entry has {LONGEST} bytes at most, and this one {}", key.len()),
            );
        }
        let found = self.inspect(key).await.ok().flatten();
        if matches!(found, Some(Inspection { content: KeyContent::Tombstone, .. })) {
            // Without it values would be stored that are computed from older data.
            return (409, format!("At `{key}` is a tombstone: an invalidation that is in force, and stays"));
        }
        match remove_all(&self.0, &[Key::Entry(key)]).await {
            Ok(()) => (
                200,
                format!(
                    "The key `{key}` is invalidated: {}",
                    found.as_ref().map_or("nothing was there", named)
                ),
            ),
            Err(error) => not_done(&error, RETRIED),
        }
    }

    async fn prefix_from_page(&self, prefix: &str) -> Said {
        let rest = match self.own_name(prefix) {
            Ok(rest) => rest,
            Err(said) => return said,
        };
        match self.invalidate_prefix(rest).await {
            Ok(1) => (200, format!("One key that began with `{prefix}` is removed")),
            Ok(removed) => (200, format!("{removed} keys that began with `{prefix}` are removed")),
            Err(error) => not_done(&error, "The rest is not retried: send the form again"),
        }
    }

    /// What follows the cache's prefix.
    fn own_name<'a>(&self, name: &'a str) -> Result<&'a str, Said> {
        let prefix = &self.0.prefix;
        if tags::is_reserved(name) {
            return Err((
                400,
                format!("`{name}` is a name of the library’s own. Invalidate the tag instead"),
            ));
        }
        let other = || (400, format!("The keys of this cache begin with `{prefix}`, and `{name}` does not"));
        name.strip_prefix(&prefix[..]).ok_or_else(other)
    }
}

const RETRIED: &str = "It is retried in the background until Redis takes it, for a day at most";

fn not_done(error: &Error, after: &str) -> Said {
    match error.kind() {
        ErrorKind::Name | ErrorKind::EmptyPrefix => (400, error.to_string()),
        _ => (503, format!("{error}. {after}")),
    }
}

fn named(found: &Inspection) -> &'static str {
    match found.content {
        KeyContent::Lease => "a lease, so what is being computed is not stored",
        KeyContent::Foreign(_) | KeyContent::NotString => "something that is no entry",
        _ => "an entry",
    }
}
