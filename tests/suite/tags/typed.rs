//! Tags as types: what may be derived, and where such a tag may stand.

use std::sync::Arc;

use redis_cached::{Cache, KeyPart, Tag, redis_cached, redis_invalidates};

use super::Source;
use crate::{Failed, both};

#[derive(Tag)]
#[tag("lists")]
struct Lists;

#[derive(Tag)]
#[tag("nothing")]
struct Nothing {}

#[derive(Tag)]
#[tag("team:<0>")]
struct Team(u64);

#[derive(Tag)]
#[tag("viewer:<id>")]
struct Viewer {
    id: u64,
}

#[derive(Tag)]
#[tag("city:<0>")]
struct City<'a>(&'a str);

#[derive(Tag)]
#[tag("<<{<r#type>}>: <size>, <size>")]
struct Generic<'a, T: ?Sized, const N: usize>
where
    T: PartialEq,
{
    r#type: &'a T,
    size: [u8; N],
}

#[derive(Tag)]
#[tag("seen by <0> as <1>")]
struct Seen<T>(Option<T>, Role);

#[derive(Clone, Copy, PartialEq, KeyPart)]
enum Role {
    Admin,
    Of(u8),
}

#[derive(Tag)]
#[tag("owned:<0>:<1>")]
struct Owned(String, Arc<str>);

#[test]
fn names_of_every_kind_of_struct() {
    assert_eq!(Lists.tag_name(), "lists");
    assert_eq!(Nothing {}.tag_name(), "nothing");
    assert_eq!(Team(7).tag_name(), "team:7");
    assert_eq!(Viewer { id: 7 }.tag_name(), "viewer:7");
    assert_eq!(City("a b/%").tag_name(), "city:a b/%");
    assert_eq!(Generic { r#type: "x y", size: [1, 2] }.tag_name(), "<{x y}>: 1,2,, 1,2,");
    assert_eq!(Owned("a:b".into(), "é".into()).tag_name(), "owned:a:b:é");
    assert_eq!(String::from(Team(8)), "team:8");
    // Composites tell values apart, as keys do.
    assert_eq!(Seen(None::<&str>, Role::Admin).tag_name(), "seen by  as Admin,");
    assert_eq!(Seen(Some(""), Role::Of(1)).tag_name(), "seen by , as Of,1,");
    assert_eq!(Seen(Some("a,b c"), Role::Of(1)).tag_name(), "seen by a%2Cb%20c, as Of,1,");
}

/// Everything that is a tag, by value and by pointer.
#[test]
fn pointers_are_tags() {
    fn name(tag: impl Tag) -> String {
        tag.tag_name().into_owned()
    }
    let team = Box::new(Team(1));
    assert_eq!(
        [name(&team), name(team.as_ref()), name(Box::new(Team(1))), name(Arc::new(Team(1)))],
        ["team:1"; 4]
    );
    let dynamic: Vec<Box<dyn Tag>> =
        vec![Box::new(Team(1)), Box::new("team:1"), Box::new(String::from("team:1"))];
    assert!(dynamic.iter().all(|tag| name(tag) == "team:1"));
}

#[derive(Clone, Copy, KeyPart)]
struct OrgId(u64);

#[derive(Tag)]
#[tag("org:<0>")]
struct Org(OrgId);

struct User {
    id: u64,
    city: String,
}

struct Desk {
    city: String,
    tag: String,
}

/// An argument of each kind, by what a tag takes of it.
#[redis_cached(
    ttl = 60, key = "all:<id>", skip(source, org, city, owned, user),
    tags = [Org(org), City(city), City(owned), Viewer { id }, Viewer { id: user.id }, City(user.city), Team(id + 1), Lists, own_tag(owned)]
)]
async fn all(
    source: &Source,
    id: u64,
    org: OrgId,
    city: &str,
    owned: String,
    user: User,
) -> Result<u64, Failed> {
    drop((org, city, owned, user, id));
    Ok(source.read().await)
}

fn own_tag(name: &str) -> Owned {
    Owned(name.to_owned(), "own".into())
}

impl Desk {
    #[redis_cached(ttl = 60, key = "desk", skip(self, source, note), tags = [City(self.city), self.tag, City(&note)])]
    fn desk(&self, source: &Source, note: String) -> u64 {
        drop(note);
        source.quick_read()
    }
}

#[tokio::test]
async fn arguments_of_all_kinds_are_lent_to_tags() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let call = async || {
            let user = User { id: 9, city: "U".into() };
            let found = cache.scope(all(&source, 1, OrgId(5), "C", "O".to_owned(), user)).await;
            cache.flush().await.unwrap();
            found.unwrap()
        };
        let desk = Desk { city: "D".into(), tag: "own tag".into() };
        let tags: [&dyn Tag; 9] = [
            &Org(OrgId(5)),
            &City("C"),
            &City("O"),
            &Viewer { id: 1 },
            &Viewer { id: 9 },
            &City("U"),
            &Team(2),
            &Lists,
            &"owned:O:own",
        ];
        for tag in tags {
            assert_eq!(call().await, call().await);
            let new = source.write();
            cache.invalidate_tag(tag).await.unwrap();
            assert_eq!(call().await, new, "{}", tag.tag_name());
        }
        for tag in ["city:D", "own tag", "city:N"] {
            let call = || cache.sync_scope(|| desk.desk(&source, "N".to_owned()));
            assert_eq!(call(), call());
            let new = source.write();
            cache.invalidate_tag(tag).await.unwrap();
            assert_eq!(call(), new, "{tag}");
        }
        // The entry's function has the same tags.
        let user = User { id: 9, city: "U".into() };
        let entry = cache.sync_scope(|| all_entry(1, &OrgId(5), "C", &"O".to_owned(), &user));
        assert_eq!(entry.get().await.unwrap(), Some(call().await));
        let stored = cache.sync_scope(|| desk.desk_entry(&"N".to_owned())).get().await.unwrap();
        assert!(stored.is_some());
    }
}

#[redis_cached(ttl = 60, key = "page:<viewer>", skip(source), tags = [viewer.map(|id| Viewer { id })])]
async fn page(source: &Source, viewer: Option<u64>) -> u64 {
    let _ = viewer;
    source.read().await
}

#[redis_invalidates(tag(Viewer { id: auth_user }))]
async fn follow(auth_user: u64) {}

#[redis_invalidates(tag(auth_user.map(|id| Viewer { id })))]
async fn perhaps_follow(auth_user: Option<u64>) {}

/// The reader's viewer is an `Option`, the writer's is none: the type is one.
#[tokio::test]
async fn a_reader_with_an_option_and_a_writer_without_agree() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let call = async |viewer| {
            let found = cache.scope(page(&source, viewer)).await;
            cache.flush().await.unwrap();
            found
        };
        let all = async || (call(None).await, call(Some(7)).await, call(Some(8)).await);
        assert_eq!((all().await, all().await, source.reads()), ((1, 1, 1), (1, 1, 1), 3), "each is stored");
        let new = source.write();
        cache.scope(follow(7)).await;
        assert_eq!((all().await, all().await), ((1, new, 1), (1, new, 1)));
        let newer = source.write();
        cache.scope(perhaps_follow(None)).await;
        assert_eq!(all().await, (1, new, 1), "no tag");
        cache.scope(perhaps_follow(Some(7))).await;
        assert_eq!(all().await, (1, newer, 1));
    }
}

/// One entry whose tags differ from call to call: who has other tags is not served it.
#[redis_cached(ttl = 60, key = "one", skip(source, team, city), tags = [team, city.as_ref().map(|city| City(city)), |_: &u64| vec!["of value".into()]])]
fn one(source: &Source, team: Option<Team>, city: Option<String>) -> u64 {
    drop((team, city));
    source.quick_read()
}

#[tokio::test]
async fn an_entry_with_other_tags_does_not_fit() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let call = async |team: Option<u64>, city: Option<&str>| {
            let found = cache.sync_scope(|| one(&source, team.map(Team), city.map(str::to_owned)));
            cache.flush().await.unwrap();
            found
        };
        let kinds = [(None, None), (Some(1), None), (None, Some("x")), (Some(1), Some("x")), (Some(2), None)];
        for (number, (team, city)) in kinds.into_iter().enumerate() {
            let new = source.write();
            assert_eq!((call(team, city).await, call(team, city).await), (new, new), "{number}");
            assert_eq!(source.reads(), number + 1, "stored, and not another's");
        }
        let new = source.write();
        cache.invalidate_tag(Team(2)).await.unwrap();
        assert_eq!(call(Some(2), None).await, new);
        let new = source.write();
        cache.invalidate_tag("of value").await.unwrap();
        assert_eq!(call(Some(2), None).await, new);
        // What the entry's function makes of references.
        let entry = cache.sync_scope(|| one_entry(&Some(Team(2)), &None));
        assert_eq!(entry.get().await.unwrap(), Some(new));
    }
}

/// Tags that arguments name and tags that the value names, together.
#[redis_cached(
    ttl = 60, key = "both:<id>", skip(source, org), group = "both",
    tags = ["org:<org>", |(team, _): &(u64, u64)| vec![Team(*team).into(), format!("plain:{team}")], Lists]
)]
async fn both_kinds(source: &Source, org: &str, id: u64) -> (u64, u64) {
    let _ = org;
    (id + 100, source.read().await)
}

#[tokio::test]
async fn tags_from_arguments_and_from_the_value_go_together() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let call = async |id| {
            let found = cache.scope(both_kinds(&source, "a b", id)).await.1;
            cache.flush().await.unwrap();
            found
        };
        let all = async || (call(1).await, call(2).await);
        assert_eq!((all().await, all().await, source.reads()), ((1, 1), (1, 1), 2));
        for tag in ["org:a b", "lists", "group:both"] {
            let new = source.write();
            cache.invalidate_tag(tag).await.unwrap();
            assert_eq!((all().await, all().await), ((new, new), (new, new)), "{tag}");
        }
        for tag in ["team:101", "plain:101"] {
            let (_, other) = all().await;
            let new = source.write();
            cache.invalidate_tag(tag).await.unwrap();
            assert_eq!((all().await, all().await), ((new, other), (new, other)), "{tag}");
        }
        let entry = cache.sync_scope(|| both_kinds_entry("a b", 9));
        entry.put(&(109, 77)).await.unwrap();
        assert_eq!(call(9).await, 77);
        cache.invalidate_tag(Team(109)).await.unwrap();
        assert_eq!(entry.get().await.unwrap(), None);
    }
}

#[redis_cached(ttl = 60, key = "kept:<id>", skip(source), local = "1m", tags = [Team(id), |_: &u64| vec![City("kept").into()]])]
async fn kept(source: &Source, id: u64) -> u64 {
    let _ = id;
    source.read().await
}

#[tokio::test]
async fn the_local_tier_knows_them() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let call = async |id| {
            let found = cache.scope(kept(&source, id)).await;
            cache.flush().await.unwrap();
            found
        };
        for tag in [&Team(1) as &dyn Tag, &City("kept")] {
            for _ in 0..3 {
                call(1).await;
            }
            let new = source.write();
            cache.invalidate_tag(tag).await.unwrap();
            assert_eq!((call(1).await, call(1).await, call(1).await), (new, new, new));
        }
    }
}

/// Before the body and after it, with arguments that the body uses up.
#[redis_invalidates(tag(City(city)), tag(Seen(Some(id), Role::Admin)), tag(Owned(ret.clone(), name.into())), tag(City(ret)))]
async fn used_up(city: String, id: u64, name: &str) -> Result<String, Failed> {
    drop((city, id));
    Ok(format!("new {name}"))
}

#[redis_invalidates(tag(City(user.city)), tag(Pair(user.city, ret)), before, on_error, cache = desk.cache)]
fn with_cache(desk: &Writer, user: User) -> Result<u64, Failed> {
    let _ = &desk.cache;
    Ok(user.id)
}

struct Writer {
    cache: Cache,
}

#[derive(Tag)]
#[tag("pair:<0>:<1>")]
struct Pair<'a>(&'a str, u64);

#[redis_cached(ttl = 60, key = "tagged:<tag>", skip(source), tags = [tag])]
fn tagged(source: &Source, tag: &str) -> u64 {
    let _ = tag;
    source.quick_read()
}

#[tokio::test]
async fn writers_name_them_before_and_after_the_body() {
    let (_server, caches) = both().await;
    for cache in caches {
        let source = Source::new();
        let names = ["city:C", "seen by 7, as Admin,", "owned:new n:n", "city:new n", "city:U", "pair:U:9"];
        let all = async || {
            let found = cache.sync_scope(|| names.map(|name| tagged(&source, name)));
            cache.flush().await.unwrap();
            found
        };
        assert_eq!((all().await, all().await), ([1; 6], [1; 6]));
        let new = source.write();
        cache.scope(used_up("C".into(), 7, "n")).await.unwrap();
        assert_eq!(all().await, [new, new, new, new, 1, 1]);
        let newer = source.write();
        with_cache(&Writer { cache: cache.clone() }, User { id: 9, city: "U".into() }).unwrap();
        assert_eq!(all().await, [new, new, new, new, newer, newer]);
    }
}
