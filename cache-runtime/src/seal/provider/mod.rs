//! What XAES-256-GCM is made of: one block of AES-256, AES-256-GCM, and random bytes. One file for each library that has them.
//!
//! There is none for ring: it has no block cipher in its interface, only five bytes of a mask for QUIC, so a subkey of XAES-256-GCM cannot be made with it.

#[cfg(feature = "seal")]
mod aws_lc;
#[cfg(all(feature = "seal-rust", any(test, not(feature = "seal"))))]
mod rust_crypto;

#[cfg(feature = "seal")]
pub(super) use aws_lc::{Block, Gcm, random};
#[cfg(all(feature = "seal-rust", not(feature = "seal")))]
pub(super) use rust_crypto::{Block, Gcm, random};

pub(super) const TAG_LEN: usize = 16;

/// The provider has refused to encrypt: no entropy, a text of 64 GB, a failed self-test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused;

#[cfg(not(any(feature = "seal", feature = "seal-rust")))]
compile_error!(
    "the cargo feature `sealing` of redis-cached is for its own use: ask for `seal`, with aws-lc-rs, or for `seal-rust`, in Rust alone"
);

#[cfg(all(test, feature = "seal", feature = "seal-rust"))]
mod tests {
    use super::{aws_lc, rust_crypto};

    /// What one seals the other opens. The published vectors are in `xaes`.
    #[test]
    fn the_libraries_agree() {
        let (key, nonce) = ([7; 32], [9; 12]);
        let (mut one, mut other) =
            (*b"two blocks of sixteen bytes each", *b"two blocks of sixteen bytes each");
        aws_lc::Block::new(&key).and_then(|block| block.encrypt(&mut one)).expect("encrypted");
        rust_crypto::Block::new(&key).and_then(|block| block.encrypt(&mut other)).expect("encrypted");
        assert_eq!(one, other);

        let (aws, rust) =
            (aws_lc::Gcm::new(&key).expect("a key"), rust_crypto::Gcm::new(&key).expect("a key"));
        let tag = aws.seal(nonce, b"bound", &mut one).expect("sealed");
        assert_eq!(rust.seal(nonce, b"bound", &mut other), Ok(tag));
        let mut sealed = [&one[..], &tag].concat();
        assert!(rust.open(nonce, b"other", &mut sealed.clone()).is_err());
        assert_eq!(rust.open(nonce, b"bound", &mut sealed), Ok(()));
        let (mut random, mut again) = ([0; 24], [0; 24]);
        rust_crypto::random(&mut random)
            .and_then(|()| rust_crypto::random(&mut again))
            .expect("random bytes");
        assert_ne!(random, again);
    }
}
