//! What is asked of each world: that it holds, and that it breaks where a detail is left out.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

/// Sees the world through. What is promised must hold, and what should be reachable must be, but for what is `unreached`.
pub(crate) fn holds<W, S, A>(name: &str, world: W, unreached: &[&str])
where
    W: Model<State = S, Action = A> + Send + Sync + 'static,
    S: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    A: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    let began = Instant::now();
    let checker = world.checker().threads(2).spawn_bfs().join();
    eprintln!("{name}: {} states, {:.1?}", checker.unique_state_count(), began.elapsed());
    assert!(checker.is_done(), "not seen through");
    let discoveries = checker.discoveries();
    for property in checker.model().properties() {
        let path = discoveries.get(property.name).map(|path| path.clone().into_actions());
        if property.expectation == Expectation::Always {
            assert!(path.is_none(), "{name}, {}: {path:#?}", property.name);
        } else {
            assert_eq!(path.is_none(), unreached.contains(&property.name), "{name}: {}", property.name);
        }
    }
}

/// Looks for a way in which a world without the detail that `variant` names breaks `promise`.
pub(crate) fn breaks<W, S, A>(variant: impl Debug, world: W, promise: &'static str)
where
    W: Model<State = S, Action = A> + Send + Sync + 'static,
    S: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    A: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    let began = Instant::now();
    let found = HasDiscoveries::AllOf([promise].into());
    let checker = world.checker().finish_when(found).spawn_bfs().join();
    let path = checker.discovery(promise).unwrap_or_else(|| panic!("{variant:?} does not break: {promise}"));
    let steps = path.into_actions();
    eprintln!(
        "{variant:?} breaks \"{promise}\" in {} steps, {} states, {:.1?}: {steps:?}",
        steps.len(),
        checker.unique_state_count(),
        began.elapsed(),
    );
}
