//! `#[redis_invalidates]`: targets before the body where that is possible, after it where they need what it returned.

#[redis_invalidates(get_user(id), list_users())]
pub async fn rename_user(db: &Pool, id: u64, name: String) -> Result<(), sqlx::Error> {
    db.rename(id, name).await
}

/// No `Result`: whatever is returned.
#[redis_invalidates(users::get_user(user.id), list::<User>(&user.org, limit + 1))]
fn forget(user: &User, limit: u64) {
    drop(user);
}

#[redis_invalidates(get_user(ret.id), by_org(org, ret.region), tag("org:<ret.org>:<org>"))]
async fn create_user(db: &Pool, org: String) -> Result<User, Error> {
    db.create(org).await
}

#[redis_invalidates(get_user(id), before, on_error, tag("org:<org>"), cache = self.cache)]
async fn both_sides(id: u64, org: &str) -> Result<(), Error> {
    Ok(())
}

#[redis_invalidates(get_user(id), strict)]
async fn fails_with_its_invalidation(id: u64) -> Result<(), Error> {
    Ok(())
}

#[redis_invalidates(get_user(id), before, strict)]
fn fails_before_its_body(id: u64) -> AppResult<()> {
    Ok(())
}

struct Users;

impl Users {
    #[redis_invalidates(self.get_user(ret.id), Self::count(), entry(named_entry(&self.name)))]
    async fn save(&mut self, user: User) -> Result<User, Error> {
        self.saved += 1;
        Ok(user)
    }

    #[redis_invalidates(self.get_user(ret))]
    fn next(&self) -> u64 {
        self.next
    }
}

impl Boxed for Users {
    #[redis_invalidates(self.get_user(id))]
    fn boxed<'a>(&'a self, id: u64) -> Pin<Box<dyn Future<Output = Result<User, Error>> + Send + 'a>> {
        Box::pin(async move { self.load(id).await })
    }
}

/// The first attribute is the innermost.
#[redis_invalidates(list_users())]
#[instrument]
#[redis_cached(ttl = 60, key = "user:<id>")]
async fn stacked(id: u64) -> u64 {
    id
}

#[redis_invalidates(get_user(id))]
fn shown(id: u64) -> impl Display {
    id
}

#[redis_invalidates(get_user(id), on_eror, befor, tag(name), get_user, before)]
fn wrong(id: u64) -> u64 {
    id
}

#[redis_invalidates(for id in ids { get_user(tenant, id); tag("user:<id>") }, list_users())]
async fn delete_users(tenant: &str, ids: &[u64]) -> Result<(), Error> {
    db.delete(tenant, ids).await
}

#[redis_invalidates(for user in ret.users { by_org(org, &user.name); tag("org:<org>:<user.org>") })]
fn import(org: String) -> Result<Import, Error> {
    db.import(org)
}

#[redis_invalidates(for id in ids { by_revision(id, ret.revision) }, for (id, _) in &pairs { get_user(id) }, strict)]
async fn revise(ids: Vec<u64>, pairs: Vec<(u64, u64)>) -> Result<Revision, Error> {
    db.revise(ids).await
}

#[redis_invalidates(for id in ids {}, for id in ids { let x = 1; }, for name in names { get_user(name) })]
fn wrong_loops(ids: &[u64], name: &str, names: &[&str]) {}

#[redis_invalidates(tag("of:<email:secret>:<id>"), tag("of:<ret.email:secret>"))]
async fn secrets(email: String, id: u64) -> User {
    save(email, id).await
}

#[redis_invalidates(tag("of:<email:secret>"), cache = self.cache)]
fn secret_of_a_cache(&self, email: &str) {
    self.save(email);
}
