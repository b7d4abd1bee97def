"""Who changed what, when and why: events written by the database itself."""
