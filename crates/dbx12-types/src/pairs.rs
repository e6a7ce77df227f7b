//! Requests as name/value pairs, for queries, forms and multipart bodies, and back.

use crate::{Endpoint, Fields};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

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
    let mut pairs = Vec::new();
    for_each(request, |name, value| pairs.push((name.to_owned(), value.to_owned())));
    pairs
}

/// Hands over each of the pairs that [`to_pairs`] would make, one after another, without collecting them.
///
/// ```
/// use dbx12_types::{GetContext, pairs};
/// let mut names = String::new();
/// pairs::for_each(&GetContext::new("1234-567890-span123", "42"), |name, _| names += name);
/// assert_eq!(names, "clusterIdcontextId");
/// ```
pub fn for_each<E: Endpoint>(request: &E, each: impl FnMut(&str, &str)) {
    let written = serde_json::to_string(request);
    let read = written.and_then(|json| serde_json::Deserializer::from_str(&json).deserialize_map(Each(each)));
    // Every request of this crate is written as a JSON object; there is no value in it that JSON cannot hold.
    read.unwrap_or_default();
}

/// Hands over the fields of an object as text.
struct Each<F>(F);

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            // Pairs know no `null`: what is not said is left out.
            if value.get() != "null" {
                (self.0)(&plain_text(name), &plain_text(value));
            }
        }
        Ok(())
    }
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
    let raw = |(name, value)| Ok((name, serde_json::value::to_raw_value::<String>(&value)?));
    let fields = pairs.into_iter().map(raw).collect::<Result<_, serde_json::Error>>()?;
    serde_json::from_str(&serde_json::to_string(&Fields::of(fields))?)
}

/// What a JSON string says. Anything else stands for itself.
fn plain_text(value: &RawValue) -> Cow<'_, str> {
    let json = value.get();
    let quoted = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(text) if !text.contains('\\') => Cow::Borrowed(text),
        Some(_) => serde_json::from_str(json).map_or(Cow::Borrowed(json), Cow::Owned),
        None => Cow::Borrowed(json),
    }
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
