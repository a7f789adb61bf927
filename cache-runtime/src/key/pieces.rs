//! The pieces of a key that is being named.
//!
//! An expansion names them one by one, and each call hands on what the ones before it made. What is handed on is where the pieces
//! are, and the key is written at once when all are known: text that grows would be copied from call to call.

use super::{IdentityWriter, KeyBuilder, KeyPart, KeyWriter};
use crate::util::function_id::FunctionId;

/// A key's pieces, in order.
pub trait Pieces {
    /// Writes them.
    fn write(&self, key: &mut KeyBuilder);

    /// Writes those that differ between calls of one function.
    fn identify(&self, identity: &mut IdentityWriter);
}

/// A template's leading text.
#[derive(Debug)]
pub struct Template<'k>(pub(crate) &'k str);

/// The path of the function at `site`, which `here`, the name of a closure's type in the function, tells.
#[derive(Debug)]
pub struct Path {
    pub(crate) site: &'static FunctionId,
    pub(crate) here: &'static str,
}

/// Text behind the pieces `0`.
#[derive(Debug)]
pub struct Text<'k, K>(pub(crate) K, pub(crate) &'k str);

/// An argument behind other pieces. With how it is written, so that one that cannot be is complained of once, where it is named.
#[derive(Debug)]
pub struct Arg<'k, K, P: ?Sized> {
    before: K,
    part: &'k P,
    write: fn(&P, &mut KeyWriter<'_>),
}

impl<'k, K, P: KeyPart + ?Sized> Arg<'k, K, P> {
    #[inline(always)]
    pub(crate) fn new(before: K, part: &'k P) -> Self {
        Self { before, part, write: P::write }
    }
}

/// The argument that is different for each key of a batch, behind the pieces `0`.
#[derive(Debug)]
pub struct Each<K>(pub(crate) K);

/// An argument that is secret, by its name, behind the pieces `0`.
#[derive(Debug)]
pub struct Secret<K>(pub(crate) K, pub(crate) String);

/// The same where it is different for each key of a batch.
#[derive(Debug)]
pub struct EachSecret<K>(pub(crate) K);

/// The end of a default key.
#[derive(Debug)]
pub struct End<K>(pub(crate) K);

impl Pieces for Template<'_> {
    #[inline(always)]
    fn write(&self, key: &mut KeyBuilder) {
        key.text(self.0);
    }

    #[inline(always)]
    fn identify(&self, _: &mut IdentityWriter) {}
}

impl Pieces for Path {
    fn write(&self, key: &mut KeyBuilder) {
        key.path(self.site, self.here);
    }

    #[inline(always)]
    fn identify(&self, identity: &mut IdentityWriter) {
        identity.place(self.here);
    }
}

impl<K: Pieces> Pieces for Text<'_, K> {
    #[inline(always)]
    fn write(&self, key: &mut KeyBuilder) {
        self.0.write(key);
        key.text(self.1);
    }

    #[inline(always)]
    fn identify(&self, identity: &mut IdentityWriter) {
        self.0.identify(identity);
    }
}

impl<K: Pieces, P: ?Sized> Pieces for Arg<'_, K, P> {
    #[inline(always)]
    fn write(&self, key: &mut KeyBuilder) {
        self.before.write(key);
        key.arg_with(|key| (self.write)(self.part, key));
    }

    #[inline(always)]
    fn identify(&self, identity: &mut IdentityWriter) {
        self.before.identify(identity);
        (self.write)(self.part, &mut KeyWriter::of_identity(identity));
    }
}

impl<K: Pieces> Pieces for Each<K> {
    fn write(&self, key: &mut KeyBuilder) {
        self.0.write(key);
        key.each();
    }

    /// It is many calls.
    fn identify(&self, identity: &mut IdentityWriter) {
        identity.fail();
    }
}

impl<K: Pieces> Pieces for Secret<K> {
    fn write(&self, key: &mut KeyBuilder) {
        self.0.write(key);
        key.text(&self.1);
    }

    fn identify(&self, identity: &mut IdentityWriter) {
        self.0.identify(identity);
        identity.text(&self.1);
    }
}

impl<K: Pieces> Pieces for EachSecret<K> {
    fn write(&self, key: &mut KeyBuilder) {
        self.0.write(key);
        key.each_secret();
    }

    fn identify(&self, identity: &mut IdentityWriter) {
        identity.fail();
    }
}

impl<K: Pieces> Pieces for End<K> {
    fn write(&self, key: &mut KeyBuilder) {
        self.0.write(key);
        key.close();
    }

    #[inline(always)]
    fn identify(&self, identity: &mut IdentityWriter) {
        self.0.identify(identity);
    }
}
