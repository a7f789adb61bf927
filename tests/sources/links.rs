//! Links in the pages for people lead somewhere; those of a package's readme do so on the registry as well.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tree;

const REPOSITORY: &str = "https://github.com/redis-cached/redis-cached";

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let root = tree::root();
    let mut broken = Vec::new();
    let mut seen = 0;
    for page in pages(&root) {
        for link in links(&prose(&fs::read_to_string(&page).unwrap())) {
            seen += 1;
            if let Err(reason) = check(&root, &page, &link) {
                broken.push(format!("{}: {link}: {reason}", page.strip_prefix(&root).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(seen > 40, "only {seen} links were found in all pages");
}

#[test]
fn the_registry_shows_the_repository() {
    let manifest = fs::read_to_string(tree::root().join("Cargo.toml")).unwrap();
    assert!(
        manifest.contains(&format!("repository = \"{REPOSITORY}\"")),
        "Cargo.toml and the links disagree"
    );
}

fn pages(root: &Path) -> Vec<PathBuf> {
    let folders =
        [".", ".github", "docs", "examples", "cache-macro", "cache-runtime", "cache-test", "cache-cli"];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "md")).collect()
}

fn check(root: &Path, page: &Path, link: &str) -> Result<(), String> {
    let (place, heading) = link.split_once('#').unwrap_or((link, ""));
    let file = if let Some(path) = of_repository(place) {
        root.join(path)
    } else if place.contains("://") {
        return Ok(());
    } else if is_packed(root, page) {
        return Err("the readme of a package needs absolute links".to_owned());
    } else if place.is_empty() {
        page.to_owned()
    } else {
        page.parent().unwrap().join(place)
    };
    if !file.exists() {
        return Err("there is no such file".to_owned());
    }
    if heading.is_empty() || headings(&file).contains(&heading.to_owned()) {
        return Ok(());
    }
    Err("there is no such heading".to_owned())
}

/// The path that a link into the repository is about.
fn of_repository(place: &str) -> Option<&str> {
    let path = place.strip_prefix(REPOSITORY)?;
    path.strip_prefix("/blob/main/").or_else(|| path.strip_prefix("/tree/main/"))
}

fn is_packed(root: &Path, page: &Path) -> bool {
    page.parent().is_some_and(|folder| {
        folder != root && folder.join("Cargo.toml").exists() && folder.join("src").exists()
    })
}

/// A page without its blocks of code.
pub(crate) fn prose(page: &str) -> String {
    let mut fenced = false;
    let mut lines = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// What stands in the parentheses of `[text](link)`.
pub(crate) fn links(prose: &str) -> Vec<String> {
    let ends = prose.split("](").skip(1);
    ends.filter_map(|rest| rest.split([')', ' ', '\n']).next()).map(str::to_owned).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn headings(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let headings = prose(&text);
    let headings = headings.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|character| character.is_alphanumeric() || ['-', '_'].contains(character)).collect()
}
