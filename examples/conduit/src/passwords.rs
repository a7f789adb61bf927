//! Passwords are stored as hashes by Argon2.

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

/// What a hash costs. The default is that of the crate: 19 MiB, and two passes.
#[derive(Debug, Clone, Default)]
pub struct Cost(Params);

impl Cost {
    /// For tests, which have no secrets.
    pub fn least() -> Self {
        Self(Params::new(Params::MIN_M_COST, 1, 1, None).unwrap_or_default())
    }

    /// On a thread that may be busy for a while. `None` if hashing failed.
    pub(crate) async fn hash(&self, password: String) -> Option<String> {
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.0.clone());
        let hash = move || {
            let salt = SaltString::generate(&mut OsRng);
            Some(hasher.hash_password(password.as_bytes(), &salt).ok()?.to_string())
        };
        tokio::task::spawn_blocking(hash).await.ok()?
    }
}

/// The cost is that of the hash.
pub(crate) async fn fits(password: String, hash: String) -> bool {
    let check = move || {
        PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    };
    tokio::task::spawn_blocking(check).await.unwrap_or(false)
}
