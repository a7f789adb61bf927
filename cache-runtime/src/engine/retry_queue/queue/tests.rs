use std::collections::HashSet;

use super::*;

const KEY: Key<'static> = Key::Entry("key");
const TAG: Key<'static> = Key::Tag("key");
const MINUTE: Duration = Duration::from_secs(60);

/// What settles a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Numbers,
    /// Broken: any success does.
    AnySuccess,
    /// Broken: any retry does.
    AnyRetry,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Begin(usize),
    /// Redis carries it out: in time, late, or with an answer that is lost.
    CarryOut(usize),
    End(usize, bool),
    /// Another process computes and stores.
    Store,
    BeginRetry,
    CarryOutRetry,
    EndRetry(bool),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Operation {
    number: u64,
    /// The row's version when it began: nothing older may be served once it is over.
    version: u8,
    is_carried_out: bool,
    is_over: bool,
}

/// Two operations at one key, each an invalidation or a put, of this process; its retries; and another process.
#[derive(Debug, Clone)]
struct World {
    queue: Queue,
    puts: [bool; 2],
    /// The row in the database.
    row: u8,
    /// The version in Redis.
    slot: Option<u8>,
    operations: [Option<Operation>; 2],
    begun: u64,
    stores: u8,
    retries: u8,
    /// The number of what is retried, and whether Redis has carried it out.
    retry: Option<(u64, bool)>,
}

impl World {
    fn new(puts: [bool; 2]) -> Self {
        let (queue, operations) = (Queue::default(), [None, None]);
        Self { queue, puts, row: 0, slot: Some(0), operations, begun: 0, stores: 0, retries: 0, retry: None }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (at, operation) in self.operations.iter().enumerate() {
            let Some(Operation { is_carried_out, is_over, .. }) = operation else {
                steps.push(Step::Begin(at));
                continue;
            };
            // A put that is late is not guaranteed to do no harm; see docs/guarantees.md.
            let is_too_late = *is_over && self.puts[at];
            if !is_carried_out && !is_too_late {
                steps.push(Step::CarryOut(at));
            }
            if !is_over {
                steps.push(Step::End(at, false));
                if *is_carried_out {
                    steps.push(Step::End(at, true));
                }
            }
        }
        if self.slot.is_none() && self.stores < 2 {
            steps.push(Step::Store);
        }
        match self.retry {
            None if self.queue.contains(KEY) && self.retries < 2 => steps.push(Step::BeginRetry),
            None => {}
            Some((_, true)) => steps.extend([Step::EndRetry(true), Step::EndRetry(false)]),
            Some((_, false)) => steps.extend([Step::CarryOutRetry, Step::EndRetry(false)]),
        }
        steps
    }

    fn step(&mut self, step: &Step, rule: Rule, now: Instant) {
        match *step {
            Step::Begin(at) => {
                self.row += 1;
                self.begun += 1;
                let operation = Operation { number: self.begun, version: self.row, ..Operation::default() };
                self.operations[at] = Some(operation);
            }
            // Two writers that overlap are another matter, so what is put is right.
            Step::CarryOut(at) => {
                self.slot = self.puts[at].then_some(self.row);
                self.operation(at).is_carried_out = true;
            }
            Step::End(at, done) => {
                let operation = self.operation(at);
                operation.is_over = true;
                let number = operation.number;
                match (done, rule) {
                    (false, _) => assert!(self.queue.failed(KEY, number, None, now)),
                    (true, Rule::AnySuccess) => self.queue.succeeded(KEY, u64::MAX, None, now),
                    (true, _) => self.queue.succeeded(KEY, number, None, now),
                }
            }
            Step::Store => {
                self.slot = Some(self.row);
                self.stores += 1;
            }
            Step::BeginRetry => {
                let begun = self.queue.begin(KEY, now).expect("it is pending");
                self.retry = Some((begun.number, false));
                self.retries += 1;
            }
            Step::CarryOutRetry => {
                self.slot = None;
                self.retry = self.retry.map(|(number, _)| (number, true));
            }
            Step::EndRetry(done) => {
                let (mut number, _) = self.retry.take().expect("a retry");
                if rule == Rule::AnyRetry
                    && let Some(latest) = self.queue.begin(KEY, now)
                {
                    number = latest.number;
                }
                self.queue.end(KEY, number, done);
            }
        }
    }

    fn operation(&mut self, at: usize) -> &mut Operation {
        self.operations[at].as_mut().expect("it has begun")
    }

    /// Whether a call that begins now would be served what is older than an operation that is over, whatever came of it.
    fn serves_old(&self) -> bool {
        let over = self.operations.iter().flatten().filter(|operation| operation.is_over);
        let least = over.map(|operation| operation.version).max();
        !self.queue.contains(KEY) && self.slot.is_some() && self.slot < least
    }
}

/// How an old value comes to be served, if it does.
fn search(world: &World, rule: Rule, seen: &mut HashSet<String>, now: Instant) -> Option<Vec<Step>> {
    if world.serves_old() {
        return Some(Vec::new());
    }
    if !seen.insert(format!("{world:?}")) {
        return None;
    }
    for step in world.steps() {
        let mut next = world.clone();
        next.step(&step, rule, now);
        if let Some(mut path) = search(&next, rule, seen, now) {
            path.insert(0, step);
            return Some(path);
        }
    }
    None
}

fn found(rule: Rule) -> Option<Vec<Step>> {
    let now = Instant::now();
    let kinds = [[false, false], [false, true], [true, false], [true, true]];
    kinds.into_iter().find_map(|puts| search(&World::new(puts), rule, &mut HashSet::new(), now))
}

#[test]
fn nothing_older_than_an_operation_that_is_over_is_served() {
    assert_eq!(found(Rule::Numbers), None);
}

#[test]
fn what_breaks_the_rule_is_found() {
    for rule in [Rule::AnySuccess, Rule::AnyRetry] {
        assert!(found(rule).is_some(), "{rule:?}");
    }
}

#[test]
fn the_latest_operation_says_what_is_to_stand_there() {
    let now = Instant::now();
    for (holds, expected) in [([Some(MINUTE), None], None), ([None, Some(MINUTE)], Some(MINUTE))] {
        for order in [[1, 2], [2, 1]] {
            let mut queue = Queue::default();
            for number in order {
                queue.failed(KEY, number, holds[usize::from(number == 2)], now);
            }
            assert_eq!(queue.begin(KEY, now), Some(Try { number: 2, hold: expected, only: None }));
        }
    }
}

#[test]
fn a_hold_is_retried_for_what_is_left_of_it() {
    let now = Instant::now();
    let mut queue = Queue::default();
    queue.failed(KEY, 1, Some(MINUTE), now);
    assert_eq!(queue.begin(KEY, now + MINUTE / 3).and_then(|begun| begun.hold), Some(MINUTE * 2 / 3));
    assert_eq!(queue.begin(KEY, now + MINUTE), Some(Try { number: 1, hold: None, only: None }));
    queue.failed(KEY, 2, Some(Duration::MAX), now);
    assert_eq!(queue.begin(KEY, now + MINUTE).and_then(|begun| begun.hold), Some(Duration::MAX - MINUTE));
}

#[test]
fn a_hold_that_a_retry_may_take_away_is_put_there_again() {
    let now = Instant::now();
    let mut queue = Queue::default();
    queue.failed(KEY, 1, None, now);
    let under_way = queue.begin(KEY, now).expect("it is pending");
    queue.succeeded(KEY, 2, Some(MINUTE), now);
    queue.end(KEY, under_way.number, true);
    assert_eq!(queue.begin(KEY, now), Some(Try { number: 2, hold: Some(MINUTE), only: None }));
    queue.end(KEY, 2, true);
    assert_eq!(queue.len(), 0);
}

#[test]
fn an_entry_and_a_tag_of_one_name_are_two() {
    let now = Instant::now();
    let mut queue = Queue::default();
    queue.failed(KEY, 1, None, now);
    queue.failed(TAG, 1, None, now);
    queue.succeeded(KEY, 2, None, now);
    assert!(!queue.contains(KEY) && queue.contains(TAG) && queue.has_tags());
    assert_eq!((queue.len(), queue.settled_tags()), (1, 0));
    queue.succeeded(TAG, 2, None, now);
    assert_eq!((queue.len(), queue.settled_tags()), (0, 1));
}

#[test]
fn what_has_no_room_or_is_too_old_is_told() {
    let now = Instant::now();
    let mut queue = Queue::default();
    for number in 0..KEYS {
        assert!(queue.failed(Key::Entry(&number.to_string()), 1, None, now));
    }
    assert!(!queue.failed(KEY, 2, None, now) && !queue.failed(TAG, 2, None, now));
    assert!(queue.failed(Key::Entry("0"), 2, None, now + MINUTE), "it has its place");
    assert_eq!(queue.give_up(now + LONGEST_RETRY - MINUTE), 0);
    assert_eq!(queue.give_up(now + LONGEST_RETRY), KEYS - 1);
    assert_eq!(queue.len(), 1);
}

const VALUE: CasToken = [7; 17];

/// Only that value is removed, unless an invalidation fails too: that one removes whatever is there.
#[test]
fn a_value_that_was_left_behind_gives_way_to_an_invalidation() {
    let now = Instant::now();
    for number in [1, 3] {
        let mut queue = Queue::default();
        assert!(queue.left_behind(KEY.name(), 2, VALUE, now));
        assert_eq!(queue.begin(KEY, now), Some(Try { number: 2, hold: None, only: Some(VALUE) }));
        assert!(queue.failed(KEY, number, None, now));
        let merged = Try { number, hold: None, only: None };
        assert_eq!(queue.begin(KEY, now), Some(merged));
        assert!(queue.left_behind(KEY.name(), 4, VALUE, now));
        queue.end(KEY, 2, true);
        assert_eq!(queue.begin(KEY, now), Some(merged), "it is removed with the rest");
    }
}

#[test]
fn a_later_success_settles_what_was_left_behind() {
    let now = Instant::now();
    let mut queue = Queue::default();
    queue.left_behind(KEY.name(), 2, VALUE, now);
    queue.succeeded(KEY, 1, None, now);
    assert!(queue.contains(KEY));
    queue.succeeded(KEY, 3, None, now);
    assert!(!queue.contains(KEY));
}

#[test]
fn what_is_repeated_takes_no_room_of_what_has_failed() {
    let now = Instant::now();
    let mut queue = Queue::default();
    for number in 0..KEYS {
        assert!(queue.repeat(Key::Entry(&number.to_string()), 1, None, now));
    }
    assert!(!queue.repeat(KEY, 1, None, now) && queue.failed(KEY, 2, None, now));
    assert!(queue.failed(Key::Entry("0"), 3, None, now), "it has failed since");
    assert!(queue.repeat(TAG, 4, None, now), "and takes no room of these any more");
    assert!(!queue.repeat(Key::Entry("key 2"), 4, None, now));
    for number in 0..KEYS - 2 {
        assert!(queue.failed(Key::Tag(&number.to_string()), 4, None, now), "{number}");
    }
    assert!(!queue.failed(Key::Tag("2 many"), 5, None, now));
    queue.succeeded(TAG, 5, None, now);
    assert!(queue.repeat(Key::Entry("key 2"), 6, None, now), "what is settled makes room");
    queue.give_up(now + LONGEST_RETRY);
    assert_eq!((queue.len(), queue.repetitions), (0, 0));
}

/// What began before is no reason not to repeat, what began later is, and a hold goes on from where it was.
#[test]
fn a_repetition_is_an_operation_that_begins_with_the_takeover() {
    let now = Instant::now();
    let mut queue = Queue::default();
    queue.repeat(KEY, 3, Some((now, MINUTE)), now + MINUTE / 2);
    queue.succeeded(KEY, 2, None, now + MINUTE / 2);
    let begun = queue.begin(KEY, now + MINUTE / 2).expect("it is pending");
    assert_eq!(begun, Try { number: 3, hold: Some(MINUTE / 2), only: None });
    // Another takeover, while it is tried.
    queue.repeat(KEY, 5, None, now);
    queue.end(KEY, 3, true);
    assert!(queue.contains(KEY), "it was tried before that");
    queue.succeeded(KEY, 6, None, now);
    assert!(!queue.contains(KEY));
    // It removes whatever is there.
    queue.left_behind("key", 7, VALUE, now);
    queue.repeat(KEY, 8, None, now);
    assert_eq!(queue.begin(KEY, now), Some(Try { number: 8, hold: None, only: None }));
}
