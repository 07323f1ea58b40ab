"""The playground's server: Streamlit's, with pages that are told where their server is.

A page of Streamlit whose address has a path asks first whether its server lies below that path. Here it never does, and
the answer would be an error in the console of every visitor who follows a link. The first page is at the root, and
Streamlit has no other address for it: whoever asks for it by its name, as for the others, is sent there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["app"]

_FIRST: Final = "/tape"
_TOLD: Final = b"<head><script>window.__streamlit = { BACKEND_BASE_URL: location.origin };</script>"


class Anchored:
    """Tells each page that its server is at the root, and so is the first page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
            return
        if scope["path"].rstrip("/") == _FIRST:
            await RedirectResponse(f"/?{scope['query_string'].decode('latin-1')}")(scope, receive, send)
            return
        del MutableHeaders(scope=scope)["accept-encoding"]  # a body that is packed cannot be written into
        start: Message = {}

        async def anchored(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start:
                message = {**message, "body": message["body"].replace(b"<head>", _TOLD, 1)}
                MutableHeaders(scope=start)["content-length"] = str(len(message["body"]))
                await send(start)
                start = {}
            await send(message)

        await self.app(scope, receive, anchored)


app = st.App(Path(__file__).with_name("main.py"), middleware=[Middleware(Anchored)])
