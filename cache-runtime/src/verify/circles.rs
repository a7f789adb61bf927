//! Circles between folders: read from the sources, at every level of the tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::sources::{all, is_test, module_of, root};

/// What each module imports, both as paths of the crate.
struct Imports {
    modules: BTreeSet<String>,
    edges: BTreeSet<(String, String)>,
}

impl Imports {
    fn read() -> Self {
        let root = root();
        let mut sources = Vec::new();
        for file in all() {
            let local = file.strip_prefix(&root).expect("below the root").to_owned();
            if !is_test(&local) {
                sources.push((module_of(&local), fs::read_to_string(&file).expect("a source")));
            }
        }
        let modules: BTreeSet<_> = sources.iter().map(|(module, _)| module.clone()).collect();
        let mut edges = BTreeSet::new();
        for (module, text) in &sources {
            for path in paths(text, module) {
                if let Some(imported) = longest(&modules, &path).filter(|imported| *imported != module) {
                    edges.insert((module.clone(), imported.to_owned()));
                }
            }
        }
        Self { modules, edges }
    }

    /// The circles among the parts of `folder`, as the imports that they consist of. Files that stand side by side may import each other.
    fn circles(&self, folder: &str) -> Vec<String> {
        let mut parts: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        for (from, to) in &self.edges {
            if let (Some(a), Some(b)) = (part(folder, from), part(folder, to))
                && a != b
            {
                parts.entry((a, b)).or_default().push(format!("{from} -> {to}"));
            }
        }
        let is_folder = |part: &str| {
            let within = if folder.is_empty() { part.to_owned() } else { format!("{folder}::{part}") };
            self.modules.iter().any(|module| below(&within, module).is_some())
        };
        let reached = |from: &str| {
            let (mut reached, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
            while let Some(at) = next.pop() {
                for (_, to) in parts.keys().filter(|(from, _)| *from == at) {
                    if reached.insert((*to).to_owned()) {
                        next.push((*to).to_owned());
                    }
                }
            }
            reached
        };
        let mut names: BTreeSet<&str> = parts.keys().map(|(from, _)| *from).collect();
        names.retain(|name| reached(name).contains(*name));
        let in_circle = |a: &str, b: &str| {
            names.contains(a) && names.contains(b) && reached(b).contains(a) && reached(a).contains(b)
        };
        let with_folder = |a: &str| names.iter().any(|b| is_folder(b) && (a == *b || in_circle(a, b)));
        let closed = parts.iter().filter(|((a, b), _)| in_circle(a, b) && with_folder(a));
        closed.flat_map(|(_, imports)| imports.clone()).collect()
    }
}

/// What of `module` stands behind `folder`.
fn below<'a>(folder: &str, module: &'a str) -> Option<&'a str> {
    match folder {
        "" => Some(module).filter(|module| !module.is_empty()),
        _ => module.strip_prefix(folder)?.strip_prefix("::"),
    }
}

/// Which part of a folder a module is, or is in.
fn part<'a>(folder: &str, module: &'a str) -> Option<&'a str> {
    below(folder, module)?.split("::").next()
}

/// The module that a path leads to, without the item in it.
fn longest<'a>(modules: &'a BTreeSet<String>, path: &str) -> Option<&'a str> {
    let mut path = path;
    loop {
        if let Some(module) = modules.get(path) {
            return Some(module);
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// The paths of the crate that a module names, without those in its tests.
fn paths(text: &str, module: &str) -> BTreeSet<String> {
    let code = text.split("\nmod tests {").next().unwrap_or_default();
    let lines: Vec<_> = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = lines.join("\n");
    let mut paths = BTreeSet::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let starts = code[..at].chars().next_back().is_none_or(|before| {
                !before.is_alphanumeric() && before != '_' && before != ':' && before != '$'
            });
            if starts {
                expand(&code[at..], "", &mut |path| paths.extend(absolute(path, module)));
            }
        }
    }
    paths
}

/// Gives each path of a tree of imports, as in `a::{b, c::{d, e}}`, and what is behind it.
fn expand<'a>(text: &'a str, before: &str, give: &mut impl FnMut(&str)) -> &'a str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let path = format!("{before}{}", &text[..end]);
    let mut rest = &text[end..];
    if !path.ends_with("::") || !rest.starts_with('{') {
        give(path.trim_end_matches(':'));
        return rest;
    }
    while !rest.is_empty() && !rest.starts_with('}') {
        rest = expand(rest[1..].trim_start(), &path, give).trim_start();
        // Another name for it.
        rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
    }
    rest.get(1..).unwrap_or_default()
}

/// A path of the crate, without `crate::`.
fn absolute(path: &str, module: &str) -> Option<String> {
    if let Some(path) = path.strip_prefix("crate::") {
        return Some(path.to_owned());
    }
    let (mut path, mut from) = (path.strip_prefix("self::").unwrap_or(path), Some(module));
    while let Some(rest) = path.strip_prefix("super::") {
        (path, from) = (rest, from.map(|from| from.rsplit_once("::").map_or("", |(parent, _)| parent)));
    }
    from.map(|from| if from.is_empty() { path.to_owned() } else { format!("{from}::{path}") })
}

#[test]
fn no_folders_import_each_other() {
    let imports = Imports::read();
    let folders: BTreeSet<_> = imports.modules.iter().filter_map(|module| module.rsplit_once("::")).collect();
    let folders: BTreeSet<&str> = folders.into_iter().map(|(folder, _)| folder).chain([""]).collect();
    let circles: Vec<_> = folders.into_iter().flat_map(|folder| imports.circles(folder)).collect();
    assert!(circles.is_empty(), "these make circles between folders:\n{}", circles.join("\n"));
}

#[test]
fn circles_are_seen() {
    let text = "use super::{b, d::{e, F as G}};\nuse crate::{x::Y, z};\nfn f() { self::h::i(); }\nmod tests {\nuse super::t;\n}";
    let named: Vec<_> = paths(text, "a::c").into_iter().collect();
    assert_eq!(named, ["a::b", "a::c::h::i", "a::d::F", "a::d::e", "x::Y", "z"]);
    let edge = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let edges = BTreeSet::from([
        edge("a::b::c", "a::d"),
        edge("a::d", "a::b"),
        edge("a::e", "a::f"),
        edge("a::f", "a::e"),
    ]);
    let modules = edges.iter().map(|(from, _)| from.clone()).chain(["a::b".to_owned()]).collect();
    let imports = Imports { modules, edges };
    assert_eq!(imports.circles("a"), ["a::b::c -> a::d", "a::d -> a::b"]);
    assert!(imports.circles("").is_empty());
}
