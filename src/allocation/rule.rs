//! `[allocation]` and `[[allocation.rules]]` of the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::datatypes::Decimal128Type;
use chrono::NaiveDate;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::focus::{Kind, MONEY_SCALE, normalise};

/// `[allocation]`: what says the team of a charge, and how shared cost is divided.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Allocation {
    /// Columns, or keys of JSON columns such as `Tags.cost_center`, that hold the team of a charge without the tag `team`;
    /// the first with a value counts.
    pub columns: Vec<String>,
    /// Extra columns of amounts that a rule divides besides those of FOCUS.
    pub amounts: Vec<String>,
    /// The rules, in the order in which they apply: each sees what those before it left (step-down).
    pub rules: Vec<Rule>,
}

/// `[[allocation.rules]]`: which charges, and who bears them instead.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, as results show it: lower-case letters, digits and `_`.
    pub name: String,
    /// The team whose charges it divides; `unassigned` for those of no team.
    pub from: Option<String>,
    /// A condition in SQL over the columns of a charge, its team and how it got it.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// First day of use on which it holds.
    pub valid_from: Option<NaiveDate>,
    /// First day of use on which it no longer holds.
    pub valid_to: Option<NaiveDate>,
    /// `even`, `fixed`, `tokens`, `headcount`, `cost`, or a driver of the table `drivers`.
    pub by: String,
    /// The teams that it divides among; of a driver, all that have some of it when left out.
    #[serde(default)]
    pub to: Vec<String>,
    /// The shares of `fixed`, of one or of a hundred.
    #[serde(default)]
    pub shares: BTreeMap<String, toml::Value>,
}

/// Names that a rule cannot have: the SQL of the rules or its results give them another meaning.
const TAKEN: [&str; 8] = ["tag", "roster", "unassigned", "stays", "attributed", "spend", "drivers", "team_charges"];

/// What the shares of a rule are proportional to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver<'r> {
    /// Nothing: every team bears the same.
    Even,
    /// Fixed shares.
    Fixed,
    /// Tokens that the team consumed in the month.
    Tokens,
    /// Days that people spent in the team in the month, by the roster.
    Headcount,
    /// Effective cost of the team's own charges in the month, in the currency of the charge.
    Cost,
    /// The quantity of the table `drivers` on the day.
    Declared(&'r str),
}

impl Rule {
    /// What its shares are proportional to.
    pub fn driver(&self) -> Driver<'_> {
        match self.by.as_str() {
            "even" => Driver::Even,
            "fixed" => Driver::Fixed,
            "tokens" => Driver::Tokens,
            "headcount" => Driver::Headcount,
            "cost" => Driver::Cost,
            other => Driver::Declared(other),
        }
    }

    /// The fixed shares as decimals in plain digits, by team.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a share that is no number above zero, and when they do not add up.
    pub(super) fn fixed_shares(&self) -> Result<Vec<(&str, String)>> {
        let texts: Vec<String> = self
            .shares
            .values()
            .map(|share| match share {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            })
            .collect();
        let array: ArrayRef = Arc::new(StringArray::from(texts.clone()));
        let read = normalise(Kind::Decimal, "shares", &array)
            .map_err(|error| Error::invalid(format!("a share of rule `{}` is no number", self.name)).because(error))?;
        let units = read.as_primitive::<Decimal128Type>().values();
        let one = 10i128.pow(u32::from(MONEY_SCALE.unsigned_abs()));
        let total = units.iter().try_fold(0i128, |sum, unit| sum.checked_add(*unit));
        if units.iter().any(|unit| *unit <= 0) || ![Some(one), Some(100 * one)].contains(&total) {
            return Err(Error::invalid(format!("the shares of rule `{}` do not add up to 1 or to 100", self.name))
                .hint("each is above zero; for equal shares write `by = \"even\"` and `to = [...]`")
                .hint("a share of more than 15 digits is text: `\"0.333333333333333333\"`"));
        }
        Ok(self.shares.keys().map(String::as_str).zip(texts).collect())
    }

    fn verify(&self) -> Result<()> {
        let wrong = |what: String| Error::invalid(format!("rule of allocation `{}` {what}", self.name));
        let named = self.name.starts_with(|c: char| c.is_ascii_lowercase())
            && self.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let taken = TAKEN.contains(&self.name.as_str())
            || ["_weights", "_shares", "_charges"].iter().any(|ending| self.name.ends_with(ending));
        if !named || taken {
            return Err(wrong("has a name that results cannot show".to_owned())
                .hint("use lower-case letters, digits and `_`")
                .hint(format!(
                    "names with a meaning of their own: {}, and those that end in _charges and the like",
                    TAKEN.join(", ")
                )));
        }
        if self.from.is_none() && self.condition.is_none() {
            return Err(wrong("says not which charges it divides".to_owned())
                .hint("`from = \"platform\"`, a team or `unassigned`, or `where = \"...\"`, a condition in SQL"));
        }
        if let Some(condition) = &self.condition {
            is_condition(condition).map_err(|cause| wrong("has no condition in `where`".to_owned()).because(cause))?;
        }
        if let (Some(from), Some(to)) = (self.valid_from, self.valid_to)
            && from >= to
        {
            return Err(wrong(format!("ends on {to}, before it begins")));
        }
        match self.driver() {
            Driver::Even if self.to.is_empty() => {
                Err(wrong("divides evenly among nobody".to_owned())
                    .hint("name the teams: `to = [\"search\", \"data\"]`"))
            }
            Driver::Fixed => self.fixed_shares().map(drop),
            _ if !self.shares.is_empty() => {
                Err(wrong("has `shares` that nothing uses".to_owned()).hint("shares are for `by = \"fixed\"`"))
            }
            _ => Ok(()),
        }?;
        let targets: BTreeSet<&String> = self.to.iter().chain(self.shares.keys()).collect();
        if targets.len() < self.to.len() + self.shares.len() {
            return Err(
                wrong("names a team twice".to_owned()).hint("of `to` and `shares`, fixed shares need only the latter")
            );
        }
        Ok(())
    }
}

impl Allocation {
    /// Fails for the first rule that cannot be meant; gives its name too.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with what is wrong and the way out.
    pub fn verify(&self) -> Result<(), (Error, String)> {
        for name in self.columns.iter().chain(&self.amounts) {
            let sound = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            if name.is_empty() || !sound {
                let error = Error::invalid(format!("`{name}` is no column")).hint("such as x_Team or Tags.cost_center");
                return Err((error, name.clone()));
            }
        }
        let mut names = BTreeSet::new();
        for rule in &self.rules {
            rule.verify().map_err(|error| (error, rule.name.clone()))?;
            if !names.insert(&rule.name) {
                let error = Error::invalid(format!("two rules of allocation have the name `{}`", rule.name))
                    .hint("results show the name: tell them apart");
                return Err((error, rule.name.clone()));
            }
        }
        Ok(())
    }
}

/// Whether `text` is one expression and nothing more.
fn is_condition(text: &str) -> Result<()> {
    let wrong = |cause: String| Error::invalid(format!("`{text}` is no condition: {cause}"));
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(text).map_err(|cause| wrong(cause.to_string()))?;
    parser.parse_expr().map_err(|cause| wrong(cause.to_string()))?;
    match parser.peek_token().token {
        Token::EOF => Ok(()),
        more => Err(wrong(format!("`{more}` follows it"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(rule: &str) -> String {
        let allocation: Allocation = toml::from_str(&format!("[[rules]]\n{rule}")).unwrap();
        allocation.verify().map_or_else(|(error, _)| error.to_string(), |()| String::new())
    }

    #[test]
    fn a_rule_is_held_against_what_can_be_meant() {
        let fixed = "name = \"r\"\nfrom = \"platform\"\nby = \"fixed\"\n";
        assert_eq!(wrong(&format!("{fixed}shares = {{ a = 0.7, b = \"0.3\" }}")), "");
        assert_eq!(wrong(&format!("{fixed}shares = {{ a = 70, b = 30 }}")), "");
        assert!(wrong(&format!("{fixed}shares = {{ a = 0.7, b = 0.2 }}")).contains("do not add up"));
        assert!(wrong(&format!("{fixed}shares = {{ a = 1.5, b = -0.5 }}")).contains("do not add up"));
        assert!(wrong("name = \"r\"\nby = \"tokens\"").contains("which charges"));
        assert!(wrong("name = \"r\"\nfrom = \"p\"\nby = \"even\"").contains("among nobody"));
        assert!(wrong("name = \"drivers\"\nfrom = \"p\"\nby = \"cost\"").contains("name"));
        assert!(wrong("name = \"R 1\"\nfrom = \"p\"\nby = \"cost\"").contains("name"));
        let condition = |text: &str| wrong(&format!("name = \"r\"\nby = \"cost\"\nwhere = \"{text}\""));
        assert_eq!(condition("ServiceName = 'Engine' and x_A > 1"), "");
        assert!(condition("true) or (true").contains("where"));
        assert!(condition("true; select 1").contains("where"));
        let dated = "name = \"r\"\nfrom = \"p\"\nby = \"cost\"\nvalid_from = \"2026-07-01\"\nvalid_to = \"2026-07-01\"";
        assert!(wrong(dated).contains("before it begins"));
    }
}
