//! Random requests, of which each has to do with earlier ones.

use serde_json::{Value, json};

use crate::client::Answer;

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Option<Value>,
}

const NAMES: [&str; 4] = ["ann", "bob", "Zoë", "nobody yet"];
const TITLES: [&str; 6] = ["One", "Two", "A/B: tests?", "Über", "Last words", "Draft"];
const TAGS: [&str; 4] = ["rust", "c++", "a,b", "rare"];

/// The same seed gives the same requests for the same answers.
pub(crate) struct Requests {
    state: u64,
    /// Of the users who have registered.
    tokens: Vec<String>,
    /// The number that a comment had lately.
    comment: i64,
}

impl Requests {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed | 1, tokens: Vec::new(), comment: 1 }
    }

    /// What later requests are about.
    pub(crate) fn learn(&mut self, request: &Request, answer: &Answer) {
        if let (200, "/users", Some(token)) =
            (answer.status, &*request.path, answer.body["user"]["token"].as_str())
        {
            self.tokens.push(token.to_owned());
        }
        if let Some(id) = answer.body["comment"]["id"].as_i64() {
            self.comment = id;
        }
    }

    /// xorshift64*.
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }

    fn one_of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len())]
    }

    fn name(&mut self) -> &'static str {
        self.one_of(&NAMES)
    }

    fn slug(&mut self) -> String {
        encoded(self.one_of(&["one", "two", "a-b-tests", "über", "last-words", "draft"]))
    }

    fn email(&mut self) -> String {
        format!("{}@example.com", self.name())
    }

    pub(crate) fn next_request(&mut self) -> Request {
        let (method, path, body) = if self.below(100) < 60 { self.read() } else { self.write() };
        // A sixth of the requests are those of nobody.
        let is_anonymous = self.tokens.is_empty() || self.below(6) == 0;
        let token =
            (!is_anonymous).then(|| self.below(self.tokens.len())).map(|user| self.tokens[user].clone());
        Request { method, path, token, body }
    }

    fn read(&mut self) -> (&'static str, String, Option<Value>) {
        let path = match self.below(10) {
            0 => "/user".to_owned(),
            1 => format!("/profiles/{}", encoded(self.name())),
            2 | 3 => format!("/articles/{}", self.slug()),
            4 => format!("/articles/{}/comments", self.slug()),
            5 => "/tags".to_owned(),
            6 => format!("/articles/feed?limit={}", 1 + self.below(3)),
            _ => {
                let filter = match self.below(4) {
                    0 => format!("tag={}", encoded(self.one_of(&TAGS))),
                    1 => format!("author={}", encoded(self.name())),
                    2 => format!("favorited={}", encoded(self.name())),
                    _ => format!("tag={}&author={}", encoded(self.one_of(&TAGS)), encoded(self.name())),
                };
                format!("/articles?{filter}&offset={}", self.below(2))
            }
        };
        ("GET", path, None)
    }

    fn write(&mut self) -> (&'static str, String, Option<Value>) {
        let slug = self.slug();
        match self.below(17) {
            0 | 1 => {
                let user = json!({ "username": self.name(), "email": self.email(), "password": "secret" });
                ("POST", "/users".to_owned(), Some(json!({ "user": user })))
            }
            2 => {
                let password = self.one_of(&["secret", "wrong"]);
                let user = json!({ "email": self.email(), "password": password });
                ("POST", "/users/login".to_owned(), Some(json!({ "user": user })))
            }
            3 => {
                let user = match self.below(3) {
                    0 => json!({ "username": self.name() }),
                    1 => json!({ "email": self.email() }),
                    _ => json!({ "bio": self.one_of(&TITLES) }),
                };
                ("PUT", "/user".to_owned(), Some(json!({ "user": user })))
            }
            4 => ("POST", format!("/profiles/{}/follow", encoded(self.name())), None),
            5 => ("DELETE", format!("/profiles/{}/follow", encoded(self.name())), None),
            6 | 7 => {
                let tags = [self.one_of(&TAGS), self.one_of(&TAGS)];
                let article = json!({
                    "title": self.one_of(&TITLES), "description": "about it", "body": self.one_of(&TITLES), "tagList": tags,
                });
                ("POST", "/articles".to_owned(), Some(json!({ "article": article })))
            }
            8..=10 => {
                let article = match self.below(3) {
                    0 | 1 => json!({ "title": self.one_of(&TITLES) }),
                    _ => json!({ "body": self.one_of(&TITLES) }),
                };
                ("PUT", format!("/articles/{slug}"), Some(json!({ "article": article })))
            }
            11 | 12 => ("DELETE", format!("/articles/{slug}"), None),
            13 => ("POST", format!("/articles/{slug}/favorite"), None),
            14 => ("DELETE", format!("/articles/{slug}/favorite"), None),
            15 => {
                let comment = json!({ "comment": { "body": self.one_of(&TITLES) } });
                ("POST", format!("/articles/{slug}/comments"), Some(comment))
            }
            _ => ("DELETE", format!("/articles/{slug}/comments/{}", self.comment), None),
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || byte == b'-' {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
