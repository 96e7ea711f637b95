"""Parses rendered files as `python3 -m synapse.config` does, many in one interpreter.

Reads a JSON list of {folder, own, name} and prints a JSON list of outcomes in the same order.
"""

import contextlib
import io
import json
import logging.config
import os
import runpy
import sys

import yaml

from synapse.config.homeserver import HomeServerConfig


loaded: list[HomeServerConfig] = []
load_config = HomeServerConfig.load_config


def load_and_keep(description: str, arguments: list[str]) -> HomeServerConfig:
    loaded.append(load_config(description, arguments))
    return loaded[-1]


# The module parses and prints one line; this keeps what it parsed.
HomeServerConfig.load_config = load_and_keep


def values(config: HomeServerConfig) -> dict:
    database = config.database.get_single_database().config
    caches = config.caches.cache_autotuning or {}
    return {
        "serverName": config.server.server_name,
        "worker": config.worker.worker_name,
        "workerApp": config.worker.worker_app,
        "listeners": [
            [
                listener.type,
                listener.bind_addresses,
                listener.port,
                [
                    name
                    for resource in (listener.http_options.resources if listener.http_options else [])
                    for name in resource.names
                ],
            ]
            for listener in (
                config.worker.worker_listeners if config.worker.worker_app else config.server.listeners
            )
        ],
        "host": database["args"]["host"],
        "database": database["args"]["dbname"],
        "cpMin": database["args"]["cp_min"],
        "cpMax": database["args"]["cp_max"],
        "statementTimeout": database["statement_timeout"],
        "globalFactor": config.caches.global_factor,
        "eventCacheSize": config.caches.event_cache_size,
        "autotuning": {key: int(value) for key, value in caches.items()},
        "redis": config.redis.redis_enabled,
        "redisPassword": config.redis.redis_password if config.redis.redis_enabled else None,
        "media": config.media.can_load_media_repo,
        "softFileLimit": config.server.soft_file_limit,
        "instances": sorted(config.worker.instance_map),
        "signingKeys": [f"{key.alg}:{key.version}" for key in config.key.signing_key],
        "federationWhitelist": None
        if config.federation.federation_domain_whitelist is None
        else sorted(config.federation.federation_domain_whitelist),
    }


def parse(case: dict) -> dict:
    link = "/boxes/current"
    if os.path.islink(link):
        os.unlink(link)
    os.symlink(os.path.join("/boxes", case["folder"]), link)
    arguments = [
        "--config-path=/config/homeserver.yaml",
        f"--config-path=/config/{case['own']}",
        "--no-secrets-in-config",
    ]
    output = io.StringIO()
    code: object = 0
    sys.argv = ["synapse.config", *arguments]
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            runpy.run_module("synapse.config", run_name="__main__")
            with open("/config/log.yaml") as file:
                logging.config.dictConfig(yaml.safe_load(file))
            # The next case starts without it: only Synapse itself gives each record its `request`.
            logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}})
        except SystemExit as stop:
            code = stop.code
        except Exception as error:
            code = f"{type(error).__name__}: {error}"
    return {
        "code": code,
        "output": output.getvalue().strip(),
        "values": values(loaded.pop()) if code == 0 else None,
    }


print(json.dumps([parse(case) for case in json.load(sys.stdin)]))
