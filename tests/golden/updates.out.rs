//! `#[redis_updates]`: what a function returned becomes the entry of another.
pub async fn save_user(db: &Pool, user: NewUser) -> Result<User, Error> {
    let targets = ::redis_cached::expansion::updates();
    let result = async move {
        ::redis_cached::expansion::returns!(Result < User, Error >);
        db.save(user).await
    }
        .await;
    targets
        .after(
            result.as_ref().ok(),
            |targets, ret| {
                targets
                    .entry(get_user_entry(::redis_cached::expansion::arg(&ret.id)))
                    .value(ret)
            },
        )
        .write()
        .await;
    result
}
fn touch(id: u64, org: &str) -> User {
    let targets = ::redis_cached::expansion::updates()
        .entry(get_user_entry(::redis_cached::expansion::arg(&id)));
    let argument_1_0 = ::redis_cached::expansion::kept(&org);
    let result = ::redis_cached::expansion::run(move || -> User { load(id) });
    targets
        .after(
            ::redis_cached::expansion::Returned::<User>::NEW.how().ok(&result),
            |targets, ret| {
                targets
                    .entry(
                        by_name_entry(
                            ::redis_cached::expansion::arg(&argument_1_0),
                            &ret.name,
                        ),
                    )
                    .value(ret)
            },
        )
        .write_blocking();
    result
}
async fn write(db: &Pool, user: &User) -> Result<(), Error> {
    let targets = ::redis_cached::expansion::updates()
        .entry(get_user_entry(::redis_cached::expansion::arg(&user.id)));
    let result = async {
        ::redis_cached::expansion::returns!(Result < (), Error >);
        db.write(user).await
    }
        .await;
    targets.after(result.as_ref().ok(), |targets, _| targets.value(&user)).write().await;
    result
}
async fn insert(id: u64) -> Result<User, Error> {
    let targets = my::cache::expansion::updates()
        .entry(find_user_entry(my::cache::expansion::arg(&id)));
    let result = async move {
        my::cache::expansion::returns!(Result < User, Error >);
        Ok(User { id })
    }
        .await;
    targets
        .after(result.as_ref().ok(), |targets, ret| targets.value(&Some(ret.clone())))
        .write()
        .await;
    result
}
async fn add(user: User) -> Result<User, Error> {
    let targets = ::redis_cached::expansion::invalidates().entry(list_users_entry());
    let result = async move {
        ::redis_cached::expansion::returns!(Result < User, Error >);
        let targets = ::redis_cached::expansion::updates();
        let result = async move {
            ::redis_cached::expansion::returns!(Result < User, Error >);
            Ok(user)
        }
            .await;
        targets
            .after(
                result.as_ref().ok(),
                |targets, ret| {
                    targets
                        .entry(get_user_entry(::redis_cached::expansion::arg(&ret.id)))
                        .value(ret)
                },
            )
            .write()
            .await;
        result
    }
        .await;
    targets.after(result.as_ref().ok()).invalidate().await;
    result
}
async fn add_strictly(user: User) -> Result<User, Error> {
    let targets = ::redis_cached::expansion::updates();
    let result = async move {
        ::redis_cached::expansion::returns!(Result < User, Error >);
        Ok(user)
    }
        .await;
    let done = targets
        .after(
            result.as_ref().ok(),
            |targets, ret| {
                targets
                    .entry(get_user_entry(::redis_cached::expansion::arg(&ret.id)))
                    .value(ret)
            },
        )
        .try_write()
        .await;
    ::redis_cached::expansion::strict(result, done)
}
async fn save_all(users: Vec<NewUser>) -> Result<Vec<User>, Error> {
    let targets = ::redis_cached::expansion::updates();
    let result = async move {
        ::redis_cached::expansion::returns!(Result < Vec < User >, Error >);
        db.save_all(users).await
    }
        .await;
    targets
        .after(
            result.as_ref().ok(),
            |targets, ret| {
                targets
                    .each(
                        (&*ret).into_iter(),
                        |targets, user| {
                            targets
                                .entry(
                                    get_user_entry(::redis_cached::expansion::arg(&user.id)),
                                )
                                .value(&user)
                        },
                    )
            },
        )
        .write()
        .await;
    result
}
fn touch_all() -> HashMap<u64, User> {
    let targets = ::redis_cached::expansion::updates().entry(count_entry());
    let result = ::redis_cached::expansion::run(move || -> HashMap<u64, User> {
        load()
    });
    targets
        .after(
            ::redis_cached::expansion::Returned::<HashMap<u64, User>>::NEW
                .how()
                .ok(&result),
            |targets, ret| {
                targets
                    .each(
                        (&*ret).into_iter(),
                        |targets, (id, user)| {
                            targets
                                .entry(get_user_entry(::redis_cached::expansion::arg(&id)))
                                .value(&user)
                        },
                    )
                    .value(&user)
            },
        )
        .write_blocking();
    result
}
