use std::time::Duration;

use super::*;

const LONG: Duration = Duration::from_secs(10);

fn key() -> FlightKey {
    FlightKey { key: "k".into(), fingerprint: 0 }
}

fn lead(role: Role) -> Leader {
    match role {
        Role::Leader(lead) => lead,
        Role::Follower(_) => panic!("a follower"),
    }
}

fn follow(role: Role) -> Follower {
    match role {
        Role::Follower(follow) => follow,
        Role::Leader(_) => panic!("a leader"),
    }
}

/// Leads a closed flight, which has this mark.
fn marked(flights: &Arc<Flights>) -> Leader {
    let mut leader = lead(flights.join(&key()));
    leader.close();
    assert!(leader.mark([1; 17]));
    leader
}

#[tokio::test]
async fn followers_get_what_the_leader_has() {
    let flights = Arc::new(Flights::default());
    let leader = lead(flights.join(&key()));
    assert!(!leader.has_followers());
    let follower = follow(flights.join(&key()));
    assert!(leader.has_followers());
    leader.land(FlightResult::Bytes(Arc::new(vec![7])));
    assert!(matches!(follower.landed().await, FlightResult::Bytes(bytes) if *bytes == [7]));
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn a_closed_flight_is_joined_only_by_its_mark() {
    let flights = Arc::new(Flights::default());
    let leader = marked(&flights);
    let follower = flights.seen([1; 17], 0).expect("its mark was seen");
    assert!(flights.seen([2; 17], 0).is_none() && flights.seen([1; 17], 7).is_none());

    let mut second = lead(flights.join(&key()));
    assert!(!second.mark([1; 17]), "a mark has one flight");
    // The former leader's end does not end the flight that is open now.
    leader.land(FlightResult::Nothing);
    assert!(matches!(follower.landed().await, FlightResult::Nothing));
    follow(flights.join(&key()));
    drop(second);
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn what_has_landed_is_told_by_its_mark_until_it_is_stored() {
    let flights = Arc::new(Flights::default());
    let leader = marked(&flights);
    let landing = leader.land_before_stored(Arc::new(vec![7]));
    let late = flights.seen([1; 17], 0).expect("its mark was seen");
    assert!(matches!(late.landed_already(), Some(FlightResult::Bytes(bytes)) if *bytes == [7]));
    // Who has not seen it computes.
    drop(lead(flights.join(&key())));
    drop(landing);
    assert!(flights.seen([1; 17], 0).is_none());
    assert_eq!(flights.len(), 0);
}

#[tokio::test]
async fn a_dropped_leader_hands_over() {
    let flights = Arc::new(Flights::default());
    let leader = lead(flights.join(&key()));
    let follower = follow(flights.join(&key()));
    drop(leader);
    assert!(matches!(follower.landed().await, FlightResult::Abandoned));
    lead(flights.join(&key()));
}

#[tokio::test]
async fn a_key_within_its_own_computation_is_known() {
    assert!(!is_computing(&key()));
    let other = FlightKey { key: "other".into(), fingerprint: 0 };
    computing(key(), LONG, async {
        computing(other.clone(), LONG, async { assert!(is_computing(&key()) && is_computing(&other)) }).await;
        sync_computing(other.clone(), LONG, || assert!(is_computing(&key())));
        assert!(!is_computing(&other));
        let spawned = tokio::spawn(async { is_computing(&key()) });
        assert!(!spawned.await.expect("no panic"));
    })
    .await;
}
