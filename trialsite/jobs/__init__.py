"""Jobs: rows in PostgreSQL, executed by Celery.

``enqueue`` writes the row with the data it is about; ``register_handler`` says what to do with a kind.
"""

from trialsite.jobs.registry import ClaimedJob, Handler, register_handler, register_round

__all__ = ["ClaimedJob", "Handler", "register_handler", "register_round"]
