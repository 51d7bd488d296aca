//! The store in one SQLite file.
//!
//! Reads never come here: the state in memory answers them. A commit is one transaction in a
//! write-ahead log that is synced before [`Durability::commit`] returns, so what a client was told
//! outlives the process, killed at any moment, and a loss of power. The file is locked for as long
//! as it is open, since a second process would not see what this one holds in memory.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Durability, Recalled, Recollection, Record, StoreError, Written};

/// The steps from an empty file to the present layout; `user_version` counts those that were made.
/// A step is never changed once it has been released, only followed by another one.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE records (
        position INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        type TEXT NOT NULL,
        decorated INTEGER NOT NULL,
        created INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        display TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT;
    CREATE TABLE memberships (
        position INTEGER PRIMARY KEY,
        group_id TEXT NOT NULL,
        member_id TEXT NOT NULL,
        UNIQUE (group_id, member_id)
    ) STRICT;
    CREATE INDEX memberships_of_member ON memberships (member_id);
    CREATE TABLE last_number (only INTEGER PRIMARY KEY CHECK (only = 1), number INTEGER NOT NULL) STRICT;
    INSERT INTO last_number VALUES (1, 0);
"];

/// How long another process may hold the file before opening it fails.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many prepared statements are kept; more than this file has.
const STATEMENTS: usize = 16;

/// A store in one SQLite file.
pub struct Sqlite {
    /// Never locked: the mutex makes the store one that threads may share, and all access to it is
    /// exclusive.
    connection: Mutex<Connection>,
    types: Vec<String>,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

impl Sqlite {
    /// Opens a file, or makes it. `types` are the names of the resource types in the order of the
    /// registry; the file keeps names, so that a change of schema files does not mix types up.
    ///
    /// # Errors
    /// When the file cannot be written, is no store of ours, was written by a newer version, or is
    /// in use.
    pub fn open(path: &Path, types: Vec<String>) -> Result<Self, StoreError> {
        let open = || -> Result<Connection, StoreError> {
            let mut connection = Connection::open(path)?;
            connection.busy_timeout(PATIENCE)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            // An exclusive lock also keeps the index of the log in memory instead of a third file.
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
            // In WAL mode only FULL syncs the log at each commit.
            connection.pragma_update(None, "synchronous", "FULL")?;
            migrate(&mut connection)?;
            Ok(connection)
        };
        let connection =
            open().map_err(|error| StoreError(format!("{}: {}", path.display(), error.0)))?;
        Ok(Self {
            connection: Mutex::new(connection),
            types,
        })
    }
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let made: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let made = usize::try_from(made).unwrap_or(usize::MAX);
    if made > MIGRATIONS.len() {
        return Err(StoreError(format!(
            "the file has layout {made}, this version knows {}; use the version that wrote it",
            MIGRATIONS.len()
        )));
    }
    if made == 0 {
        let tables: i64 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables > 0 {
            return Err(StoreError(
                "the file is a database of another program".to_owned(),
            ));
        }
    }
    for step in &MIGRATIONS[made..] {
        transaction.execute_batch(step)?;
    }
    let all = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    transaction.pragma_update(None, "user_version", all)?;
    Ok(transaction.commit()?)
}

impl Durability for Sqlite {
    fn recall(&mut self) -> Result<Recollection, StoreError> {
        let connection = self
            .connection
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let mut members: HashMap<String, Vec<String>> = HashMap::new();
        let mut statement =
            connection.prepare("SELECT group_id, member_id FROM memberships ORDER BY position")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            members.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        let mut records = Vec::new();
        let mut statement = connection.prepare(
            "SELECT id, type, decorated, created, modified, revision, display, document
                 FROM records ORDER BY position",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id: String = row.get(0)?;
            let name: String = row.get(1)?;
            let kind = self.types.iter().position(|known| *known == name);
            let kind = kind
                .and_then(|kind| u8::try_from(kind).ok())
                .ok_or_else(|| {
                    StoreError(format!(
                        "the store holds resources of the type '{name}', which no schema describes"
                    ))
                })?;
            records.push(Recalled {
                members: members.remove(&id).unwrap_or_default(),
                record: Record {
                    id: id.into(),
                    kind,
                    decorated: row.get(2)?,
                    created: row.get(3)?,
                    modified: row.get(4)?,
                    revision: u64::try_from(row.get::<_, i64>(5)?).unwrap_or(1),
                    display: row.get::<_, String>(6)?.into(),
                    document: row.get::<_, String>(7)?.into(),
                },
            });
        }
        let last_number: i64 =
            connection.query_row("SELECT number FROM last_number", [], |row| row.get(0))?;
        Ok(Recollection {
            records,
            last_number: u64::try_from(last_number).unwrap_or(0),
        })
    }

    fn commit(&mut self, changes: &[Written<'_>]) -> Result<(), StoreError> {
        let connection = self
            .connection
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        // Dropped without a commit, a transaction is rolled back.
        let transaction = connection.transaction()?;
        for change in changes {
            write(&transaction, &self.types, change)?;
        }
        Ok(transaction.commit()?)
    }
}

fn write(
    transaction: &Transaction<'_>,
    types: &[String],
    change: &Written<'_>,
) -> rusqlite::Result<()> {
    let run = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| {
        transaction
            .prepare_cached(sql)?
            .execute(parameters)
            .map(drop)
    };
    match *change {
        Written::Record(record) => {
            let kind = types.get(usize::from(record.kind)).map_or("", |name| name);
            let known = transaction
                .prepare_cached("SELECT 1 FROM records WHERE id = ?1")?
                .query_row([&*record.id], |_| Ok(()))
                .optional()?;
            let revision = i64::try_from(record.revision).unwrap_or(i64::MAX);
            if known.is_some() {
                return run(
                    "UPDATE records SET decorated = ?2, modified = ?3, revision = ?4, display = ?5,
                     document = ?6 WHERE id = ?1",
                    params![
                        &*record.id,
                        record.decorated,
                        record.modified,
                        revision,
                        &*record.display,
                        &*record.document
                    ],
                );
            }
            run(
                "INSERT INTO records
                 (id, type, decorated, created, modified, revision, display, document)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    &*record.id,
                    kind,
                    record.decorated,
                    record.created,
                    record.modified,
                    revision,
                    &*record.display,
                    &*record.document
                ],
            )?;
            // Ids are never given twice (RFC 7643 section 3.1), not even after a restart.
            match record.id.parse::<i64>() {
                Ok(number) => run(
                    "UPDATE last_number SET number = max(number, ?1)",
                    params![number],
                ),
                Err(_) => Ok(()),
            }
        }
        Written::Removed(id) => {
            run(
                "DELETE FROM memberships WHERE group_id = ?1 OR member_id = ?1",
                params![id],
            )?;
            run("DELETE FROM records WHERE id = ?1", params![id])
        }
        Written::Joined { group, member } => run(
            "INSERT OR IGNORE INTO memberships (group_id, member_id) VALUES (?1, ?2)",
            params![group, member],
        ),
        Written::Left { group, member } => run(
            "DELETE FROM memberships WHERE group_id = ?1 AND member_id = ?2",
            params![group, member],
        ),
    }
}
