"""Kinetics of CAR-T cells in blood: non-compartmental analysis of every construct."""
