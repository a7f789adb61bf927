//! Tags as types: what the derive makes, and how functions and writers lend their arguments to them.
#[automatically_derived]
impl<'a> ::redis_cached::Tag for City<'a> {
    fn tag_name(&self) -> ::std::borrow::Cow<'_, str> {
        ::std::borrow::Cow::Owned(
            ::redis_cached::expansion::tag("city:").field(&self.0).end(),
        )
    }
    fn lead(&self) -> ::core::option::Option<&'static str> {
        ::core::option::Option::Some("city:")
    }
}
#[automatically_derived]
impl<'a> ::core::convert::From<City<'a>> for ::std::string::String {
    fn from(tag: City<'a>) -> Self {
        ::redis_cached::Tag::tag_name(&tag).into_owned()
    }
}
#[automatically_derived]
impl crate::cache::Tag for Lists {
    fn tag_name(&self) -> ::std::borrow::Cow<'_, str> {
        ::std::borrow::Cow::Borrowed("lists")
    }
    fn lead(&self) -> ::core::option::Option<&'static str> {
        ::core::option::Option::Some("lists")
    }
}
#[automatically_derived]
impl ::core::convert::From<Lists> for ::std::string::String {
    fn from(tag: Lists) -> Self {
        crate::cache::Tag::tag_name(&tag).into_owned()
    }
}
#[automatically_derived]
impl<T: ?Sized + ::redis_cached::KeyPart> ::redis_cached::Tag for Viewer<T> {
    fn tag_name(&self) -> ::std::borrow::Cow<'_, str> {
        ::std::borrow::Cow::Owned(
            ::redis_cached::expansion::tag("")
                .field(&self.id)
                .text(":")
                .field(&self.r#type)
                .text(" of ")
                .field(&self.id)
                .end(),
        )
    }
    fn lead(&self) -> ::core::option::Option<&'static str> {
        ::core::option::Option::Some("")
    }
}
#[automatically_derived]
impl<T: ?Sized + ::redis_cached::KeyPart> ::core::convert::From<Viewer<T>>
for ::std::string::String {
    fn from(tag: Viewer<T>) -> Self {
        ::redis_cached::Tag::tag_name(&tag).into_owned()
    }
}
/// What is a reference, or a number, in both functions is handed over as it is.
async fn lent(id: u64, org: OrgId, city: &str, user: User) -> User {
    ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    let entry = ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("lent", template = "<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&id)
        .text(":")
        .arg(&org)
        .typed_tag(City(city))
        .typed_tag(City(::redis_cached::expansion::arg(&user.city)))
        .typed_tag(Org(::redis_cached::expansion::arg(&org)))
        .typed_tag(Viewer { id, r#type: own(city) })
        .typed_tag(&Lists)
        .look_up();
    entry
        .get_or_compute(async move {
            ::redis_cached::expansion::returns!(User);
            fetch(id).await
        })
        .await
}
/// The cache entry of `lent` for these arguments.
#[allow(dead_code)]
fn lent_entry(
    id: u64,
    org: &OrgId,
    city: &str,
    user: &User,
) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("lent", template = "<>:<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&id)
        .text(":")
        .arg(org)
        .typed_tag(City(city))
        .typed_tag(City(::redis_cached::expansion::arg(&user.city)))
        .typed_tag(Org(::redis_cached::expansion::arg(&org)))
        .typed_tag(Viewer { id, r#type: own(city) })
        .typed_tag(&Lists)
        .build()
}
/// Tags that the value names, beside others; and one that there may not be.
fn with_values(viewer: Option<u64>) -> Result<User, Error> {
    let entry = ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("with_values", template = "<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&viewer)
        .typed_tag(viewer.map(Team))
        .tag("all")
        .tag("group:users")
        .tags_of(|user: &User| vec![Team(user.team).into()])
        .build_blocking();
    entry
        .get_or_try_compute_sharing(
            ::redis_cached::expansion::Errors::<Error>::NEW.sharing(),
            move || { fetch(viewer) },
        )
}
/// The cache entry of `with_values` for these arguments.
#[allow(dead_code)]
fn with_values_entry(viewer: &Option<u64>) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("with_values", template = "<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(viewer)
        .typed_tag(viewer.map(Team))
        .tag("all")
        .tag("group:users")
        .tags_of(|user: &User| vec![Team(user.team).into()])
        .build()
}
/// In the entry's function it is a reference already.
fn borrowed(city: String) -> User {
    ::redis_cached::expansion::Returned::<User>::NEW.how().stored_whole();
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("borrowed", template = "<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(&city)
        .typed_tag(City(&city))
        .build_blocking()
        .get_or_compute(move || { fetch(&city) })
}
/// The cache entry of `borrowed` for these arguments.
#[allow(dead_code, clippy::ptr_arg)]
fn borrowed_entry(city: &String) -> ::redis_cached::Entry<User> {
    ::redis_cached::expansion::entry::<
        User,
        ::redis_cached::codec::Bincode,
    >(::redis_cached::expansion::callsite!("borrowed", template = "<>"))
        .ttl(::core::time::Duration::from_secs(60))
        .key("")
        .arg(city)
        .typed_tag(City(city))
        .build()
}
fn before_the_body(city: String) {
    let targets = ::redis_cached::expansion::invalidates()
        .tag(City(::redis_cached::expansion::arg(&city)))
        .tag(&Lists)
        .tag(::redis_cached::expansion::tag("group:users").end());
    let result = ::redis_cached::expansion::run(move || {
        drop(city);
    });
    targets.invalidate_blocking();
    result
}
async fn after_the_body(&self, id: u64, city: String) -> Result<User, Error> {
    let targets = ::redis_cached::expansion::invalidates();
    let argument_0_0 = ::redis_cached::expansion::kept(&city);
    let argument_1_0 = ::redis_cached::expansion::kept(&id);
    let argument_3_0 = ::redis_cached::expansion::kept(&id);
    let result = async {
        ::redis_cached::expansion::returns!(Result < User, Error >);
        self.create(id, city).await
    }
        .await;
    targets
        .after_with(
            result.as_ref().ok(),
            |targets, ret| {
                targets
                    .tag_in(
                        &self.cache,
                        Pair(
                            ::redis_cached::expansion::arg(&ret.id),
                            ::redis_cached::expansion::arg(&argument_0_0),
                        ),
                    )
                    .tag_in(
                        &self.cache,
                        Pair(::redis_cached::expansion::arg(&argument_1_0), &ret.name),
                    )
                    .tag_in(&self.cache, ret.team.map(Team))
                    .tag_in(
                        &self.cache,
                        Pair(
                            next(::redis_cached::expansion::arg(&argument_3_0)),
                            ::redis_cached::expansion::arg(&ret),
                        ),
                    )
            },
        )
        .invalidate()
        .await;
    result
}
