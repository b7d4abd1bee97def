"""Addresses of the REST reports, below ``/api/v1/``."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from cart.api.adverse_events import AdverseEventReport
from cart.api.endpoints import EndpointReport

urlpatterns = [
    path("studies/<str:code>/endpoints", EndpointReport.as_view(), name="study-endpoints"),
    path("studies/<str:code>/adverse-events", AdverseEventReport.as_view(), name="study-adverse-events"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]
