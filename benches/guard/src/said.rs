//! The figures in what other programs print.

/// The instructions, as callgrind says at its end.
#[must_use]
pub fn collected(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

/// The bytes of machine code, as `size --format=sysv` has them.
#[must_use]
pub fn code_bytes(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.strip_prefix(".text ")?.split_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::{code_bytes, collected};

    #[test]
    fn the_count_is_found_in_what_callgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 1234567\n==7== \n";
        assert_eq!(collected(said), Some(1_234_567));
        assert_eq!(collected("==7== Events    : Ir"), None);
    }

    #[test]
    fn the_code_is_found_in_what_size_says() {
        let said =
            "weight  :\nsection   size   addr\n.text.unlikely   7   1\n.text   1234   5678\nTotal   9999\n";
        assert_eq!(code_bytes(said), Some(1234));
        assert_eq!(code_bytes("size: 'weight': No such file"), None);
    }
}
