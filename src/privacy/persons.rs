//! Which columns, and which keys of JSON, hold persons.

/// Names that hold a person wherever they stand, as [`folded`]. A key of an API belongs to somebody, and is often called after
/// its owner.
const PERSONS: [&str; 35] = [
    "actor",
    "actoremail",
    "actorid",
    "actorname",
    "apikey",
    "apikeyid",
    "apikeyname",
    "assignee",
    "author",
    "createdby",
    "credentialid",
    "credentialname",
    "email",
    "emailaddress",
    "employee",
    "employeeid",
    "employeename",
    "enduser",
    "enduserid",
    "login",
    "manager",
    "manageremail",
    "managerid",
    "person",
    "personid",
    "principal",
    "principalid",
    "principalname",
    "requestedby",
    "requester",
    "user",
    "useremail",
    "userid",
    "userlogin",
    "username",
];

/// Names that hold a person in a table that also has the identifier of a principal, such as the roster.
const NAMES: [&str; 6] = ["displayname", "familyname", "firstname", "fullname", "lastname", "name"];

/// Endings of the names of text columns that hold JSON.
const JSON_ENDINGS: [&str; 3] = ["labels", "metadata", "tags"];

/// What holds persons, and which values are no persons after all.
#[derive(Debug, Clone, Default)]
pub struct Persons {
    /// Declared names, folded.
    columns: Vec<String>,
    /// Declared keys of JSON, folded: column and key.
    keys: Vec<(String, String)>,
    exempt: Vec<glob::Pattern>,
}

impl Persons {
    /// Those known by their names, and those declared: `columns` such as `x_Requester`, keys of JSON such as `Tags.owner`.
    /// Values that match one of `exempt` (`svc-*`, with `*` and `?`) are service accounts, shown as they are.
    ///
    /// # Errors
    /// The pattern of `exempt` that is none.
    pub fn new(columns: &[String], exempt: &[String]) -> Result<Self, String> {
        let (keys, columns): (Vec<_>, Vec<_>) = columns.iter().partition(|name| name.contains('.'));
        let pattern = |text: &String| glob::Pattern::new(text).map_err(|_| text.clone());
        Ok(Self {
            columns: columns.iter().map(|name| folded(name)).collect(),
            keys: keys.iter().filter_map(|name| name.split_once('.')).map(|(a, b)| (folded(a), folded(b))).collect(),
            exempt: exempt.iter().map(pattern).collect::<Result<_, _>>()?,
        })
    }

    /// Whether `column` of a table with `columns` holds persons in each of its rows.
    pub fn is_column(&self, column: &str, columns: &[&str]) -> bool {
        let name = folded(column);
        let beside_principals = || columns.iter().any(|column| folded(column) == "principalid");
        is_person(&name) || self.columns.contains(&name) || (NAMES.contains(&name.as_str()) && beside_principals())
    }

    /// Whether `column`, which holds text, is JSON that may hold persons.
    pub fn is_json(&self, column: &str) -> bool {
        let name = folded(column);
        JSON_ENDINGS.iter().any(|ending| name.ends_with(ending)) || self.keys.iter().any(|(column, _)| *column == name)
    }

    /// Whether the values of `key` in the JSON of `column` are persons.
    pub fn is_key(&self, column: &str, key: &str) -> bool {
        let (column, key) = (folded(column), folded(key));
        is_person(&key)
            || self.columns.contains(&key)
            || self.keys.iter().any(|declared| declared.0 == column && declared.1 == key)
    }

    /// Whether `value` is shown as it is: empty, or a declared service account.
    pub fn is_exempt(&self, value: &str) -> bool {
        value.is_empty() || self.exempt.iter().any(|pattern| pattern.matches(value))
    }
}

fn is_person(folded: &str) -> bool {
    PERSONS.binary_search(&folded).is_ok()
}

/// `x_User-Id`, `aws:user_id` and `UserID` are one name: letters and digits after the last `:` or `/`, without `x_`.
fn folded(name: &str) -> String {
    let last = name.rsplit([':', '/']).next().unwrap_or(name);
    let bare = last.strip_prefix("x_").unwrap_or(last);
    bare.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_sorted_and_found_in_any_spelling() {
        assert!(PERSONS.is_sorted());
        let persons = Persons::default();
        for name in ["PrincipalId", "principal_id", "x_UserId", "user.email", "EMAIL", "aws:createdBy"] {
            assert!(persons.is_column(name, &[]), "{name}");
        }
        for name in ["ServiceName", "team", "users", "x_PromptHash", "name"] {
            assert!(!persons.is_column(name, &[]), "{name}");
        }
        assert!(persons.is_column("name", &["principal_id", "name"]));
    }

    #[test]
    fn declared_columns_and_keys_count() {
        let declared = ["x_Seat_Holder".to_owned(), "Tags.owner".to_owned()];
        let persons = Persons::new(&declared, &["svc-*".to_owned()]).unwrap();
        assert!(persons.is_column("x_seatholder", &[]));
        assert!(persons.is_key("tags", "Owner") && !persons.is_key("SkuPriceDetails", "Owner"));
        assert!(persons.is_json("Tags") && persons.is_json("x_RequestMetadata") && !persons.is_json("ServiceName"));
        assert!(persons.is_exempt("svc-ci") && persons.is_exempt("") && !persons.is_exempt("u-1"));
        assert_eq!(Persons::new(&[], &["[".to_owned()]).unwrap_err(), "[");
    }
}
