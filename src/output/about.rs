//! What a result is and where it comes from, for those who read it without the command line.

use chrono::{DateTime, Utc};

/// The provenance of the result of a saved query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Name of the saved query.
    pub name: String,
    /// What it answers, in paragraphs; the first says it in a sentence.
    pub description: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Parameters with the values they got, as people read them.
    pub parameters: Vec<(String, String)>,
    /// The date that relative periods count from, and by which deliveries had come.
    pub as_of: Option<String>,
    /// The configured sources.
    pub sources: Vec<String>,
    /// When it was run.
    pub run_at: DateTime<Utc>,
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the SQL in hexadecimal.
    pub sql_sha256: String,
    /// The SQL.
    pub sql: String,
    /// What the reader should know, such as files that an as-of date leaves out.
    pub notes: Vec<String>,
}

impl About {
    /// What it answers, in a sentence.
    pub fn question(&self) -> &str {
        self.description.split("\n\n").next().unwrap_or_default()
    }

    /// Everything but name, description, notes and SQL, as pairs.
    pub(super) fn facts(&self) -> Vec<(String, String)> {
        let mut facts: Vec<(String, String)> =
            self.parameters.iter().map(|(name, value)| (format!("parameter {name}"), value.clone())).collect();
        let rest = [
            ("as of", self.as_of.clone()),
            ("sources", Some(self.sources.join(", ")).filter(|sources| !sources.is_empty())),
            ("owner", self.owner.clone()),
            ("run", Some(self.run_at.format("%Y-%m-%d %H:%M:%S UTC").to_string())),
            ("version", Some(format!("outlay {}", self.version))),
            ("SHA-256 of the SQL", Some(self.sql_sha256.clone())),
        ];
        facts.extend(rest.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        facts
    }
}
