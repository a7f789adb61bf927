//! Zstandard frames, by the reference implementation.
//!
//! A context is a few hundred kilobytes that take longer to set up than a small payload takes to compress, so each thread
//! keeps the ones it has used.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};

use super::fewest;

/// The fastest that compresses in earnest: what is stored is read again soon, and on the way of a call.
const LEVEL: i32 = 1;

/// How such a frame begins; its length follows.
const SKIPPABLE: [u8; 4] = 0x184d_2a50_u32.to_le_bytes();

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
    let len = COMPRESSOR.try_with(|kept| kept.with(|| Compressor::new(LEVEL), compress)).ok()??;
    filled_up(out, len, fewest(payload.len()))
}

/// A megabyte of one byte is some fifty bytes, which is more than readers believe. A frame that says of itself that it is to be
/// skipped makes up for it.
fn filled_up(out: &mut [u8], len: usize, fewest: usize) -> Option<usize> {
    if len >= fewest {
        return Some(len);
    }
    let filling = (fewest - len).saturating_sub(SKIPPABLE.len() + size_of::<u32>());
    let (magic, rest) = out.get_mut(len..)?.split_first_chunk_mut()?;
    let (size, rest) = rest.split_first_chunk_mut()?;
    *magic = SKIPPABLE;
    *size = u32::try_from(filling).ok()?.to_le_bytes();
    rest.get_mut(..filling)?.fill(0);
    Some(len + SKIPPABLE.len() + size.len() + filling)
}

pub(super) fn decompress(compressed: &[u8], len: usize) -> Option<Vec<u8>> {
    // Not filled with zeros first: the context writes into the vector's spare room.
    let mut payload = Vec::with_capacity(len);
    let decompress = |context: &mut Decompressor<'_>| context.decompress_to_buffer(compressed, &mut payload);
    DECOMPRESSOR.try_with(|kept| kept.with(Decompressor::new, decompress)).ok()??;
    (payload.len() == len).then_some(payload)
}
