//! Errors that are remembered.
async fn chosen(id: u64) -> Result<User, Error> {
    let negative = ::redis_cached::expansion::negative::<
        User,
        Error,
        ::redis_cached::codec::Bincode,
    >(
        ::redis_cached::expansion::callsite!("chosen", template = "a:<>"),
        |result| ::redis_cached::expansion::kind_of(
            result,
            |e| matches!(e, Error::NotFound),
        ),
    );
    let result = negative
        .entry()
        .ttl(::core::time::Duration::from_secs(3600))
        .absent_ttl(::core::time::Duration::from_secs(30))
        .key("a:")
        .arg(&id)
        .look_up()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<Error>::NEW.sharing(),
            negative
                .split(async move {
                    ::redis_cached::expansion::returns!(Result < User, Error >);
                    fetch(id).await
                }),
        )
        .await;
    negative.join(result)
}
/// The cache entry of `chosen` for these arguments.
#[allow(dead_code)]
fn chosen_entry(id: u64) -> ::redis_cached::Entry<::core::result::Result<User, Error>> {
    let negative = ::redis_cached::expansion::negative::<
        User,
        Error,
        ::redis_cached::codec::Bincode,
    >(
        ::redis_cached::expansion::callsite!("chosen", template = "a:<>"),
        |result| ::redis_cached::expansion::kind_of(
            result,
            |e| matches!(e, Error::NotFound),
        ),
    );
    negative
        .entry()
        .ttl(::core::time::Duration::from_secs(3600))
        .absent_ttl(::core::time::Duration::from_secs(30))
        .key("a:")
        .arg(&id)
        .build()
}
fn with_closures_of_the_value(id: u64) -> io::Result<User> {
    let negative = ::redis_cached::expansion::negative::<
        User,
        ::redis_cached::expansion::ErrorOf<io::Result<User>>,
        ::redis_cached::codec::Bincode,
    >(
        ::redis_cached::expansion::callsite!(
            "with_closures_of_the_value", template = "b:<>"
        ),
        |result| ::redis_cached::expansion::kind_of(result, Error::is_final),
    );
    let result = negative
        .entry()
        .ttl_with(|result| {
            result
                .as_ref()
                .map_or(::core::time::Duration::ZERO, |user: &User| user.ttl())
        })
        .local(::core::time::Duration::from_secs(5), negative.keeping().how())
        .absent_ttl(::core::time::Duration::from_secs(30))
        .cache_if(|result| result.as_ref().map_or(true, User::is_known))
        .key("b:")
        .arg(&id)
        .tags_of(|result| {
            result.as_ref().map_or(::std::vec::Vec::new(), |user: &User| user.tags())
        })
        .build_blocking()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<
                ::redis_cached::expansion::ErrorOf<io::Result<User>>,
            >::NEW
                .sharing(),
            negative.split_blocking(move || { fetch(id) }),
        );
    negative.join(result)
}
/// The cache entry of `with_closures_of_the_value` for these arguments.
#[allow(dead_code)]
fn with_closures_of_the_value_entry(
    id: u64,
) -> ::redis_cached::Entry<
    ::core::result::Result<User, ::redis_cached::expansion::ErrorOf<io::Result<User>>>,
> {
    let negative = ::redis_cached::expansion::negative::<
        User,
        ::redis_cached::expansion::ErrorOf<io::Result<User>>,
        ::redis_cached::codec::Bincode,
    >(
        ::redis_cached::expansion::callsite!(
            "with_closures_of_the_value", template = "b:<>"
        ),
        |result| ::redis_cached::expansion::kind_of(result, Error::is_final),
    );
    negative
        .entry()
        .ttl_with(|result| {
            result
                .as_ref()
                .map_or(::core::time::Duration::ZERO, |user: &User| user.ttl())
        })
        .local(::core::time::Duration::from_secs(5), negative.keeping().how())
        .absent_ttl(::core::time::Duration::from_secs(30))
        .cache_if(|result| result.as_ref().map_or(true, User::is_known))
        .key("b:")
        .arg(&id)
        .tags_of(|result| {
            result.as_ref().map_or(::std::vec::Vec::new(), |user: &User| user.tags())
        })
        .build()
}
async fn in_the_background(id: u64) -> AppResult<User> {
    let negative = ::redis_cached::expansion::negative::<
        ::redis_cached::expansion::OkOf<AppResult<User>>,
        ::redis_cached::expansion::ErrorOf<AppResult<User>>,
        ::redis_cached::codec::Bincode,
    >(
        ::redis_cached::expansion::callsite!("in_the_background", template = "c:<>"),
        |result| ::redis_cached::expansion::kind_of(result, Error::is_final),
    );
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = async |id: u64| -> AppResult<User> {
        ::redis_cached::expansion::returns!(AppResult < User >);
        fetch(id).await
    };
    let errors = ::redis_cached::expansion::Errors::<
        ::redis_cached::expansion::ErrorOf<AppResult<User>>,
    >::NEW
        .sharing();
    let result = negative
        .entry()
        .ttl(::core::time::Duration::from_secs(3600))
        .stale_while_revalidate(::core::time::Duration::from_secs(60))
        .absent_ttl(::core::time::Duration::from_secs(30))
        .key("c:")
        .arg(&id)
        .build()
        .begin()
        .await
        .try_refresh(
            errors,
            || {
                let (id,) = (::redis_cached::expansion::owned::<u64, _>(&id),);
                async move { negative.split(compute(id)).await }
            },
        )
        .or_try_compute(errors, negative.split(compute(id)))
        .await;
    negative.join(result)
}
/// The cache entry of `in_the_background` for these arguments.
#[allow(dead_code)]
fn in_the_background_entry(
    id: u64,
) -> ::redis_cached::Entry<
    ::core::result::Result<
        ::redis_cached::expansion::OkOf<AppResult<User>>,
        ::redis_cached::expansion::ErrorOf<AppResult<User>>,
    >,
> {
    let negative = ::redis_cached::expansion::negative::<
        ::redis_cached::expansion::OkOf<AppResult<User>>,
        ::redis_cached::expansion::ErrorOf<AppResult<User>>,
        ::redis_cached::codec::Bincode,
    >(
        ::redis_cached::expansion::callsite!("in_the_background", template = "c:<>"),
        |result| ::redis_cached::expansion::kind_of(result, Error::is_final),
    );
    negative
        .entry()
        .ttl(::core::time::Duration::from_secs(3600))
        .stale_while_revalidate(::core::time::Duration::from_secs(60))
        .absent_ttl(::core::time::Duration::from_secs(30))
        .key("c:")
        .arg(&id)
        .build()
}
async fn many(ids: &[u64]) -> HashMap<u64, Result<User, Error>> {
    let mut batch = ::redis_cached::expansion::entry::<
        Result<User, Error>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("many", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(3600))
        .absent_ttl(::core::time::Duration::from_secs(30))
        .negative(|result| ::redis_cached::expansion::kind_of(
            result,
            |e| matches!(e, Error::NotFound),
        ))
        .key("a:")
        .each()
        .batch::<
            HashMap<u64, Result<User, Error>>,
        >(::redis_cached::expansion::cloned::<u64>(ids));
    while let ::core::option::Option::Some(missing) = batch.missing().await {
        #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
        let ids: &[u64] = &missing;
        batch
            .compute(async {
                ::redis_cached::expansion::returns!(
                    HashMap < u64, Result < User, Error > >
                );
                fetch_all(ids).await
            })
            .await;
    }
    batch.finish()
}
/// The cache entry of `many` for these arguments.
#[allow(dead_code)]
fn many_entry(ids: u64) -> ::redis_cached::Entry<Result<User, Error>> {
    ::redis_cached::expansion::entry::<
        Result<User, Error>,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("many", template = "a:<>"))
        .ttl(::core::time::Duration::from_secs(3600))
        .absent_ttl(::core::time::Duration::from_secs(30))
        .negative(|result| ::redis_cached::expansion::kind_of(
            result,
            |e| matches!(e, Error::NotFound),
        ))
        .key("a:")
        .arg(&ids)
        .build()
}
