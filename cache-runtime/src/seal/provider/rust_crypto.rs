//! By the crate `aes-gcm` of the RustCrypto project. In constant time by the instructions of the processor, or by bit slicing where it has none.

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};

use super::{Refused, TAG_LEN};

/// AES-256 of single blocks.
pub(in crate::seal) struct Block(Aes256);

impl Block {
    pub(in crate::seal) fn new(key: &[u8; 32]) -> Result<Self, Refused> {
        Ok(Self(Aes256::new(key.into())))
    }

    /// Encrypts each block of 16 bytes by itself.
    pub(in crate::seal) fn encrypt(&self, blocks: &mut [u8]) -> Result<(), Refused> {
        for block in blocks.chunks_mut(16) {
            self.0.encrypt_block(block.try_into().map_err(|_| Refused)?);
        }
        Ok(())
    }
}

/// AES-256-GCM under a key that is used with few nonces.
pub(in crate::seal) struct Gcm(Aes256Gcm);

impl Gcm {
    pub(in crate::seal) fn new(key: &[u8; 32]) -> Result<Self, Refused> {
        Ok(Self(Aes256Gcm::new(key.into())))
    }

    /// Encrypts in place; gives the tag.
    pub(in crate::seal) fn seal(
        &self,
        nonce: [u8; 12],
        bound: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Refused> {
        let tag = self.0.encrypt_inout_detached(&nonce.into(), bound, text.into()).map_err(|_| Refused)?;
        Ok(tag.into())
    }

    /// Decrypts in place what stands before the tag, once the tag is found to be right.
    pub(in crate::seal) fn open(
        &self,
        nonce: [u8; 12],
        bound: &[u8],
        text_and_tag: &mut [u8],
    ) -> Result<(), Refused> {
        let (text, tag) = text_and_tag.split_last_chunk_mut::<TAG_LEN>().ok_or(Refused)?;
        let tag = (*tag).into();
        self.0.decrypt_inout_detached(&nonce.into(), bound, text.into(), &tag).map_err(|_| Refused)
    }
}

/// Fills with random bytes of the operating system, which a fork or a snapshot of the machine does not repeat.
pub(in crate::seal) fn random(bytes: &mut [u8]) -> Result<(), Refused> {
    getrandom::fill(bytes).map_err(|_| Refused)
}
