"""Measures of systemic sclerosis: classification, activity, response, skin, lung, disability."""
