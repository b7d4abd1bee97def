"""The Celery application: it executes job rows and knows nothing else.

polars keeps threads: used in the parent before the fork it would deadlock the children. Importing is harmless,
and nothing here computes.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialsite.settings")

app = Celery("trialsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
app.autodiscover_tasks()
