//! The pages in docs/ are a book: each has its place in it, on docs.rs and among the pages whose code is tested.

use std::collections::BTreeSet;
use std::fs;

use crate::links::{links, prose};
use crate::tree;

/// The names of the pages, from docs/SUMMARY.md, by which mdBook orders them.
fn chapters() -> Vec<String> {
    links(&prose(&read("docs/SUMMARY.md")))
}

fn read(path: &str) -> String {
    fs::read_to_string(tree::root().join(path)).unwrap()
}

#[test]
fn every_page_is_a_chapter_once() {
    let files = fs::read_dir(tree::root().join("docs")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<_> = names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect();
    let chapters = chapters();
    assert_eq!(
        chapters.iter().cloned().collect::<BTreeSet<_>>(),
        pages,
        "docs/SUMMARY.md and docs/ disagree"
    );
    assert_eq!(chapters.len(), pages.len(), "docs/SUMMARY.md has a page twice: {chapters:?}");
}

#[test]
fn every_chapter_is_a_module_of_the_guide() {
    let guide = read("cache-runtime/src/guide.rs");
    let modules =
        guide.split_once("pages! {").unwrap().1.lines().filter_map(|line| line.trim().strip_suffix(','));
    let expected = chapters()
        .into_iter()
        .map(|page| format!("{} \"{page}\"", page.trim_end_matches(".md").replace('-', "_")));
    assert_eq!(
        modules.collect::<Vec<_>>(),
        expected.collect::<Vec<_>>(),
        "guide.rs and docs/SUMMARY.md disagree"
    );
}

#[test]
fn the_code_of_every_page_is_tested() {
    let tested = read("tests/pages.rs");
    let untested = chapters().into_iter().filter(|page| {
        read(&format!("docs/{page}")).contains("```rust") && !tested.contains(&format!("\"../docs/{page}\""))
    });
    let untested: Vec<_> = untested.collect();
    assert!(
        untested.is_empty(),
        "tests/pages.rs does not include {untested:?}; `rust,ignore` marks a sketch"
    );
}

/// A recipe's code stands in a program that is compiled; the page quotes it.
#[test]
fn recipes_are_quoted_as_they_are() {
    assert_eq!(
        quoted("docs/recipes.md", "```rust,ignore\n// "),
        programs(),
        "each program is quoted, and nothing else"
    );
}

#[test]
fn sources_of_changes_are_quoted_as_they_are() {
    let page = "docs/sources.md";
    let files = |names: [&str; 2]| names.map(|name| format!("examples/sources/{name}")).into();
    assert_eq!(quoted(page, "```sql\n-- "), files(["sql/notify.sql", "sql/outbox.sql"]));
    assert_eq!(quoted(page, "```rust,ignore\n// "), files(["src/notifications.rs", "src/outbox.rs"]));
}

/// The files whose code a page quotes, in blocks that begin so, with the file's name; each has that code.
fn quoted(page: &str, begin: &str) -> BTreeSet<String> {
    let mut quoted = BTreeSet::new();
    for block in read(page).split(begin).skip(1) {
        let (file, code) = block.split_once("\n```").unwrap().0.split_once('\n').unwrap();
        assert!(read(file).contains(code), "{page}: this is not in {file}:\n{code}");
        quoted.insert(file.to_owned());
    }
    quoted
}

fn programs() -> BTreeSet<String> {
    let files = fs::read_dir(tree::root().join("examples/recipes")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".rs")).map(|name| format!("examples/recipes/{name}")).collect()
}

/// Small enough for a page, and with colours for the dark.
#[test]
fn drawings_are_small_and_readable_in_the_dark() {
    let page = read("docs/pictures.md");
    let drawn: Vec<_> = links(&page).into_iter().filter(|link| link.ends_with(".svg")).collect();
    assert!(!drawn.is_empty());
    for file in drawn {
        let text = read(&format!("docs/{file}"));
        assert!(text.len() <= 30_000 && text.contains("prefers-color-scheme:dark"), "{file}");
    }
}

/// A book has nothing but its folder.
#[test]
fn no_page_links_to_a_file_beside_the_book() {
    for page in chapters() {
        for link in links(&prose(&read(&format!("docs/{page}")))) {
            assert!(
                !link.starts_with("..") && !link.starts_with('/'),
                "docs/{page}: {link} is not in the book; give its URL"
            );
        }
    }
}
