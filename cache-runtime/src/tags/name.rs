//! What a tag is called: a type of the program's, text, or a template with arguments in it. All three give the same name.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use super::{TAG, unknown};
use crate::key::{KeyBuf, KeyBuilder, KeyPart, Scalar, SecretNames};

/// A name under which entries are invalidated together: text, or a type that the program declares.
///
/// ```
/// use redis_cached::{Cache, Tag, redis_cached, redis_invalidates};
///
/// /// Everything about one city.
/// #[derive(Tag)]
/// #[tag("city:<0>")]
/// struct City<'a>(&'a str);
///
/// #[redis_cached(ttl = 60, key = "weather:<city>", tags = [City(city)])]
/// fn weather(city: &str) -> String {
///     format!("sunny in {city}")
/// }
///
/// #[redis_invalidates(tag(City(city)))]
/// fn report(city: &str) {
///     let _ = city;
/// }
///
/// # Cache::memory().sync_scope(|| {
/// assert_eq!(City("new york").tag_name(), "city:new york");
/// let cache = Cache::global().blocking();
/// cache.invalidate_tag(City("new york"))?;
/// cache.invalidate_tag("city:new york")?; // the same tag
/// # Ok::<(), redis_cached::Error>(()) })?;
/// # Ok::<(), redis_cached::Error>(())
/// ```
///
/// The derive applies to structs of any form. The template names every field at least once, in angle brackets, by name or by number.
/// Fields are [`KeyPart`]s. A scalar is written as its plain text; a composite, such as an `Option`, as the list of its encoded elements, so values
/// that differ have names that differ. `#[tag("…", crate = path)]` is for a renamed crate.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tag",
    label = "a tag is text, or a type with `#[derive(redis_cached::Tag)]`",
    note = "declare it: `#[derive(redis_cached::Tag)] #[tag(\"city:<0>\")] struct City<'a>(&'a str);`"
)]
pub trait Tag {
    /// The name, as [`Cache::invalidate_tag`](crate::Cache::invalidate_tag) takes it as text.
    fn tag_name(&self) -> Cow<'_, str>;

    /// What all names of this type begin with; `None` for text, which may be misspelled.
    #[doc(hidden)]
    fn lead(&self) -> Option<&'static str> {
        None
    }
}

impl Tag for str {
    fn tag_name(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl Tag for String {
    fn tag_name(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

macro_rules! pointers {
    ($([$($generics:tt)*] $pointer:ty),* $(,)?) => {$(
        impl<$($generics)*> Tag for $pointer {
            fn tag_name(&self) -> Cow<'_, str> {
                (**self).tag_name()
            }

            fn lead(&self) -> Option<&'static str> {
                (**self).lead()
            }
        }
    )*};
}

pointers! {
    [T: Tag + ?Sized] &T,
    [T: Tag + ?Sized] Box<T>,
    [T: Tag + ?Sized] Rc<T>,
    [T: Tag + ?Sized] Arc<T>,
    [T: Tag + ToOwned + ?Sized] Cow<'_, T>,
}

/// What an attribute takes for a tag: a [`Tag`], or an `Option` of one, which is no tag if it is `None`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tag",
    label = "a tag is a template in a string literal, text, or a type with `#[derive(redis_cached::Tag)]`",
    note = "declare it: `#[derive(redis_cached::Tag)] #[tag(\"city:<0>\")] struct City<'a>(&'a str);`"
)]
pub trait Tagging {
    /// The tag, if there is one.
    fn named(&self) -> Option<Named<'_>>;
}

#[diagnostic::do_not_recommend]
impl<T: Tag> Tagging for T {
    fn named(&self) -> Option<Named<'_>> {
        Some(Named { name: self.tag_name(), lead: self.lead(), is_known: true })
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tag> Tagging for Option<T> {
    fn named(&self) -> Option<Named<'_>> {
        self.as_ref()?.named()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tag> Tagging for &Option<T> {
    fn named(&self) -> Option<Named<'_>> {
        self.as_ref()?.named()
    }
}

/// A tag's name, and what its type's names begin with.
#[derive(Debug)]
pub struct Named<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) lead: Option<&'static str>,
    /// Whether others know it. They do not where it has something secret that the cache has no key for.
    pub(crate) is_known: bool,
}

impl Named<'_> {
    /// Notes that a function has it.
    pub(crate) fn seen(&self) {
        match self.lead {
            Some(lead) => unknown::seen(lead, lead == self.name),
            None => unknown::seen_name(&self.name),
        }
    }
}

/// Begins the name of a tag with a template's leading text.
pub fn tag(text: &str) -> TagName {
    TagName(KeyBuilder::template("", text))
}

/// The name of a tag that an expansion puts together.
#[allow(missing_debug_implementations, reason = "lives within one expression of an expansion")]
#[must_use]
pub struct TagName(KeyBuilder);

#[allow(missing_docs, reason = "named by expansions only")]
impl TagName {
    pub fn text(mut self, text: &str) -> Self {
        self.0.text(text);
        self
    }

    pub fn arg<P: Scalar + ?Sized>(self, part: &P) -> Self {
        self.field(part)
    }

    /// A field of a declared tag: both sides have its type, so it may be a composite.
    pub fn field<P: KeyPart + ?Sized>(mut self, part: &P) -> Self {
        self.0.plain(part);
        self
    }

    /// A type parameter, by its full name.
    pub fn type_name<P: ?Sized>(self) -> Self {
        self.arg(std::any::type_name::<P>())
    }

    #[must_use]
    pub fn end(self) -> String {
        self.0.written()
    }
}

/// The key of a tag while its template's pieces are being named.
pub(crate) struct OpenTag {
    key: KeyBuilder,
    lead: &'static str,
    is_whole: bool,
    /// How long the text before the key of a batch is.
    gap: Option<usize>,
    /// Whether that is secret.
    is_secret: bool,
}

/// The name of a tag in which a key of a batch stands: the text before it, and the text behind it.
pub(crate) struct TagTemplate {
    before: String,
    behind: String,
    is_secret: bool,
}

impl TagTemplate {
    /// The key of the tag of an entry.
    pub(crate) fn of<P: KeyPart>(&self, prefix: &str, names: &SecretNames, part: &P) -> KeyBuf {
        let mut key = KeyBuilder::template(prefix, TAG);
        key.text(&self.before);
        match self.is_secret {
            false => key.plain(part),
            true => key.text(&names.name(part)),
        }
        key.text(&self.behind);
        key.finish()
    }
}

impl OpenTag {
    pub(crate) fn new(prefix: &str, lead: &'static str) -> Self {
        let mut key = KeyBuilder::template(prefix, TAG);
        key.text(lead);
        Self { key, lead, is_whole: true, gap: None, is_secret: false }
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.key.text(text);
    }

    pub(crate) fn arg<P: Scalar + ?Sized>(&mut self, part: &P) {
        self.key.plain(part);
        self.is_whole = false;
    }

    /// An argument that is secret, by its name.
    pub(crate) fn secret(&mut self, name: &str) {
        self.key.text(name);
        self.is_whole = false;
    }

    /// The place of what is different for each key of a batch.
    pub(crate) fn each(&mut self, is_secret: bool) {
        self.gap = Some(self.key.len());
        self.is_secret = is_secret;
        self.is_whole = false;
    }

    /// The tag's key, or what the tags of a batch have in common.
    pub(crate) fn end(self) -> Result<KeyBuf, TagTemplate> {
        unknown::seen(self.lead, self.is_whole);
        let Some(gap) = self.gap else { return Ok(self.key.finish()) };
        let text = self.key.written();
        let begin = text.find(TAG).map_or(0, |at| at + TAG.len());
        let (before, behind) = (text[begin..gap].to_owned(), text[gap..].to_owned());
        Err(TagTemplate { before, behind, is_secret: self.is_secret })
    }
}
