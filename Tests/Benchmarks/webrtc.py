"""Data channels beside aiortc, all in one run: who offers and who answers is each of the two in turn. Set-up from the first
octet of the offer to the open channel, 10,000 messages of 1 KB there and back, CPU of the echoing side for each of them."""
import asyncio
import json
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Tools"))
from webrtc import Answerer, give_an_address, offering  # noqa: E402

SEND = str(ROOT / ".build" / "release" / "kos-send")
BENCH = sys.argv[1]
COUNT, SIZE, WINDOW, SETUPS = 10_000, 1024, 256, 20


def tell(name, **figures):
    print(json.dumps({"benchmark": f"webrtc {name}", **figures}), flush=True)


def cpu(pid):
    """Seconds of CPU of a process, all its threads."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


async def aiortc_client(url, pid):
    setups = []
    for turn in range(SETUPS):
        begun = time.perf_counter()
        async with offering(url) as (_, channel):
            await channel.opened.wait()
            setups.append((time.perf_counter() - begun) * 1000)
            if turn < SETUPS - 1:
                continue
            text = "x" * SIZE
            before, begun, sent = cpu(pid), time.perf_counter(), 0
            for got in range(COUNT):
                while sent < COUNT and sent - got < WINDOW:
                    channel.send(text)
                    sent += 1
                assert len(await channel.inbox.get()) == SIZE
            seconds = time.perf_counter() - begun
            used = cpu(pid) - before
    setups.sort()
    return {"messages": COUNT, "perSecond": round(COUNT / seconds), "cpuMicroseconds": round(used / COUNT * 1e6, 1),
            "setupMs": round(setups[len(setups) // 2], 1)}


def ours(url):
    run = subprocess.run([BENCH, url, str(COUNT), str(SIZE), str(WINDOW), str(SETUPS)], capture_output=True, text=True,
                         timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    return {key: round(value, 1) for key, value in json.loads(run.stdout).items()}


async def echo(channel):
    while True:
        channel.send(await channel.inbox.get())


async def main():
    give_an_address()
    server = subprocess.Popen([SEND, "--listen", "webrtc+http://0.0.0.0:0/", "--echo"], stdout=subprocess.PIPE)
    port = json.loads(server.stdout.readline())["addresses"][0]["port"]
    try:
        before = cpu(server.pid)
        found = ours(f"webrtc+http://127.0.0.1:{port}/")
        used = (cpu(server.pid) - before) / COUNT * 1e6
        tell("ours - ours", **found, cpuMicroseconds=round(used, 1), wanted=12000, met=found["perSecond"] >= 12000)
        mine = await aiortc_client(f"http://127.0.0.1:{port}/", server.pid)
        tell("aiortc - ours", **mine, wanted=4000, met=mine["perSecond"] >= 4000)
    finally:
        server.kill()
        server.communicate()
    async with Answerer(echo) as answerer:
        theirs = await asyncio.to_thread(ours, f"webrtc+http://127.0.0.1:{answerer.port}/")
        tell("ours - aiortc", **theirs)
    async with Answerer(echo) as answerer:
        both = await aiortc_client(f"http://127.0.0.1:{answerer.port}/", "self")
        tell("aiortc - aiortc", **both)
    tell("ratios", oursToAiortc=round(found["perSecond"] / both["perSecond"], 1))

asyncio.run(main())
