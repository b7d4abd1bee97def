"""Tables of the statistician."""
