"""Addresses of the REST reports, below ``/api/v1/``."""

from django.db.transaction import non_atomic_requests
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from cart.api.adverse_events import AdverseEventReport
from cart.api.cuts import Cuts, EndpointArchive
from cart.api.endpoints import EndpointReport
from cart.api.runs import Differences, Runs

urlpatterns = [
    path("studies/<str:code>/endpoints", EndpointReport.as_view(), name="study-endpoints"),
    path("studies/<str:code>/adverse-events", AdverseEventReport.as_view(), name="study-adverse-events"),
    path("studies/<str:code>/endpoint-tables", non_atomic_requests(EndpointArchive.as_view()), name="endpoint-tables"),
    path("studies/<str:code>/runs", Runs.as_view(), name="study-runs"),
    path("studies/<str:code>/runs/<str:run>/differences", Differences.as_view(), name="run-differences"),
    path("studies/<str:code>/cuts", Cuts.as_view(), name="study-cuts"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]
