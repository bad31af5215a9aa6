"""The store: one contract, kept by memory and by SQLite; schema, migrations, journal, backup."""
