"""What a database connection tells PostgreSQL about the person it works for."""
