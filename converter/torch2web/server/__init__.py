"""The models of a built site over HTTP: the same answers on a server, by worker processes."""

from torch2web.server.docker import write_docker_files
from torch2web.server.run import require_server_packages, serve_api
from torch2web.server.settings import ApiSettings, digest_of

__all__ = ["ApiSettings", "digest_of", "require_server_packages", "serve_api", "write_docker_files"]
