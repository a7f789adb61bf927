use redis_cached::{redis_cached, redis_invalidates};

#[redis_cached(ttl = 60, key = "user:<id>")]
fn get_user(id: u64) -> String {
    id.to_string()
}

#[redis_invalidates(rename(id), get_user(id))]
fn rename(id: u64) {
    let _ = id;
}

struct Users;

impl Users {
    #[redis_invalidates(self.get_user(id), Self::list())]
    fn rename(&self, id: u64) {
        let _ = id;
    }
}

fn main() {}
