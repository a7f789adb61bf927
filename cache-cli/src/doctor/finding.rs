//! What was found, and what to do about it.

/// How bad it is. In this order, so that the worst of several is the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Good to know.
    Note,
    /// The cache works, and does less than it could, or will not work at some time.
    Warning,
    /// The cache does not do what it is for.
    Problem,
}

impl Severity {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// Something that does not suit a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// A name that scripts can look for.
    pub(super) id: &'static str,
    /// What is so.
    pub(super) says: String,
    /// What follows from it.
    pub(super) means: String,
    /// The line that mends it.
    pub(super) remedy: String,
    /// The servers of which it is true; none for what is true of all together.
    pub(super) servers: Vec<String>,
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        id: &'static str,
        says: impl Into<String>,
        means: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            id,
            says: says.into(),
            means: means.into(),
            remedy: remedy.into(),
            servers: Vec::new(),
        }
    }
}

/// Findings that say the same of several servers, as one; the worst first.
pub(super) fn merged(findings: impl IntoIterator<Item = Finding>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for finding in findings {
        let same = |known: &&mut Finding| {
            (known.id, &known.says, &known.means) == (finding.id, &finding.says, &finding.means)
        };
        match all.iter_mut().find(same) {
            Some(known) => known.servers.extend(finding.servers),
            None => all.push(finding),
        }
    }
    all.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    all
}
