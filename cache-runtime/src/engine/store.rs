//! Values on their way to the store.
//!
//! Each takes the place of what it may replace, if that is still there. Two rules make tags right: what a value is stored with was
//! read *before* it was computed, so that an invalidation in between drops the nonce, and the entry fits no more; and a tag whose
//! nonce is missing fits no entry.

use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::read::{distinct, texts};
use crate::engine::background::UnderWay;
use crate::engine::compute::StorePermit;
use crate::engine::flight::StoringGuard;
use crate::engine::lease::{self, Lease};
use crate::engine::{Call, CallKey, Departure, Encoded, mark_of};
use crate::entry::header;
use crate::error::{Error, ErrorKind};
use crate::key::KeyBuf;
use crate::policy::Lifetime;
use crate::report::miss_reason::MissReason;
use crate::runtime::executor::{all, both};
use crate::store::vocabulary::{CasToken, KeyResults, KeyWrite, Nonce, Swap, TagTtl};
use crate::store::{BackgroundWrite, Store};
use crate::tags::{self, Tags};

/// The most values that are sent at once: they are copied on their way out, and the copies of a large batch are not to be
/// there all at the same time.
pub(crate) const STORED_AT_ONCE: usize = 512;

/// A value that is to be stored, and the right to.
pub(super) struct StoreRequest {
    pub(super) key: CallKey,
    pub(super) permit: StorePermit,
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) lifetime: Lifetime,
    pub(super) compute_time: Duration,
    /// The keys of the tags that the value names.
    pub(super) named: Vec<KeyBuf>,
    /// Whether the bytes are the mark of the entry that is there, which stays for another lifetime.
    pub(super) renews: bool,
    /// Of its flight.
    pub(super) _landing: Option<StoringGuard>,
}

/// An older value that is of no use any more, and the lease beside it.
pub(super) struct Removed {
    name: Arc<str>,
    base: CasToken,
    lease: Lease,
}

impl Removed {
    /// What the permit is to replace, if it is an older value. A lease that stands in its own place leaves nothing there: it is given
    /// back.
    pub(super) fn of(name: Arc<str>, permit: StorePermit) -> Option<Self> {
        Some(Self { name, base: permit.base?, lease: permit.lease })
    }
}

impl StoreRequest {
    fn swap(&self) -> Swap<'_> {
        let (key, mark) = (&*self.key.name, self.permit.mark());
        Swap { key, mark, value: &self.bytes, ttl: self.lifetime.total() }
    }

    /// The tags, where the value names some.
    fn tags_of_value(&self) -> Option<&Tags> {
        self.key.tags.as_deref().filter(|tags| tags.are_of_value())
    }

    /// The tags, where they are not known to live for long enough.
    fn brief_tags(&self, call: &Call) -> Option<&Tags> {
        let is_enough = || tags::ttl_of(&call.policy).is_enough(self.lifetime.total(), self.compute_time);
        self.key.tags.as_deref().filter(|tags| !tags.are_of_value() && !is_enough())
    }

    /// What follows from the store's answer. Gives what is to be removed, if the store will not have the value.
    fn settle(self, call: &Call, done: &Result<bool, Error>) -> Option<Removed> {
        let Self { key, mut permit, bytes, lifetime, renews, .. } = self;
        let counters = &call.function.counters;
        match done {
            Ok(true) if renews => {
                counters.confirmed.count();
                call.begins_to_slide(&key.name, mark_of(&bytes));
            }
            Ok(true) => {
                counters.stored.count();
                call.note_stored(&key.name, &bytes, lifetime);
                call.begins_to_slide(&key.name, mark_of(&bytes));
                call.forget_key(&key.name);
            }
            Ok(false) => {
                counters.superseded.count();
                call.note_not_stored(&key.name, MissReason::Overtaken);
            }
            Err(error) => {
                call.cache().background.unstored.count();
                call.note_not_stored(&key.name, MissReason::Unanswered);
                return Removed::of(key.name, permit).filter(|_| is_refusal(error));
            }
        }
        // StoreRequest or not, the lease is not at the key any more. One beside it is still to be given back.
        if permit.base.is_none() {
            permit.lease.is_gone();
        }
        None
    }
}

/// A value that is stored in the background, together with others.
pub(super) struct ValueWrite {
    pub(super) call: Call,
    pub(super) value: StoreRequest,
    pub(super) under_way: UnderWay,
}

impl BackgroundWrite for ValueWrite {
    fn swap(&self) -> Swap<'_> {
        self.value.swap()
    }

    fn written(self: Box<Self>, stored: Result<bool, Error>) {
        let Self { call, value, under_way } = *self;
        if let Err(error) = &stored {
            call.failed(error);
        }
        if let Some(unwanted) = value.settle(&call, &stored) {
            let cache = Arc::clone(call.cache.arc());
            // Without room for the work, the older value stays until its time is over.
            drop(cache.background.store(0, |under_way| async move {
                remove(&call, vec![unwanted], false).await;
                drop(under_way);
            }));
        }
        drop(under_way);
    }
}

/// Whether the server has answered, and will not take the value: it is full, or the value is too large.
fn is_refusal(error: &Error) -> bool {
    error.kind() == ErrorKind::Server
}

/// Stores values in the background, and removes what others have made useless.
pub(super) fn begin(
    call: &Call,
    mut stored: SmallVec<[StoreRequest; 1]>,
    removed: Vec<Removed>,
) -> Departure {
    if stored.is_empty() && removed.is_empty() {
        return Departure::Nothing;
    }
    // At once, for what this caller asks next.
    let is_replaced = |stored: &&StoreRequest| stored.permit.base.is_some() && !stored.renews;
    let replaced = stored.iter().filter(is_replaced).map(|stored| &stored.key.name);
    replaced.chain(removed.iter().map(|removed| &removed.name)).for_each(|name| call.forget_key(name));
    let noted: Vec<(Arc<str>, CasToken)> =
        removed.iter().map(|removed| (Arc::clone(&removed.name), removed.base)).collect();
    let leases = stored.iter().map(|stored| &stored.permit.lease);
    let left = leases.chain(removed.iter().map(|removed| &removed.lease)).map(Lease::left).max();
    let (background, left) = (&call.cache().background, left.unwrap_or_default());
    let is_plain =
        removed.is_empty() && matches!(&stored[..], [stored] if stored.key.tags.is_none() && !stored.renews);
    let begun = match is_plain.then(|| stored.pop()).flatten() {
        Some(value) => background.store_value(call.clone(), value),
        None => {
            let stored = stored.into_vec();
            let bytes = stored.iter().map(|stored| stored.bytes.len()).sum();
            background.store(bytes, |under_way| carry_out(call.clone(), stored, removed, under_way))
        }
    };
    match begun {
        Ok(departure) => departure.within(left),
        Err(error) => {
            call.failed(&error);
            noted.iter().for_each(|(name, base)| call.left_behind(name, *base));
            Departure::Nothing
        }
    }
}

pub(super) async fn carry_out(
    call: Call,
    stored: Vec<StoreRequest>,
    removed: Vec<Removed>,
    _under_way: UnderWay,
) {
    store(&call, stored).await;
    remove(&call, removed, true).await;
}

/// Stores values, and says of each whether it is stored.
pub(super) async fn store(call: &Call, stored: Vec<StoreRequest>) -> Vec<Result<bool, Error>> {
    let (mut all, mut stored) = (Vec::with_capacity(stored.len()), stored.into_iter());
    loop {
        let some: Vec<StoreRequest> = stored.by_ref().take(STORED_AT_ONCE).collect();
        if some.is_empty() {
            return all;
        }
        let count = some.len();
        match store_some(call, some).await {
            Ok(done) => all.extend(done),
            Err(error) => {
                all.extend((0..count).map(|_| Err(error.clone())));
                if !is_refusal(&error) {
                    // Nobody answers. The leases of the others are given back.
                    all.extend(stored.by_ref().map(|_| Err(error.clone())));
                }
            }
        }
    }
}

/// As many as are sent at once.
///
/// # Errors
/// One that concerns all of them.
async fn store_some(call: &Call, mut stored: Vec<StoreRequest>) -> KeyResults<bool> {
    let is_current = match under_current_nonces(call, &mut stored).await {
        Ok(is_current) => is_current,
        Err(error) => return Err(refused(call, stored, error).await),
    };
    let answers = {
        let current = || stored.iter().zip(&is_current).filter(|(_, is_current)| **is_current);
        let swaps: Vec<Swap<'_>> = current().map(|(stored, _)| stored.swap()).collect();
        let mut brief = Vec::new();
        let tags = current().filter_map(|(stored, _)| stored.brief_tags(call));
        distinct(tags.flat_map(|tags| texts(tags.keys())), &mut brief);
        let (cache, until) = (call.cache(), call.until());
        let swap = Box::pin(call.store().swap(&swaps, until));
        match (swaps.is_empty(), brief.is_empty()) {
            (true, _) => Ok(Vec::new()),
            (false, true) => swap.await,
            (false, false) => {
                let life = longest(stored.iter().map(|stored| stored.lifetime));
                let (answers, longer) = both(swap, Box::pin(cache.store.tag(&brief, life, until))).await;
                // Where that failed the entries are misses before their time.
                if let Err(error) =
                    longer.and_then(|longer| longer.into_iter().collect::<Result<Vec<_>, _>>())
                {
                    call.failed(&error);
                }
                answers
            }
        }
    };
    let mut answers = match answers {
        Ok(answers) => answers.into_iter(),
        Err(error) => return Err(refused(call, stored, error).await),
    };
    let (mut all, mut useless, mut unwanted) = (Vec::with_capacity(stored.len()), Vec::new(), Vec::new());
    for (stored, is_current) in stored.into_iter().zip(is_current) {
        if !is_current {
            // A tag was invalidated meanwhile that the value may have. What it was to replace has it too.
            call.function.counters.superseded.count();
            call.note_not_stored(&stored.key.name, MissReason::Overtaken);
            useless.extend(Removed::of(stored.key.name, stored.permit));
            all.push(Ok(false));
            continue;
        }
        let done = answers.next().unwrap_or(Ok(false));
        if let Err(error) = &done {
            call.failed(error);
        }
        unwanted.extend(stored.settle(call, &done));
        all.push(done);
    }
    remove(call, useless, true).await;
    remove(call, unwanted, false).await;
    Ok(all)
}

/// None of the values is stored, for this reason.
async fn refused(call: &Call, stored: Vec<StoreRequest>, error: Error) -> Error {
    call.failed(&error);
    let (mut unwanted, mut leases) = (Vec::new(), Vec::new());
    for StoreRequest { key, permit, .. } in stored {
        match permit.base {
            Some(_) if is_refusal(&error) => unwanted.extend(Removed::of(key.name, permit)),
            _ => leases.push(permit.lease),
        }
    }
    lease::give_back(leases);
    remove(call, unwanted, false).await;
    error
}

/// Removes older values, and only those: a newer one stays, and so does somebody's lease. The leases beside them are given back after that.
/// A removal that fails is tried again if it is known that the value is of no use.
async fn remove(call: &Call, removed: Vec<Removed>, is_known: bool) {
    for some in removed.chunks(STORED_AT_ONCE) {
        let bases: Vec<(&str, CasToken)> =
            some.iter().map(|removed| (&*removed.name, removed.base)).collect();
        let done = call.store().release(&bases, call.until()).await;
        if let Err(error) = &done {
            call.failed(error);
        }
        for Removed { name, base, .. } in some {
            match &done {
                Err(_) if is_known => call.left_behind(name, *base),
                _ => call.forget_key(name),
            }
        }
    }
    lease::give_back(removed.into_iter().map(|removed| removed.lease));
}

/// Puts the nonces into the values that name their tags, as those have them now: one question for all. Says of each value whether it may
/// be stored: not if a tag was invalidated since before it was computed that it may have.
async fn under_current_nonces(call: &Call, stored: &mut [StoreRequest]) -> Result<Vec<bool>, Error> {
    let mut is_current = vec![true; stored.len()];
    let mut keys = Vec::new();
    let named = stored.iter().filter_map(|stored| Some((stored.tags_of_value()?, &stored.named)));
    let of_values = named.clone().flat_map(|(tags, named)| texts(tags.of_arguments()).chain(texts(named)));
    let places = distinct(of_values, &mut keys);
    // That of any tag is read last. If it is what it was, no tag was removed before the others were read, so what they are now they were
    // before the computation, unless they were nothing.
    let Some(any) = named.clone().find_map(|(tags, _)| tags.keys().last()) else { return Ok(is_current) };
    let life = longest(stored.iter().map(|stored| stored.lifetime));
    let nonces = call.cache().store.tag_in_order(&keys, any, life, call.until()).await?;
    let nonces = nonces.into_iter().collect::<Result<Vec<_>, _>>()?;
    let Some((any_now, now)) = nonces.split_last() else { return Ok(is_current) };
    let mut places = &places[..];
    for (stored, is_current) in stored.iter_mut().zip(&mut is_current) {
        let Some(tags) = stored.tags_of_value() else { continue };
        let known = tags.of_arguments().len();
        let (of_value, others) = places.split_at(known + stored.named.len());
        places = others;
        let Some((any_before, before)) = stored.permit.nonces.split_last() else {
            *is_current = false;
            continue;
        };
        *is_current = any_before == any_now;
        let of_named = of_value[known..].iter().map(|place| now[*place]);
        let nonces: Vec<Nonce> = before.iter().copied().chain(of_named).collect();
        let bytes: &mut Vec<u8> = Arc::make_mut(&mut stored.bytes);
        header::set_tags(&stored.key.name, bytes, &nonces);
    }
    Ok(is_current)
}

/// For how long tags are to live that all these entries have.
fn longest(lifetimes: impl Iterator<Item = Lifetime>) -> TagTtl {
    let totals = lifetimes.map(Lifetime::total);
    TagTtl::of_entry(totals.max_by_key(|total| total.unwrap_or(Duration::MAX)).flatten())
}

/// An entry, and what is to be there whatever is there now: nothing, if the function's options keep the value from being stored.
pub(crate) type Put<'a> = (&'a Call, Option<Encoded>);

/// Stores values in place of whatever is there, under the nonces that their tags have now. All are of one cache. One round trip,
/// and one more where there are tags.
pub(crate) async fn put(puts: &mut [Put<'_>]) -> Result<(), Error> {
    let Some((first, _)) = puts.first() else { return Ok(()) };
    let (cache, until) = (first.cache.clone(), first.until());
    let store = &cache.store;
    // Entries share tags, and each is asked for once.
    let mut keys = Vec::new();
    let tagged =
        || puts.iter().filter_map(|(call, encoded)| Some((call.tags.as_deref()?, encoded.as_ref()?)));
    let of_entries =
        tagged().flat_map(|(tags, encoded)| texts(tags.of_arguments()).chain(texts(&encoded.named)));
    let places = distinct(of_entries, &mut keys);
    if !keys.is_empty() {
        let life = longest(tagged().map(|(_, encoded)| encoded.lifetime));
        let nonces = store.tag(&keys, life, until).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut places = places.into_iter();
        for (call, encoded) in &mut *puts {
            let (Some(tags), Some(encoded)) = (&call.tags, encoded) else { continue };
            let of_entry = places.by_ref().take(tags.of_arguments().len() + encoded.named.len());
            let nonces: Vec<Nonce> = of_entry.map(|place| nonces[place]).collect();
            header::set_tags(&call.key, &mut encoded.bytes, &nonces);
        }
    }
    let mut sets: Vec<KeyWrite<'_>> = Vec::with_capacity(puts.len());
    let mut in_parts = Vec::new();
    for (call, encoded) in puts.iter() {
        let write = KeyWrite {
            key: &call.key,
            value: encoded.as_ref().map(|encoded| &encoded.bytes[..]),
            ttl: encoded.as_ref().and_then(|encoded| encoded.lifetime.total()),
        };
        match call.policy.shape {
            Some(_) => in_parts.push((call.store(), write)),
            None => sets.push(write),
        }
    }
    let names = cache.names_of_others(puts.iter().map(|(call, _)| &*call.key));
    sets.extend(names.iter().map(|name| KeyWrite { key: name, value: None, ttl: None }));
    let in_parts = in_parts.into_iter().map(async |(store, write)| store.set(&[write], until).await);
    for done in Box::pin(all(in_parts)).await {
        done?;
    }
    if !sets.is_empty() {
        store.set(&sets, until).await?;
    }
    for (call, encoded) in puts.iter().filter_map(|(call, encoded)| Some((call, encoded.as_ref()?))) {
        call.note_stored(&call.key, &encoded.bytes, encoded.lifetime);
        call.begins_to_slide(&call.key, mark_of(&encoded.bytes));
    }
    Ok(())
}
