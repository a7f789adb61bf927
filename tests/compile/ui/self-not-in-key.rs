use redis_cached::redis_cached;

struct Client {
    base: String,
}

impl Client {
    #[redis_cached(ttl = 60, key = "page:<n>")]
    async fn page(&self, n: u32) -> u32 {
        n
    }

    #[redis_cached(ttl = 60, key = "page:<n>", tags = ["base:<self.base>"], entry = false)]
    fn tagged(self: Box<Self>, n: u32) -> u32 {
        n
    }

    #[redis_cached(ttl = 60, key = "page:{self.base}:<n>")]
    fn in_braces(&mut self, n: u32) -> u32 {
        n
    }

    #[redis_cached(ttl = 60, key = "page:<self>:<n>", skip(self))]
    fn both(&self, n: u32) -> u32 {
        n
    }
}

fn main() {}
