"""Laboratory files: layouts, readers and checks (PURE), and the load into the database."""
