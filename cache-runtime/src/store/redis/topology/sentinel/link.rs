//! The connection to one sentinel, for requests and for its own announcements.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::{Pipeline, PushInfo, PushKind, RedisError, RedisResult, Value, cmd, from_redis_value};
use tokio::sync::Notify;

use super::decision::Word;
use crate::error::{Error, ErrorKind};
use crate::runtime::executor;
use crate::store::redis::connection::config::Config;
use crate::store::redis::connection::connect::{OnPush, Proof, connect};
use crate::store::redis::connection::live::Connection;
use crate::store::redis::connection::locate::Location;
use crate::store::redis::connection::request::unanswered;
use crate::store::redis::connection::server::Server;
use crate::store::redis::error::{is_refused, translate};
use crate::store::redis::redirect::NodeAddress;
use crate::store::vocabulary::Epoch;

/// The longest that connecting takes, and an answer.
const LIMIT: Duration = Duration::from_secs(1);
/// The channel on which sentinels announce a new primary.
const CHANNEL: &str = "+switch-master";

pub(super) struct SentinelLink {
    server: Arc<Server>,
    service: Arc<str>,
    connection: Option<Connection>,
    /// Whether it has been logged that it does not tell of replicas.
    told_of_replicas: bool,
    /// The sentinel has announced something, or the connection has ended.
    pub(super) news: Arc<Notify>,
}

impl SentinelLink {
    pub(super) fn new(config: &Arc<Config>, service: &Arc<str>) -> Self {
        Self {
            server: Arc::new(Server::new(config)),
            service: Arc::clone(service),
            connection: None,
            told_of_replicas: false,
            news: Arc::default(),
        }
    }

    fn name(&self) -> &str {
        &self.server.config.endpoint.name
    }

    /// Asks where the primary is, and its replicas if they are wanted. Must be called on a runtime that drives I/O and time.
    pub(super) async fn ask(&mut self, wants_replicas: bool) -> Word {
        let was_connected = self.connection.is_some();
        let mut word = self.ask_once(wants_replicas).await;
        if was_connected && word.is_err() {
            // The sentinel may have been restarted.
            word = self.ask_once(wants_replicas).await;
        }
        word.unwrap_or_else(|error| Word::Nothing(self.explained(error)))
    }

    async fn ask_once(&mut self, wants_replicas: bool) -> Result<Word, Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let doing = format!("ask the sentinel {} for `{}`", self.name(), self.service);
        let (question, mut driver) = (question(&self.service, wants_replicas), connection.driver.clone());
        let answers = driver.send_packed_commands(&question, 0, question.len());
        let answers = executor::timeout(LIMIT, answers).await?.ok_or_else(|| unanswered(&doing))?;
        let answers = answers.map_err(|error| translate(&doing, error))?;
        // Any answer counts.
        self.connection = Some(connection);
        self.read(&doing, answers)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let news = Arc::clone(&self.news);
        let on_push: OnPush = Arc::new(move |push: &PushInfo| {
            if matches!(push.kind, PushKind::Message | PushKind::Disconnection) {
                news.notify_one();
            }
        });
        let limit = self.server.config.connect_timeout.min(LIMIT);
        match connect(
            &self.server,
            limit,
            Proof::Greeting,
            Some((Epoch { number: 1, ..Epoch::default() }, on_push)),
        )
        .await
        {
            Ok(mut connection) => {
                let subscribed = executor::timeout(limit, connection.driver.subscribe(CHANNEL)).await?;
                let subscribed = subscribed.ok_or_else(|| unanswered("subscribe to a sentinel"))?;
                if let Err(refusal) = subscribed {
                    // The user may not subscribe: the poll tells.
                    log::debug!("the sentinel {} refuses {CHANNEL}: {refusal}", self.name());
                }
                Ok(connection)
            }
            // In RESP2 it cannot tell and be asked on one connection. It tells when it is asked.
            Err(failure) if failure.is_about_watching => {
                let connected = connect(&self.server, limit, Proof::Greeting, None).await;
                connected.map_err(|failure| failure.error)
            }
            Err(failure) => Err(failure.error),
        }
    }

    fn read(&mut self, doing: &str, answers: Vec<Value>) -> Result<Word, Error> {
        let mut answers = answers.into_iter().map(Value::extract_error);
        let (Some(about), Some(address)) = (answers.next(), answers.next()) else {
            return Err(Error::new(ErrorKind::Server, format!("cannot {doing}: an answer is missing")));
        };
        let about = match about {
            Err(error) if says_unknown(&error) => return Ok(Word::Unknown),
            Err(error) if is_refused(&error) && error.code() == Some("ERR") => {
                let message =
                    format!("{} is no sentinel: it does not know the command SENTINEL", self.name());
                return Err(Error::new(ErrorKind::Server, message));
            }
            other => other.map_err(|error| translate(doing, error))?,
        };
        let odd = |_| Error::new(ErrorKind::Server, format!("cannot {doing}: the answer is not understood"));
        let about: HashMap<String, String> = from_redis_value(about).map_err(odd)?;
        let epoch = about.get("config-epoch").and_then(|epoch| epoch.parse().ok());
        let address = address.map_err(|error| translate(doing, error))?;
        let address: Option<(String, u16)> = from_redis_value(address).map_err(odd)?;
        Ok(match (epoch, address) {
            (Some(epoch), Some((host, port))) => {
                let replicas = answers.next().map_or_else(Vec::new, |answer| self.replicas(answer));
                Word::Primary(Arc::new(Location { epoch, host, port }), replicas)
            }
            (_, None) => Word::Unknown,
            (None, _) => {
                let message = format!("cannot {doing}: it does not tell the `config-epoch`");
                return Err(Error::new(ErrorKind::Server, message));
            }
        })
    }

    /// The replicas that can be asked, as far as the sentinel knows.
    fn replicas(&mut self, answer: RedisResult<Value>) -> Vec<NodeAddress> {
        match answer.and_then(|answer| Ok(from_redis_value::<Vec<HashMap<String, String>>>(answer)?)) {
            Ok(replicas) => replicas.iter().filter_map(replica).collect(),
            Err(refusal) => {
                if !std::mem::replace(&mut self.told_of_replicas, true) {
                    log::warn!(
                        "the sentinel {} does not tell of replicas to read from: {refusal}",
                        self.name()
                    );
                }
                Vec::new()
            }
        }
    }

    /// The user and the password of a sentinel are in another place than those of a server.
    fn explained(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Permission || error.to_string().contains("NOPERM") {
            return error;
        }
        let message = format!(
            "the sentinel {} refuses the user or the password: write \
             `redis+sentinel://HOST,HOST/SERVICE?sentinel_user=USER&sentinel_password=PASSWORD`, percent-encoded, and no user for a \
             password alone",
            self.name()
        );
        Error::new(ErrorKind::Permission, message)
    }
}

/// The epoch, and then the address: `SENTINEL MASTER` tells the former address until a failover is complete, with the new epoch already.
/// Should a failover come between the two, the new address has the former epoch, and the next answer sets that right; the other way round
/// the former primary would have the new epoch.
fn question(service: &str, wants_replicas: bool) -> Pipeline {
    let mut question = Pipeline::with_capacity(3);
    let replicas = wants_replicas.then_some("REPLICAS");
    for about in ["MASTER", "GET-MASTER-ADDR-BY-NAME"].into_iter().chain(replicas) {
        let mut command = cmd("SENTINEL");
        command.arg(about).arg(service);
        question.add_command(command);
    }
    question
}

fn says_unknown(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains("No such master"))
}

/// The address of a replica that is up and hears from its primary. A replaced primary that came back is none before it does.
fn replica(about: &HashMap<String, String>) -> Option<NodeAddress> {
    let is = |field, value| about.get(field).is_some_and(|is: &String| is == value);
    let is_away = |flag| matches!(flag, "s_down" | "o_down" | "disconnected");
    let is_well = is("role-reported", "slave")
        && is("master-link-status", "ok")
        && !about.get("flags")?.split(',').any(is_away);
    let address = NodeAddress::new(about.get("ip")?, about.get("port")?.parse().ok()?);
    address.filter(|_| is_well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_replica_that_is_well_is_named() {
        let about = |flags: &str, role: &str, link: &str| {
            let fields = [
                ("ip", "fd00::7"),
                ("port", "6380"),
                ("flags", flags),
                ("role-reported", role),
                ("master-link-status", link),
            ];
            replica(&fields.map(|(field, value)| (field.to_owned(), value.to_owned())).into())
        };
        assert_eq!(about("slave", "slave", "ok"), NodeAddress::new("fd00::7", 6380));
        assert!(about("slave,reconf_done", "slave", "ok").is_some());
        for flag in ["s_down", "o_down", "disconnected"] {
            assert_eq!(about(&format!("slave,{flag}"), "slave", "ok"), None, "{flag}");
        }
        assert_eq!(about("slave", "slave", "err"), None);
        assert_eq!(about("slave", "master", "ok"), None, "it takes itself for the primary still");
        assert_eq!(replica(&HashMap::new()), None);
    }
}
