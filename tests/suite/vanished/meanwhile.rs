//! Only what the recomputation has seen is removed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::{Row, plain, plain_entry};
use crate::both;

#[tokio::test]
async fn a_newer_value_stays() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let entry = cache.sync_scope(|| plain_entry(10));
        entry.put(&Some(1)).await.unwrap();
        let overtaken = async {
            entry.put(&Some(2)).await.unwrap();
            None
        };
        assert_eq!(entry.refresh_with(overtaken).await, None);
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(Some(2)));
    }
}

/// The invalidation takes the old value away, and who computes after it has the slot.
#[tokio::test]
async fn the_lease_of_somebody_else_stays() {
    let (_server, caches) = both().await;
    for cache in caches {
        let entry = cache.sync_scope(|| plain_entry(11));
        entry.put(&Some(1)).await.unwrap();
        let (begun, began) = oneshot::channel::<()>();
        let (go, gone) = oneshot::channel::<()>();
        let (scope, later) = (cache.clone(), entry.clone());
        let other = async move {
            later.invalidate().await.unwrap();
            let compute = async {
                begun.send(()).unwrap();
                gone.await.unwrap();
                Some(3)
            };
            scope.scope(later.get_or_compute(compute)).await
        };
        let mut task = None;
        let overtaken = async {
            task = Some(tokio::spawn(other));
            began.await.unwrap();
            None
        };
        assert_eq!(entry.refresh_with(overtaken).await, None);
        cache.flush().await.unwrap();
        go.send(()).unwrap();
        assert_eq!(task.unwrap().await.unwrap(), Some(3));
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(Some(3)), "its lease was taken away");
    }
}

#[tokio::test]
async fn a_hold_stays() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let entry = cache.sync_scope(|| plain_entry(12));
        entry.put(&Some(1)).await.unwrap();
        let held = async {
            entry.invalidate_with_hold(Duration::from_secs(60)).await.unwrap();
            None
        };
        assert_eq!(entry.refresh_with(held).await, None);
        cache.flush().await.unwrap();
        let row = Row::of(4);
        assert_eq!(cache.scope(plain(&row, 12)).await, Some(4));
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), None, "nothing is stored while the hold stands");
    }
}

/// Who has no right to replace removes nothing: somebody else is at it.
#[tokio::test]
async fn who_may_not_store_removes_nothing() {
    let (_server, caches) = both().await;
    for cache in &caches {
        let entry = cache.sync_scope(|| plain_entry(13));
        entry.put(&Some(1)).await.unwrap();
        let row: Arc<Row> = Row::of(0);
        let within = async {
            assert_eq!(cache.scope(cache.bypass(plain(&row, 13))).await, None);
            cache.flush().await.unwrap();
            assert_eq!(entry.get().await.unwrap(), Some(Some(1)));
            Some(2)
        };
        assert_eq!(entry.refresh_with(within).await, Some(2));
        cache.flush().await.unwrap();
        assert_eq!(entry.get().await.unwrap(), Some(Some(2)));
    }
}
