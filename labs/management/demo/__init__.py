"""The synthetic trial of ``make demo``: nine invented subjects, entered the way real ones are."""
