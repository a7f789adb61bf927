//! Numbers as people write them.

use std::fmt;
use std::time::Duration;

/// A length of time in its largest unit, with two figures at least: `1.5 h`, `31 min`, `240 µs`.
#[derive(Clone, Copy)]
pub(super) struct Time(pub(super) Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(f64, &str); 6] =
            [(86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs")];
        let seconds = self.0.as_secs_f64();
        let (unit, name) = UNITS.into_iter().find(|(unit, _)| seconds >= *unit).unwrap_or((1e-6, "µs"));
        let text = figures(seconds / unit);
        f.pad(&format!("{text} {name}"))
    }
}

/// Bytes in their largest unit.
#[derive(Clone, Copy)]
pub(super) struct Bytes(pub(super) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u32, &str); 4] = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
        let unit = UNITS.into_iter().find(|(bits, _)| self.0 >> bits > 0);
        #[allow(clippy::cast_precision_loss, reason = "two figures are shown")]
        match unit {
            Some((bits, name)) => {
                f.pad(&format!("{} {name}", figures(self.0 as f64 / (1_u64 << bits) as f64)))
            }
            None => f.pad(&format!("{} B", self.0)),
        }
    }
}

fn figures(number: f64) -> String {
    let decimals = usize::from(number < 9.95 && (number - number.round()).abs() > 0.05);
    format!("{number:.decimals$}")
}

/// A number with its thousands set off.
#[derive(Clone, Copy)]
pub(super) struct Count(pub(super) u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::new();
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

#[allow(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
pub(super) fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

/// A share in whole per cent, never 0 nor 100 unless it is just that.
#[derive(Clone, Copy)]
pub(super) struct Percent(pub(super) f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = 100.0 * self.0;
        let text = match percent {
            _ if percent <= 0.0 => "0 %".to_owned(),
            _ if percent < 1.0 => "under 1 %".to_owned(),
            _ if percent > 99.0 && percent < 100.0 => "over 99 %".to_owned(),
            _ => format!("{percent:.0} %"),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_do() {
        let times = [(0, "0 µs"), (240, "240 µs"), (1_500, "1.5 ms"), (31 * 60_000_000, "31 min")];
        for (micros, text) in times {
            assert_eq!(Time(Duration::from_micros(micros)).to_string(), text);
        }
        assert_eq!(Time(Duration::from_secs(7200)).to_string(), "2 h");
        for (bytes, text) in [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (64 << 20, "64 MiB")] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(Count(count).to_string(), text);
        }
        for (share, text) in
            [(0.0, "0 %"), (0.004, "under 1 %"), (0.94, "94 %"), (0.999, "over 99 %"), (1.0, "100 %")]
        {
            assert_eq!(Percent(share).to_string(), text);
        }
        assert!((share(1, 4) - 0.25).abs() < 1e-9 && share(1, 0) == 0.0);
    }
}
