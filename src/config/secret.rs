//! A secret: usable, but never printable by accident.

use secrecy::{ExposeSecret, SecretString};

/// A token, password or client secret. `Debug` shows only its label; there is no `Display` and no `Serialize`.
#[derive(Clone)]
pub struct Secret {
    value: SecretString,
    label: String,
}

impl Secret {
    /// Wraps a value. `label` is the name of the shell variable that stands for it in records and curl lines,
    /// such as `SCIM_TOKEN`; characters that no shell variable may have are replaced by `_`.
    #[must_use]
    pub fn new(value: impl Into<String>, label: &str) -> Self {
        let mut name: String = label
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '_' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            name.insert(0, '_');
        }
        Self {
            value: SecretString::from(value.into()),
            label: name,
        }
    }

    /// The value itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    /// The shell variable that stands for it, without `$`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "${}", self.label)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_label_and_never_the_value() {
        let secret = Secret::new("s3cr3t-value", "SCIM_TOKEN");
        assert_eq!(format!("{secret:?}"), "$SCIM_TOKEN");
        assert_eq!(secret.expose(), "s3cr3t-value");
    }

    #[test]
    fn labels_are_shell_variables() {
        for (given, want) in [("A-B", "A_B"), ("9x", "_9x"), ("", "_"), ("OK_1", "OK_1")] {
            assert_eq!(Secret::new("v", given).label(), want);
        }
    }
}
