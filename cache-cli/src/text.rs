//! Text from servers, made fit for a terminal. A key or a value may hold what moves the cursor, hides what follows, or answers for the user.

use std::fmt::Write as _;

/// Bytes per line of a dump.
const PER_LINE: usize = 16;

/// Bytes as text on one line: what cannot be printed is escaped, as in a Rust literal, and so is a backslash.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|character| push(&mut out, character));
        for byte in chunk.invalid() {
            _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

fn push(out: &mut String, character: char) {
    match character {
        '"' | '\'' => out.push(character),
        // Behind a letter, so that a mark that combines with it is printed.
        _ => out.extend(format!("x{character}").escape_debug().skip(1)),
    }
}

/// Lines of text that somebody else has written: line breaks stay, all else is as in [`shown`] but for backslashes.
pub(crate) fn lines_shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\\' => out.push(character),
            _ => push(&mut out, character),
        }
    }
    out
}

/// JSON with everything but ASCII letters, digits and punctuation escaped. Outside of strings there is nothing to escape.
pub(crate) fn ascii_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || (' '..='~').contains(&character) {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// The first bytes in hexadecimal, and as letters where they are some; what is left out is said.
pub(crate) fn dump(bytes: &[u8], most: usize) -> Vec<String> {
    let head = &bytes[..bytes.len().min(most)];
    let line = |(at, bytes): (usize, &[u8])| {
        let mut hex = String::new();
        bytes.iter().for_each(|byte| _ = write!(hex, "{byte:02x} "));
        let letters: String = bytes
            .iter()
            .map(|byte| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' })
            .collect();
        format!("{:06x}  {hex:48} {letters}", at * PER_LINE)
    };
    let mut lines: Vec<String> = head.chunks(PER_LINE).enumerate().map(line).collect();
    if head.len() < bytes.len() {
        lines.push(format!("… {} more bytes", bytes.len() - head.len()));
    }
    lines
}

/// The key of a keyring as its entries have it: what the SHA-256 of its name begins with.
pub(crate) fn key_id([a, b, c, d]: [u8; 4]) -> String {
    format!("{a:02x}{b:02x}{c:02x}{d:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_escaped() {
        for (bytes, text) in [
            (&b"user:7"[..], "user:7"),
            ("caf\u{e9} \u{1f600} \"a\" 'b'".as_bytes(), "caf\u{e9} \u{1f600} \"a\" 'b'"),
            (b"\x1b[2Jx\x07\r\n\t", "\\u{1b}[2Jx\\u{7}\\r\\n\\t"),
            (b"shop:\x01tag:a", "shop:\\u{1}tag:a"),
            ("\u{9b}31m\u{7f}\u{202e}\u{2028}".as_bytes(), "\\u{9b}31m\\u{7f}\\u{202e}\\u{2028}"),
            (b"\xff\xc3a", "\\xff\\xc3a"),
            (b"\\u{1b}", "\\\\u{1b}"),
            ("e\u{301}".as_bytes(), "e\u{301}"),
        ] {
            assert_eq!(shown(bytes), text);
        }
        assert_eq!(lines_shown("a\n\u{1b}[0m\\n"), "a\n\\u{1b}[0m\\n");
    }

    #[test]
    fn json_is_ascii() {
        assert_eq!(ascii_json("{\"\u{9b}\": \"\u{1f600}\"}\n"), "{\"\\u009b\": \"\\ud83d\\ude00\"}\n");
    }

    #[test]
    fn a_dump_says_what_it_leaves_out() {
        let lines = dump(b"VLTX 0123456789abcdef\x00\xff", 20);
        assert_eq!(lines[0], "000000  56 4c 54 58 20 30 31 32 33 34 35 36 37 38 39 61  VLTX 0123456789a");
        assert!(lines[1].starts_with("000010  62 63 64 65 ") && lines[1].ends_with("bcde"), "{lines:?}");
        assert_eq!(lines[2..], ["\u{2026} 3 more bytes"]);
    }
}
