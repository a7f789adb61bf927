//! Annotated functions in any number, to be weighed.

/// Annotated functions, each with a type of its own, and a call of them all.
#[macro_export]
macro_rules! functions {
    ($($function:ident $Value:ident),*) => {
        $(
            #[derive(serde::Serialize, serde::Deserialize)]
            struct $Value {
                id: u64,
                name: String,
                tags: Vec<String>,
            }

            #[redis_cached::redis_cached(ttl = 60)]
            async fn $function(id: u64) -> $Value {
                $Value { id, name: String::new(), tags: Vec::new() }
            }
        )*

        fn main() {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(async {
                $(drop($function(1).await);)*
            });
        }
    };
}
