//! By aws-lc-rs. Where a program asks that crate for its feature `fips`, this is the validated module.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_256, EncryptingKey, UnboundCipherKey};

use super::{Refused, TAG_LEN};

/// AES-256 of single blocks.
pub(in crate::seal) struct Block(EncryptingKey);

impl Block {
    pub(in crate::seal) fn new(key: &[u8; 32]) -> Result<Self, Refused> {
        let key = UnboundCipherKey::new(&AES_256, key).map_err(|_| Refused)?;
        Ok(Self(EncryptingKey::ecb(key).map_err(|_| Refused)?))
    }

    /// Encrypts each block of 16 bytes by itself.
    pub(in crate::seal) fn encrypt(&self, blocks: &mut [u8]) -> Result<(), Refused> {
        self.0.encrypt(blocks).map(drop).map_err(|_| Refused)
    }
}

/// AES-256-GCM under a key that is used with few nonces.
pub(in crate::seal) struct Gcm(LessSafeKey);

impl Gcm {
    pub(in crate::seal) fn new(key: &[u8; 32]) -> Result<Self, Refused> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Refused)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Encrypts in place; gives the tag.
    pub(in crate::seal) fn seal(
        &self,
        nonce: [u8; 12],
        bound: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Refused> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(bound), text).map_err(|_| Refused)?;
        tag.as_ref().try_into().map_err(|_| Refused)
    }

    /// Decrypts in place what stands before the tag, once the tag is found to be right.
    pub(in crate::seal) fn open(
        &self,
        nonce: [u8; 12],
        bound: &[u8],
        text_and_tag: &mut [u8],
    ) -> Result<(), Refused> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.0.open_in_place(nonce, Aad::from(bound), text_and_tag).map(drop).map_err(|_| Refused)
    }
}

/// Fills with random bytes, which a fork or a snapshot of the machine does not repeat.
pub(in crate::seal) fn random(bytes: &mut [u8]) -> Result<(), Refused> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| Refused)
}
