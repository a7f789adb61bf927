//! One key, from its pieces to the finished name.

use std::sync::Arc;

use super::bucket;
use super::pieces::Template;
use super::secret::hexadecimal;
use super::writer::{encode, is_unreserved};
use super::{KeyBuf, KeyPart, KeyWriter, Pieces, Scratch, SecretNames};
use crate::util::function_id::FunctionId;
use crate::util::surroundings;

/// The longest key in bytes; a longer one ends in a hash. Long names cost memory in Redis and time on the wire.
pub(crate) const LONGEST: usize = 250;

/// `#` and 128 bits in hexadecimal.
const TAIL: usize = 1 + 32;

/// Collects a key's pieces. Made by expansions only, in the order of the template.
#[derive(Debug)]
pub struct KeyBuilder {
    out: Scratch,
    /// What goes before the next argument of a default key; `None` in a template, which has text of its own.
    separator: Option<char>,
    /// Where the keys of a batch have the part that tells them apart.
    gap: Gap,
    is_finished: bool,
}

#[derive(Debug, Clone, Copy)]
enum Gap {
    None,
    At(usize),
    /// Of what is secret.
    SecretAt(usize),
}

impl KeyBuilder {
    /// An empty one.
    #[inline]
    pub(crate) fn new() -> Self {
        Self::within(Scratch::new())
    }

    /// An empty one whose key is to stay.
    fn staying() -> Self {
        Self::within(Scratch::staying())
    }

    #[inline]
    fn within(out: Scratch) -> Self {
        Self { out, separator: None, gap: Gap::None, is_finished: false }
    }

    /// Writes the cache's prefix and `pieces`.
    #[inline(always)]
    pub(crate) fn write(&mut self, prefix: &str, pieces: &impl Pieces) {
        // Most caches have none, and to copy nothing is a call nevertheless.
        if !prefix.is_empty() {
            self.text(prefix);
        }
        pieces.write(self);
    }

    /// A key that consists of the cache's prefix and `pieces`.
    pub(crate) fn of(prefix: &str, pieces: &impl Pieces) -> Self {
        let mut key = Self::staying();
        key.write(prefix, pieces);
        key
    }

    /// The key that consists of the cache's prefix and `pieces`.
    pub(crate) fn key(prefix: &str, pieces: &impl Pieces) -> KeyBuf {
        let mut key = Self::staying();
        key.write(prefix, pieces);
        // Where it is: to hand it on would copy its room.
        key.take_key()
    }

    /// A template that begins with `text`, after the cache's prefix.
    pub(crate) fn template(prefix: &str, text: &str) -> Self {
        Self::of(prefix, &Template(text))
    }

    /// The default key: the function's path and its arguments, `shop::users::get_user(42,eu)`. `here` is the name of a closure's type in
    /// the function. The path cannot contain `(`, so a path and its arguments never run into each other.
    ///
    /// Where the path may be that of two functions, in blocks of another, the attribute's line and column are behind it.
    pub(super) fn path(&mut self, site: &FunctionId, here: &str) {
        let around = surroundings::of(here);
        encode(&mut self.out, around, 1, |byte| is_unreserved(byte) || byte == b':');
        self.out.push_str("::");
        self.out.push_str(site.name);
        if !surroundings::are_unique(around, site.module) {
            let place = format!(":{}:{}", site.location.line(), site.location.column());
            self.out.push_str(&place);
        }
        self.separator = Some('(');
    }

    #[inline(always)]
    pub(crate) fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    #[inline(always)]
    pub(crate) fn arg<P: KeyPart + ?Sized>(&mut self, part: &P) {
        self.arg_with(|key| part.write(key));
    }

    #[inline(always)]
    pub(super) fn arg_with(&mut self, write: impl FnOnce(&mut KeyWriter<'_>)) {
        self.separate();
        write(&mut KeyWriter::new(&mut self.out));
    }

    /// An argument in the name of a tag, as it is.
    pub(crate) fn plain<P: KeyPart + ?Sized>(&mut self, part: &P) {
        part.write(&mut KeyWriter::plain(&mut self.out));
    }

    /// How long what has been written is.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// What has been written, however long it is.
    pub(crate) fn written(self) -> String {
        self.out.text().into_owned()
    }

    /// The place of an argument that is different for each key of a batch.
    pub(crate) fn each(&mut self) {
        self.separate();
        self.gap = Gap::At(self.out.len());
    }

    /// The same for an argument that is secret.
    pub(super) fn each_secret(&mut self) {
        self.gap = Gap::SecretAt(self.out.len());
    }

    /// Ends what the keys of a batch have in common.
    pub(crate) fn template_of_many(mut self) -> KeyTemplate {
        let (gap, is_secret) = match self.gap {
            Gap::None => (self.out.len(), false),
            Gap::At(gap) => (gap, false),
            Gap::SecretAt(gap) => (gap, true),
        };
        KeyTemplate { gap, text: self.out.take(), fingerprint: None, is_secret, names: None }
    }

    #[inline]
    fn separate(&mut self) {
        if let Some(separator) = &mut self.separator {
            self.out.push(*separator);
            *separator = ',';
        }
    }

    /// Ends a default key's arguments.
    pub(crate) fn close(&mut self) {
        self.out.push_str(if self.separator == Some('(') { "()" } else { ")" });
    }

    /// Ends the key; see the module's rule for long ones.
    pub(crate) fn finish(mut self) -> KeyBuf {
        self.take_key()
    }

    /// [`finish`](Self::finish) where it is.
    pub(crate) fn take_key(&mut self) -> KeyBuf {
        self.finished();
        self.out.take()
    }

    /// [`finish`](Self::finish) for who only looks. May be called again.
    #[inline]
    pub(crate) fn finished(&mut self) -> &[u8] {
        let key = self.out.as_bytes();
        // A short key that looks like a shortened one is shortened too, so that the two kinds never meet.
        if !self.is_finished && (key.len() > LONGEST || is_shortened(key)) {
            self.shorten();
        }
        self.out.as_bytes()
    }

    /// Ends the key, and puts it into the bucket of a function.
    #[cold]
    #[inline(never)]
    pub(crate) fn put_into_bucket(&mut self, fingerprint: u64) {
        self.finished();
        // What follows the rule for long keys is not subject to it.
        self.is_finished = true;
        self.out.push_str(bucket::ending(fingerprint));
    }

    /// Begins anew, without a template.
    fn clear(&mut self) {
        self.out.replace("");
        self.is_finished = false;
    }

    #[cold]
    fn shorten(&mut self) {
        let short = shortened(&self.out.text());
        self.out.replace(&short);
        self.is_finished = true;
    }
}

/// What the keys of a batch have in common: the text before and behind the part that tells them apart.
#[derive(Debug, Clone)]
pub(crate) struct KeyTemplate {
    text: KeyBuf,
    gap: usize,
    /// Of the function, where its keys are to be in its bucket.
    fingerprint: Option<u64>,
    /// Whether the part is secret, and what such parts are called.
    is_secret: bool,
    names: Option<SecretNames>,
}

impl KeyTemplate {
    /// Has all keys be in the bucket of a function.
    pub(crate) fn put_into_bucket(&mut self, fingerprint: u64) {
        self.fingerprint = Some(fingerprint);
    }

    /// Whether the part that tells the keys apart is secret.
    pub(crate) fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// What such parts are called.
    pub(crate) fn call_parts(&mut self, names: &SecretNames) {
        self.names = Some(names.clone());
    }

    pub(crate) fn key<P: KeyPart + ?Sized>(&self, part: &P) -> KeyBuf {
        let mut key = KeyBuilder::staying();
        self.write(&mut key, part);
        key.take_key()
    }

    /// The keys of all parts. One after the other they are put together in one place.
    pub(crate) fn keys<'p, P: KeyPart + 'p>(
        &self,
        parts: impl IntoIterator<Item = &'p P>,
    ) -> impl Iterator<Item = Arc<str>> {
        let mut key = KeyBuilder::staying();
        parts.into_iter().map(move |part| {
            key.clear();
            self.write(&mut key, part);
            Arc::from(&*key.out.text())
        })
    }

    fn write<P: KeyPart + ?Sized>(&self, key: &mut KeyBuilder, part: &P) {
        key.text(&self.text[..self.gap]);
        match &self.names {
            None => key.arg(part),
            Some(names) => key.text(&names.name(part)),
        }
        if self.gap < self.text.len() {
            key.text(&self.text[self.gap..]);
        }
        match self.fingerprint {
            Some(fingerprint) => key.put_into_bucket(fingerprint),
            None => {
                key.finished();
            }
        }
    }
}

#[inline]
fn is_shortened(bytes: &[u8]) -> bool {
    let Some(start) = bytes.len().checked_sub(TAIL) else { return false };
    bytes[start] == b'#' && bytes[start + 1..].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn shortened(key: &str) -> String {
    let hash = hmac_sha256::Hash::hash(key.as_bytes());
    let mut keep = (LONGEST - TAIL).min(key.len());
    while !key.is_char_boundary(keep) {
        keep -= 1;
    }
    // Half an escape at the end would be unreadable.
    if let Some(percent) = key[..keep].rfind('%').filter(|percent| keep - percent < 3) {
        keep = percent;
    }
    format!("{}#{}", &key[..keep], hexadecimal(&hash[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Path;

    static SITE: FunctionId = FunctionId::new("shop", "get");

    fn by_path(prefix: &str, here: &'static str) -> KeyBuilder {
        KeyBuilder::of(prefix, &Path { site: &SITE, here })
    }

    #[test]
    fn default_keys_show_path_and_arguments() {
        let mut key = by_path("p:", "shop::Repo<u8>::get::{{closure}}");
        key.arg(&42_u64);
        key.arg("a,b");
        key.close();
        assert_eq!(&*key.finish(), "p:shop::Repo%3Cu8%3E::get(42,a%2Cb)");
        let mut key = by_path("", "shop::get::{{closure}}");
        key.close();
        assert_eq!(&*key.finish(), "shop::get()");
    }

    #[test]
    fn a_default_key_has_its_place_where_the_path_is_not_enough() {
        let mut key = by_path("", "shop::outer::get::{{closure}}");
        key.arg(&42);
        key.close();
        let (line, column) = (SITE.location.line(), SITE.location.column());
        assert_eq!(&*key.finish(), format!("shop::outer::get:{line}:{column}(42)"));
    }

    #[test]
    fn the_keys_of_a_batch_are_those_of_single_calls() {
        let part = "ö".repeat(30);
        let build = |fill: &dyn Fn(&mut KeyBuilder), path: bool| {
            let mut key = match path {
                true => by_path("p:", "shop::get::{{closure}}"),
                false => KeyBuilder::template("p:", "user:"),
            };
            key.arg(&7);
            key.text(":");
            fill(&mut key);
            key.text("/x");
            if path {
                key.close();
            }
            key
        };
        for path in [true, false] {
            let single = |part: &str| build(&|key| key.arg(part), path).finish();
            let many = build(&KeyBuilder::each, path).template_of_many();
            assert_eq!(many.key("a:b"), single("a:b"));
            assert_eq!(many.key(part.as_str()), single(&part), "long ones too");
            let parts = ["a", &part, "b"];
            let all: Vec<_> = many.keys(&parts).collect();
            assert_eq!(all, parts.map(|part| Arc::from(&*single(part))));
        }
    }

    #[test]
    fn a_long_key_keeps_its_beginning_and_stays_within_the_limit() {
        let key = |tail: &str| {
            let mut key = KeyBuilder::template("", "user:");
            key.arg(&format!("{}{tail}", "ä".repeat(200)));
            key.finish()
        };
        let (one, other) = (key("1"), key("2"));
        assert_ne!(one, other);
        assert!(one.len() <= LONGEST && one.starts_with("user:%C3%A4"), "{one}");
        let (_, tail) = one.split_once('#').expect("a hash");
        assert_eq!(tail.len(), 32);
        assert!(!one[..one.len() - TAIL].ends_with('%'));
    }

    #[test]
    fn a_key_of_the_longest_length_is_left_alone() {
        let exact = "x".repeat(LONGEST);
        assert_eq!(KeyBuilder::template("", &exact).finish().to_string(), exact);
    }

    #[test]
    fn the_hash_is_the_sha_256_that_other_languages_have() {
        let long = "x".repeat(LONGEST + 1);
        let expected = format!("{}#{}", "x".repeat(LONGEST - TAIL), "90d738c31c5ee1241cbcd2ff3d4aa125");
        let got = KeyBuilder::template("", &long).finish();
        assert_eq!(*got, expected);
    }

    #[test]
    fn a_short_key_that_looks_shortened_is_shortened() {
        let disguised = format!("user:x#{}", "0".repeat(32));
        let key = KeyBuilder::template("", &disguised).finish();
        assert_ne!(*key, disguised);
        assert!(is_shortened(key.as_bytes()));
    }
}
