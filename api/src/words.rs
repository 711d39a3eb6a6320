//! Enums that are stored as a word, and flags, which are stored as a number.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::SmallInt,
};

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

/// Makes an enum whose variants are each stored as one word. A word that the database should not
/// hold is read as the variant after `otherwise`: the one that shows or allows least.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident, otherwise $least:ident {
        $($(#[$about:meta])* $variant:ident $word:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            #[must_use]
            pub fn parse(word: &str) -> Self {
                [$(Self::$variant),*].into_iter().find(|known| known.as_str() == word).unwrap_or(Self::$least)
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
