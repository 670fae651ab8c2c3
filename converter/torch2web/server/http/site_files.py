"""The site's own files, with the types and headers that `serve` gives them."""

import os
from pathlib import PurePath

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from torch2web.serve.static import ISOLATION_HEADERS, SiteHandler


class SiteFiles(StaticFiles):
    """Serves GET and HEAD of one folder."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        types = SiteHandler.extensions_map
        response.headers["Content-Type"] = types.get(PurePath(full_path).suffix, types[""])
        response.headers.update({**ISOLATION_HEADERS, "Cache-Control": "no-cache"})
        return response
