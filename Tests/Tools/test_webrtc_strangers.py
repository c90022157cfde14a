"""What strangers send to the UDP port of data channels: STUN as aioice writes and reads it, recorded and changed requests,
DTLS from addresses that have proven nothing, noise. Whoever is connected goes on."""
import asyncio
import os
import pathlib
import random
import re
import socket

import pytest
from aioice import stun

from mesh import PythonNode, Relay
from webrtc import give_an_address, is_receipt, offering

LONG = bool(os.environ.get("LONG"))
ROUNDS = 200_000 if LONG else 5_000


@pytest.fixture(scope="module", autouse=True)
def address():
    give_an_address()


@pytest.fixture
def relay(tmp_path):
    relay = Relay(tmp_path, "relay", "--events", "all", "-v", listen=["ws://0.0.0.0:0"])
    yield relay
    assert relay.stop() == 0


class Stranger:
    """A UDP socket that talks to the relay's port."""

    def __init__(self, place):
        self.place = place
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((place[0], 0))
        self.sent = self.heard = 0

    def ask(self, octets, patience=0.3):
        """The answer, or None where there is none."""
        self.socket.settimeout(patience)
        self.sent += len(octets)
        self.socket.sendto(octets, self.place)
        try:
            answer = self.socket.recv(4096)
        except TimeoutError:
            return None
        self.heard += len(answer)
        return answer


def described(connection):
    """Where the relay is, its ufrag and password, and the ufrag of the other side."""
    answer, offer = connection.answer, connection.localDescription.sdp
    places = re.findall(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+)", answer)
    host, port = next(place for place in places if not place[0].startswith("127."))
    find = lambda name, text: re.search(rf"a={name}:(\S+)", text)[1]  # noqa: E731
    return (host, int(port)), find("ice-ufrag", answer), find("ice-pwd", answer), find("ice-ufrag", offer)


def binding(username, password, nominates=True):
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 7
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    return message


def test_requests_are_answered_to_those_who_know_and_to_nobody_else(relay):
    node = PythonNode()

    async def talk():
        async with offering(f"http://127.0.0.1:{relay.ports['ws']}/") as (connection, channel):
            async with asyncio.timeout(10):
                await channel.opened.wait()
            await channel.login(node)
            place, ours, password, theirs = described(connection)
            stranger, spy = Stranger(place), Stranger(place)
            # Plain STUN: which address is this?
            plain = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
            found = stun.parse_message(stranger.ask(bytes(plain)))
            assert found.attributes["XOR-MAPPED-ADDRESS"] == stranger.socket.getsockname()
            # Wrong names, wrong passwords, and a request that somebody has recorded.
            for message in [binding("wrong:" + theirs, password), binding(f"{ours}:wrong", password),
                            binding(f"{ours}:{theirs}", "x" * 24)]:
                assert stranger.ask(bytes(message)) is None
            # Who knows both is answered (a peer that has moved), never with more than three times as much.
            good = bytes(binding(f"{ours}:{theirs}", password, nominates=False))
            answer = stranger.ask(good)
            found = stun.parse_message(answer)
            assert found.message_class == stun.Class.RESPONSE and found.transaction_id == good[8:20]
            assert found.check_message_integrity(password.encode()) is None or True
            assert found.check_message_integrity(password.encode())
            assert len(answer) <= 3 * len(good)
            assert stranger.ask(good) is not None, "its answer may have been lost"
            assert spy.ask(good) is None, "replayed from elsewhere"
            for place_ in range(20, len(good)):
                changed = bytearray(good)
                changed[place_] ^= 0x10
                found = spy.ask(bytes(changed), 0.005)
                # Without its name it is a question of plain STUN, which knows no integrity.
                assert found is None or b"\x00\x08\x00\x14" not in found
            assert spy.heard <= 3 * spy.sent
            # Whoever was there still is.
            sent = node.packet(relay.id, "still here")
            channel.send(sent)
            await channel.packet(lambda each: is_receipt(each, sent))
    asyncio.run(talk())
    errors = (relay.folder / "relay.err").read_text()
    for words in ["wrong ufrag", "wrong message integrity", "replayed request"]:
        assert words in errors


def hello():
    """A DTLS ClientHello, padded: what a server would answer with its certificate, had the address proven itself."""
    suites = b"\xc0\x2b\xc0\x2f"
    groups = bytes.fromhex("000a000400020017") + bytes.fromhex("000d00060004040308 04".replace(" ", ""))
    groups += bytes.fromhex("000e0007000400070001 00".replace(" ", "")) + bytes.fromhex("000b00020100")
    body = b"\xfe\xfd" + os.urandom(32) + b"\0" + b"\0" + len(suites).to_bytes(2) + suites + b"\1\0"
    body += len(groups).to_bytes(2) + groups
    handshake = b"\x01" + len(body).to_bytes(3) + b"\0\0" + b"\0\0\0" + len(body).to_bytes(3) + body
    return b"\x16\xfe\xfd" + b"\0\0" + bytes(6) + len(handshake).to_bytes(2) + handshake


def test_an_address_that_has_proven_nothing_gets_three_times_its_octets_at_most(relay):
    async def talk():
        # aiortc describes itself and then stays away: the stranger has overheard both descriptions.
        change = lambda sdp: re.sub(r"a=ice-pwd:\S+", "a=ice-pwd:" + "y" * 24, sdp)  # noqa: E731
        async with offering(f"http://127.0.0.1:{relay.ports['ws']}/", change_answer=change) as (connection, _):
            place, ours, password, theirs = described(connection)
            stranger = Stranger(place)
            assert stranger.ask(hello()) is None, "no request has come from there"
            assert stranger.ask(bytes(binding(f"{ours}:{theirs}", password))) is not None
            first = stranger.ask(hello())
            # HelloVerifyRequest: a cookie, and nothing of the certificate.
            assert first is not None and first[0] == 22 and first[13] == 3
            for _ in range(20):
                stranger.ask(hello()[:13], 0.01)
                stranger.ask(hello(), 0.05)
            stranger.socket.settimeout(1.5)
            try:
                while True:
                    stranger.heard += len(stranger.socket.recv(4096))
            except TimeoutError:
                pass
            assert 0 < stranger.heard <= 3 * stranger.sent
    asyncio.run(talk())


def test_noise_disturbs_nobody(relay):
    node = PythonNode()
    process = pathlib.Path(f"/proc/{relay.process.pid}")
    dice = random.Random(5)

    def memory():
        return int(re.search(r"VmRSS:\s+(\d+)", (process / "status").read_text())[1])

    async def talk():
        async with offering(f"http://127.0.0.1:{relay.ports['ws']}/") as (connection, channel):
            async with asyncio.timeout(10):
                await channel.opened.wait()
            await channel.login(node)
            place, ours, password, theirs = described(connection)
            strangers = [Stranger(place) for _ in range(8)]
            good = bytes(binding(f"{ours}:{theirs}", password, nominates=False))
            before = None
            for number in range(ROUNDS):
                octets = bytearray(dice.choice([good, hello(), os.urandom(dice.randrange(1, 1500))]))
                for _ in range(dice.randrange(1, 4)):
                    octets[dice.randrange(len(octets))] = dice.randrange(256)
                stranger = dice.choice(strangers)
                stranger.socket.sendto(bytes(octets[:dice.randrange(1, len(octets) + 1)]), place)
                if number % 100 == 0:
                    await asyncio.sleep(0.005)
                if number == ROUNDS // 2:
                    before = memory()
            sent = node.packet(relay.id, "still here")
            channel.send(sent)
            await channel.packet(lambda each: is_receipt(each, sent), 20)
            return memory() - before
    grown = asyncio.run(talk())
    assert grown < 4096, f"{grown} KiB more"
    assert relay.process.poll() is None
