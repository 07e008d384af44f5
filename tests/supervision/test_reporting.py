"""Logs and error reports: whole lines, nothing secret, and the reports do arrive."""

from __future__ import annotations

import gzip
import logging
import os
import pty
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.allowance import BURST, RATE, Allowance
from supervision.logs import LINE_LIMIT, JsonFormatter, StreamHandler, TextFormatter
from supervision.redaction import redact, scrub
from supervision.sentry import QUIET_SECONDS, Limiter, fingerprint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("account DU1234567 opened", "account DU…567 opened"),
        ("U123456,F12345;I123456789", "U…456,F…345;I…789"),
        ("AAPL 100 U12 DUX1234567 BU1234567", "AAPL 100 U12 DUX1234567 BU1234567"),
        ('{"password": "hunter2", "user": "me"}', '{"password": "…", "user": "me"}'),
        ("api_token=abc123 next", "api_token=… next"),
        ("tokens: 45 of 50", "tokens: 45 of 50"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("http://me:hunter2@host/1", "http://me:…@host/1"),
    ],
)
def test_account_ids_and_secrets_are_redacted_and_nothing_else(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_redacting_a_long_word_takes_no_longer_than_reading_it() -> None:
    began = time.process_time()
    redact("x" * 1_000_000)
    assert time.process_time() - began < 1.0  # squared, it would be minutes


def test_nested_data_is_scrubbed_down_to_its_keys_and_keeps_its_shape() -> None:
    event = {"extra": {"api_key": {"id": 1}, "DU1234567": ["U7654321", 3, None]}, "tags": (("password", None), "ok")}
    expected = {"extra": {"api_key": "…", "DU…567": ["U…321", 3, None]}, "tags": (("password", None), "ok")}
    assert scrub(event) == expected


@given(
    text=st.text() | st.just("\ud800"),
    extra=st.dictionaries(st.from_regex(r"x_[a-z]{1,5}", fullmatch=True), st.text() | st.integers()),
)
def test_every_record_is_one_short_line_of_json(text: str, extra: dict[str, object]) -> None:
    record = logging.LogRecord("order", logging.INFO, __file__, 1, "%s", (text * 50 + "é" * 3000,), None)
    vars(record).update(extra)
    line = JsonFormatter("order").format(record)
    assert "\n" not in line
    assert len(line.encode()) <= LINE_LIMIT
    entry = orjson.loads(line)
    assert (entry["process"], entry["level"]) == ("order", "INFO")


def _record_of_deep_failure() -> logging.LogRecord:
    def fall(depth: int) -> None:
        if depth == 0:
            raise ValueError("the bottom, account DU1234567")
        fall(depth - 1) if depth % 2 else stumble(depth - 1)

    def stumble(depth: int) -> None:  # taking turns, or Python folds the repeated lines
        fall(depth)

    try:
        fall(100)
    except ValueError:
        return logging.LogRecord("order", logging.ERROR, __file__, 1, "fell", (), sys.exc_info())


def test_a_long_stack_loses_its_beginning_and_keeps_the_line_that_failed() -> None:
    entry = orjson.loads(JsonFormatter("order").format(_record_of_deep_failure()))
    assert entry["message"].startswith("fell")
    assert entry["error"].endswith("ValueError: the bottom, account DU…567")


def test_text_is_coloured_on_request_and_names_the_process() -> None:
    record = logging.LogRecord("order", logging.ERROR, __file__, 1, "account %s", ("DU1234567",), None)
    assert TextFormatter("order", colour=False).format(record).endswith("ERROR    order: account DU…567")
    assert "\x1b[31mERROR" in TextFormatter("order", colour=True).format(record)


def test_the_same_failure_is_reported_once_a_minute_and_another_at_once() -> None:
    limiter = Limiter()
    errors = []
    for kind in (ValueError, KeyError):
        try:
            raise kind("x")
        except (ValueError, KeyError) as error:
            errors.append(fingerprint(error))
    assert limiter.allows(errors[0], 0.0)
    assert not limiter.allows(errors[0], QUIET_SECONDS - 1)
    assert limiter.allows(errors[1], QUIET_SECONDS - 1)
    assert limiter.allows(errors[0], QUIET_SECONDS)


WRITER = """
import logging, sys
from supervision.reporting import ReportingSettings, configure
configure(ReportingSettings(quiet_loggers={"chatty": "WARNING"}), sys.argv[1])
sys.stdin.read()  # everybody begins at once
for number in range(200):
    logging.getLogger(sys.argv[1]).info("%d %s", number, "x" * 3000)
    logging.getLogger("chatty").info("never shown")
"""


def test_lines_of_several_processes_in_one_pipe_never_mix() -> None:
    ours, theirs = os.pipe()
    command = [sys.executable, "-c", WRITER]
    writers = [subprocess.Popen([*command, name], stdin=subprocess.PIPE, stderr=theirs) for name in ("a", "b", "c")]
    os.close(theirs)
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
    with os.fdopen(ours, "rb") as pipe:
        entries = [orjson.loads(line) for line in pipe]
    for writer in writers:
        assert writer.wait(10) == 0
    for name in ("a", "b", "c"):
        numbers = [int(e["message"].split()[0]) for e in entries if e["process"] == name]
        assert numbers == list(range(200))
    assert len(entries) == 600


def test_a_terminal_gets_coloured_text_and_no_json() -> None:
    ours, theirs = pty.openpty()
    program = "import logging; from supervision.reporting import *; configure(ReportingSettings(), 'order'); "
    subprocess.run([sys.executable, "-c", program + "logging.info('hello')"], stderr=theirs, check=True, timeout=20)
    os.close(theirs)
    shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert "\x1b[36mINFO" in shown
    assert "order: hello" in shown


class Collector(BaseHTTPRequestHandler):
    """Sentry's side: keeps the body of every envelope."""

    bodies: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the test's output clean."""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A DSN on the loopback, and what arrives there."""
    bodies: list[bytes] = []
    server = HTTPServer(("127.0.0.1", 0), type("Kept", (Collector,), {"bodies": bodies}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://public@127.0.0.1:{server.server_port}/1", bodies
    server.shutdown()
    server.server_close()
    thread.join()


REPORTER = """
import logging, os, socket, sys
from pathlib import Path
from supervision.reporting import ReportingSettings, capture, configure, flush
configure(ReportingSettings(file=Path(sys.argv[2]), sentry_dsn=sys.argv[1] or None), "order")
log = logging.getLogger("order")
def place(account):
    password = "hunter2-local"
    raise ValueError(f"refused for {account}")
for _ in range(2):
    log.info("for account DU1234567", extra={"password": "hunter2-extra"})
    try:
        place("DU1234567")
    except ValueError as error:
        log.critical("unexpected", exc_info=error)
        capture(error)
flush(5.0)
print("sentry_sdk" in sys.modules, socket.gethostname())
sys.stdout.flush()
os._exit(70)
"""


def _report(dsn: str, file: Path) -> str:
    command = [sys.executable, "-c", REPORTER, dsn, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 70, done.stderr
    return done.stdout


def test_an_exception_reaches_sentry_once_before_the_process_ends_without_anything_private(
    collector: tuple[str, list[bytes]], tmp_path: Path
) -> None:
    dsn, bodies = collector
    imported, host = _report(dsn, tmp_path / "log").split()
    assert imported == "True"
    everything = b"\n".join(bodies)
    for private in (b"DU1234567", b"hunter2", b'"server_name":"' + host.encode()):
        assert private not in everything
    events = [orjson.loads(line) for line in everything.splitlines() if b'"exception"' in line]
    assert len(events) == 1
    (event,) = events
    assert event["exception"]["values"][0]["value"] == "refused for DU…567"
    assert event["tags"]["process"] == "order"
    assert event["server_name"] == "supervised"
    assert any(crumb["message"] == "for account DU…567" for crumb in event["breadcrumbs"]["values"])
    assert b"DU1234567" not in (tmp_path / "log").read_bytes()


def test_without_a_dsn_the_client_is_not_even_imported_and_the_log_has_it_all(tmp_path: Path) -> None:
    assert _report("", tmp_path / "log").split()[0] == "False"
    entries = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    assert "ValueError: refused for DU…567" in entries[1]["error"]
    assert entries[0]["password"] == "…"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_a_log_that_nobody_reads_stops_nobody_and_says_later_how_much_was_lost() -> None:
    reader, writer = os.pipe()
    handler = StreamHandler(writer)
    handler.setFormatter(TextFormatter("order", colour=False))
    log = logging.Logger("order")
    log.addHandler(handler)
    done = threading.Event()

    def talk() -> None:
        for number in range(2000):
            log.info("line %d %s", number, "x" * 100)
        done.set()

    threading.Thread(target=talk, daemon=True).start()
    finished = done.wait(5)
    said = os.read(reader, 1 << 20).decode()
    assert finished, "it waits for a reader"
    log.info("the reader is back")
    said += os.read(reader, 1 << 20).decode()
    os.close(reader)
    os.close(writer)
    lines = said.splitlines()
    kept = sum(" line " in line for line in lines)
    assert f"{2000 - kept} records before this one are lost: the log took nothing" in lines[-2]
    assert lines[-1].endswith("the reader is back")
    assert kept > 300


def test_a_log_on_a_full_disk_stops_nobody_and_goes_on_with_whole_lines(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    handler = StreamHandler(descriptor)
    handler.setFormatter(TextFormatter("order", colour=False))
    log = logging.Logger("order")
    log.addHandler(handler)
    log.info("before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, hard))
    try:
        for _ in range(3):
            log.info("lost")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    log.info("after")
    os.close(descriptor)
    lines = path.read_text().splitlines()
    assert [len(lines), len(lines[1])] == [4, 10]
    assert lines[0].endswith("before")
    assert lines[2].endswith("3 records before this one are lost: the log took nothing")
    assert lines[3].endswith("after")
    assert capfd.readouterr().err == ""


def test_a_process_whose_output_nobody_takes_still_leaves_with_its_code() -> None:
    code = "import sys; from supervision.host import leave; sys.stdout = open('/dev/full', 'w'); print(1); leave(5)"
    ended = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr) == (5, b"")


def test_a_process_that_logs_in_a_loop_writes_its_allowance_and_says_later_how_much_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    handler = StreamHandler(descriptor, Allowance(now[0]))
    record = logging.LogRecord("flood", logging.INFO, __file__, 0, "again", None, None)
    for _ in range(BURST + 700):
        handler.emit(record)
    now[0] += 2.0
    for _ in range(200):
        handler.emit(record)
    os.close(descriptor)
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines.count("again") == BURST + 2.0 * RATE
    assert lines[BURST] == "700 records before this one are left out: this process may log 50 records a second for long"
