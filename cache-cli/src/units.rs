//! Numbers as people write them.

use std::time::Duration;

/// A time in its two largest units: `1 h 12 min`, `4.2 s`, `310 µs`.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let two = |large: u64, name: &str, small: u64, other: &str| match small {
        0 => format!("{large} {name}"),
        _ => format!("{large} {name} {small} {other}"),
    };
    match seconds {
        0 if time.as_micros() < 1_000 => format!("{} µs", time.as_micros()),
        0 => format!("{} ms", figures(time.as_secs_f64() * 1e3)),
        1..60 => format!("{} s", figures(time.as_secs_f64())),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// Bytes in their largest unit.
#[allow(clippy::cast_precision_loss, reason = "two figures are shown")]
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(u32, &str); 4] = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    match UNITS.into_iter().find(|(bits, _)| bytes >> bits > 0) {
        Some((bits, unit)) => format!("{} {unit}", figures(bytes as f64 / (1_u64 << bits) as f64)),
        None => counted(bytes, "byte"),
    }
}

/// A number with its thousands set off.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 key`, `2 keys`.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A share in whole per cent, never 0 nor 100 unless it is just that.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        none if none <= 0.0 => "0 %".to_owned(),
        little if little < 1.0 => "<1 %".to_owned(),
        most if most > 99.0 && most < 100.0 => ">99 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

fn figures(number: f64) -> String {
    let decimals = usize::from(number < 9.95 && (number - number.round()).abs() > 0.05);
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_do() {
        for (millis, text) in [
            (0, "0 µs"),
            (1, "1 ms"),
            (4_250, "4.2 s"),
            (72_000, "1 min 12 s"),
            (3_600_000, "1 h"),
            (4_320_000, "1 h 12 min"),
            (100_000_000, "1 d 3 h"),
        ] {
            assert_eq!(time(Duration::from_millis(millis)), text);
        }
        for (number, text) in
            [(1, "1 byte"), (1_023, "1,023 bytes"), (1_536, "1.5 KiB"), (64 << 20, "64 MiB")]
        {
            assert_eq!(bytes(number), text);
        }
        assert_eq!((counted(1, "key"), counted(1_234, "key")), ("1 key".to_owned(), "1,234 keys".to_owned()));
        assert_eq!([0.0, 0.001, 0.5, 0.999, 1.0].map(percent), ["0 %", "<1 %", "50 %", ">99 %", "100 %"]);
    }
}
