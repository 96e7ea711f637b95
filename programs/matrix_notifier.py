"""Writes what Alertmanager sends into Matrix rooms, since Alertmanager itself knows no Matrix.

    matrix_notifier.py ADDRESS PORT ROOMS_FILE

ROOMS_FILE maps a path to `{"homeserver": …, "room_id": …, "access_token_file": …}`. A message that could not be
delivered is answered with 502, upon which Alertmanager sends it again; the same message then bears the same transaction
id, so that the room has it once.
"""

import hashlib
import html
import json
import signal
import sys
import threading
import time
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

# Alertmanager waits for as long as the route's group_interval, which is a minute at least.
DELIVERY_SECONDS = 25
ATTEMPT_SECONDS = 10
FIRST_PAUSE_SECONDS = 0.5
# Within it an equal message is the same one again, after it a reminder: shorter than any route's repeat_interval.
SAME_MESSAGE_SECONDS = 600
# An event has 65,536 bytes at the most (Matrix specification, "Size limits"); the envelope takes some.
MOST_BYTES = 60_000
MOST_BODY_BYTES = 4 * 1024**2
LONGEST_TEXT = 500


class Undelivered(Exception):
    """What the homeserver said, without anything secret."""


def short(text):
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def facts(alert):
    """Title and further lines of one alert."""
    labels, notes = alert.get("labels", {}), alert.get("annotations", {})
    about = [labels[key] for key in ("service", "job", "index") if labels.get(key)]
    title = " ".join([labels.get("alertname", "alert"), *([f"({' '.join(about)})"] if about else [])])
    lines = [short(notes[key]) for key in ("summary", "description") if notes.get(key)]
    return short(title), lines, notes.get("runbook", "")


def plain_alert(alert):
    title, lines, runbook = facts(alert)
    return "\n  ".join([f"- {title}", *lines, *([short(runbook)] if runbook else [])])


def html_alert(alert):
    title, lines, runbook = facts(alert)
    parts = [f"<strong>{html.escape(title)}</strong>", *map(html.escape, lines)]
    if runbook.startswith(("https://", "http://")):
        parts.append(f'<a href="{html.escape(runbook)}">what to do</a>')
    elif runbook:
        parts.append(html.escape(short(runbook)))
    return f"<li>{'<br>'.join(parts)}</li>"


def heading(status, alerts):
    severities = sorted({alert.get("labels", {}).get("severity", "") for alert in alerts} - {""})
    where = sorted({alert.get("labels", {}).get("instance", "") for alert in alerts} - {""})
    words = ["firing" if status == "firing" else "resolved", *severities]
    return f"{', '.join(words).upper()}{': ' + ', '.join(where) if where else ''}"


def content_of(payload, shown):
    """An m.room.message with at most so many alerts of each kind."""
    plain, rich = [], []
    for status in ("firing", "resolved"):
        alerts = [alert for alert in payload["alerts"] if alert.get("status") == status]
        if not alerts:
            continue
        title, more = heading(status, alerts), len(alerts) - shown
        plain += [title, *map(plain_alert, alerts[:shown])]
        rich += [f"<p><strong>{html.escape(title)}</strong></p><ul>", *map(html_alert, alerts[:shown]), "</ul>"]
        if more > 0:
            plain.append(f"and {more} more")
            rich.append(f"<p>and {more} more</p>")
    pages = any(
        alert.get("status") == "firing" and alert.get("labels", {}).get("severity") == "page"
        for alert in payload["alerts"]
    )
    return {
        # Clients ring for a text, and never for a notice.
        "msgtype": "m.text" if pages else "m.notice",
        "body": "\n".join(plain),
        "format": "org.matrix.custom.html",
        "formatted_body": "".join(rich),
    }


def message(payload):
    shown = len(payload["alerts"])
    while True:
        content = content_of(payload, shown)
        if shown == 0 or len(json.dumps(content, ensure_ascii=False).encode()) <= MOST_BYTES:
            return content
        shown //= 2


class Transactions:
    """Gives the same id to the same message for a while: when an alert began tells a second one from the first."""

    def __init__(self):
        self.lock = threading.Lock()
        self.known = {}

    def id_of(self, room_id, alerts):
        parts = sorted([alert.get(key, "") for key in ("fingerprint", "startsAt", "status")] for alert in alerts)
        digest = hashlib.sha256(json.dumps([room_id, parts]).encode()).hexdigest()
        now = time.time()
        with self.lock:
            self.known = {key: first for key, first in self.known.items() if now - first < SAME_MESSAGE_SECONDS}
            first = self.known.setdefault(digest, now)
        return f"alert-{digest[:24]}-{int(first)}"


def pause_asked(error, body):
    """Seconds that the homeserver asks to wait, or 0."""
    try:
        return float(error.headers.get("Retry-After") or json.loads(body).get("retry_after_ms", 0) / 1000)
    except (ValueError, TypeError, AttributeError):
        return 0


def errcode(body):
    try:
        code = json.loads(body).get("errcode", "")
        return code if isinstance(code, str) and code.isascii() and len(code) < 64 else ""
    except (ValueError, AttributeError):
        return ""


def put(url, token, content, seconds):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = Request(url, data=json.dumps(content).encode(), headers=headers, method="PUT")
    with urlopen(request, timeout=seconds) as response:
        response.read(MOST_BODY_BYTES)


def deliver(room, transaction, content):
    with open(room["access_token_file"], encoding="utf-8") as file:
        token = file.read().strip()
    path = f"/_matrix/client/v3/rooms/{quote(room['room_id'], safe='')}/send/m.room.message/{quote(transaction, safe='')}"
    deadline, pause = time.monotonic() + DELIVERY_SECONDS, FIRST_PAUSE_SECONDS
    while True:
        wait = pause
        try:
            put(room["homeserver"] + path, token, content, ATTEMPT_SECONDS)
            return
        except HTTPError as error:
            body = error.read(MOST_BODY_BYTES)
            said = f"HTTP {error.code} {errcode(body)}".strip()
            if error.code != 429 and error.code < 500:
                raise Undelivered(said) from None
            wait = max(pause, pause_asked(error, body))
        except (OSError, HTTPException) as error:
            said = type(getattr(error, "reason", error)).__name__
        if time.monotonic() + wait + ATTEMPT_SECONDS > deadline:
            raise Undelivered(said)
        time.sleep(wait)
        pause *= 2


def handler(rooms, transactions):
    class Handler(BaseHTTPRequestHandler):
        # Of a caller that connects and says nothing.
        timeout = 30

        def answer(self, status, text):
            body = f"{text}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):  # noqa: N802, the library's name
            self.answer(200, "ok") if self.path == "/healthz" else self.answer(404, "not found")

        def do_POST(self):  # noqa: N802
            room = rooms.get(self.path)
            if room is None:
                return self.answer(404, "no such receiver")
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > MOST_BODY_BYTES:
                return self.answer(413, "too large, or of unknown length")
            try:
                payload = json.loads(self.rfile.read(int(length)))
                content = message(payload)
            except (ValueError, KeyError, TypeError, AttributeError):
                return self.answer(400, "not what Alertmanager sends")
            transaction = transactions.id_of(room["room_id"], payload["alerts"])
            try:
                deliver(room, transaction, content)
            except Undelivered as error:
                print(f"{self.path} {transaction} not delivered: {error}", flush=True)
                return self.answer(502, f"not delivered: {error}")
            print(f"{self.path} {transaction} delivered", flush=True)
            return self.answer(200, "delivered")

        def log_message(self, *_):
            """What was delivered has a line already."""

    return Handler


def main():
    address, port, file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(file, encoding="utf-8") as text:
        rooms = json.load(text)
    server = ThreadingHTTPServer((address, port), handler(rooms, Transactions()))
    server.daemon_threads = False
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    # Ends what is on its way.
    server.server_close()


if __name__ == "__main__":
    main()
