//! `#[redis_invalidates]`: targets before the body where that is possible, after it where they need what it returned.
pub async fn rename_user(db: &Pool, id: u64, name: String) -> Result<(), sqlx::Error> {
    let targets = ::redis_cached::expansion::invalidates()
        .entry(get_user_entry(::redis_cached::expansion::arg(&id)))
        .entry(list_users_entry());
    let result = async move {
        ::redis_cached::expansion::returns!(Result < (), sqlx::Error >);
        db.rename(id, name).await
    }
        .await;
    targets.after(result.as_ref().ok()).invalidate().await;
    result
}
/// No `Result`: whatever is returned.
fn forget(user: &User, limit: u64) {
    let targets = ::redis_cached::expansion::invalidates()
        .entry(users::get_user_entry(::redis_cached::expansion::arg(&user.id)))
        .entry(
            list_entry::<User>(&user.org, ::redis_cached::expansion::arg(&(limit + 1))),
        );
    let result = ::redis_cached::expansion::run(move || {
        drop(user);
    });
    targets.invalidate_blocking();
    result
}
async fn create_user(db: &Pool, org: String) -> Result<User, Error> {
    let targets = ::redis_cached::expansion::invalidates();
    let argument_1_0 = ::redis_cached::expansion::kept(&org);
    let argument_2_0 = ::redis_cached::expansion::kept(&org);
    let result = async move {
        ::redis_cached::expansion::returns!(Result < User, Error >);
        db.create(org).await
    }
        .await;
    targets
        .after_with(
            result.as_ref().ok(),
            |targets, ret| {
                targets
                    .entry(get_user_entry(::redis_cached::expansion::arg(&ret.id)))
                    .entry(
                        by_org_entry(
                            ::redis_cached::expansion::arg(&argument_1_0),
                            ::redis_cached::expansion::arg(&ret.region),
                        ),
                    )
                    .tag(
                        ::redis_cached::expansion::tag("org:")
                            .arg(&ret.org)
                            .text(":")
                            .arg(&argument_2_0)
                            .end(),
                    )
            },
        )
        .invalidate()
        .await;
    result
}
async fn both_sides(id: u64, org: &str) -> Result<(), Error> {
    let targets = ::redis_cached::expansion::invalidates()
        .entry(get_user_entry(::redis_cached::expansion::arg(&id)))
        .tag_in(&self.cache, ::redis_cached::expansion::tag("org:").arg(org).end())
        .on_error();
    targets.before().await;
    let result = async move {
        ::redis_cached::expansion::returns!(Result < (), Error >);
        Ok(())
    }
        .await;
    targets.after(result.as_ref().ok()).invalidate().await;
    result
}
async fn fails_with_its_invalidation(id: u64) -> Result<(), Error> {
    let targets = ::redis_cached::expansion::invalidates()
        .entry(get_user_entry(::redis_cached::expansion::arg(&id)));
    let result = async move {
        ::redis_cached::expansion::returns!(Result < (), Error >);
        Ok(())
    }
        .await;
    let done = targets.after(result.as_ref().ok()).try_invalidate().await;
    ::redis_cached::expansion::strict(result, done)
}
fn fails_before_its_body(id: u64) -> AppResult<()> {
    let targets = ::redis_cached::expansion::invalidates()
        .entry(get_user_entry(::redis_cached::expansion::arg(&id)));
    if let ::core::result::Result::Err(error) = targets.try_before_blocking() {
        return ::core::result::Result::Err(::redis_cached::expansion::Strict::of(error));
    }
    let result = ::redis_cached::expansion::run(move || -> AppResult<()> { Ok(()) });
    let done = targets
        .after(
            ::redis_cached::expansion::Returned::<AppResult<()>>::NEW.how().ok(&result),
        )
        .try_invalidate_blocking();
    ::redis_cached::expansion::strict(result, done)
}
struct Users;
impl Users {
    async fn save(&mut self, user: User) -> Result<User, Error> {
        let targets = ::redis_cached::expansion::invalidates()
            .entry(Self::count_entry())
            .entry(named_entry(&self.name));
        let result = async {
            ::redis_cached::expansion::returns!(Result < User, Error >);
            self.saved += 1;
            Ok(user)
        }
            .await;
        targets
            .after_with(
                result.as_ref().ok(),
                |targets, ret| {
                    targets
                        .entry(
                            self.get_user_entry(::redis_cached::expansion::arg(&ret.id)),
                        )
                },
            )
            .invalidate()
            .await;
        result
    }
    fn next(&self) -> u64 {
        let targets = ::redis_cached::expansion::invalidates();
        let result = ::redis_cached::expansion::run(|| -> u64 { self.next });
        targets
            .after_with(
                ::core::option::Option::Some(&result),
                |targets, ret| {
                    targets
                        .entry(self.get_user_entry(::redis_cached::expansion::arg(&ret)))
                },
            )
            .invalidate_blocking();
        result
    }
}
impl Boxed for Users {
    fn boxed<'a>(
        &'a self,
        id: u64,
    ) -> Pin<Box<dyn Future<Output = Result<User, Error>> + Send + 'a>> {
        ::std::boxed::Box::pin(async move {
            let targets = ::redis_cached::expansion::invalidates()
                .entry(self.get_user_entry(::redis_cached::expansion::arg(&id)));
            let result = { Box::pin(async move { self.load(id).await }) }.await;
            targets.after(result.as_ref().ok()).invalidate().await;
            result
        })
    }
}
/// The first attribute is the innermost.
#[instrument]
async fn stacked(id: u64) -> u64 {
    ::redis_cached::expansion::entry::<
        u64,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("stacked", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&id)
        .look_up()
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(u64);
            let targets = ::redis_cached::expansion::invalidates()
                .entry(list_users_entry());
            let result = async move {
                ::redis_cached::expansion::returns!(u64);
                id
            }
                .await;
            targets.invalidate().await;
            result
        })
        .await
}
/// The cache entry of `stacked` for these arguments.
#[allow(dead_code)]
fn stacked_entry(id: u64) -> ::redis_cached::Entry<u64> {
    ::redis_cached::expansion::entry::<
        u64,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("stacked", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("user:")
        .arg(&id)
        .build()
}
fn shown(id: u64) -> impl Display {
    let targets = ::redis_cached::expansion::invalidates()
        .entry(get_user_entry(::redis_cached::expansion::arg(&id)));
    let result = ::redis_cached::expansion::run(move || { id });
    targets.invalidate_blocking();
    result
}
fn wrong(id: u64) -> u64 {
    id
}
::core::compile_error! {
    "there is no option `on_eror`: did you mean `on_error`?"
}
::core::compile_error! {
    "there is no option `befor`: did you mean `before`?"
}
::core::compile_error! {
    "`get_user` is no option, and as a target it lacks its arguments: write `get_user(…)`, as in `get_user(id)`"
}
async fn delete_users(tenant: &str, ids: &[u64]) -> Result<(), Error> {
    let targets = ::redis_cached::expansion::invalidates()
        .each(
            (&*ids).into_iter(),
            |targets, id| {
                targets
                    .entry(
                        get_user_entry(
                            ::redis_cached::expansion::arg(&tenant),
                            ::redis_cached::expansion::arg(&id),
                        ),
                    )
                    .tag(::redis_cached::expansion::tag("user:").arg(&id).end())
            },
        )
        .entry(list_users_entry());
    let result = async move {
        ::redis_cached::expansion::returns!(Result < (), Error >);
        db.delete(tenant, ids).await
    }
        .await;
    targets.after(result.as_ref().ok()).invalidate().await;
    result
}
fn import(org: String) -> Result<Import, Error> {
    let targets = ::redis_cached::expansion::invalidates();
    let argument_0_0_0 = ::redis_cached::expansion::kept(&org);
    let argument_0_1_0 = ::redis_cached::expansion::kept(&org);
    let result = ::redis_cached::expansion::run(move || -> Result<Import, Error> {
        db.import(org)
    });
    targets
        .after_with(
            result.as_ref().ok(),
            |targets, ret| {
                targets
                    .each(
                        (&ret.users).into_iter(),
                        |targets, user| {
                            targets
                                .entry(
                                    by_org_entry(
                                        ::redis_cached::expansion::arg(&argument_0_0_0),
                                        &user.name,
                                    ),
                                )
                                .tag(
                                    ::redis_cached::expansion::tag("org:")
                                        .arg(&argument_0_1_0)
                                        .text(":")
                                        .arg(&user.org)
                                        .end(),
                                )
                        },
                    )
            },
        )
        .invalidate_blocking();
    result
}
async fn revise(ids: Vec<u64>, pairs: Vec<(u64, u64)>) -> Result<Revision, Error> {
    let targets = ::redis_cached::expansion::invalidates()
        .each(
            &pairs,
            |targets, (id, _)| {
                targets.entry(get_user_entry(::redis_cached::expansion::arg(&id)))
            },
        );
    let argument_0_0 = ::redis_cached::expansion::kept(&ids);
    let result = async move {
        ::redis_cached::expansion::returns!(Result < Revision, Error >);
        db.revise(ids).await
    }
        .await;
    let done = targets
        .after_with(
            result.as_ref().ok(),
            |targets, ret| {
                targets
                    .each(
                        (&argument_0_0).into_iter(),
                        |targets, id| {
                            targets
                                .entry(
                                    by_revision_entry(
                                        ::redis_cached::expansion::arg(&id),
                                        ::redis_cached::expansion::arg(&ret.revision),
                                    ),
                                )
                        },
                    )
            },
        )
        .try_invalidate()
        .await;
    ::redis_cached::expansion::strict(result, done)
}
fn wrong_loops(ids: &[u64], name: &str, names: &[&str]) {}
::core::compile_error! {
    "no target for the elements: name one in the braces, such as `for id in ids { get_user(id) }`"
}
::core::compile_error! {
    "the loop holds targets and nothing else: write the expression where the target needs it"
}
::core::compile_error! {
    "`name` is something else already: give the element another name"
}
async fn secrets(email: String, id: u64) -> User {
    let targets = ::redis_cached::expansion::invalidates()
        .tag(
            ::redis_cached::expansion::secret_tag("of:")
                .secret(&email)
                .text(":")
                .arg(&id)
                .end(),
        );
    let result = async move {
        ::redis_cached::expansion::returns!(User);
        save(email, id).await
    }
        .await;
    targets
        .after_with(
            ::redis_cached::expansion::Returned::<User>::NEW.how().ok(&result),
            |targets, ret| {
                targets
                    .tag(
                        ::redis_cached::expansion::secret_tag("of:")
                            .secret(&ret.email)
                            .end(),
                    )
            },
        )
        .invalidate()
        .await;
    result
}
fn secret_of_a_cache(&self, email: &str) {
    let targets = ::redis_cached::expansion::invalidates()
        .tag_in(
            &self.cache,
            ::redis_cached::expansion::secret_tag_in(&self.cache, "of:")
                .secret(email)
                .end(),
        );
    let result = ::redis_cached::expansion::run(move || {
        self.save(email);
    });
    targets.invalidate_blocking();
    result
}
