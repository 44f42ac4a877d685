"""The peer as `reflex init` configures it, without Tailwind, sitemap and telemetry."""

import os

import reflex as rx

config = rx.Config(
    app_name="bare",
    api_url=os.environ["REFLEX_API_URL"],
    telemetry_enabled=False,
    plugins=[rx.plugins.RadixThemesPlugin()],
    disable_plugins=[rx.plugins.sitemap.SitemapPlugin],
)
