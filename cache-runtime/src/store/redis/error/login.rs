//! Why a server refuses the client.

use std::borrow::Cow;

use redis::RedisError;

use crate::error::ErrorKind;

/// What is wrong with the user, the password, the user's rights or the database, if the server has said so.
pub(crate) fn explain(error: &RedisError) -> Option<(ErrorKind, Cow<'static, str>)> {
    let detail = error.detail().unwrap_or_default();
    let says = |text| detail.contains(text);
    let reason = match error.code() {
        code if code == Some("NOPERM") || says(" has no permissions to ") => {
            let reason = format!("NOPERM {detail} (docs/guarantees.md has the rights that a cache needs)");
            return Some((ErrorKind::Permission, reason.into()));
        }
        Some("DENIED") => {
            "the server is in protected mode, in which it talks to its own machine only: give it a password, or set `protected-mode no`"
        }
        Some("WRONGPASS") => WRONG,
        // Servers before 6.0.
        _ if says("invalid password") => WRONG,
        Some("NOAUTH") => MISSING,
        // What SELECT was answered, of which the driver does not tell the code; so it is above.
        _ if says("Authentication required") => MISSING,
        // Before 6.0, and since.
        _ if says("no password is set") || says("without any password configured") => UNWANTED,
        _ if says("DB index is out of range") => {
            return Some((ErrorKind::Url, "the server has fewer databases than the URL wants".into()));
        }
        _ => return None,
    };
    Some((ErrorKind::Permission, reason.into()))
}

const MISSING: &str = "the server wants a password: write `redis://:PASSWORD@HOST`, or `redis://USER:PASSWORD@HOST` for a user of its ACL, \
     both percent-encoded";
const WRONG: &str = "the user name or the password is wrong, or the user is disabled: write `redis://USER:PASSWORD@HOST`, or \
     `redis://:PASSWORD@HOST` for a password without a user, both percent-encoded";
const UNWANTED: &str =
    "the server has no password, and the URL has one: write `redis://HOST`, or set `requirepass`";
