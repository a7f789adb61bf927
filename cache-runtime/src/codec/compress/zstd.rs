//! Zstandard frames, by the reference implementation.
//!
//! A context is a few hundred kilobytes that take longer to set up than a small payload takes to compress, so each thread
//! keeps the ones it has used.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};

/// The fastest that compresses in earnest: what is stored is read again soon, and on the way of a call.
const LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: Kept<Compressor<'static>> = const { Kept(RefCell::new(None)) };
    static DECOMPRESSOR: Kept<Decompressor<'static>> = const { Kept(RefCell::new(None)) };
}

struct Kept<C>(RefCell<Option<C>>);

impl<C> Kept<C> {
    fn with<R>(
        &self,
        make: impl FnOnce() -> io::Result<C>,
        work: impl FnOnce(&mut C) -> io::Result<R>,
    ) -> Option<R> {
        let mut kept = self.0.try_borrow_mut().ok()?;
        let context = match &mut *kept {
            Some(context) => context,
            none => none.insert(make().ok()?),
        };
        work(context).ok()
    }
}

pub(super) fn bound(len: usize) -> usize {
    zstd::zstd_safe::compress_bound(len)
}

pub(super) fn compress(payload: &[u8], out: &mut [u8]) -> Option<usize> {
    let compress = |context: &mut Compressor<'_>| context.compress_to_buffer(payload, out);
    COMPRESSOR.try_with(|kept| kept.with(|| Compressor::new(LEVEL), compress)).ok()?
}

pub(super) fn decompress(compressed: &[u8], len: usize) -> Option<Vec<u8>> {
    // Not filled with zeros first: the context writes into the vector's spare room.
    let mut payload = Vec::with_capacity(len);
    let decompress = |context: &mut Decompressor<'_>| context.decompress_to_buffer(compressed, &mut payload);
    DECOMPRESSOR.try_with(|kept| kept.with(Decompressor::new, decompress)).ok()??;
    (payload.len() == len).then_some(payload)
}
