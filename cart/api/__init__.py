"""REST reports of the trial."""
