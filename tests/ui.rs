//! What must not compile, and what the compiler then says; and what must compile.
//!
//! One behaviour a file, named for it. `TRYBUILD=overwrite cargo test -p redis-cached-tests --test ui` writes the expected
//! messages anew; they hold for the toolchain in `rust-toolchain.toml`.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*.rs");
    cases.pass("ui/pass/*.rs");
}
