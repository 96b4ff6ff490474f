"""`run` as the command that is run sees it, and as whoever waits for it does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.client.fake_server import FakeServer
from tests.unit.client.process import PROGRAM, ROOT, children, copies, environment, run, started, state, until

INJECTIONS = "/api/v1/secrets/injections"
ONE = ("run", "--secret", "DB_PASSWORD=db/password", "--")
PYTHON = sys.executable


@pytest.fixture
def prepared(server: FakeServer) -> FakeServer:
    """A server that gives DB_PASSWORD."""
    server.on("POST", INJECTIONS, {"variables": {"DB_PASSWORD": "s3c\nr=3t ü"}, "position": 9})
    return server


def test_the_command_has_the_secrets_and_the_environment(prepared: FakeServer) -> None:
    done = run([*ONE, "env", "-0"], environment(prepared.url, KEPT="as it was"))
    assert done.returncode == 0
    found = dict(line.split("=", 1) for line in done.stdout.decode().rstrip("\0").split("\0"))
    assert found == environment(prepared.url, KEPT="as it was") | {"DB_PASSWORD": "s3c\nr=3t ü"}
    assert [asked.body for asked in prepared.asked] == [{"variables": {"DB_PASSWORD": "db/password"}, "resolve": False}]


def test_many_secrets_are_one_request(server: FakeServer) -> None:
    variables = {"A": "1", "B": "2", "DB_USER": "3"}
    server.on("POST", INJECTIONS, {"variables": variables})
    words = ("--secret", "A=x/a", "--env", "B=x/b", "--prefix", "app", "--name-style", "upper", "--resolve")
    done = run(["run", *words, "--", "sh", "-c", 'echo "$A$B$DB_USER"'], environment(server.url))
    assert (done.returncode, done.stdout) == (0, b"123\n")
    assert [asked.body for asked in server.asked] == [
        {"variables": {"A": "x/a", "B": "x/b"}, "prefix": "app/", "name_style": "upper", "resolve": True}
    ]


def test_options_of_the_command_are_its_own(prepared: FakeServer) -> None:
    words = ["run", "--secret", "DB_PASSWORD=db/password", "printf", "%s", "-o", "--secret"]
    assert run(words, environment(prepared.url)).stdout == b"-o--secret"


def test_input_and_output_pass_through(prepared: FakeServer) -> None:
    script = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1]); sys.stderr.write('to stderr')"
    done = run([*ONE, PYTHON, "-c", script], environment(prepared.url), stdin=bytes(range(256)))
    assert (done.stdout, done.stderr) == (bytes(range(255, -1, -1)), b"to stderr")


def test_an_open_file_passes_through(prepared: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "open").write_text("from descriptor three")
    words = " ".join([*PROGRAM, *ONE, "cat", "/dev/fd/3"])
    done = subprocess.run(
        ["sh", "-c", f"{words} 3<{tmp_path}/open"],
        env=environment(prepared.url),
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"from descriptor three"


@pytest.mark.parametrize("code", [0, 1, 3, 77, 255])
def test_the_exit_code_is_the_commands(prepared: FakeServer, code: int) -> None:
    assert run([*ONE, "sh", "-c", f"exit {code}"], environment(prepared.url)).returncode == code


@pytest.mark.parametrize("name", ["TERM", "KILL", "SEGV", "INT", "PIPE"])
def test_a_command_ended_by_a_signal_gives_128_and_its_number(prepared: FakeServer, name: str) -> None:
    done = run([*ONE, "sh", "-c", f"kill -{name} $$"], environment(prepared.url))
    assert done.returncode == 128 + signal.Signals[f"SIG{name}"]


def test_a_missing_command_is_told_before_a_secret_is_fetched(prepared: FakeServer) -> None:
    for name in ("no-such-command", "/no/such/command"):
        done = run([*ONE, name], environment(prepared.url))
        assert done.returncode == 127
        assert b"there is no command" in done.stderr
    assert prepared.asked == []


def test_what_cannot_be_run_is_told(prepared: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    (tmp_path / "broken").write_text("no program")
    (tmp_path / "broken").chmod(0o755)
    for path in (tmp_path, tmp_path / "text", tmp_path / "broken"):
        done = run([*ONE, str(path)], environment(prepared.url))
        assert done.returncode == 126
        assert b"cannot be run" in done.stderr
        assert b"s3c" not in done.stderr


def test_an_environment_too_large_is_told(server: FakeServer) -> None:
    server.on("POST", INJECTIONS, {"variables": {"DB_PASSWORD": "s3cr3t" * 100_000}})
    done = run([*ONE, "true"], environment(server.url))
    assert done.returncode == 126
    assert b"too large" in done.stderr
    assert b"s3cr3t" not in done.stderr


@pytest.mark.parametrize("status, code", [(401, 3), (403, 4), (404, 5), (409, 6), (500, 1)])
def test_without_the_secrets_the_command_does_not_start(server: FakeServer, status: int, code: int) -> None:
    server.refuse("POST", INJECTIONS, status, "some-code", detail="not for you")
    done = run([*ONE, "echo", "started"], environment(server.url))
    assert (done.returncode, done.stdout) == (code, b"")
    assert b"not for you" in done.stderr


@pytest.mark.parametrize(
    "answer",
    [{}, {"variables": {}}, {"variables": {"DB_PASSWORD": 5}}, {"variables": {"DB_PASSWORD": "x", "A=B": "y"}}],
)
def test_an_answer_that_lacks_what_was_asked_starts_nothing(server: FakeServer, answer: dict[str, object]) -> None:
    server.on("POST", INJECTIONS, answer)
    done = run([*ONE, "echo", "started"], environment(server.url))
    assert (done.returncode, done.stdout) == (1, b"")


def test_a_value_that_no_variable_can_hold_starts_nothing(server: FakeServer) -> None:
    server.on("POST", INJECTIONS, {"variables": {"DB_PASSWORD": "s3c\0r3t"}})
    done = run([*ONE, "echo", "started"], environment(server.url))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"NUL" in done.stderr
    assert b"s3c" not in done.stderr


@pytest.mark.parametrize("name", ["PATH", "LD_PRELOAD", "PYTHONPATH", "BASH_ENV"])
def test_a_folder_cannot_make_programs_load_other_code(server: FakeServer, name: str) -> None:
    server.on("POST", INJECTIONS, {"variables": {name: "/somewhere"}})
    done = run(["run", "--prefix", "app/", "--", "echo", "started"], environment(server.url))
    assert (done.returncode, done.stdout) == (2, b"")


def test_whoever_runs_it_may_set_any_variable_by_name(server: FakeServer) -> None:
    server.on("POST", INJECTIONS, {"variables": {"PYTHONPATH": "/x"}})
    done = run(["run", "--secret", "PYTHONPATH=a/b", "--", "sh", "-c", "echo $PYTHONPATH"], environment(server.url))
    assert done.stdout == b"/x\n"


@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("run", "--", "true"),
        ("run", "--secret", "A=x"),
        ("run", "--secret", "A", "--", "true"),
        ("run", "--secret", "A=", "--", "true"),
        ("run", "--secret", "A=/x", "--", "true"),
        ("run", "--secret", "=x", "--", "true"),
        ("run", "--secret", "A B=x", "--", "true"),
        ("run", "--secret", "A=x", "--env", "A=y", "--", "true"),
        ("run", "--secret", "A=x", "--name-style", "keep", "--", "true"),
    ],
)
def test_a_command_line_that_says_too_little_is_refused(server: FakeServer, words: tuple[str, ...]) -> None:
    done = run(words, environment(server.url))
    assert done.returncode == 2
    assert server.asked == []


@pytest.mark.parametrize("name", ["TERM", "HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "CONT", "WINCH"])
def test_a_signal_sent_to_us_reaches_the_command(prepared: FakeServer, name: str) -> None:
    script = f"""
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIG{name}])
print('ready', flush=True)
signal.sigwait([signal.SIG{name}])
sys.exit(42)
"""
    with started([*ONE, PYTHON, "-c", script], environment(prepared.url)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.Signals[f"SIG{name}"])
        assert process.wait(20) == 42


def test_a_signal_while_the_secrets_are_fetched_ends_it(server: FakeServer) -> None:
    with started([*ONE, "sleep", "60"], environment(server.url, TRSTCTL_SERVER="http://127.0.0.1:1")) as process:
        until(lambda: bool(children(process.pid)), "the fetching process")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in {128 + signal.SIGTERM, 7}


def test_the_command_starts_with_the_signals_we_were_started_with(prepared: FakeServer) -> None:
    show = "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"
    plain = subprocess.run(["sh", "-c", show], capture_output=True, check=True).stdout
    assert run([*ONE, "sh", "-c", show], environment(prepared.url)).stdout == plain
    ignoring = ["sh", "-c", f"trap '' INT; {' '.join([*PROGRAM, *ONE])} {show.replace(chr(39), chr(34))}"]
    told = subprocess.run(ignoring, env=environment(prepared.url), cwd=ROOT, capture_output=True, check=True).stdout
    assert int(told.split()[3], 16) & 1 << (signal.SIGINT - 1)


def test_a_stopped_command_goes_on_without_a_terminal(prepared: FakeServer) -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP); raise SystemExit(5)"
    with started([*ONE, PYTHON, "-c", script], environment(prepared.url)) as process:
        until(lambda: [state(child) for child in children(process.pid)] == ["T"], "stopped")
        for child in children(process.pid):
            os.kill(child, signal.SIGCONT)
        assert process.wait(20) == 5


def test_the_process_that_stays_holds_no_value(server: FakeServer) -> None:
    marker = "5c3a9e" * 6
    server.on("POST", INJECTIONS, {"variables": {"DB_PASSWORD": marker}})
    with started([*ONE, "sh", "-c", "echo ready; cat"], environment(server.url)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        (child,) = children(process.pid)
        assert copies(child, marker) > 0
        assert copies(process.pid, marker) == 0
        assert marker.encode() not in Path(f"/proc/{process.pid}/environ").read_bytes()
        assert marker.encode() not in Path(f"/proc/{child}/cmdline").read_bytes()


def test_nothing_is_written_to_disk(prepared: FakeServer, tmp_path: Path) -> None:
    where = {name: str(tmp_path) for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")}
    before = {path: path.stat().st_mtime_ns for path in _files_of_the_source()}
    assert run([*ONE, "true"], environment(prepared.url, PYTHONDONTWRITEBYTECODE="1", **where)).returncode == 0
    assert list(tmp_path.iterdir()) == []
    assert {path: path.stat().st_mtime_ns for path in _files_of_the_source()} == before


def test_a_failed_run_says_nothing_of_python(server: FakeServer) -> None:
    server.on("POST", INJECTIONS, ["no object"])
    done = run([*ONE, "true"], environment(server.url))
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def test_output_nobody_reads_ends_quietly(server: FakeServer) -> None:
    server.on("GET", "/api/v1/secrets/store", {"items": [{"name": "a" * 500}] * 1000, "next_cursor": None})
    words = " ".join([*PROGRAM, "secrets", "list", "-o", "raw"])
    done = subprocess.run(
        ["bash", "-c", f"{words} | true; echo ${{PIPESTATUS[0]}}"],
        env=environment(server.url), cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (b"141\n", b"")


def test_output_that_cannot_be_written_is_an_error(server: FakeServer) -> None:
    server.on("GET", "/api/v1/access/whoami", {"subject": "ann"})
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "whoami"],
            env=environment(server.url),
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"trstctl-cli: cannot write the output: No space left on device\n")


def test_every_word_of_json_is_utf8_whatever_the_locale(server: FakeServer) -> None:
    server.on("GET", "/api/v1/access/whoami", {"subject": "ünï"})
    done = run(["-o", "json", "whoami"], environment(server.url, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0"))
    assert json.loads(done.stdout.decode()) == {"subject": "ünï"}


def _files_of_the_source() -> list[Path]:
    return [path for path in (ROOT / "cli" / "client").rglob("*") if path.is_file()]
