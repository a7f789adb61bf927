//! Races of what threads share, each once under `shuttle` and once on real threads.

mod batching;
mod breaker;
mod protocol;
