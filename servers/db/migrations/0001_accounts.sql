-- Who may log in. Names are unique whatever the case of their ASCII letters; other letters that are
-- allowed have no case.
CREATE TABLE account (
    account_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL COLLATE NOCASE UNIQUE,
    password_hash TEXT NOT NULL,
    created_ms    INTEGER NOT NULL
) STRICT;
