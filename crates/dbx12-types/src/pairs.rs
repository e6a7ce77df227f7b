//! Requests as name/value pairs, for queries, forms and multipart bodies, and back.

use crate::{Endpoint, Fields};
use serde_json::value::RawValue;

/// The request's fields as text: what a query, a form or multipart parts carry.
///
/// Text stands as it is; anything else (such as the `options` map) as its JSON text.
///
/// ```
/// use dbx12_types::{GetContext, pairs};
/// let pairs = pairs::to_pairs(&GetContext::new("1234-567890-span123", "42"));
/// assert_eq!(pairs[1], ("contextId".to_owned(), "42".to_owned()));
/// ```
pub fn to_pairs<E: Endpoint>(request: &E) -> Vec<(String, String)> {
    let fields = serde_json::to_string(request).and_then(|json| serde_json::from_str::<Fields>(&json));
    // Every request of this crate is written as a JSON object; there is no value in it that JSON cannot hold.
    let fields = fields.unwrap_or_default();
    fields
        .iter()
        .map(|(name, value)| (name.to_owned(), plain_text(value)))
        .collect()
}

/// The request that the pairs make. A name that comes twice keeps its last value.
///
/// # Errors
/// When a field is missing without which the request makes no sense; the message names it.
pub fn from_pairs<E, I>(pairs: I) -> Result<E, serde_json::Error>
where
    E: Endpoint,
    I: IntoIterator<Item = (String, String)>,
{
    let mut fields = Fields::default();
    for (name, value) in pairs {
        fields.set(&name, &value)?;
    }
    serde_json::from_str(&serde_json::to_string(&fields)?)
}

fn plain_text(value: &RawValue) -> String {
    serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CommandOptions, ExecuteCommand, Language};
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    #[test]
    fn options_travel_as_their_json_text() {
        let mut request = ExecuteCommand::new("c", "x", "select 1");
        request.language = Some(Language::Sql);
        request.options = Some(CommandOptions::default().with("displayRowLimit", 7).unwrap());
        let pairs = to_pairs(&request);
        assert!(pairs.contains(&("options".to_owned(), r#"{"displayRowLimit":7}"#.to_owned())));

        let back: ExecuteCommand = from_pairs(pairs).unwrap();
        assert_eq!(back.options.unwrap().read::<u32>("displayRowLimit"), Some(7));
        assert_eq!(back.language, Some(Language::Sql));
    }

    #[test]
    fn a_misspelt_parameter_is_missing_and_named() {
        let pairs = [("clusterID".to_owned(), "c".to_owned())];
        let error = from_pairs::<crate::GetCluster, _>(pairs).unwrap_err();
        assert_eq!(error.to_string(), "missing clusterId");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_survives_the_pairs(code in any::<String>(), context in ".+") {
            let request = ExecuteCommand::new("c", context.as_str(), code.as_str());
            prop_assert_eq!(from_pairs::<ExecuteCommand, _>(to_pairs(&request)).unwrap(), request);
        }
    }
}
