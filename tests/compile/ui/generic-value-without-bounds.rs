use redis_cached::redis_cached;

#[redis_cached(ttl = 60, key = "<T>")]
fn all<T: Default>() -> Vec<T> {
    vec![T::default()]
}

struct Rows<T>(Vec<T>);

impl<T: Clone> Rows<T> {
    #[redis_cached(ttl = 60, key = "<Self>", skip(self))]
    fn get(&self) -> Option<T> {
        self.0.first().cloned()
    }
}

fn main() {}
