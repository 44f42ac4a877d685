"""Reflex's configuration, from ours."""

import os

import reflex as rx

from pacs_settings.config import config

settings = config()
API_URL = settings.base_url if settings.production else settings.routes_url

config = rx.Config(  # type: ignore[assignment]
    app_name="pacs_settings",
    api_url=os.environ.get("REFLEX_API_URL", API_URL),
    backend_host="127.0.0.1",
    cors_allowed_origins=list(settings.origins),
    trusted_proxy_hops=settings.trusted_proxy_hops,
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    frontend_compression_formats=["gzip"],
    disable_plugins=[rx.plugins.sitemap.SitemapPlugin],
    plugins=[],
)
