//! Tags as types: what the derive makes, and how functions and writers lend their arguments to them.

#[derive(Tag)]
#[tag("city:<0>")]
struct City<'a>(&'a str);

#[derive(Tag)]
#[tag("lists", crate = crate::cache)]
struct Lists;

#[derive(Tag)]
#[tag("<id>:<r#type> of <id>")]
struct Viewer<T: ?Sized> {
    id: u64,
    r#type: Box<T>,
}

/// What is a reference, or a number, in both functions is handed over as it is.
#[redis_cached(ttl = 60, key = "<id>:<org>", skip(user, city), tags = [City(city), City(user.city), Org(org), Viewer { id, r#type: own(city) }, Lists])]
async fn lent(id: u64, org: OrgId, city: &str, user: User) -> User {
    fetch(id).await
}

/// Tags that the value names, beside others; and one that there may not be.
#[redis_cached(ttl = 60, key = "<viewer>", tags = [viewer.map(Team), "all", |user: &User| vec![Team(user.team).into()]], group = "users")]
fn with_values(viewer: Option<u64>) -> Result<User, Error> {
    fetch(viewer)
}

/// In the entry's function it is a reference already.
#[redis_cached(ttl = 60, key = "<city>", tags = [City(&city)])]
fn borrowed(city: String) -> User {
    fetch(&city)
}

#[redis_invalidates(tag(City(city)), tag(Lists), group("users"))]
fn before_the_body(city: String) {
    drop(city);
}

#[redis_invalidates(tag(Pair(ret.id, city)), tag(Pair(id, &ret.name)), tag(ret.team.map(Team)), tag(Pair(next(id), ret)), cache = self.cache)]
async fn after_the_body(&self, id: u64, city: String) -> Result<User, Error> {
    self.create(id, city).await
}
