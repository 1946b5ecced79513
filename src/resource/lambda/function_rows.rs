//! How one row declares a property of a function: its type, how it is read and which call writes it.
//!
//! [`rows`] makes from the rows the struct, the reading of `GetFunction`, the members of the calls, and the choice of the
//! calls that an update needs. A row without one of these does not compile, so no property can be forgotten in a call.
//!
//! A row reads `name: type, read, write;`. The ways to read:
//! * `needed`: the member of the same name. An answer without it is an error.
//! * `optional`: the member of the same name. An answer without it means the type's default.
//! * `from(function)`: what the function makes of [`Found`](super::function_state::Found); `try_from` if it can fail.
//!
//! The ways to write are those of [`Write`]. In brackets stands the method that puts the value into the call.

use std::collections::HashMap;

use crate::model::{StringExpr, Tags};

/// The call that changes a property of a live function. The order is that of the calls in an update: configuration
/// comes before code, so that new code never starts without the variables it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Write {
    /// No call: only `CreateFunction` sets it, and a change replaces the function.
    CreateOnly,
    /// `TagResource` and `UntagResource`. Before any other call: printed policies allow changing only a function that has the
    /// stack's tag.
    Tags,
    /// `UpdateFunctionConfiguration`.
    Configuration,
    /// `UpdateFunctionCode`.
    Code,
    /// `PutFunctionConcurrency` or `DeleteFunctionConcurrency`, also when the function is made.
    Concurrency,
}

/// A property as calls take it, in a type of the SDK.
pub(super) trait ToRequest<S> {
    /// The value. An absent one has the form that makes Lambda forget it, such as an empty list.
    fn to_request(&self) -> S;

    /// Whether it is absent. Then `CreateFunction` leaves it out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A property as answers give it, in a type of the SDK.
pub(super) trait FromAnswer<S>: Sized {
    /// The property, or nothing if the answer means that there is none.
    fn from_answer(found: S) -> Option<Self>;
}

/// A property as `CreateFunction` takes it: left out if it is absent.
pub(super) fn present<S>(value: &impl ToRequest<S>) -> Option<S> {
    (!value.is_absent()).then(|| value.to_request())
}

/// A member of the SDK's types in the API's spelling: `memory_size` is `MemorySize`.
pub(super) fn member(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(capital).collect()
}

/// Defines a function by its rows. See the module for their form.
macro_rules! rows {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $(
                $(#[$attribute:meta])*
                $member:ident: $type:ty, $read:ident $(($from:expr))?, $write:ident $(($put:ident))?;
            )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $name {
            $( $(#[$attribute])* pub $member: $type, )*
        }

        impl $name {
            /// Reads every property out of an answer.
            pub(super) fn read(found: &Found) -> Result<Self> {
                Ok(Self { $( $member: rows!(@read $read $(($from))? found $member: $type), )* })
            }

            /// Puts every property that `CreateFunction` takes into the call.
            pub(super) fn put_all(&self, package: &Package, call: CreateFunction) -> CreateFunction {
                $( let call = rows!(@create $write $(($put))? self package call $member); )*
                call
            }

            /// The calls that `CreateFunction` leaves to be made.
            fn left_by_create(&self) -> BTreeSet<Write> {
                let left = [ $( rows!(@left $write self $member), )* ];
                left.into_iter().flatten().collect()
            }

            /// The calls that make a live function equal to this one, in their order.
            fn writes(&self, seen: &Self) -> BTreeSet<Write> {
                let differing = [ $( (self.$member != seen.$member).then_some(Write::$write), )* ];
                differing.into_iter().flatten().collect()
            }

            /// Puts the configuration that differs into the call.
            pub(super) fn put_configuration(&self, seen: &Self, call: UpdateConfiguration) -> UpdateConfiguration {
                $( let call = rows!(@configuration $write $(($put))? self seen call $member); )*
                call
            }

            /// Puts the code into the call.
            pub(super) fn put_code(&self, package: &Package, call: UpdateCode) -> UpdateCode {
                $( let call = rows!(@code $write $(($put))? self package call $member); )*
                call
            }

            /// Every property with the call that changes it.
            #[cfg(test)]
            pub(super) fn rows() -> Vec<(String, Write)> {
                vec![ $( (member(stringify!($member)), Write::$write), )* ]
            }
        }
    };

    (@read needed $found:ident $member:ident: $type:ty) => {{
        let value = $found.configuration.$member.clone().and_then(<$type as FromAnswer<_>>::from_answer);
        required(value, CALL, &member(stringify!($member)))?
    }};
    (@read optional $found:ident $member:ident: $type:ty) => {
        // absent is empty: the row says that Lambda leaves the member out for none
        $found.configuration.$member.clone().and_then(<$type as FromAnswer<_>>::from_answer).unwrap_or_default()
    };
    (@read from($from:expr) $found:ident $member:ident: $type:ty) => { $from($found) };
    (@read try_from($from:expr) $found:ident $member:ident: $type:ty) => { $from($found)? };

    (@create Code($put:ident) $self:ident $package:ident $call:ident $member:ident) => {
        $call.$put(&$self.$member, $package)
    };
    (@create Concurrency $self:ident $package:ident $call:ident $member:ident) => { $call };
    (@create $write:ident($put:ident) $self:ident $package:ident $call:ident $member:ident) => {
        $call.$put(present(&$self.$member))
    };

    (@left Concurrency $self:ident $member:ident) => {
        $self.$member.is_some().then_some(Write::Concurrency)
    };
    (@left $write:ident $self:ident $member:ident) => { None };

    (@configuration Configuration($put:ident) $self:ident $seen:ident $call:ident $member:ident) => {
        $call.$put(($self.$member != $seen.$member).then(|| $self.$member.to_request()))
    };
    (@configuration $write:ident $(($put:ident))? $self:ident $seen:ident $call:ident $member:ident) => { $call };

    (@code Code($put:ident) $self:ident $package:ident $call:ident $member:ident) => {
        $call.$put(&$self.$member, $package)
    };
    (@code $write:ident $(($put:ident))? $self:ident $package:ident $call:ident $member:ident) => { $call };
}
pub(super) use rows;

/// Names, and the words of the API's enumerations.
impl<S: for<'a> From<&'a str>> ToRequest<S> for String {
    fn to_request(&self) -> S {
        S::from(self)
    }
}

impl<S: AsRef<str>> FromAnswer<S> for String {
    fn from_answer(found: S) -> Option<Self> {
        Some(found.as_ref().to_owned())
    }
}

/// Lambda takes an empty text for none, and answers one.
impl ToRequest<String> for Option<String> {
    fn to_request(&self) -> String {
        // absent is empty: that is how Lambda is asked to forget it
        self.clone().unwrap_or_default()
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<S, T: FromAnswer<S>> FromAnswer<S> for Option<T> {
    fn from_answer(found: S) -> Option<Self> {
        Some(T::from_answer(found))
    }
}

impl ToRequest<String> for StringExpr {
    fn to_request(&self) -> String {
        self.text()
    }
}

impl FromAnswer<String> for StringExpr {
    fn from_answer(found: String) -> Option<Self> {
        Some(found.into())
    }
}

impl ToRequest<i32> for i32 {
    fn to_request(&self) -> i32 {
        *self
    }
}

impl FromAnswer<i32> for i32 {
    fn from_answer(found: i32) -> Option<Self> {
        Some(found)
    }
}

impl ToRequest<HashMap<String, String>> for Tags {
    fn to_request(&self) -> HashMap<String, String> {
        self.to_map()
    }
}
