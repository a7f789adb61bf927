//! The phases of this crate, checked on its own sources: parse ← signature ← plan ← expand, with `report` beneath them.
//!
//! A module may import its own phase and earlier ones. `writes` and `derive` are imported by the crate's root alone, and their
//! files have the phases of their names. No two files import one another, directly or around a corner.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom up. What is in none of them (the crate's root, a folder of another name) is above them all.
const PHASES: [&str; 5] = ["report", "parse", "signature", "plan", "expand"];

/// Whole pipelines, beside the phases.
const PIPELINES: [&str; 2] = ["writes", "derive"];

type Module = Vec<String>;

struct Source {
    file: PathBuf,
    text: String,
}

/// One file names another.
struct Import {
    file: PathBuf,
    line: usize,
    from: Module,
    to: Module,
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, from, to } = self;
        write!(f, "src/{}:{line}: `{}` imports `{}`", file.display(), from.join("::"), to.join("::"))
    }
}

#[test]
fn no_import_goes_up() {
    let sources = sources();
    let wrong: Vec<String> =
        imports(&sources).iter().filter(|import| goes_up(import)).map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "imports of a later phase:\n{}", wrong.join("\n"));
}

#[test]
fn no_import_goes_in_a_circle() {
    let sources = sources();
    if let Some(circle) = circle(&imports(&sources)) {
        let circle: Vec<String> = circle.iter().map(ToString::to_string).collect();
        panic!("imports that lead back to where they began:\n{}", circle.join("\n"));
    }
}

/// The rules find what they are there to find.
#[test]
fn what_is_wrong_is_found() {
    let source = |file: &str, text: &str| {
        (module_of(Path::new(file)), Source { file: file.into(), text: text.to_owned() })
    };
    let sources = BTreeMap::from([
        source("parse/item.rs", "use crate::plan::Plan;\n"),
        source(
            "plan/mod.rs",
            "//! use crate::expand;\nuse super::parse::{\n    item::Item,\n    ident,\n};\n",
        ),
        source("plan/key.rs", "use super::super::writes::parse::Kind;\n"),
        source(
            "writes/parse.rs",
            "mod tests {\n    use super::*;\n    fn f() { crate::expand::expand() }\n}\n",
        ),
        source("expand/mod.rs", "use quote::quote;\nuse my_crate::parse;\n"),
    ]);
    let imports = imports(&sources);
    let up: Vec<String> = imports.iter().filter(|import| goes_up(import)).map(ToString::to_string).collect();
    assert_eq!(
        up,
        [
            "src/parse/item.rs:1: `parse::item` imports `plan`",
            "src/plan/key.rs:1: `plan::key` imports `writes::parse`",
            "src/writes/parse.rs:3: `writes::parse` imports `expand`",
        ]
    );
    let around: Vec<String> = circle(&imports).expect("a circle").iter().map(ToString::to_string).collect();
    assert_eq!(
        around,
        [
            "src/parse/item.rs:1: `parse::item` imports `plan`",
            "src/plan/mod.rs:2: `plan` imports `parse::item`"
        ]
    );
}

fn goes_up(Import { from, to, .. }: &Import) -> bool {
    let pipeline =
        |module: &Module| PIPELINES.iter().position(|name| module.first().is_some_and(|top| top == name));
    let is_root = from.len() < 2 && pipeline(from).is_none() && phase(from) == PHASES.len();
    let foreign_pipeline = pipeline(to).is_some() && pipeline(to) != pipeline(from) && !is_root;
    phase(to) > phase(from) || foreign_pipeline
}

fn phase(module: &Module) -> usize {
    let phase = module.iter().find_map(|name| PHASES.iter().position(|phase| phase == name));
    phase.unwrap_or(PHASES.len())
}

/// The first circle that is found: imports of which each begins in the file where the one before it ends.
fn circle(imports: &[Import]) -> Option<Vec<&Import>> {
    let mut done = Vec::new();
    imports.iter().find_map(|first| walk(&first.from, imports, &mut Vec::new(), &mut done))
}

fn walk<'a>(
    module: &'a Module,
    imports: &'a [Import],
    way: &mut Vec<&'a Import>,
    done: &mut Vec<&'a Module>,
) -> Option<Vec<&'a Import>> {
    if let Some(begin) = way.iter().position(|import| import.from == *module) {
        return Some(way.split_off(begin));
    }
    if done.contains(&module) {
        return None;
    }
    for import in imports.iter().filter(|import| import.from == *module) {
        way.push(import);
        let circle = walk(&import.to, imports, way, done);
        if circle.is_some() {
            return circle;
        }
        way.pop();
    }
    done.push(module);
    None
}

fn sources() -> BTreeMap<Module, Source> {
    fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<Module, Source>) {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let file = path.strip_prefix(root).expect("a path in the folder").to_owned();
                let text = fs::read_to_string(&path).expect("a readable source");
                found.insert(module_of(&file), Source { file, text });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 40, "these are not all sources: {}", found.len());
    found
}

/// `plan/key/mod.rs` → `plan::key`; the crate's root has no name.
fn module_of(file: &Path) -> Module {
    let module = file.with_extension("");
    let names = module.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "mod" && name != "lib").collect()
}

fn imports(sources: &BTreeMap<Module, Source>) -> Vec<Import> {
    let of_one = |(from, Source { file, text }): (&Module, &Source)| {
        let named = paths(text).into_iter().filter_map(|Named { line, inline, path }| {
            let to = target(from, inline, &path, sources)?;
            (to != *from).then(|| Import { file: file.clone(), line, from: from.clone(), to })
        });
        named.collect::<Vec<_>>()
    };
    sources.iter().flat_map(of_one).collect()
}

/// The file that a path leads into.
fn target(
    from: &Module,
    inline: bool,
    path: &[String],
    sources: &BTreeMap<Module, Source>,
) -> Option<Module> {
    let mut absolute = from.clone();
    if inline {
        absolute.push("tests".to_owned());
    }
    for name in path {
        match name.as_str() {
            "crate" => absolute.clear(),
            "self" => {}
            "super" => drop(absolute.pop()),
            name => absolute.push(name.to_owned()),
        }
    }
    (1..=absolute.len())
        .rev()
        .map(|length| absolute[..length].to_vec())
        .find(|module| sources.contains_key(module))
}

/// A path that begins with `crate`, `super` or `self`.
struct Named {
    line: usize,
    /// Whether it stands in a module within the file.
    inline: bool,
    path: Vec<String>,
}

fn paths(text: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let (mut inline, mut statement, mut begin) = (false, String::new(), 0);
    for (at, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        inline = (inline || code.starts_with("mod ") && code.trim_end().ends_with('{')) && code != "}";
        let is_use = ["use ", "pub(crate) use ", "pub(super) use "]
            .iter()
            .any(|start| code.trim_start().starts_with(start));
        if statement.is_empty() && !is_use {
            found.extend(inline_paths(code).into_iter().map(|path| Named { line: at + 1, inline, path }));
            continue;
        }
        if statement.is_empty() {
            begin = at + 1;
        }
        statement.push_str(code);
        if code.contains(';') {
            let tree = statement.split_once("use ").map_or("", |(_, tree)| tree);
            let tree: String = tree.split(';').next().unwrap_or_default().split_whitespace().collect();
            let paths = flattened(&tree);
            found.extend(paths.into_iter().map(|path| Named { line: begin, inline, path }));
            statement.clear();
        }
    }
    found.retain(|named| ["crate", "super", "self"].iter().any(|root| named.path[0] == *root));
    found
}

/// `a::{b, c::{d, e}}` → `a::b`, `a::c::d`, `a::c::e`
fn flattened(tree: &str) -> Vec<Vec<String>> {
    let Some((before, inside)) = tree.split_once('{') else {
        return vec![tree.split("::").map(|name| name.trim_end_matches(',').to_owned()).collect()];
    };
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let before: Vec<String> = before.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let mut depth = 0;
    let parts = inside.split(|char| {
        depth += i32::from(char == '{') - i32::from(char == '}');
        char == ',' && depth == 0
    });
    let parts = parts.filter(|part| !part.is_empty()).flat_map(flattened);
    parts.map(|part| before.iter().cloned().chain(part).collect()).collect()
}

/// Paths outside of `use`: `crate::signature::parameters(…)`.
fn inline_paths(code: &str) -> Vec<Vec<String>> {
    let is_name = |char: char| char.is_alphanumeric() || char == '_';
    let begins = code.match_indices("crate::").chain(code.match_indices("super::"));
    let begins =
        begins.filter(|(at, _)| !code[..*at].ends_with(|char: char| is_name(char) || "$:".contains(char)));
    let path = |(at, _): (usize, &str)| {
        let path: String = code[at..].chars().take_while(|char| is_name(*char) || *char == ':').collect();
        path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    begins.map(path).collect()
}
