//! Where the resources of a server are kept, as people write it.

use std::path::PathBuf;
use std::str::FromStr;

use super::{Durability, StoreError};

/// Where resources are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// In memory: gone with the process.
    #[default]
    Memory,
    /// In a SQLite file.
    Sqlite(PathBuf),
}

impl FromStr for Place {
    type Err = StoreError;

    /// Reads `memory` or `sqlite:PATH`.
    fn from_str(text: &str) -> Result<Self, StoreError> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err(StoreError(format!(
                "'{text}' is neither memory nor sqlite:PATH"
            ))),
        }
    }
}

impl Place {
    /// Opens the store, where it is one that outlives the process; `types` are the names of the
    /// resource types in the order of the registry.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(
        &self,
        types: Vec<String>,
    ) -> Result<Option<Box<dyn Durability>>, StoreError> {
        match self {
            Self::Memory => Ok(None),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => Ok(Some(Box::new(super::Sqlite::open(path, types)?))),
            #[cfg(not(feature = "sqlite"))]
            Self::Sqlite(_) => {
                drop(types);
                Err(StoreError(
                    "this build has no SQLite: build it with the feature `sqlite`".to_owned(),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_people_write_them() {
        assert_eq!("memory".parse::<Place>().ok(), Some(Place::Memory));
        assert_eq!(
            "sqlite:a:b.db".parse::<Place>().ok(),
            Some(Place::Sqlite("a:b.db".into()))
        );
        for wrong in ["", "Memory", "sqlite", "sqlite:", "postgres:x", "memory:"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
