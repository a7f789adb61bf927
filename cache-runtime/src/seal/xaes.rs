//! XAES-256-GCM (c2sp.org/XAES-256-GCM): AES-256-GCM with nonces of 192 bits, so that they can be random.
//!
//! The first half of a nonce makes a key, by two blocks of CMAC (the counter mode of NIST SP 800-108r1); the second half is the nonce
//! of AES-256-GCM under it.

use zeroize::Zeroizing;

use super::provider::{Block, Gcm, Refused, TAG_LEN, random};

pub(crate) const NONCE_LEN: usize = 24;

/// Another key, another binding, or changed bytes. Which of them nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unopened;

pub(super) struct Xaes {
    block: Block,
    /// The first subkey of CMAC.
    mask: Zeroizing<[u8; 16]>,
}

impl Xaes {
    pub(super) fn new(key: &[u8; 32]) -> Result<Self, Refused> {
        let block = Block::new(key)?;
        let mut l = Zeroizing::new([0; 16]);
        block.encrypt(&mut *l)?;
        let l = Zeroizing::new(u128::from_be_bytes(*l));
        // Doubled in GF(2^128), without a branch on a bit of the key.
        let doubled = (*l << 1) ^ (0x87 * (*l >> 127));
        Ok(Self { block, mask: Zeroizing::new(doubled.to_be_bytes()) })
    }

    /// A nonce that no other text has.
    pub(super) fn nonce() -> Result<[u8; NONCE_LEN], Refused> {
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce)?;
        Ok(nonce)
    }

    /// Encrypts in place; gives the tag.
    pub(super) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        bound: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Refused> {
        let (gcm, nonce) = self.subkey(nonce)?;
        gcm.seal(nonce, bound, text)
    }

    /// Decrypts in place what stands before the tag. Of bytes that are not opened nothing may be used.
    pub(super) fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        bound: &[u8],
        text_and_tag: &mut [u8],
    ) -> Result<(), Unopened> {
        let (gcm, nonce) = self.subkey(nonce).map_err(|Refused| Unopened)?;
        gcm.open(nonce, bound, text_and_tag).map_err(|Refused| Unopened)
    }

    fn subkey(&self, nonce: &[u8; NONCE_LEN]) -> Result<(Gcm, [u8; 12]), Refused> {
        let (first, second) = nonce.split_at(NONCE_LEN / 2);
        let mut key = Zeroizing::new([0; 32]);
        for (number, block) in (1..).zip(key.chunks_exact_mut(16)) {
            block[..4].copy_from_slice(&[0, number, b'X', 0]);
            block[4..].copy_from_slice(first);
            for (byte, mask) in block.iter_mut().zip(self.mask.iter()) {
                *byte ^= mask;
            }
        }
        self.block.encrypt(&mut *key)?;
        let mut rest = [0; 12];
        rest.copy_from_slice(second);
        Ok((Gcm::new(&key)?, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &[u8; NONCE_LEN] = b"ABCDEFGHIJKLMNOPQRSTUVWX";

    fn sealed(key: u8, bound: &[u8]) -> String {
        let mut text = *b"XAES-256-GCM";
        let tag = Xaes::new(&[key; 32]).and_then(|xaes| xaes.seal(NONCE, bound, &mut text)).expect("sealed");
        text.iter().chain(&tag).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The vectors of the specification: one key has the highest bit of its CMAC block clear, the other has it set.
    #[test]
    fn the_published_vectors_are_met() {
        assert_eq!(sealed(1, b""), "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
        assert_eq!(
            sealed(3, b"c2sp.org/XAES-256-GCM"),
            "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"
        );
    }

    #[test]
    fn what_is_sealed_is_opened_and_nothing_else_is() {
        let xaes = Xaes::new(&[7; 32]).expect("a key");
        let nonce = Xaes::nonce().expect("a nonce");
        let mut sealed = *b"secret";
        let tag = xaes.seal(&nonce, b"bound", &mut sealed).expect("sealed");
        let mut whole: Vec<u8> = sealed.iter().chain(&tag).copied().collect();

        let mut opened = whole.clone();
        assert_eq!(xaes.open(&nonce, b"bound", &mut opened), Ok(()));
        assert_eq!(&opened[..6], b"secret");

        for bit in 0..whole.len() * 8 {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(xaes.open(&nonce, b"bound", &mut changed), Err(Unopened), "bit {bit}");
        }
        for bit in 0..NONCE_LEN * 8 {
            let mut other = nonce;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                xaes.open(&other, b"bound", &mut whole.clone()),
                Err(Unopened),
                "bit {bit} of the nonce"
            );
        }
        assert_eq!(xaes.open(&nonce, b"other", &mut whole.clone()), Err(Unopened));
        let other = Xaes::new(&[8; 32]).expect("a key");
        assert_eq!(other.open(&nonce, b"bound", &mut whole), Err(Unopened));
    }
}
