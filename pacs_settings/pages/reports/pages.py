"""Where the pages are, and what loads them."""

from pacs_settings.pages.reports import list_view, view
from pacs_settings.pages.reports.list_state import ReportsState
from pacs_settings.pages.reports.state import ReportState

PAGES = {
    "reports": (list_view.section, [ReportsState.load]),
    "reports/[report_id]": (view.section, [ReportState.load]),
}
