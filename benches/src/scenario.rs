//! What can be measured.

/// A scenario.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scenario {
    Hit,
    Sliding,
    Tls,
    Cluster,
    Blocking,
    Miss,
    Batch,
    Tags,
    Users,
    Local,
    Burst,
    Stampede,
    Frozen,
    Growth,
}

impl Scenario {
    /// In the order in which they run.
    pub const ALL: [Self; 14] = [
        Self::Hit,
        Self::Sliding,
        Self::Tls,
        Self::Cluster,
        Self::Blocking,
        Self::Miss,
        Self::Batch,
        Self::Tags,
        Self::Users,
        Self::Local,
        Self::Burst,
        Self::Stampede,
        Self::Frozen,
        Self::Growth,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Sliding => "sliding",
            Self::Tls => "tls",
            Self::Cluster => "cluster",
            Self::Blocking => "blocking",
            Self::Miss => "miss",
            Self::Batch => "batch",
            Self::Tags => "tags",
            Self::Users => "users",
            Self::Local => "local",
            Self::Burst => "burst",
            Self::Stampede => "stampede",
            Self::Frozen => "frozen",
            Self::Growth => "growth",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }
}
