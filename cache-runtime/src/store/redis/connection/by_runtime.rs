//! What each runtime has of its own, because a connection is driven by one runtime.

use std::sync::{Arc, RwLock};

use tokio::runtime;

use super::runtime_connection::RuntimeConnection;
use crate::util::locks::{read, write};

/// One for each runtime that has asked. Those of runtimes that have ended are dropped when another is made.
pub(crate) struct ByRuntime<T>(RwLock<Vec<Arc<T>>>);

impl<T> Default for ByRuntime<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T: AsRef<RuntimeConnection>> ByRuntime<T> {
    /// That of a runtime, unless the runtime has ended.
    pub(crate) fn get(&self, runtime: runtime::Id) -> Option<Arc<T>> {
        let is_it = |one: &&Arc<T>| is_of(*one, runtime) && !(***one).as_ref().is_over();
        read(&self.0).iter().find(is_it).map(Arc::clone)
    }

    /// That of a runtime, made if there is none.
    pub(crate) fn get_or_make(&self, runtime: runtime::Id, make: impl FnOnce() -> T) -> Arc<T> {
        let mut all = write(&self.0);
        all.retain(|one| !(**one).as_ref().is_over());
        // Another task may have been faster.
        if let Some(known) = all.iter().find(|one| is_of(*one, runtime)) {
            return Arc::clone(known);
        }
        let made = Arc::new(make());
        all.push(Arc::clone(&made));
        made
    }

    /// Whether that of a runtime is over, which it is only once the runtime has ended.
    pub(crate) fn has_ended(&self, runtime: runtime::Id) -> bool {
        read(&self.0).iter().any(|one| is_of(one, runtime) && (**one).as_ref().is_over())
    }
}

fn is_of<T: AsRef<RuntimeConnection>>(one: &Arc<T>, runtime: runtime::Id) -> bool {
    (**one).as_ref().is_of(runtime)
}
