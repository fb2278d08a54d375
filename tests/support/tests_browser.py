"""A page in headless Chromium, driven over the DevTools pipe: no driver, no port, no fixed waits."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_FLAGS = """--headless --no-sandbox --disable-gpu --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader
    --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync
    --window-size=1000,700 --remote-debugging-pipe"""


class PageLeft(Exception):
    """The page that was asked was left before it answered."""


class Page:
    """One tab; commands and answers are JSON, each ended by a zero byte."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._unread = b""
        self._sent = 0
        self._session: dict[str, str] = {}
        tab = self._do("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self._do("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]}

    def open(self, address: str) -> None:
        """Go to an address."""
        self._do("Page.navigate", url=address)

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self._do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    def resize(self, width: int, height: int) -> None:
        """Give the page a window of another size, in CSS pixels."""
        self._do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)

    def click(self, x: int, y: int) -> None:
        """Click at a place of the window."""
        for event in ("mousePressed", "mouseReleased"):
            self._do("Input.dispatchMouseEvent", type=event, x=x, y=y, button="left", clickCount=1)

    def take_picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self._do("Page.captureScreenshot")["data"])

    def wait_for(self, text: str, *, timeout_s: float = 60) -> str:
        """The page's text, folded ones included, as soon as it holds a given one."""
        end = time.monotonic() + timeout_s
        while text not in (shown := self._read_text()):
            assert time.monotonic() < end, f"{text!r} does not come; the page says {shown!r}"
            time.sleep(0.1)
        return shown

    def _read_text(self) -> str:
        with suppress(PageLeft):
            return str(self.evaluate("document.body.textContent.replace(/\\s+/g, ' ')"))
        return ""

    def _do(self, method: str, **params: Any) -> dict[str, Any]:
        self._sent += 1
        command = {"id": self._sent, "method": method, "params": params, **self._session}
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while (answer := self._read()).get("id") != self._sent:
            pass
        if "navigated or closed" in answer.get("error", {}).get("message", ""):
            raise PageLeft
        assert "result" in answer, answer
        return dict(answer["result"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            received = os.read(self._answers, 65536)
            assert received, "Chromium ended"
            self._unread += received
        message, _, self._unread = self._unread.partition(b"\0")
        return dict(json.loads(message))


@contextmanager
def open_browser(profile: Path) -> Iterator[Page]:
    """Start Chromium with a profile folder of its own and give its page."""
    commands_out, commands_in = os.pipe()
    answers_out, answers_in = os.pipe()
    # Chromium reads from descriptor 3 and writes to 4.
    start = f'exec chromium "$@" 113<&{commands_out} 114>&{answers_in} 3<&113 4>&114'
    command = ["bash", "-c", start, "chromium", *_FLAGS.split(), f"--user-data-dir={profile}"]
    with TemporaryDirectory(ignore_cleanup_errors=True) as left:  # what it leaves there when it is stopped
        chromium = subprocess.Popen(
            command,
            pass_fds=(commands_out, answers_in),
            env=os.environ | {"TMPDIR": left},
            stderr=subprocess.DEVNULL,
        )
        os.close(commands_out)
        os.close(answers_in)
        try:
            yield Page(commands_in, answers_out)
        finally:
            chromium.terminate()
            chromium.wait()
            os.close(commands_in)
            os.close(answers_out)
