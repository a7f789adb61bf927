//! LZ4 blocks, by `lz4_flex`.

use lz4_flex::block;

pub(super) fn bound(len: usize) -> usize {
    block::get_maximum_output_size(len)
}

pub(super) fn compress(payload: &[u8], out: &mut [u8]) -> Option<usize> {
    block::compress_into(payload, out).ok()
}

pub(super) fn decompress(compressed: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut payload = vec![0; len];
    let written = block::decompress_into(compressed, &mut payload).ok()?;
    (written == len).then_some(payload)
}
