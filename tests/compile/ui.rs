//! What must not compile, and what the compiler then says. What must compile is in `ui/pass`, each file a test of its own.
//!
//! One behaviour a file, named for it. `TRYBUILD=overwrite cargo test -p redis-cached-compile-tests --test ui` writes the expected
//! messages anew; they hold for the toolchain in `rust-toolchain.toml`.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*.rs");
}
