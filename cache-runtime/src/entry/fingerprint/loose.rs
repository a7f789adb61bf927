//! What is done for types that ask the bytes what they are: `untagged`, `flatten`, `tag = "…"`.
//!
//! Such types collect what they get and look at it later, out of our sight, so there is no asking to record. But they
//! name what they miss: a field that must be there, the names that a tag may have, the type that was expected. So a
//! map is offered that holds the fields that were missed so far, until the type is satisfied; and all names and
//! expectations are kept with the place. Fields that may be missing are never named.

use super::{
    graph::{Graph, Mark},
    refusal::Note,
    shape::{Kind, NodeId, SlotId, Tag, What},
};

/// Entries that one map may be found to lack.
const MAX_ENTRIES: usize = 128;
/// Maps in maps that are filled in.
const MAX_LEVELS: usize = 4;
/// Expectations kept for one place.
const MAX_NOTES: usize = 256;

impl Graph {
    /// Keeps what was named since for a place whose type looks at its content on its own.
    pub(super) fn keep_notes(&mut self, slot: SlotId, mark: Mark) {
        let Some(node) = self.loose_map(slot) else { return };
        let node = &mut self.nodes[node];
        if node.kind == Kind::Map && node.entries.is_empty() {
            // An ordinary map.
            return;
        }
        for note in Graph::notes_since(mark) {
            if node.notes.len() < MAX_NOTES && !node.notes.contains(&note) {
                node.notes.push(note);
            }
        }
    }

    /// Whether the refusal named something that can be had in the next pass.
    pub(super) fn learned_names(&mut self, slot: SlotId, mark: Mark) -> bool {
        let notes = Graph::notes_since(mark);
        if let Some(Note::Names(names)) = notes.iter().rfind(|note| matches!(note, Note::Names(_))) {
            self.heard = names;
        }
        self.skip_alias(slot, &notes) || self.add_missing(slot, &notes, 1)
    }

    /// The same, when no choice among what is there helps: what was missed may have been missed further in. Only then,
    /// because a recursive type always misses something further in.
    pub(super) fn learned_names_inside(&mut self, slot: SlotId, mark: Mark) -> bool {
        let notes = Graph::notes_since(mark);
        self.add_missing(slot, &notes, MAX_LEVELS)
    }

    /// A struct's list of fields holds their aliases as well, and reading by name has given one field twice.
    fn skip_alias(&mut self, slot: SlotId, notes: &[Note]) -> bool {
        if !matches!(notes.last(), Some(Note::Duplicate(_))) {
            return false;
        }
        let structs = self.slots[slot].shapes.iter().find_map(|shape| match shape.what {
            What::Node(node) if self.nodes[node].by_name => Some(node),
            _ => None,
        });
        let Some(node) = structs else { return false };
        // The second of the two is what was given last, be it the name or an alias.
        let node = &mut self.nodes[node];
        let last = node.last_key;
        let known = node.skipped.contains(&last);
        node.skipped.push(last);
        !known
    }

    fn add_missing(&mut self, slot: SlotId, notes: &[Note], levels: usize) -> bool {
        notes.iter().any(|note| match note {
            Note::Missing(name) => self.add_entry(slot, name, levels),
            _ => false,
        })
    }

    /// Adds the entry to the nearest map that does not have it. The type does not say where it looked, and what is
    /// found in the wrong place is ignored.
    fn add_entry(&mut self, slot: SlotId, name: &'static str, levels: usize) -> bool {
        let mut level = vec![slot];
        for _ in 0..levels {
            let maps: Vec<NodeId> = level.iter().filter_map(|&slot| self.loose_map(slot)).collect();
            let lacking = maps.iter().find(|&&map| {
                let entries = &self.nodes[map].entries;
                entries.len() < MAX_ENTRIES && entries.iter().all(|entry| entry.0 != name)
            });
            if let Some(&map) = lacking {
                self.entry(map, name);
                return true;
            }
            level =
                maps.iter().flat_map(|&map| self.nodes[map].entries.iter().map(|entry| entry.1)).collect();
        }
        false
    }

    fn loose_map(&self, slot: SlotId) -> Option<NodeId> {
        self.slots[slot].shapes.iter().find_map(|shape| match shape.what {
            What::Node(node) if matches!(self.nodes[node].kind, Kind::Any | Kind::Map) => Some(node),
            _ => None,
        })
    }

    /// An identifier was refused, and the names it may have were told: from now on those are its candidates.
    pub(super) fn learn_tag(&mut self, point: usize, mark: Mark) -> bool {
        let names = Graph::notes_since(mark).into_iter().find_map(|note| match note {
            Note::Names(names) if !names.is_empty() => Some(names),
            _ => None,
        });
        let point = &mut self.points[point];
        let (None, Some(names)) = (&point.tag, names) else {
            return false;
        };
        point.choice = 0;
        point.refused = vec![false; names.len()];
        point.tag = Some(Tag { names, tried: vec![false; names.len()] });
        self.progress = true;
        true
    }

    /// After a pass that made a value: goes on to the next name of a tag. False when all were tried.
    pub(super) fn next_tags(&mut self) -> bool {
        let mut went_on = false;
        for point in self.chosen().to_vec() {
            went_on |= self.next_tag(point, false);
        }
        went_on
    }

    /// No value could be made with this name of a tag: goes on without it.
    pub(super) fn give_up_tag(&mut self, mark: Mark) -> bool {
        let chosen = self.chosen_since(mark).to_vec();
        chosen.into_iter().rev().any(|point| self.next_tag(point, true))
    }

    fn next_tag(&mut self, id: usize, refuse: bool) -> bool {
        let point = &mut self.points[id];
        let Some(current) = point.pick() else {
            return false;
        };
        let Some(tag) = &mut point.tag else {
            return false;
        };
        if refuse && tag.tried[current] {
            // With this name there was a value before: it is not at fault.
            return false;
        }
        tag.tried[current] = true;
        let next = (0..tag.tried.len()).find(|&name| !tag.tried[name] && !point.refused[name]);
        if refuse {
            point.refused[current] = true;
        }
        if let Some(next) = next {
            point.choice = next;
        } else if !refuse || point.pick().is_none() {
            return false;
        }
        // Another name asks for other content, so earlier attempts say nothing.
        self.slots.iter_mut().for_each(|slot| slot.search = None);
        self.progress = true;
        true
    }
}
