use redis_cached::Tag;

#[derive(Tag)]
#[tag("city")]
struct Forgotten<'a>(&'a str);

#[derive(Tag)]
#[tag("viewer:<idd>:<orgs>:<1>")]
struct Misspelled {
    id: u64,
    org: u64,
}

#[derive(Tag)]
#[tag("viewer:<id.0>:<>")]
struct NotAField {
    id: (u64,),
}

#[derive(Tag)]
#[tag("viewer:<0>")]
struct NoField;

#[derive(Tag)]
#[tag("viewer:<0>")]
struct OnAField(#[tag("x")] u64);

fn main() {}
