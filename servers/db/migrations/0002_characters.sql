-- What is kept of a player between visits; one character per account for now.
CREATE TABLE character (
    character_id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id   INTEGER NOT NULL UNIQUE REFERENCES account (account_id),
    name         TEXT NOT NULL,
    x            REAL NOT NULL,
    y            REAL NOT NULL,
    chat_count   INTEGER NOT NULL,
    saved_ms     INTEGER NOT NULL
) STRICT;
