//! What a server supports for its user, learned from its answers.
//!
//! Known for each connection: one address may lead to servers of several versions, and a failover to another server. Nothing is asked
//! to find out. What every server supports is tried first, and what only some support when nobody waits for it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use redis::{RedisError, Value};

use super::error::{is_no_script, is_refused, is_within_script};
use super::lua::{ACQUIRE, RELEASE, SCRIPTS, SWAP, Script};
use crate::util::retry_gate::RetryGate;

/// The time after which a connection over which nothing can be stored is tried again.
const PAUSE: Duration = Duration::from_secs(30);

/// What is known about a connection's server.
#[derive(Debug, Default)]
pub(crate) struct Abilities {
    /// `SET … NX GET`: Redis 7.0, Valkey.
    pub(crate) nx_get: Ability,
    /// `SET … IFEQ`: Redis 8.4, Valkey 8.1.
    pub(crate) ifeq: Ability,
    /// `EVALSHA`. Some servers have `EVAL` only.
    by_name: Ability,
    /// `MGET`. Proxies may lack it, and users the right to it.
    pub(crate) mget: Ability,
    /// `UNLINK`. Servers without it have `DEL`.
    pub(crate) unlink: Ability,
    /// Scripts. A script that has run is known by name.
    scripts: [Ability; SCRIPTS],
    /// For a server that can compare in no way.
    gate: RetryGate,
}

impl Abilities {
    pub(crate) fn of(&self, script: &Script) -> &Ability {
        &self.scripts[script.index]
    }

    /// Whether to call the script by its name.
    pub(crate) fn knows_name(&self, script: &Script) -> bool {
        self.of(script).is(Ability::YES) && !self.by_name.is(Ability::NO)
    }

    /// Learns from the answer to a call by name; says whether the answer is the script's.
    pub(crate) fn has_run(&self, answer: &Result<Value, RedisError>) -> bool {
        let Err(error) = answer else { return true };
        let is_refused = is_refused(error) && !is_within_script(error);
        if is_refused {
            self.by_name.set(Ability::NO);
        }
        !is_refused && !is_no_script(error)
    }

    /// Learns from the answer to a call by text.
    pub(crate) fn learn(&self, script: &Script, answer: &Result<Value, RedisError>) {
        match answer {
            Err(error) if is_refused(error) && !is_within_script(error) => {
                self.scripts.iter().for_each(|known| known.set(Ability::NO));
            }
            answer => self.of(script).learn(answer),
        }
    }

    /// Whether one command gives what a key has, or puts a lease where nothing is.
    pub(crate) fn leases_by_one_command(&self) -> bool {
        self.nx_get.is(Ability::YES) && self.compares() == Some(true)
    }

    /// Whether the server can compare and set, without which nothing is stored; `None` while that is not known.
    pub(crate) fn compares(&self) -> Option<bool> {
        let ways = [&self.ifeq, self.of(&ACQUIRE), self.of(&SWAP), self.of(&RELEASE)];
        if ways.iter().any(|way| way.is(Ability::YES)) {
            return Some(true);
        }
        if !self.of(&ACQUIRE).is(Ability::NO) || !self.ifeq.is(Ability::NO) {
            return None;
        }
        // The right may have been granted since.
        if !self.gate.close_first(PAUSE) && self.gate.admits_one(PAUSE) {
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
        // Load first: a store would make cores contend for the cache line.
        if !self.is(known) {
            self.0.store(known, Ordering::Relaxed);
        }
    }

    /// Learns from the answer to a command that needs the ability.
    pub(crate) fn learn(&self, answer: &Result<Value, RedisError>) {
        match answer {
            Ok(_) => self.set(Self::YES),
            Err(error) if is_refused(error) => self.set(Self::NO),
            Err(_) => {}
        }
    }
}
