//! `shape`: how a value is stored, and `#[derive(Fields)]`, of which only the implementation is shown.

#[redis_cached(ttl = 3600, key = "user:<id>", shape = Hash, skip(db))]
async fn get_user(db: &Pool, id: u64) -> Result<User, Error> {
    db.fetch(id).await
}

#[redis_cached(ttl = 60, key = "followers:<id>", shape = Set, codec = Json, tags = ["user:<id>"])]
fn followers(id: u64) -> HashSet<u64> {
    load(id)
}

#[redis_cached(ttl = 60, key = "board:<day>", shape = SortedSet, stale_while_revalidate = 30)]
async fn board(day: Day) -> Vec<(Player, f64)> {
    rank(day).await
}

#[redis_cached(ttl = 60, negative_ttl = 5, key = "feed:<id>", shape = List, codec = crate::Own, crate = crate::cache)]
pub(crate) fn feed(id: u64) -> Option<Vec<Post>> {
    load(id)
}

#[redis_cached(ttl = 60, key = "row:<id>", shape = Hash, entry = false)]
fn by_its_type(id: u64) -> RowResult {
    load(id)
}

#[derive(Fields)]
pub struct User {
    pub id: u64,
    pub(crate) created_at: Time,
    r#type: Option<Box<Kind>>,
}

#[derive(Fields)]
#[fields(crate = crate::cache)]
struct Row<T, const N: usize>
where
    T: Clone,
{
    #[serde(rename = "v")]
    values: [T; N],
}
