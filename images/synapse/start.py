#!/usr/local/bin/python3
"""Entry point of the local Synapse image.

Modes (first argument): run (default), generate, migrate_config. The contract is
the official image's; the text is not.
"""

import os
import platform
import secrets
import subprocess
import sys

DEFAULT_ID = "991"


def note(text: str) -> None:
    print(f"start.py: {text}", file=sys.stderr, flush=True)


def fail(text: str) -> None:
    note(text)
    sys.exit(2)


def number(name: str, default: str) -> int:
    value = os.environ.get(name, default)
    if not value.isdigit():
        fail(f"{name} must be a numeric id, it is {value!r}")
    return int(value)


def target_user() -> "tuple[int, int] | None":
    """The ids to run as, or None where nothing is to be switched.

    Root drops to 991:991 or to UID:GID. A container that was started as another
    user stays that user, unless UID asks for a switch (which then needs the
    rights for it).
    """
    if os.getuid() != 0 and "UID" not in os.environ:
        return None
    wanted = number("UID", DEFAULT_ID), number("GID", DEFAULT_ID)
    if wanted == (os.getuid(), os.getgid()):
        return None
    return wanted


def step_down(user: "tuple[int, int] | None") -> None:
    if user is None:
        return
    uid, gid = user
    try:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    except PermissionError as error:
        fail(f"cannot switch from user {os.getuid()} to {uid}:{gid}: {error}")


def own(path: str, user: "tuple[int, int] | None", recursive: bool = False) -> None:
    if user is None or os.getuid() != 0:
        return
    paths = [path]
    if recursive:
        for folder, folders, files in os.walk(path):
            paths += [os.path.join(folder, name) for name in folders + files]
    for each in paths:
        os.chown(each, *user, follow_symlinks=False)


def set_proxies() -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        value = os.environ.get("SYNAPSE_" + name)
        if value is not None:
            os.environ[name.lower()] = value


def preload_jemalloc() -> None:
    """cache_autotuning and sane memory use hang on jemalloc, which has to be
    loaded before Python starts."""
    library = f"/usr/lib/{platform.machine()}-linux-gnu/libjemalloc.so.2"
    if os.path.isfile(library):
        preload = os.environ.get("LD_PRELOAD")
        os.environ["LD_PRELOAD"] = f"{library}:{preload}" if preload else library
    else:
        note(f"{library} is missing: running with the C library's allocator")


def config_path(directory: str) -> str:
    return os.environ.get("SYNAPSE_CONFIG_PATH", os.path.join(directory, "homeserver.yaml"))


def required(name: str, mode: str) -> str:
    value = os.environ.get(name)
    if not value:
        fail(f"{name} must be set in {mode} mode")
    return value


def write_log_config(directory: str, server_name: str) -> str:
    path = os.path.join(directory, server_name + ".log.config")
    if not os.path.exists(path):
        with open("/conf/log.config") as source, open(path, "w") as out:
            out.write(source.read())
    return path


def run_as(user: "tuple[int, int] | None", command: "list[str]") -> None:
    """A program to its end, as the target user, so that its files are theirs."""
    child = subprocess.run(command, preexec_fn=lambda: step_down(user))
    if child.returncode != 0:
        sys.exit(child.returncode)


def generate(user: "tuple[int, int] | None", directory: str) -> None:
    """A new configuration, written by Synapse itself."""
    server_name = required("SYNAPSE_SERVER_NAME", "generate")
    report_stats = required("SYNAPSE_REPORT_STATS", "generate")
    data = os.environ.get("SYNAPSE_DATA_DIR", "/data")
    own(data, user)
    if os.path.realpath(directory) != os.path.realpath(data):
        os.makedirs(directory, exist_ok=True)
        own(directory, user)
    own(write_log_config(directory, server_name), user)
    run_as(
        user,
        [
            sys.executable, "-m", "synapse.app.homeserver",
            "--server-name", server_name,
            "--report-stats", report_stats,
            "--config-path", config_path(directory),
            "--config-directory", directory,
            "--data-directory", data,
            "--generate-config",
            "--open-private-ports",
        ],
    )  # fmt: skip


def migrate_config(user: "tuple[int, int] | None", directory: str) -> None:
    """A configuration from the environment variables of old images (a part of
    them: the server's name, PostgreSQL, registration, the shared secrets)."""
    import yaml

    server_name = required("SYNAPSE_SERVER_NAME", "migrate_config")
    report_stats = required("SYNAPSE_REPORT_STATS", "migrate_config")
    path = config_path(directory)
    if os.path.exists(path):
        fail(f"{path} exists: nothing to migrate")
    env = os.environ.get

    def secret(name: str, file: str) -> str:
        """The variable, or a generated value kept in a file beside the data."""
        if env(name):
            return str(env(name))
        kept = os.path.join("/data", f"{server_name}.{file}.key")
        if not os.path.exists(kept):
            with open(os.open(kept, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
                out.write(secrets.token_hex(32))
        with open(kept) as source:
            return source.read().strip()

    truth = {"1", "true", "yes", "on"}
    if env("POSTGRES_PASSWORD"):
        database = {
            "name": "psycopg2",
            "args": {
                "user": env("POSTGRES_USER", "synapse"),
                "password": env("POSTGRES_PASSWORD"),
                "dbname": env("POSTGRES_DB", "synapse"),
                "host": env("POSTGRES_HOST", "db"),
                "port": int(env("POSTGRES_PORT", "5432")),
                "cp_min": 5,
                "cp_max": 10,
            },
        }
    else:
        database = {"name": "sqlite3", "args": {"database": "/data/homeserver.db"}}
    config = {
        "server_name": server_name,
        "report_stats": report_stats.lower() in truth,
        "pid_file": "/data/homeserver.pid",
        "signing_key_path": f"/data/{server_name}.signing.key",
        "media_store_path": "/data/media_store",
        "log_config": write_log_config(directory, server_name),
        "listeners": [
            {
                "port": 8008,
                "type": "http",
                "tls": False,
                "bind_addresses": ["0.0.0.0"],
                "x_forwarded": True,
                "resources": [{"names": ["client", "federation"], "compress": False}],
            }
        ],
        "database": database,
        "enable_registration": env("SYNAPSE_ENABLE_REGISTRATION", "").lower() in truth,
        "registration_shared_secret": secret("SYNAPSE_REGISTRATION_SHARED_SECRET", "registration"),
        "macaroon_secret_key": secret("SYNAPSE_MACAROON_SECRET_KEY", "macaroon"),
        "trusted_key_servers": [{"server_name": "matrix.org"}],
    }
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        yaml.safe_dump(config, out, sort_keys=False)
    own("/data", user, recursive=True)
    own(directory, user, recursive=True)
    run_as(user, [sys.executable, "-m", "synapse.app.homeserver", "--config-path", path,
                  "--keys-directory", directory, "--generate-keys"])  # fmt: skip


def run(user: "tuple[int, int] | None", directory: str, arguments: "list[str]") -> None:
    """Becomes Synapse. `-m MODULE` is taken out of the arguments, the rest is
    passed on; the default --config-path is added only where none is given."""
    module = os.environ.get("SYNAPSE_WORKER", "synapse.app.homeserver")
    rest = []
    position = 0
    while position < len(arguments):
        if arguments[position] == "-m":
            if position + 1 == len(arguments):
                fail("-m wants a module's name")
            module = arguments[position + 1]
            position += 2
            continue
        rest.append(arguments[position])
        position += 1
    if not any(a == "-c" or a == "--config-path" or a.startswith("--config-path=") for a in rest):
        path = config_path(directory)
        if not os.path.exists(path):
            fail(f"the configuration file {path} does not exist; make one with the 'generate' mode")
        rest += ["--config-path", path]
    preload_jemalloc()
    step_down(user)
    note(f"starting {module} {' '.join(rest)}")
    os.execv(sys.executable, [sys.executable, "-m", module, *rest])


def main() -> None:
    mode = sys.argv[1] if len(sys.argv) > 1 else "run"
    user = target_user()
    directory = os.environ.get("SYNAPSE_CONFIG_DIR", "/data")
    set_proxies()
    if mode == "run":
        run(user, directory, sys.argv[2:])
    elif mode == "generate":
        generate(user, directory)
    elif mode == "migrate_config":
        migrate_config(user, directory)
    else:
        fail(f"unknown mode {mode!r}: it is one of run, generate, migrate_config")


if __name__ == "__main__":
    main()
