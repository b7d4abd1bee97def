"""Tables of laboratory results for the statistician."""
