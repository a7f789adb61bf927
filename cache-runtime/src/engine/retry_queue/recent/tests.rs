use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn add(recent: &mut Recent, name: &str, number: u64, now: Instant) -> bool {
    recent.add(&[Key::Entry(name)], number, None, now)
}

fn names(taken: &HashMap<String, Acknowledged>) -> Vec<&str> {
    let mut names: Vec<&str> = taken.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn what_was_acknowledged_lately_is_taken_once() {
    let (mut recent, now) = (Recent::default(), Instant::now());
    assert!(add(&mut recent, "early", 1, now));
    for (name, number) in [("a", 2), ("other", 3), ("b", 4)] {
        assert!(add(&mut recent, name, number, now + 10 * SECOND));
    }
    assert!(recent.add(&[Key::Tag("b")], 5, Some(SECOND), now + 11 * SECOND), "the later one counts");
    let concerns = |key: Key<'_>| key.name() != "other";
    let taken = recent.take(6, now + SECOND, concerns);
    assert_eq!(names(&taken), ["a", "b"]);
    let b = Acknowledged { is_tag: true, hold: Some(SECOND), at: now + 11 * SECOND };
    assert_eq!(taken["b"], b);
    assert_eq!(names(&recent.take(7, now, |_| true)), ["other"], "what is too old is forgotten");
}

#[test]
fn what_began_before_a_takeover_and_was_acknowledged_after_it_is_repeated() {
    let (mut recent, now) = (Recent::default(), Instant::now());
    assert!(add(&mut recent, "before", 1, now));
    recent.take(3, now, |_| true);
    assert!(!add(&mut recent, "across", 2, now));
    assert!(add(&mut recent, "after", 4, now));
    assert_eq!(names(&recent.take(5, now, |_| true)), ["after"]);
}

#[test]
fn a_key_is_remembered_for_half_a_minute_and_for_ten_thousand_others() {
    let (mut recent, now) = (Recent::default(), Instant::now());
    // Just before a generation ends.
    add(&mut recent, "first", 1, now);
    let later = now + LATELY - SECOND;
    add(&mut recent, "old", 1, later);
    add(&mut recent, "new", 1, later + LATELY);
    assert_eq!(names(&recent.take(2, later, |_| true)), ["new", "old"]);

    let mut recent = Recent::default();
    for number in 0..10 * REMEMBERED {
        add(&mut recent, &format!("key {number}"), 1, now);
        // One key again and again takes no place of another.
        add(&mut recent, "again", 1, now);
    }
    let taken = recent.take(2, now, |_| true);
    assert!(taken.len() >= REMEMBERED && taken.len() <= 2 * REMEMBERED, "{}", taken.len());
    for number in 9 * REMEMBERED + 1..10 * REMEMBERED {
        assert!(taken.contains_key(&format!("key {number}")), "{number}");
    }
}

#[test]
fn long_names_take_a_bounded_room() {
    let (mut recent, now) = (Recent::default(), Instant::now());
    for number in 0..100_u32 {
        add(&mut recent, &format!("{number}{}", "x".repeat(BYTES / 8)), 1, now);
    }
    let bytes: usize = recent.take(2, now, |_| true).keys().map(String::len).sum();
    assert!(bytes <= 2 * (BYTES + BYTES / 8 + 8), "{bytes}");
}
