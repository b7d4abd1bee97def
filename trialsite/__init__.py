"""Trialsite: data management for CAR-T trials in systemic sclerosis."""

__version__ = "0.1.0"
