//! The pages for people: how to use each part, and what to expect of it. [`start`] is the first.
//!
//! They are the files of the folder `docs` in the repository, whose examples are tested there. Their links among each other are made to lead here by a script.

/// A module for each page, with the file's text. `guide/` is a link to the repository's `docs/`, of which a package contains a copy.
macro_rules! pages {
    ($($page:ident $file:literal,)*) => {
        $(
            #[doc = include_str!(concat!("../guide/", $file))]
            #[doc = include_str!("guide/links.html")]
            // A page shows sketches of functions, with `…` for what is not of interest.
            #[allow(rustdoc::invalid_rust_codeblocks)]
            pub mod $page {}
        )*
    };
}

pages! {
    start "start.md",
    recipes "recipes.md",
    pictures "pictures.md",
    keys "keys.md",
    values "values.md",
    shapes "shapes.md",
    invalidation "invalidation.md",
    tags "tags.md",
    sources "sources.md",
    batches "batches.md",
    local "local.md",
    freshness "freshness.md",
    servers "servers.md",
    testing "testing.md",
    monitoring "monitoring.md",
    verify "verify.md",
    coming_from "coming-from.md",
    choosing_ttls "choosing-ttls.md",
    production "production.md",
    deploys "deploys.md",
    report "report.md",
    command "command.md",
    scaling "scaling.md",
    security "security.md",
    troubleshooting "troubleshooting.md",
    reference "reference.md",
    guarantees "guarantees.md",
    times "times.md",
    benchmarks "benchmarks.md",
}
