"""Debian's headless Chromium, driven over the DevTools protocol."""
import asyncio
import base64
import contextlib
import itertools
import json
import os
import re
import signal
import subprocess

import websockets


class Page:
    """One tab."""

    def __init__(self, connection):
        self.connection = connection
        self.numbers = itertools.count(1)
        self.waiting = {}
        self.complaints = []
        self.session = None
        self.reader = asyncio.ensure_future(self.read())

    async def read(self):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in self.connection:
                self.take(json.loads(message))

    def take(self, found):
        if found.get("id") in self.waiting:
            self.waiting.pop(found["id"]).set_result(found)
        elif found.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(found["params"]["exceptionDetails"])
        elif found.get("method") == "Log.entryAdded" and found["params"]["entry"]["level"] == "error":
            self.complaints.append(found["params"]["entry"])

    async def call(self, method, **parameters):
        number = next(self.numbers)
        self.waiting[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        future = self.waiting[number]
        await self.connection.send(json.dumps(message))
        async with asyncio.timeout(20):
            answer = await future
        assert "error" not in answer, answer
        return answer["result"]

    async def evaluate(self, expression):
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, expression, patience=20):
        """Waits until the expression is true; its value."""
        end = asyncio.get_running_loop().time() + patience
        while True:
            value = await self.evaluate(expression)
            if value:
                return value
            assert asyncio.get_running_loop().time() < end, (expression, await self.evaluate(
                "JSON.stringify(globalThis.kos?.mesh ?? {}) + document.body.innerText"), self.complaints)
            await asyncio.sleep(0.1)

    async def screenshot(self, path):
        answer = await self.call("Page.captureScreenshot", format="png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer["data"]))


@contextlib.asynccontextmanager
async def page(url, folder, width=1360, height=820):
    browser = subprocess.Popen(
        ["chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--disable-dev-shm-usage",
         f"--user-data-dir={folder}", f"--window-size={width},{height}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        start_new_session=True)
    try:
        place = await asyncio.to_thread(devtools, browser)
        async with websockets.connect(place, max_size=1 << 26) as connection:
            tab = Page(connection)
            target = await tab.call("Target.createTarget", url="about:blank", width=width, height=height)
            attached = await tab.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            tab.session = attached["sessionId"]
            for domain in ["Page", "Runtime", "Log"]:
                await tab.call(f"{domain}.enable")
            await tab.call("Page.navigate", url=url)
            yield tab
            tab.reader.cancel()
    finally:
        # Its helpers hold the pipe, and go with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGKILL)
        browser.wait(timeout=20)
        browser.stderr.close()


def devtools(browser):
    for line in browser.stderr:
        found = re.search(rb"DevTools listening on (\S+)", line)
        if found:
            return found[1].decode()
    raise AssertionError("Chromium did not start")
