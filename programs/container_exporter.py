"""Memory, CPU and OOM kills of containers, read from their control groups, for Prometheus.

    container_exporter.py PORT CGROUP_DIR

CONTAINERS in the environment says which: `postgres=<id>,nginx=<id>`; `self` stands for the id of its own container. Needs no
engine's socket, which would be root on the host: the control groups are readable by everybody. Both versions of them are
known.
"""

import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Name, type, help: as cAdvisor calls them, so that panels and rules of others fit.
METRICS = [
    ("container_memory_usage_bytes", "gauge", "Charged to the container, page cache included"),
    ("container_memory_working_set_bytes", "gauge", "Charged, without page cache that could go at once"),
    ("container_memory_rss", "gauge", "Anonymous memory and shared memory: what can never go"),
    ("container_spec_memory_limit_bytes", "gauge", "Hard limit"),
    ("container_oom_events_total", "counter", "Processes that the kernel killed for want of memory"),
    ("container_cpu_usage_seconds_total", "counter", "CPU time"),
    ("container_cpu_cfs_throttled_seconds_total", "counter", "Time that a quota kept it waiting"),
    ("container_processes", "gauge", "Processes and threads"),
    ("container_start_time_seconds", "gauge", "When it was last started"),
    ("container_running", "gauge", "Whether it runs"),
]
#: The engine mounts a container's host name out of a folder of the container's id.
OWN_MOUNT = re.compile(r"/containers/([0-9a-f]{64})/hostname ")
DOCKER_DIR = re.compile(r"^(?:docker-)?([0-9a-f]{64})(?:\.scope)?$")


def read(path):
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None


def number(path):
    text = read(path)
    return int(text) if text is not None and text.isdigit() else None


def table(path):
    """`name value` lines."""
    rows = (line.split() for line in (read(path) or "").splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def own_id():
    """Id of the container that this program runs in; an empty text outside of one."""
    match = OWN_MOUNT.search(read("/proc/self/mountinfo") or "")
    return match.group(1) if match else ""


def find(root, wanted):
    """Folder of each container below `root`, by id; other containers' folders are not looked into."""
    found = {}
    folders = [root]
    while folders and len(found) < len(wanted):
        folder = folders.pop()
        try:
            entries = [entry for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        for entry in entries:
            match = DOCKER_DIR.match(entry.name)
            if not match:
                folders.append(entry.path)
            elif match.group(1) in wanted:
                found[match.group(1)] = entry.path
    return found


def version_2(folder):
    memory, events, cpu = (table(f"{folder}/{name}") for name in ("memory.stat", "memory.events", "cpu.stat"))
    usage = number(f"{folder}/memory.current")
    return {
        "container_memory_usage_bytes": usage,
        "container_memory_working_set_bytes": None if usage is None else max(0, usage - memory.get("inactive_file", 0)),
        "container_memory_rss": memory.get("anon", 0) + memory.get("shmem", 0),
        "container_spec_memory_limit_bytes": number(f"{folder}/memory.max"),
        "container_oom_events_total": events.get("oom_kill"),
        "container_cpu_usage_seconds_total": cpu.get("usage_usec", 0) / 1e6,
        "container_cpu_cfs_throttled_seconds_total": cpu.get("throttled_usec", 0) / 1e6,
        "container_processes": number(f"{folder}/pids.current"),
    }


def version_1(memory_dir, cpuacct_dir, cpu_dir, pids_dir):
    memory = table(f"{memory_dir}/memory.stat")
    usage = number(f"{memory_dir}/memory.usage_in_bytes")
    inactive = memory.get("total_inactive_file", 0)
    return {
        "container_memory_usage_bytes": usage,
        "container_memory_working_set_bytes": None if usage is None else max(0, usage - inactive),
        "container_memory_rss": memory.get("total_rss", 0) + memory.get("total_shmem", 0),
        "container_spec_memory_limit_bytes": number(f"{memory_dir}/memory.limit_in_bytes"),
        "container_oom_events_total": table(f"{memory_dir}/memory.oom_control").get("oom_kill"),
        "container_cpu_usage_seconds_total": (number(f"{cpuacct_dir}/cpuacct.usage") or 0) / 1e9,
        "container_cpu_cfs_throttled_seconds_total": table(f"{cpu_dir}/cpu.stat").get("throttled_time", 0) / 1e9,
        "container_processes": number(f"{pids_dir}/pids.current"),
    }


class Containers:
    """Finds each container's folders once, and again when they are gone: a restart makes new ones."""

    def __init__(self, root, names):
        self.root = root
        self.names = names
        self.unified = os.path.exists(f"{root}/cgroup.controllers")
        self.folders = {}
        self.starts = {}

    def started(self, folder):
        """
        Time of the folder as it was first seen. Its number stays as long as it is there; its time does not, since the kernel
        may forget it and take the present for it.
        """
        found = os.stat(folder)
        return self.starts.setdefault(found.st_ino, found.st_mtime)

    def controllers(self):
        return [""] if self.unified else ["memory", "cpuacct", "cpu", "pids"]

    def locate(self, container_id):
        known = self.folders.get(container_id)
        if known is None or not all(os.path.isdir(folder) for folder in known if folder):
            places = [find(os.path.join(self.root, one), {container_id}).get(container_id) for one in self.controllers()]
            if places[0] is None:
                self.folders.pop(container_id, None)
                return None
            known = self.folders[container_id] = [place or "" for place in places]
        return known

    def measure(self, container_id):
        folders = self.locate(container_id)
        if folders is None:
            return {"container_running": 0}
        try:
            values = version_2(*folders) if self.unified else version_1(*folders)
            values["container_start_time_seconds"] = self.started(folders[0])
        except FileNotFoundError:
            return {"container_running": 0}
        return {**values, "container_running": 1}

    def text(self):
        measured = {name: self.measure(container_id) for name, container_id in self.names.items()}
        lines = []
        for metric, kind, about in METRICS:
            lines += [f"# HELP {metric} {about}.", f"# TYPE {metric} {kind}"]
            for name, values in measured.items():
                if values.get(metric) is not None:
                    lines.append(f'{metric}{{name="{name}"}} {values[metric]}')
        return "\n".join(lines) + "\n"


def handler(containers):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802, the library's name
            pages = {"/metrics": containers.text, "/healthz": lambda: "ok\n"}
            page = pages.get(self.path)
            body = (page() if page else "not found\n").encode()
            self.send_response(200 if page else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Every scrape would be a line."""

    return Handler


def main():
    port, root = int(sys.argv[1]), sys.argv[2]
    pairs = (pair.split("=", 1) for pair in os.environ["CONTAINERS"].split(",") if pair)
    ids = ((name, own_id() if one == "self" else one) for name, one in pairs)
    # Without its own id it tells of the others alone.
    names = {name: one for name, one in ids if one}
    ThreadingHTTPServer(("", port), handler(Containers(root, names))).serve_forever()


if __name__ == "__main__":
    main()
