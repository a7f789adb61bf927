//! What a server can do for its user, learned from its answers.
//!
//! Each connection has its own: behind one address there may be servers of several versions, and a failover may lead to another one. Nothing
//! is asked for it. What every server can do comes first, and what only some can is tried when nobody waits for it.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use redis::{RedisError, Value};

use crate::store::redis::error::{is_refused, is_within_script};
use crate::store::redis::scripts::{ACQUIRE, RELEASE, SCRIPTS, SWAP, Script};
use crate::util::clock::Moment;

/// For how long a connection over which nothing can be stored is not asked again whether that is so.
const PAUSE: Duration = Duration::from_secs(30);

/// What is known of a connection's server.
#[derive(Debug, Default)]
pub(crate) struct Abilities {
    /// `SET … NX GET`: Redis 7.0, Valkey.
    pub(crate) nx_get: Ability,
    /// `SET … IFEQ`: Redis 8.4, Valkey 8.1.
    pub(crate) ifeq: Ability,
    /// `EVALSHA`. Some have `EVAL` and not this.
    by_name: Ability,
    /// `MGET`. Proxies may lack it, and users the right to it.
    pub(crate) mget: Ability,
    /// `UNLINK`. What does not have it has `DEL`.
    pub(crate) unlink: Ability,
    /// Scripts. One that it has run it knows by name.
    scripts: [Ability; SCRIPTS],
    /// When to ask again a server that can compare in no way.
    next: AtomicU64,
}

impl Abilities {
    pub(crate) fn of(&self, script: &Script) -> &Ability {
        &self.scripts[script.index]
    }

    /// Whether the script is worth calling by its name.
    pub(crate) fn knows_name(&self, script: &Script) -> bool {
        self.of(script).is(Ability::YES) && !self.by_name.is(Ability::NO)
    }

    /// Learns from the answer to a script's name; says whether it is that of the script.
    pub(crate) fn has_run(&self, answer: &Result<Value, RedisError>) -> bool {
        if let Err(error) = answer
            && is_refused(error)
            && !is_within_script(error)
        {
            self.by_name.set(Ability::NO);
            return false;
        }
        true
    }

    /// Learns from the answer to a script's text.
    pub(crate) fn learn(&self, script: &Script, answer: &Result<Value, RedisError>) {
        match answer {
            Err(error) if is_refused(error) && !is_within_script(error) => {
                self.scripts.iter().for_each(|known| known.set(Ability::NO));
            }
            answer => self.of(script).learn(answer),
        }
    }

    /// Whether a value can be replaced on the condition that it is still what was seen, without which nothing is stored; `None` while
    /// that is not known.
    pub(crate) fn compares(&self) -> Option<bool> {
        let ways = [&self.ifeq, self.of(&ACQUIRE), self.of(&SWAP), self.of(&RELEASE)];
        if ways.iter().any(|way| way.is(Ability::YES)) {
            return Some(true);
        }
        if !self.of(&ACQUIRE).is(Ability::NO) || !self.ifeq.is(Ability::NO) {
            return None;
        }
        // It may have been given the right since.
        let (now, next) = (Moment::now(), self.next.load(Ordering::Relaxed));
        if next == 0 {
            self.next.store(now.plus(PAUSE).ticks(), Ordering::Relaxed);
        } else if now.ticks() >= next {
            self.next.store(0, Ordering::Relaxed);
            self.scripts.iter().chain([&self.ifeq, &self.nx_get]).for_each(Ability::forget);
            return None;
        }
        Some(false)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Ability(AtomicU8);

impl Ability {
    pub(crate) const YES: u8 = 1;
    pub(crate) const NO: u8 = 2;

    pub(crate) fn is(&self, known: u8) -> bool {
        self.0.load(Ordering::Relaxed) == known
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.is(0)
    }

    pub(crate) fn forget(&self) {
        self.set(0);
    }

    pub(crate) fn refuse(&self) {
        self.set(Self::NO);
    }

    fn set(&self, known: u8) {
        // Read first: a store would make the cores pass this line around.
        if !self.is(known) {
            self.0.store(known, Ordering::Relaxed);
        }
    }

    /// Learns from the answer to a command that takes the ability.
    pub(crate) fn learn(&self, answer: &Result<Value, RedisError>) {
        match answer {
            Ok(_) => self.set(Self::YES),
            Err(error) if is_refused(error) => self.set(Self::NO),
            Err(_) => {}
        }
    }
}
