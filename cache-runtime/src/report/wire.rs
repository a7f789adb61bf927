//! The figures of a process as bytes, for others that add them up: format version 2.
//!
//! `S`, the version, the process's number in 8 bytes, then numbers in LEB128 and texts as their length and UTF-8: the window in milliseconds, the number of
//! functions, and for each its name, its plain numbers, reasons and ages each behind their count, its refusal or an empty text, and its hottest and largest keys,
//! each behind their count. A reader skips what is of another version, so programs of two versions each see their own.

use super::figures::Figures;

const MARK: u8 = b'S';
const VERSION: u8 = 2;
/// What claims to be larger is nobody's figures.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What one process has counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProcessFigures {
    /// Tells processes apart.
    pub(crate) process: u64,
    pub(crate) window_millis: u64,
    pub(crate) functions: Vec<Figures>,
}

impl ProcessFigures {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![MARK, VERSION];
        out.extend_from_slice(&self.process.to_le_bytes());
        number(&mut out, self.window_millis);
        number(&mut out, self.functions.len() as u64);
        for figures in &self.functions {
            text(&mut out, &figures.function);
            numbers(&mut out, &figures.numbers());
            numbers(&mut out, &figures.reasons);
            numbers(&mut out, &figures.ages);
            text(&mut out, figures.refusal.as_deref().unwrap_or_default());
            number(&mut out, figures.hottest.len() as u64);
            for (key, hits, error) in &figures.hottest {
                text(&mut out, key);
                number(&mut out, *hits);
                number(&mut out, *error);
            }
            number(&mut out, figures.largest.len() as u64);
            for (key, bytes) in &figures.largest {
                text(&mut out, key);
                number(&mut out, *bytes);
            }
        }
        out
    }

    /// `None` for what is not of this version, or damaged.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let process = process_of(bytes)?;
        let mut rest = Rest(bytes.get(10..)?);
        let window_millis = rest.number()?;
        let mut functions = Vec::new();
        for _ in 0..rest.number()? {
            let mut figures = Figures { function: rest.text()?, ..Figures::default() };
            figures.set_numbers(&rest.numbers()?)?;
            figures.reasons = rest.numbers()?.try_into().ok()?;
            figures.ages = rest.numbers()?.try_into().ok()?;
            figures.refusal = Some(rest.text()?).filter(|refusal| !refusal.is_empty());
            for _ in 0..rest.number()? {
                figures.hottest.push((rest.text()?, rest.number()?, rest.number()?));
            }
            for _ in 0..rest.number()? {
                figures.largest.push((rest.text()?, rest.number()?));
            }
            functions.push(figures);
        }
        rest.0.is_empty().then_some(Self { process, window_millis, functions })
    }
}

/// Whose figures they are.
pub(crate) fn process_of(bytes: &[u8]) -> Option<u64> {
    let [MARK, VERSION, rest @ ..] = bytes else { return None };
    (bytes.len() <= MOST_BYTES).then_some(u64::from_le_bytes(*rest.first_chunk()?))
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn numbers(out: &mut Vec<u8>, all: &[u64]) {
    number(out, all.len() as u64);
    all.iter().for_each(|one| number(out, *one));
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn numbers(&mut self) -> Option<Vec<u64>> {
        let count = self.number()?;
        // Each takes a byte at least, so nobody makes room for more than was sent.
        let count = usize::try_from(count).ok().filter(|count| *count <= self.0.len())?;
        (0..count).map(|_| self.number()).collect()
    }

    fn text(&mut self) -> Option<String> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(std::str::from_utf8(text).ok()?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> ProcessFigures {
        let mut figures =
            Figures { function: "shop::get".into(), hits: 300, misses: 1, ..Figures::default() };
        figures.reasons[1] = 7;
        figures.ages[39] = u64::MAX;
        figures.ttl_millis = 60_000;
        figures.refusal = Some("no".into());
        figures.hottest = vec![("user:ü".into(), 128, 127)];
        figures.largest = vec![("user:1".into(), 5), ("user:2".into(), 4)];
        ProcessFigures { process: 7, window_millis: 1000, functions: vec![figures, Figures::default()] }
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let bytes = some().encode();
        assert_eq!(ProcessFigures::decode(&bytes), Some(some()));
        assert_eq!(process_of(&bytes), Some(7));
        for len in 0..bytes.len() {
            assert_eq!(ProcessFigures::decode(&bytes[..len]), None, "{len}");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            // Anything but a panic, or room for what was not sent.
            let _ = ProcessFigures::decode(&damaged);
        }
        assert_eq!(ProcessFigures::decode(&[&bytes[..], &[0]].concat()), None);
    }

    /// Frozen: programs of several versions read each other's. A change needs a new version.
    #[test]
    fn golden() {
        let figures = Figures { function: "f".into(), hits: 300, ..Figures::default() };
        let bytes = ProcessFigures { process: 7, window_millis: 5, functions: vec![figures] }.encode();
        let begin = [b'S', 2, 7, 0, 0, 0, 0, 0, 0, 0, 5, 1, 1, b'f', 31, 0xac, 0x02, 0, 0];
        assert_eq!(bytes[..begin.len()], begin);
        assert_eq!(bytes.len(), 14 + 33 + 15 + 41 + 3);
    }
}
