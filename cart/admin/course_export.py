"""The course of a subject as one HTML file that needs nothing besides itself."""

from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe

from cart.admin.charts import chart_sections, section_html
from cart.admin.course_axis import axis_html
from cart.admin.panels import endpoint_panel
from cart.models import Subject
from cart.scoping import sees_titers, visible_to

_STYLES = Path(__file__).parent.parent / "static" / "cart" / "plot.css"


def course_file(request: HttpRequest, subject_id: int) -> HttpResponse:
    """Axis, plots with their tables and endpoints, each as the user of this request sees it; as an attachment."""
    rows = visible_to(request.user, Subject.objects.filter(pk=subject_id))
    subject = rows.select_related("study", "site", "arm").first()
    if subject is None:
        raise Http404("There is no such subject, or none that you may see.")
    sections = [(one.title, section_html(request, subject, one, exported=True)) for one in chart_sections()]
    context = {
        "subject": subject,
        "made_at": timezone.now(),
        "made_by": request.user.get_username(),
        # Of the package itself: no text of a user is in it.
        "styles": mark_safe(_STYLES.read_text(encoding="utf-8")),
        "axis": axis_html(request, subject, exported=True),
        "sections": [section for section in sections if section[1]],
        "endpoints": endpoint_panel(request, subject, exported=True),
        "sees_titers": sees_titers(request.user, subject.study),
    }
    response = HttpResponse(render_to_string("cart/course_export.html", context))
    name = f"{subject.study.code}-{subject.code}-course.html"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store"
    return response
