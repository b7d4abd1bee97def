"""Private PostgreSQL and broker for a laptop, continuous integration and ``make demo``.

Nothing that runs in production imports this room.
"""

from trialsite.devservices.holder import Services, running_services

__all__ = ["Services", "running_services"]
