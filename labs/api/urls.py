"""Addresses of laboratory files, below ``/api/v1/``."""

from django.urls import path

from labs.api.files import ImportReport, LaboratoryFiles, TransferRows

urlpatterns = [
    path("studies/<str:code>/laboratories/<str:laboratory>/files", LaboratoryFiles.as_view(), name="laboratory-files"),
    path("studies/<str:code>/imports/<str:number>", ImportReport.as_view(), name="import-report"),
    path("studies/<str:code>/transfers/<str:number>/rows", TransferRows.as_view(), name="transfer-rows"),
]
