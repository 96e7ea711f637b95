"""Opens connections, sends a request on each and reads nothing: `slow_readers.py HOST PORT`, with `[[count, request], …]`
as JSON on the first line of the input. Says `open` when all are sent, and ends with the input.

A receive buffer of the least size keeps the kernels from taking the answers in Nginx' place.
"""

import json
import resource
import socket
import sys
import time

AT_ONCE = 50

_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
host, port = sys.argv[1], int(sys.argv[2])
sockets = []
for count, request in json.loads(sys.stdin.readline()):
    for _ in range(count):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect((host, port))
        one.sendall(request.encode())
        sockets.append(one)
        if len(sockets) % AT_ONCE == 0:
            time.sleep(0.02)
print("open", flush=True)
sys.stdin.read()
