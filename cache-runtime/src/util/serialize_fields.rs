//! `Serialize` for structs of plain fields, without serde's derive, which would be one more dependency of every user.

macro_rules! serialize_fields {
    ($Type:ident { $($field:ident),* $(,)? }) => {
        impl serde::Serialize for $Type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;

                // Without `..`: a new field does not compile until it is written here.
                let Self { $($field),* } = self;
                let fields = [$(stringify!($field)),*].len();
                let mut fields = serializer.serialize_struct(stringify!($Type), fields)?;
                $(fields.serialize_field(stringify!($field), $field)?;)*
                fields.end()
            }
        }
    };
}

pub(crate) use serialize_fields;
