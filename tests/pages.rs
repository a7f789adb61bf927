//! The code in the pages for people is tested, here and not in the library: what a package contains cannot reach outside it.

macro_rules! pages {
    ($($page:ident $file:literal,)*) => {
        $(
            /// A page.
            // A sketch leaves out bodies.
            #[allow(rustdoc::invalid_rust_codeblocks)]
            #[doc = include_str!($file)]
            pub mod $page {}
        )*
    };
}

pages! {
    readme "../README.md",
    // The page that the registry shows.
    registry "../cache-runtime/README.md",
    start "../docs/start.md",
    recipes "../docs/recipes.md",
    keys "../docs/keys.md",
    values "../docs/values.md",
    shapes "../docs/shapes.md",
    invalidation "../docs/invalidation.md",
    tags "../docs/tags.md",
    sources "../docs/sources.md",
    batches "../docs/batches.md",
    local "../docs/local.md",
    freshness "../docs/freshness.md",
    servers "../docs/servers.md",
    testing "../docs/testing.md",
    monitoring "../docs/monitoring.md",
    security "../docs/security.md",
    verify "../docs/verify.md",
    coming_from "../docs/coming-from.md",
    report "../docs/report.md",
    deploys "../docs/deploys.md",
}
