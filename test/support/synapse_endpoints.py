"""Prints, as JSON, every endpoint that the installed Synapse registers, with templates of paths that fit each pattern.

A template names what is free in it: `/_matrix/client/v3/rooms/{room_id}/messages`.

`worker` and `main` come from the functions behind `python3 -m synapse._scripts.generate_workers_map`. That script
leaves out what hangs on resources of its own; `media` and `pages` are asked of the code that builds those.
"""

import itertools
import json
import re
import sys

from synapse._scripts.generate_workers_map import (
    EnumerationResource,
    MockHomeserver,
    get_registered_paths_for_default,
)
from synapse.config.homeserver import HomeServerConfig
from synapse.rest import admin
from synapse.rest.client import media as client_media
from synapse.rest.media.media_repository_resource import MediaRepositoryResource
from synapse.rest.synapse.client import build_synapse_client_resource_tree

parser = re._parser
# Something free, in a text; no path holds it.
FREE = "\0"


def texts(parsed, names: dict[int, str]) -> list[str]:
    """Every way through a pattern."""
    ways = [texts_of(operation, argument, names) for operation, argument in parsed]
    return ["".join(parts) for parts in itertools.product(*ways)]


def texts_of(operation, argument, names: dict[int, str]) -> list[str]:
    name = str(operation)
    if name == "AT":
        return [""]
    if name == "LITERAL":
        return [chr(argument)]
    if name == "ANY":
        # A dot that nobody escaped.
        return ["."]
    if name == "NOT_LITERAL":
        return [FREE]
    if name == "IN":
        # `(v1|v3)` is parsed as `v[13]`.
        kinds = {str(kind) for kind, _ in argument}
        return [chr(code) for _, code in argument] if kinds == {"LITERAL"} else [FREE]
    if name == "SUBPATTERN":
        group = names.get(argument[0])
        free = FREE if group is None else f"{{{group}}}"
        return [way.replace(FREE, free) for way in texts(argument[-1], names)]
    if name == "BRANCH":
        return [text for branch in argument[1] for text in texts(branch, names)]
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, inner = argument
        # `.*` and `[^/]*` stand for something in a real path.
        once = [FREE if text == "." else text for text in texts(inner, names)]
        return ["", *once] if least == 0 and most == 1 else once
    raise ValueError(f"{name} in a pattern")


def templates(pattern: str) -> list[str]:
    parsed = parser.parse(pattern)
    names = {number: name for name, number in parsed.state.groupdict.items()}
    return [text.replace(FREE, "x") for text in texts(parsed, names)]


def described(registrations) -> list[dict]:
    return [
        {"method": method, "pattern": pattern, "templates": templates(pattern)}
        for method, pattern in sorted(registrations)
    ]


def enumerated(register) -> list[dict]:
    resource = EnumerationResource(is_worker=False)
    register(resource)
    return described(resource.registrations)


settings = {
    "server_name": "example.com",
    "report_stats": False,
    "suppress_key_server_warning": True,
    "database": {"name": "sqlite3", "args": {"database": "/tmp/endpoints.db"}},
    "signing_key": "ed25519 a_test b/tdgJsIC2XA6vVQZPMk8hpW50BklVXHu0jqCiOO/hI",
    "macaroon_secret_key": "x",
    "form_secret": "x",
    "media_store_path": "/tmp/media",
    # For the writer of thread subscriptions; no deployment has it by itself.
    "experimental_features": {"msc4306_enabled": "msc4306" in sys.argv},
    # Without a provider the endpoints of single sign-on are not registered.
    "cas_config": {"enabled": True, "server_url": "https://cas.example.com"},
    "oidc_providers": [
        {
            "idp_id": "test",
            "idp_name": "test",
            "issuer": "https://idp.example.com",
            "client_id": "x",
            "client_secret": "x",
        }
    ],
}
config = HomeServerConfig()
config.parse_config_dict(settings, "", "")

main = get_registered_paths_for_default(None, config)
worker = get_registered_paths_for_default("synapse.app.generic_worker", config)

homeserver = MockHomeserver(config, None)
homeserver.setup()


def register_media(resource) -> None:
    MediaRepositoryResource.register_servlets(resource, homeserver)
    client_media.register_servlets(homeserver, resource)
    admin.register_servlets_for_media_repo(homeserver, resource)


json.dump(
    {
        "main": described(main),
        "worker": described(worker),
        "media": enumerated(register_media),
        "pages": sorted(build_synapse_client_resource_tree(homeserver)),
    },
    sys.stdout,
)
