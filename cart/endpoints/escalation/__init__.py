"""Rules of dose escalation and of stopping for toxicity."""
