"""Addresses of the project."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from trialsite.health import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("cart.api.urls")),
    path("api/v1/", include("labs.api.urls")),
    path("healthz", health, name="healthz"),
]
