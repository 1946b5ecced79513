//! The SDK's setting types as ours: the same members, in CloudFormation's words.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

/// Members that a live template has and a declaration cannot have. The plan shows them under their own path, and an update
/// removes them.
pub(super) type Unmodelled = BTreeMap<String, Value>;

/// What maps to a type of the SDK.
pub(super) trait ToSdk<S> {
    fn to_sdk(&self) -> S;
}

impl ToSdk<i32> for i32 {
    fn to_sdk(&self) -> i32 {
        *self
    }
}

impl ToSdk<f64> for f64 {
    fn to_sdk(&self) -> f64 {
        *self
    }
}

/// Names, and the words of the API's enumerations.
impl<S: for<'a> From<&'a str>> ToSdk<S> for String {
    fn to_sdk(&self) -> S {
        S::from(self)
    }
}

impl<S, T: ToSdk<S>> ToSdk<Vec<S>> for Vec<T> {
    fn to_sdk(&self) -> Vec<S> {
        self.iter().map(ToSdk::to_sdk).collect()
    }
}

impl<S, T: ToSdk<S>> ToSdk<HashMap<String, S>> for BTreeMap<String, T> {
    fn to_sdk(&self) -> HashMap<String, S> {
        self.iter().map(|(name, value)| (name.clone(), value.to_sdk())).collect()
    }
}

/// Defines types by the name and the members of the SDK's types. Every member is optional, as in the API.
macro_rules! mirror {
    ($(
        $(#[$attribute:meta])*
        $name:ident { $( $(#[$doc:meta])* $member:ident: $type:ty, )* }
    )*) => { $(
        $(#[$attribute])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $name {
            $(
                $(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $member: Option<$type>,
            )*
            /// What the live template has beyond these: empty in a declaration.
            #[serde(flatten)]
            pub unmodelled: $crate::resource::mediaconvert::mirror::Unmodelled,
        }

        impl $crate::resource::mediaconvert::mirror::ToSdk<aws_sdk_mediaconvert::types::$name> for $name {
            fn to_sdk(&self) -> aws_sdk_mediaconvert::types::$name {
                let mut sdk = aws_sdk_mediaconvert::types::$name::builder().build();
                $( sdk.$member = self.$member.as_ref().map($crate::resource::mediaconvert::mirror::ToSdk::to_sdk); )*
                sdk
            }
        }

        #[cfg(test)]
        impl $crate::resource::mediaconvert::mirror::tests::Sample for $name {
            fn sample() -> Self {
                Self {
                    $( $member: Some($crate::resource::mediaconvert::mirror::tests::Sample::sample()), )*
                    unmodelled: Default::default(),
                }
            }
        }
    )* };
}
pub(super) use mirror;

#[cfg(test)]
pub(super) mod tests {
    use super::BTreeMap;

    /// A value with every member present, all the way down.
    pub(in crate::resource::mediaconvert) trait Sample {
        fn sample() -> Self;
    }

    impl Sample for i32 {
        fn sample() -> Self {
            7
        }
    }

    impl Sample for f64 {
        fn sample() -> Self {
            1.5
        }
    }

    impl Sample for String {
        fn sample() -> Self {
            "WORD".to_owned()
        }
    }

    impl<T: Sample> Sample for Vec<T> {
        fn sample() -> Self {
            vec![T::sample(), T::sample()]
        }
    }

    impl<T: Sample> Sample for BTreeMap<String, T> {
        fn sample() -> Self {
            Self::from([("Audio Selector 1".to_owned(), T::sample()), ("mine".to_owned(), T::sample())])
        }
    }
}
