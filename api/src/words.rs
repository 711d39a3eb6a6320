//! Enums that are stored as a word, words that may be older than the enum, and flags, which are stored as a number.

use std::fmt;

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::{SmallInt, Text},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Yes or no, stored as 1 or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = SmallInt)]
pub struct Flag(pub bool);

impl From<Flag> for bool {
    fn from(flag: Flag) -> Self {
        flag.0
    }
}

impl<DB: Backend> FromSql<SmallInt, DB> for Flag
where
    i16: FromSql<SmallInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i16::from_sql(bytes).map(|number| Self(number != 0))
    }
}

impl<DB: Backend> ToSql<SmallInt, DB> for Flag
where
    i16: ToSql<SmallInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        const NUMBERS: [i16; 2] = [0, 1];
        NUMBERS[usize::from(self.0)].to_sql(out)
    }
}

/// A value that is stored as one word.
pub trait Word: Copy {
    fn word(self) -> &'static str;

    /// The value of `word`, if there is one.
    fn find(word: &str) -> Option<Self>;
}

/// A word as a row holds it. One that stands for nothing in this version stays as it is.
#[derive(Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum Stored<W> {
    Known(W),
    Unknown(String),
}

impl<W: Word> Stored<W> {
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(value) => value.word(),
            Self::Unknown(word) => word,
        }
    }

    /// The value, if the word stands for one.
    #[must_use]
    pub fn known(&self) -> Option<W> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Unknown(_) => None,
        }
    }
}

impl<W: Word> From<String> for Stored<W> {
    fn from(word: String) -> Self {
        W::find(&word).map_or(Self::Unknown(word), Self::Known)
    }
}

impl<W: Word> fmt::Debug for Stored<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl<W: Word> Serialize for Stored<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, W: Word> Deserialize<'de> for Stored<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl<W: Word, DB: Backend> FromSql<Text, DB> for Stored<W>
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(bytes).map(Self::from)
    }
}

impl<W: Word, DB: Backend> ToSql<Text, DB> for Stored<W>
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.as_str().to_sql(out)
    }
}

/// Makes an enum whose variants are each stored as one word. With `otherwise` it stands in rows by itself: a word that the database
/// should not hold is read as the variant after it, the one that shows or allows least. Without, rows hold it as [`Stored`].
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident, otherwise $least:ident { $($variants:tt)* }) => {
        crate::words::words! {
            $(#[$meta])*
            #[derive(diesel::deserialize::FromSqlRow)]
            pub enum $name { $($variants)* }
        }

        impl $name {
            #[must_use]
            pub fn parse(word: &str) -> Self {
                crate::words::Word::find(word).unwrap_or(Self::$least)
            }
        }

        impl<DB: diesel::backend::Backend> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $name
        where
            String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                String::from_sql(bytes).map(|word| Self::parse(&word))
            }
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$about:meta])* $variant:ident $word:literal,)* }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, diesel::expression::AsExpression)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        $(#[$meta])*
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl crate::words::Word for $name {
            fn word(self) -> &'static str {
                self.as_str()
            }

            fn find(word: &str) -> Option<Self> {
                [$(Self::$variant),*].into_iter().find(|known| known.as_str() == word)
            }
        }

        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $name
        where
            str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                self.as_str().to_sql(out)
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::*;

    words! {
        pub enum Fruit {
            Apple "apple",
            Pear "pear",
        }
    }

    #[test]
    fn a_stored_word_is_shown_and_sent_as_it_is_stored() {
        for (word, known) in [("apple", Some(Fruit::Apple)), ("pear", Some(Fruit::Pear)), ("Pear", None), ("", None)] {
            let stored = Stored::<Fruit>::from(word.to_owned());
            assert_eq!((stored.as_str(), stored.known()), (word, known));
            assert_eq!(serde_json::json!(stored), serde_json::json!(word));
            assert_eq!(serde_json::from_value::<Stored<Fruit>>(serde_json::json!(word)).unwrap(), stored);
            assert_eq!(format!("{stored:?}"), format!("{word:?}"), "a cursor names its list by it");
        }
    }
}
