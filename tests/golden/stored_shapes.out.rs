//! `shape`: how a value is stored, and `#[derive(Fields)]`, of which only the implementation is shown.
async fn get_user(db: &Pool, id: u64) -> Result<User, Error> {
    ::redis_cached::expansion::shaped_entry::<
        User,
        ::redis_cached::codec::Bincode,
        ::redis_cached::shape::Hash,
    >(::redis_cached::expansion::callsite!("get_user", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(3600))
        .key("user:")
        .arg(&id)
        .look_up()
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<Error>::NEW.sharing(),
            async move {
                ::redis_cached::expansion::returns!(Result < User, Error >);
                db.fetch(id).await
            },
        )
        .await
}
/// The cache entry of `get_user` for these arguments.
#[allow(dead_code)]
fn get_user_entry(
    id: u64,
) -> ::redis_cached::ShapedEntry<
    User,
    ::redis_cached::shape::Hash,
    ::redis_cached::codec::Bincode,
> {
    ::redis_cached::expansion::shaped_entry::<
        User,
        ::redis_cached::codec::Bincode,
        ::redis_cached::shape::Hash,
    >(::redis_cached::expansion::callsite!("get_user", template = "user:<>"))
        .ttl(::core::time::Duration::from_secs(3600))
        .key("user:")
        .arg(&id)
        .build_shaped()
}
fn followers(id: u64) -> HashSet<u64> {
    ::redis_cached::expansion::Returned::<HashSet<u64>>::NEW.how().stored_whole();
    ::redis_cached::expansion::shaped_entry::<
        HashSet<u64>,
        ::redis_cached::codec::Json,
        ::redis_cached::shape::Set,
    >(::redis_cached::expansion::callsite!("followers", template = "followers:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("followers:")
        .arg(&id)
        .tag("user:")
        .arg(&id)
        .build_blocking()
        .get_or_compute(move || { load(id) })
}
/// The cache entry of `followers` for these arguments.
#[allow(dead_code)]
fn followers_entry(
    id: u64,
) -> ::redis_cached::ShapedEntry<
    HashSet<u64>,
    ::redis_cached::shape::Set,
    ::redis_cached::codec::Json,
> {
    ::redis_cached::expansion::shaped_entry::<
        HashSet<u64>,
        ::redis_cached::codec::Json,
        ::redis_cached::shape::Set,
    >(::redis_cached::expansion::callsite!("followers", template = "followers:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("followers:")
        .arg(&id)
        .tag("user:")
        .arg(&id)
        .build_shaped()
}
async fn board(day: Day) -> Vec<(Player, f64)> {
    ::redis_cached::expansion::Returned::<Vec<(Player, f64)>>::NEW.how().stored_whole();
    #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
    let compute = async |day: Day| -> Vec<(Player, f64)> {
        ::redis_cached::expansion::returns!(Vec < (Player, f64) >);
        rank(day).await
    };
    ::redis_cached::expansion::shaped_entry::<
        Vec<(Player, f64)>,
        ::redis_cached::codec::Bincode,
        ::redis_cached::shape::SortedSet,
    >(::redis_cached::expansion::callsite!("board", template = "board:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("board:")
        .arg(&day)
        .build()
        .begin()
        .await
        .refresh(|| {
            let (day,) = (::redis_cached::expansion::owned::<Day, _>(&day),);
            async move { compute(day).await }
        })
        .or_compute(compute(day))
        .await
}
/// The cache entry of `board` for these arguments.
#[allow(dead_code)]
fn board_entry(
    day: &Day,
) -> ::redis_cached::ShapedEntry<
    Vec<(Player, f64)>,
    ::redis_cached::shape::SortedSet,
    ::redis_cached::codec::Bincode,
> {
    ::redis_cached::expansion::shaped_entry::<
        Vec<(Player, f64)>,
        ::redis_cached::codec::Bincode,
        ::redis_cached::shape::SortedSet,
    >(::redis_cached::expansion::callsite!("board", template = "board:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .stale_while_revalidate(::core::time::Duration::from_secs(30))
        .key("board:")
        .arg(day)
        .build_shaped()
}
pub(crate) fn feed(id: u64) -> Option<Vec<Post>> {
    crate::cache::expansion::Returned::<Option<Vec<Post>>>::NEW.how().stored_whole();
    crate::cache::expansion::shaped_entry::<
        Option<Vec<Post>>,
        crate::Own,
        crate::cache::shape::List,
    >(crate::cache::expansion::callsite!("feed", template = "feed:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .negative_ttl(::core::time::Duration::from_secs(5))
        .key("feed:")
        .arg(&id)
        .build_blocking()
        .get_or_compute(move || { load(id) })
}
/// The cache entry of `feed` for these arguments.
#[allow(dead_code)]
pub(crate) fn feed_entry(
    id: u64,
) -> crate::cache::ShapedEntry<
    Option<Vec<Post>>,
    crate::cache::shape::List,
    crate::Own,
> {
    crate::cache::expansion::shaped_entry::<
        Option<Vec<Post>>,
        crate::Own,
        crate::cache::shape::List,
    >(crate::cache::expansion::callsite!("feed", template = "feed:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .negative_ttl(::core::time::Duration::from_secs(5))
        .key("feed:")
        .arg(&id)
        .build_shaped()
}
fn by_its_type(id: u64) -> RowResult {
    let returned = ::redis_cached::expansion::Returned::<RowResult>::NEW.how();
    let result = returned
        .shaped_entry::<
            ::redis_cached::codec::Bincode,
            ::redis_cached::shape::Hash,
        >(::redis_cached::expansion::callsite!("by_its_type", template = "row:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("row:")
        .arg(&id)
        .build_blocking()
        .get_or_try_compute_sharing(
            returned.errors().sharing(),
            returned.split_blocking(move || -> RowResult { load(id) }),
        );
    returned.join(result)
}
#[allow(dead_code, deprecated)]
impl User {
    /// The field `id`, of an entry that is stored as a hash.
    pub const ID: ::redis_cached::shape::Field<Self, u64> = ::redis_cached::shape::Field::new(
        "id",
        |value| &value.id,
    );
    /// The field `created_at`, of an entry that is stored as a hash.
    pub(crate) const CREATED_AT: ::redis_cached::shape::Field<Self, Time> = ::redis_cached::shape::Field::new(
        "created_at",
        |value| &value.created_at,
    );
    /// The field `type`, of an entry that is stored as a hash.
    const TYPE: ::redis_cached::shape::Field<Self, Option<Box<Kind>>> = ::redis_cached::shape::Field::new(
        "type",
        |value| &value.r#type,
    );
}
#[automatically_derived]
#[allow(deprecated)]
impl ::redis_cached::shape::InShape<::redis_cached::shape::Hash> for User {
    fn write_parts<__C: ::redis_cached::codec::Codec>(
        &self,
        parts: &mut ::redis_cached::shape::PartsWriter<'_, __C>,
    ) -> ::core::result::Result<(), ::redis_cached::codec::CodecError> {
        parts.field("id", &self.id)?;
        parts.field("created_at", &self.created_at)?;
        parts.field("type", &self.r#type)?;
        ::core::result::Result::Ok(())
    }
    fn read_parts<__C: ::redis_cached::codec::Codec>(
        parts: &mut ::redis_cached::shape::PartsReader<'_, __C>,
    ) -> ::core::result::Result<Self, ::redis_cached::codec::CodecError> {
        ::core::result::Result::Ok(Self {
            id: parts.field::<u64>("id")?,
            created_at: parts.field::<Time>("created_at")?,
            r#type: parts.field::<Option<Box<Kind>>>("type")?,
        })
    }
}
#[allow(dead_code, deprecated)]
impl<T, const N: usize> Row<T, N>
where
    T: Clone,
{
    /// The field `values`, of an entry that is stored as a hash.
    const VALUES: crate::cache::shape::Field<Self, [T; N]> = crate::cache::shape::Field::new(
        "values",
        |value| &value.values,
    );
}
#[automatically_derived]
#[allow(deprecated)]
impl<
    T: crate::cache::Cacheable,
    const N: usize,
> crate::cache::shape::InShape<crate::cache::shape::Hash> for Row<T, N>
where
    T: Clone,
{
    fn write_parts<__C: crate::cache::codec::Codec>(
        &self,
        parts: &mut crate::cache::shape::PartsWriter<'_, __C>,
    ) -> ::core::result::Result<(), crate::cache::codec::CodecError> {
        parts.field("values", &self.values)?;
        ::core::result::Result::Ok(())
    }
    fn read_parts<__C: crate::cache::codec::Codec>(
        parts: &mut crate::cache::shape::PartsReader<'_, __C>,
    ) -> ::core::result::Result<Self, crate::cache::codec::CodecError> {
        ::core::result::Result::Ok(Self {
            values: parts.field::<[T; N]>("values")?,
        })
    }
}
