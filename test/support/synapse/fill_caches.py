"""
Fills a cache of Synapse's own kind without an end, while Synapse's own eviction looks after it as often as in a server, on
a clock that goes as fast as this program.

    … -m fill_caches --config-path=… MAX_BYTES TARGET_BYTES TTL_SECONDS

as the image's entrypoint starts Synapse itself. Prints the most that jemalloc had given out after an eviction, the most
that was resident, and how many entries went, in one object.
"""

import json
import random
import sys
from types import SimpleNamespace

import synapse.app.homeserver  # noqa: F401, a process as large as a server's
from synapse.metrics.jemalloc import get_jemalloc_stats, setup_jemalloc_stats
from synapse.util.caches import lrucache

#: What comes in between two looks of the eviction: half a megabyte a second.
STEP_BYTES = 16 * 2**20
STEP_SECONDS = 30
#: Measured: an entry in memory.
ENTRY_BYTES = 4800
#: Of the ceiling, all in all.
TIMES = 2
#: MALLCTL_ARENAS_ALL.
ALL_ARENAS = 4096


class Clock:
    now = 0.0

    def time(self):
        return self.now

    def looping_call(self, function, _duration, *arguments):
        self.evict = lambda: function(*arguments)

    async def sleep(self, _duration):
        pass


class Server:
    hostname = "example.com"

    def __init__(self, autotuning):
        caches = SimpleNamespace(expiry_time_msec=None, cache_autotuning=autotuning)
        self.config, self.clock = SimpleNamespace(caches=caches), Clock()

    def get_clock(self):
        return self.clock

    def run_as_background_process(self, _name, function, *arguments):
        try:
            function(*arguments).send(None)
        except StopIteration:
            pass


def event_text(number):
    """An event as other servers send it: 1 to 2 kB of JSON."""
    ids = [f"${random.getrandbits(256):043x}" for _ in range(6)]
    return json.dumps(
        {
            "type": "m.room.message",
            "sender": f"@user-{number}:example.com",
            "room_id": "!room:example.com",
            "content": {"msgtype": "m.text", "body": "x" * random.randrange(50, 1000)},
            "auth_events": ids[:4],
            "prev_events": ids[4:],
            "depth": number,
            "origin_server_ts": 1_700_000_000_000 + number,
            "hashes": {"sha256": f"{random.getrandbits(256):043x}"},
            "signatures": {"example.com": {"ed25519:a": f"{random.getrandbits(512):086x}"}},
            "unsigned": {"age": number},
        }
    )


def peak_resident():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def main():
    most, target, ttl = (int(argument) for argument in sys.argv[-3:])
    setup_jemalloc_stats()
    jemalloc = get_jemalloc_stats()
    autotuning = {
        "max_cache_memory_usage": most,
        "target_cache_memory_usage": target,
        "min_cache_ttl": ttl * 1000,
    }
    server = Server(autotuning)
    lrucache.setup_expire_lru_cache_entries(server)
    cache = lrucache.LruCache(max_size=10**9, clock=server.clock, server_name=server.hostname, cache_name="filled")
    number, kept = 0, 0
    while number * ENTRY_BYTES < TIMES * most:
        for _ in range(STEP_BYTES // ENTRY_BYTES):
            cache[number] = json.loads(event_text(number))
            number += 1
        server.clock.now += STEP_SECONDS
        server.clock.evict()
        # jemalloc gives back what is free within ten seconds, by a clock that is not ours.
        jemalloc._mallctl(f"arena.{ALL_ARENAS}.purge", read=False)
        jemalloc.refresh_stats()
        kept = max(kept, jemalloc.get_stat("allocated"))
    print(json.dumps({"kept": kept, "resident": peak_resident(), "dropped": number - len(cache)}))


main()
