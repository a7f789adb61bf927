//! Every course that an operation on two keys of one node may take: each command is carried out or redirected, and each part's answers arrive, or are
//! lost with their connection. And that a way which sends again more than was redirected is found out.

use super::*;

/// How many redirections there are in a course, and how many parts whose answers are lost.
const REDIRECTIONS: usize = 3;
const LOSSES: usize = 2;
const KEYS: [&str; 2] = ["a", "b"];

/// What happens, as it was chosen: each choice, and of how many. The first of them, where nothing has been chosen yet.
#[derive(Default)]
struct Course {
    choices: Vec<(usize, usize)>,
    next: usize,
    redirections: usize,
    losses: usize,
    /// How often each key's command was carried out.
    executed: HashMap<String, usize>,
    log: Vec<String>,
}

impl Course {
    fn choose(&mut self, of: usize) -> usize {
        if self.next == self.choices.len() {
            self.choices.push((0, of));
        }
        self.next += 1;
        self.choices[self.next - 1].0
    }

    /// The next one; `None` after the last.
    fn after(mut self) -> Option<Self> {
        while let Some((choice, of)) = self.choices.pop() {
            if choice + 1 < of {
                self.choices.push((choice + 1, of));
                return Some(Self { choices: self.choices, ..Self::default() });
            }
        }
        None
    }

    /// What a node makes of its part.
    fn part(&mut self, node: u16, keys: &[&str]) -> KeyResults<()> {
        let answers: Vec<Result<(), Error>> = keys.iter().map(|key| self.command(node, key)).collect();
        if self.losses < LOSSES && self.choose(2) == 1 {
            self.losses += 1;
            self.log.push(format!("the answers of {node} are lost"));
            return Err(Error::new(ErrorKind::Connection, "closed"));
        }
        Ok(answers)
    }

    fn command(&mut self, node: u16, key: &str) -> Result<(), Error> {
        let how = match self.redirections {
            REDIRECTIONS => 0,
            _ => self.choose(3),
        };
        if how == 0 {
            *self.executed.entry(key.to_owned()).or_default() += 1;
            self.log.push(format!("{key} at {node}"));
            return Ok(());
        }
        self.redirections += 1;
        let how = ["MOVED", "ASK"][how - 1];
        self.log.push(format!("{key} at {node}: {how}"));
        Err(said(&format!("{how} 1 127.0.0.1:{}", node % 2 + 1)))
    }
}

/// A way to have a command carried out for each key.
trait Way {
    async fn all<F: Future<Output = KeyResults<()>>>(
        &self,
        table: &Table,
        ask: impl Fn(u16, Vec<&'static str>) -> F,
    ) -> Vec<Result<(), Error>>;
}

struct Sound;

impl Way for Sound {
    async fn all<F: Future<Output = KeyResults<()>>>(
        &self,
        table: &Table,
        ask: impl Fn(u16, Vec<&'static str>) -> F,
    ) -> Vec<Result<(), Error>> {
        ask_each(table, &KEYS, |key| key.as_bytes(), ask).await
    }
}

/// Where one command is redirected, all of them go there.
struct WholeAgain;

impl Way for WholeAgain {
    async fn all<F: Future<Output = KeyResults<()>>>(
        &self,
        table: &Table,
        ask: impl Fn(u16, Vec<&'static str>) -> F,
    ) -> Vec<Result<(), Error>> {
        let mut node = table.owner(KEYS[0].as_bytes()).expect("an owner");
        loop {
            let answers = of_part(ask(node, KEYS.to_vec()).await, KEYS.len());
            let mut redirections = answers.iter().filter_map(|answer| redirection(answer.as_ref().err()?));
            match redirections.next().and_then(|redirection| table.redirected(&node, redirection)) {
                Some(next) => node = next,
                None => return answers,
            }
        }
    }
}

/// What had no answer is sent again.
struct LostAgain;

impl Way for LostAgain {
    async fn all<F: Future<Output = KeyResults<()>>>(
        &self,
        table: &Table,
        ask: impl Fn(u16, Vec<&'static str>) -> F,
    ) -> Vec<Result<(), Error>> {
        let answers = Sound.all(table, &ask).await;
        let is_lost = |answer: &Result<(), Error>| {
            answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Connection)
        };
        if answers.iter().any(is_lost) { Sound.all(table, &ask).await } else { answers }
    }
}

/// How many courses there are; or the first in which something is carried out twice, or is said to be done and is not.
async fn all_courses(way: impl Way) -> Result<usize, Vec<String>> {
    let (mut next, mut courses) = (Some(Course::default()), 0);
    while let Some(course) = next {
        let (table, course) = (Table::of(&KEYS.map(|key| (key, 1))), RefCell::new(course));
        let ask = |node, keys: Vec<&'static str>| {
            let answered = course.borrow_mut().part(node, &keys);
            async move { answered }
        };
        let answers = way.all(&table, ask).await;
        let course = course.into_inner();
        courses += 1;
        for (key, answer) in KEYS.iter().zip(&answers) {
            let executed = course.executed.get(*key).copied().unwrap_or(0);
            if executed > 1 || (answer.is_ok() && executed == 0) {
                return Err(course.log);
            }
        }
        next = course.after();
    }
    Ok(courses)
}

#[tokio::test]
async fn nothing_is_carried_out_twice_in_any_course() {
    let courses = all_courses(Sound).await.unwrap_or_else(|log| panic!("{log:#?}"));
    assert!(courses > 100, "{courses} courses");
}

#[tokio::test]
async fn who_sends_a_pipeline_again_is_found_out() {
    let whole = all_courses(WholeAgain).await.expect_err("one was redirected, and the other done");
    assert!(whole.iter().any(|step| step.contains("MOVED") || step.contains("ASK")), "{whole:?}");
    let lost = all_courses(LostAgain).await.expect_err("it was done, and nobody heard of it");
    assert!(lost.iter().any(|step| step.contains("are lost")), "{lost:?}");
}
