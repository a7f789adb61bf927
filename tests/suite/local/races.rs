//! Readers that keep values against a writer in another process, whole and on a real server.

use redis_cached_test_support::{RedisServer, servers};

use super::{Row, kept, kept_entry, local_hits, process};

const ROUNDS: u64 = 1_500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_old_value_stays_where_readers_met_a_writer() {
    for program in servers() {
        let server = RedisServer::builder().program(program).start();
        let (reader, writer) = (process(&server), process(&server));
        let row = Row::default();
        row.set(1);
        for round in 0..ROUNDS {
            let name = format!("round {round}");
            let entry = writer.sync_scope(|| kept_entry(&name));
            entry.put(&0).await.unwrap();
            let reading = tokio::spawn({
                let (reader, row) = (reader.clone(), row.clone());
                async move { reader.scope(kept(&row, &name)).await }
            });
            // From far before the read to far behind it.
            for _ in 0..round % 24 {
                tokio::task::yield_now().await;
            }
            entry.put(&1).await.unwrap();
            reading.await.unwrap();
        }
        // What this reads is answered after all that Redis had to tell.
        writer.sync_scope(|| kept_entry("fence")).put(&1).await.unwrap();
        reader.scope(kept(&row, "fence")).await;

        let mut old = 0;
        for round in 0..ROUNDS {
            old += u64::from(reader.scope(kept(&row, &format!("round {round}"))).await == 0);
        }
        println!("{old} old, {} kept of {ROUNDS}", local_hits(&reader));
        assert_eq!(old, 0, "of {ROUNDS}");
        assert!(local_hits(&reader) > 0, "nothing was kept");
    }
}
