//! `#[redis_updates]`: what a function returned becomes the entry of another.

#[redis_updates(get_user(ret.id))]
pub async fn save_user(db: &Pool, user: NewUser) -> Result<User, Error> {
    db.save(user).await
}

#[redis_updates(get_user(id), by_name(org, &ret.name))]
fn touch(id: u64, org: &str) -> User {
    load(id)
}

#[redis_updates(get_user(user.id), value = user)]
async fn write(db: &Pool, user: &User) -> Result<(), Error> {
    db.write(user).await
}

#[redis_updates(find_user(id), value = Some(ret.clone()), crate = my::cache)]
async fn insert(id: u64) -> Result<User, Error> {
    Ok(User { id })
}

#[redis_updates(get_user(ret.id))]
#[redis_invalidates(list_users())]
async fn add(user: User) -> Result<User, Error> {
    Ok(user)
}

#[redis_updates(get_user(ret.id), strict)]
async fn add_strictly(user: User) -> Result<User, Error> {
    Ok(user)
}

#[redis_updates(for user in ret { get_user(user.id) })]
async fn save_all(users: Vec<NewUser>) -> Result<Vec<User>, Error> {
    db.save_all(users).await
}

#[redis_updates(count(), for (id, user) in ret { get_user(id) }, value = user)]
fn touch_all() -> HashMap<u64, User> {
    load()
}
