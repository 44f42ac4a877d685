"""The whole map: pages, gate, routes, what runs beside them."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette

from pacs_settings import lifeline, worker
from pacs_settings.access import (
    api_routes,
    http,
    link_routes,
    outbox_routes,
    proof_routes,
    report_routes,
    sign_in_routes,
    static_pages,
    tabs,
    watch,
)
from pacs_settings.access.gate import Gate
from pacs_settings.adapters.demo_directory import DemoDirectory
from pacs_settings.adapters.ldap_directory import LdapDirectory
from pacs_settings.config import config
from pacs_settings.core import ports
from pacs_settings.logs import bound_libraries, quiet_values
from pacs_settings.pages import failures, routes
from pacs_settings.pages.favorites import pages as favorites
from pacs_settings.pages.links import view as links
from pacs_settings.pages.mappings import pages as mappings
from pacs_settings.pages.personal import pages as personal
from pacs_settings.pages.privacy import pages as privacy
from pacs_settings.pages.reports import pages as reports
from pacs_settings.pages.security import pages as security
from pacs_settings.pages.shell.state import SessionState
from pacs_settings.pages.sign_in.state import SignInState, StartState
from pacs_settings.pages.sign_in.view import sign_in_page, start_page
from pacs_settings.pages.signature import pages as signature
from pacs_settings.pages.texts import t
from pacs_settings.prepare import prepare
from pacs_settings.ui.gallery import gallery, leading_to

quiet_values()
bound_libraries()
sys.setswitchinterval(0.0005)  # a click waits for a thread twice; the default may cost 5 ms each
ports.directories["demo"] = DemoDirectory
ports.directories["ldap"] = LdapDirectory
report_routes.set_up(worker.pdf_of)
ROUTES = (api_routes, sign_in_routes, link_routes, proof_routes, report_routes, *routes.MODULES)
if not config().production:
    ROUTES += (outbox_routes,)
api = Starlette(
    routes=[route for module in ROUTES for route in module.routes],
    exception_handlers={SQLAlchemyError: http.away, Exception: failures.route},
)
app = rx.App(
    api_transformer=[api, static_pages.serve],
    stylesheets=["/theme.css"],
    reset_style=False,
    toaster=None,
    app_wraps=failures.BOUNDARY,
    html_lang=config().lang,
    html_custom_attrs={"data-demo": ""} if config().demo else None,
    head_components=[rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml")],
    backend_exception_handler=failures.backend,
    frontend_exception_handler=failures.frontend,
)
app.add_middleware(Gate(), index=0)
app._api.router.redirect_slashes = False  # they lead to whatever host a request names

SECTIONS = (personal, security, privacy, mappings, signature, favorites, reports)
app.add_page(start_page, "/", title=t("product"), on_load=StartState.go_in)
app.add_page(sign_in_page, "/login", title=t("login.title"), on_load=SignInState.load)
for name, (page, title, load) in links.PAGES.items():
    app.add_page(page, f"/{name}", title=f"{title} – {t('product')}", on_load=load)
pages = {path: page for section in SECTIONS for path, page in section.PAGES.items()}
for path, (page, loads) in pages.items():
    name = path.removeprefix("settings/").partition("/")[0]
    title = f"{t(f'nav.{name}')} – {t('product')}"
    app.add_page(page, f"/{path}", title=title, on_load=[SessionState.load, *loads])
if not config().production:
    app.add_page(gallery, "/dev/gallery", title="Gallery")
    elsewhere = f"{config().routes_url}{outbox_routes.OUTBOX}"
    app.add_page(leading_to(elsewhere), outbox_routes.OUTBOX, title="Outbox")


@asynccontextmanager
async def beside(app: rx.App) -> AsyncIterator[None]:
    """Migrate before the first request, then run beside the pages what runs beside them."""
    if config().production:
        lifeline.end_with_parent()
    await prepare()
    gc.collect()
    gc.freeze()  # what is loaded now stays, so no collection during a click need look at it
    runs = (*worker.runs(), watch.watch(app), watch.watch_lines(app), tabs.deliver(app))
    tasks = [asyncio.create_task(run) for run in runs]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


app.register_lifespan_task(beside)
