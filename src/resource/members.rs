//! The members that a type has, read off its `Deserialize`: no list of them has to be kept next to the type.
//!
//! serde hands the names of a struct's members to the deserializer. The one here reads from JSON and notes them.
//! `serde_reflection` and `serde_aux` read names the same way, but not at every depth of types that parse their text.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Expected, IntoDeserializer, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use serde_json::{Error, Value};

use super::Resource;

/// A struct that some properties hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struct {
    /// Where it is: a JSON pointer into the properties, empty for the properties themselves.
    pub pointer: String,
    /// The name of its type.
    pub name: String,
    /// The names of all members that its type has, present or not. `None`: the type flattens a map into itself, and serde
    /// does not say which members it has.
    pub members: Option<&'static [&'static str]>,
}

/// Every struct that a type reads from these properties, parents first.
pub(super) fn structs<R: Resource>(properties: &Value) -> Result<Vec<Struct>, Error> {
    let seen = RefCell::default();
    R::deserialize(Noting { value: properties, pointer: String::new(), seen: &seen })?;
    Ok(seen.into_inner())
}

/// A deserializer that notes every struct that is asked of it.
struct Noting<'v> {
    value: &'v Value,
    pointer: String,
    seen: &'v RefCell<Vec<Struct>>,
}

impl<'v> Noting<'v> {
    fn note(&self, name: &str, members: Option<&'static [&'static str]>) {
        let found = Struct { pointer: self.pointer.clone(), name: name.to_owned(), members };
        self.seen.borrow_mut().push(found);
    }

    fn member(&self, name: impl fmt::Display, value: &'v Value) -> Self {
        Self { value, pointer: format!("{}/{name}", self.pointer), seen: self.seen }
    }

    fn visit_members<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Object(map) = self.value else { return self.value.deserialize_any(visitor) };
        let members = map.iter().map(|(name, value)| (name.as_str(), self.member(name, value)));
        visitor.visit_map(MapDeserializer::new(members))
    }
}

impl<'v> IntoDeserializer<'v, Error> for Noting<'v> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'v> Deserializer<'v> for Noting<'v> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(self, _: &str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Array(list) = self.value else { return self.value.deserialize_any(visitor) };
        let members = list.iter().enumerate().map(|(index, value)| self.member(index, value));
        visitor.visit_seq(SeqDeserializer::new(members))
    }

    fn deserialize_tuple<V: Visitor<'v>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Error> {
        // serde's derive asks for a map where a struct flattens another one, and still expects "struct Name".
        if let Some(name) = (&visitor as &dyn Expected).to_string().strip_prefix("struct ") {
            self.note(name, None);
        }
        self.visit_members(visitor)
    }

    fn deserialize_struct<V: Visitor<'v>>(
        self,
        name: &'static str,
        members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(name, Some(members));
        self.visit_members(visitor)
    }

    fn deserialize_enum<V: Visitor<'v>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.value.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        <W: Visitor<'v>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple_struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resource::mediaconvert::JobTemplate;
    use crate::resource::s3::Bucket;

    fn found(structs: &[Struct]) -> Vec<(&str, &str)> {
        structs.iter().map(|found| (found.pointer.as_str(), found.name.as_str())).collect()
    }

    #[test]
    fn every_struct_is_found_with_the_members_that_it_could_have() {
        let properties = json!({
            "BucketName": "b",
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } }],
            },
            "LifecycleConfiguration": { "Rules": [{ "Id": "r", "Status": "Enabled" }] },
        });
        let structs = structs::<Bucket>(&properties).unwrap();
        assert_eq!(
            found(&structs),
            [
                ("", "Bucket"),
                ("/BucketEncryption", "BucketEncryption"),
                ("/BucketEncryption/ServerSideEncryptionConfiguration/0", "EncryptionRule"),
                (
                    "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault",
                    "EncryptionByDefault"
                ),
                ("/LifecycleConfiguration", "LifecycleConfiguration"),
                ("/LifecycleConfiguration/Rules/0", "Rule"),
            ]
        );
        let of = |index: usize| structs[index].members.unwrap();
        assert!(of(0).contains(&"ReplicationConfiguration"), "absent here: {:?}", of(0));
        assert_eq!(of(3), ["SSEAlgorithm", "KMSMasterKeyID"]);
    }

    #[test]
    fn a_struct_that_flattens_a_map_is_found_without_its_members() {
        let properties = json!({
            "Name": "t",
            "Queue": "arn:aws:mediaconvert:eu-west-1:111122223333:queues/t",
            "Priority": 0,
            "AccelerationSettings": { "Mode": "DISABLED" },
            "StatusUpdateInterval": "SECONDS_60",
            "SettingsJson": { "TimecodeConfig": { "Source": "ZEROBASED" } },
        });
        let structs = structs::<JobTemplate>(&properties).unwrap();
        let flat: Vec<_> = structs.into_iter().filter(|found| found.members.is_none()).collect();
        assert_eq!(
            found(&flat),
            [("/SettingsJson", "JobTemplateSettings"), ("/SettingsJson/TimecodeConfig", "TimecodeConfig")]
        );
    }

    #[test]
    fn what_is_not_of_the_type_is_an_error() {
        assert!(structs::<Bucket>(&json!({ "BucketName": 1 })).is_err());
    }
}
