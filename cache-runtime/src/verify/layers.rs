//! Which room may import which: read from the sources, so that an edge upwards fails here and not in a review.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::sources::{all, is_test, module_of, root};

/// What a room may import beside itself.
enum May {
    Import(&'static [&'static str]),
    ImportAllBelow,
}

use May::{Import, ImportAllBelow};

/// The rooms, from the bottom up. A path within a room is a room of its own if it stands here; the longest path counts. A room imports only
/// what stands before it, so nothing in this table can make a circle: see the first test.
const ROOMS: &[(&str, May)] = &[
    ("error", Import(&[])),
    ("util", Import(&[])),
    ("store::vocabulary", Import(&["util", "error"])),
    ("runtime", Import(&["util", "error"])),
    ("key", Import(&["util", "error"])),
    ("codec", Import(&["util", "error"])),
    ("seal", Import(&["util", "error"])),
    ("shape", Import(&["codec", "store::vocabulary", "util", "error"])),
    ("entry", Import(&["shape", "seal", "codec", "store::vocabulary", "util", "error"])),
    ("policy", Import(&["entry", "store::vocabulary", "util", "error"])),
    ("tags", Import(&["policy", "entry", "key", "store::vocabulary", "util", "error"])),
    ("store", Import(&["store::vocabulary", "key", "runtime", "util", "error"])),
    ("local", Import(&["policy", "entry", "key", "store::vocabulary", "util", "error"])),
    ("report", Import(&["util", "error"])),
    ("engine", ImportAllBelow),
    ("api", ImportAllBelow),
    ("testing", ImportAllBelow),
    ("expansion", ImportAllBelow),
];

/// What the room may import, by its place in the table.
fn imports(at: usize) -> Vec<&'static str> {
    match ROOMS[at].1 {
        Import(rooms) => rooms.to_vec(),
        ImportAllBelow => ROOMS[..at].iter().map(|(room, _)| *room).collect(),
    }
}

/// The room in which a path of the crate lies, without `crate::`.
fn room_of(path: &str) -> Option<&'static str> {
    let lies_in =
        |room: &str| path == room || path.strip_prefix(room).is_some_and(|rest| rest.starts_with("::"));
    ROOMS.iter().map(|(room, _)| *room).filter(|room| lies_in(room)).max_by_key(|room| room.len())
}

/// The paths that a line names after `crate::` and, by way of `super::`, in other modules; without what is for tests.
fn named(line: &str, module: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (start, _) in line.match_indices("crate::") {
        paths.push(path_at(&line[start + "crate::".len()..]));
    }
    for (start, _) in line.match_indices("super::") {
        if line[..start].ends_with("super::") {
            continue;
        }
        let mut rest = &line[start..];
        let mut from = module;
        while let Some(further) = rest.strip_prefix("super::") {
            (rest, from) = (further, from.rsplit_once("::").map_or("", |(parent, _)| parent));
        }
        paths.push(
            [from, &path_at(rest)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::"),
        );
    }
    paths
}

fn path_at(text: &str) -> String {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    text[..end].trim_end_matches(':').to_owned()
}

/// Each import from one room to another, as `file:line`.
fn edges() -> BTreeMap<(&'static str, &'static str), Vec<String>> {
    let root = root();
    let files = all();
    assert!(files.len() > 100, "{files:?}");
    let mut edges: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for file in files {
        let local = file.strip_prefix(&root).expect("below the root");
        let module = module_of(local);
        let (false, Some(from)) = (is_test(local), room_of(&module)) else { continue };
        let text = fs::read_to_string(&file).expect("a source");
        let code = text.split("\nmod tests {").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for path in named(code, &module) {
                // What `lib.rs` re-exports has a room; its re-export is for users.
                let to = room_of(&path).unwrap_or("the root");
                if to != from {
                    edges.entry((from, to)).or_default().push(format!("{}:{}", local.display(), number + 1));
                }
            }
        }
    }
    edges
}

#[test]
fn the_rooms_have_an_order() {
    let mut below: BTreeSet<&str> = BTreeSet::new();
    for (at, (room, _)) in ROOMS.iter().enumerate() {
        for import in imports(at) {
            assert!(below.contains(&import), "{room} imports {import}, which stands below it in the table");
        }
        below.insert(*room);
    }
}

#[test]
fn no_room_imports_upwards() {
    let edges = edges();
    assert!(edges.contains_key(&("engine", "store")), "imports are read: {:?}", edges.keys());
    let allowed =
        |from, to| ROOMS.iter().zip(0..).any(|((room, _), at)| *room == from && imports(at).contains(&to));
    let wrong: Vec<_> = edges
        .iter()
        .filter(|((from, to), _)| !allowed(*from, *to))
        .map(|((from, to), places)| format!("{from} may not import {to}: {}", places.join(", ")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
