"""Two emulated RNodes that hear each other, each on a pseudo-terminal (or a TCP port).

Run it: prints one JSON line {"a": PATH, "b": PATH} and serves until it is killed. It misbehaves on
demand, always at side a unless --side b: --misreport freq|bw|sf|cr, --max-txp N, --mute,
--fail-init, --fw 1.40, --lose-bytes P, --queue-full N (READY says 0 so often), --noise (garbage
between frames), --silent-ready (READY is never answered), --half-frame (half a frame, then nothing),
--vanish-after N (the line closes after N frames heard). On the air: --loss P --seed N --airtime
(frames take their time), --rssi, --snr.
"""
import argparse, json, os, pty, random, select, socket, sys, time, tty

END, ESC, TEND, TESC = 0xC0, 0xDB, 0xDC, 0xDD
LENGTHS = {0x01: 4, 0x02: 4, 0x0B: 2, 0x0C: 2}


def escape(data):
    return data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")


def frame(command, data):
    return bytes([END, command]) + escape(bytes(data)) + bytes([END])


class RNode:
    def __init__(self, options, faulty):
        self.options = options if faulty else argparse.Namespace(**{**vars(options), **FAULTLESS})
        self.faulty = faulty
        self.settings = {0x01: 868000000, 0x02: 125000, 0x03: 14, 0x04: 7, 0x05: 5}
        self.given = set()
        self.on = 0
        self.heard = 0
        self.out = bytearray()
        self.sent = []          # packets for the air
        self.state = None       # None: outside a frame; else command and its data so far
        self.command = None
        self.data = bytearray()
        self.escaped = False
        self.inside = False
        self.promiscuous = 0
        self.ready_zero = self.options.queue_full
        self.log = []
        self.queued = 0

    def write(self, data):
        self.out += data

    def reply(self, command, *data):
        self.write(frame(command, bytes(data)))

    def feed(self, data):
        for octet in data:
            self.octet(octet)

    def octet(self, octet):
        if self.inside and octet == END and self.command == 0x00:
            self.inside = False     # after DATA the receiver is outside a frame
            self.transmit(bytes(self.data))
            self.command = None
            return
        if octet == END:
            self.inside, self.command, self.data, self.escaped = True, None, bytearray(), False
            return
        if not self.inside:
            return
        if self.command is None:
            self.command = octet
            return
        if octet == ESC:
            self.escaped = True
            return
        if self.escaped:
            octet = {TEND: END, TESC: ESC}.get(octet, octet)
            self.escaped = False
        self.data.append(octet)
        if self.command != 0x00 and len(self.data) == LENGTHS.get(self.command, 1):
            self.act(self.command, bytes(self.data))

    def act(self, command, data):
        o = self.options
        if o.mute:
            return
        value = int.from_bytes(data, "big")
        if command == 0x08 and value == 0x73:
            self.reply(0x08, 0x46)
        elif command == 0x50:
            major, minor = (int(part) for part in o.fw.split("."))
            self.reply(0x50, major, minor)
        elif command == 0x48:
            self.reply(0x48, 0x80)
        elif command == 0x49:
            self.reply(0x49, 0x81)
        elif command == 0x47:
            self.reply(0x47, 0x35)
        elif command in (0x01, 0x02, 0x03, 0x04, 0x05):
            self.configure(command, value)
        elif command == 0x06:
            self.radio(value)
        elif command == 0x0E:
            self.promiscuous = value
            self.reply(0x0E, value)
        elif command == 0x0F:
            if o.silent_ready:
                return
            if self.ready_zero > 0:
                self.ready_zero -= 1
                self.reply(0x0F, 0)
            else:
                self.reply(0x0F, 1 if self.queued < 200 else 0)
        elif command in (0x0B, 0x0C):
            self.write(frame(command, data))
        elif command == 0x0A:
            self.on = 0
            self.log.append("leave")

    def configure(self, command, value):
        o = self.options
        if value not in (0, 0xFF) or command == 0x03 and value == 0:
            if command == 0x03:
                value = min(value, o.max_txp)
            self.settings[command] = value
            self.given.add(command)
        value = self.settings[command]
        wrong = {"freq": (0x01, 1000), "bw": (0x02, 125000), "sf": (0x04, 1), "cr": (0x05, 1)}
        if o.misreport in wrong and wrong[o.misreport][0] == command:
            value += wrong[o.misreport][1]
        self.write(frame(command, value.to_bytes(LENGTHS.get(command, 1), "big")))

    def radio(self, value):
        if value == 1 and self.options.fail_init:
            return self.reply(0x90, 0x01)
        if value in (0, 1):
            self.on = value if self.given >= {0x01, 0x02, 0x03, 0x04} else 0
        self.reply(0x06, self.on)

    def transmit(self, payload):
        if self.on and payload:
            self.sent.append(payload)
            self.queued += 1

    def hear(self, payload, rssi, snr):
        if not self.on:
            return
        self.heard += 1
        o = self.options
        if o.noise:
            self.write(bytes(random.randrange(0, 0xC0) for _ in range(7)))
        self.reply(0x23, (int(rssi) + 157) & 0xFF)
        self.reply(0x24, int(snr * 4) & 0xFF)
        whole = frame(0x00, payload)
        if o.half_frame and self.heard == 1:
            whole = whole[: len(whole) // 2]
        self.write(whole)


FAULTLESS = dict(misreport=None, max_txp=22, mute=False, fail_init=False, fw="1.86", lose_bytes=0.0,
                 queue_full=0, noise=False, silent_ready=False, half_frame=False, vanish_after=0)


def options(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--misreport", choices=["freq", "bw", "sf", "cr"])
    parser.add_argument("--max-txp", type=int, default=22)
    parser.add_argument("--mute", action="store_true")
    parser.add_argument("--fail-init", action="store_true")
    parser.add_argument("--fw", default="1.86")
    parser.add_argument("--lose-bytes", type=float, default=0)
    parser.add_argument("--queue-full", type=int, default=0)
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--silent-ready", action="store_true")
    parser.add_argument("--half-frame", action="store_true")
    parser.add_argument("--vanish-after", type=int, default=0)
    parser.add_argument("--side", default="a", choices=["a", "b"])
    parser.add_argument("--loss", type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--airtime", action="store_true")
    parser.add_argument("--rssi", type=float, default=-97)
    parser.add_argument("--snr", type=float, default=6.25)
    parser.add_argument("--tcp", action="store_true", help="side a on a TCP port as well")
    return parser.parse_args(arguments)


class Line:
    """A pseudo-terminal, or a listening socket that serves one connection at a time."""

    def __init__(self, tcp):
        self.listener = None
        self.slave = None
        if tcp:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.name = "127.0.0.1:%d" % self.listener.getsockname()[1]
            self.file = None
        else:
            self.file, self.slave = pty.openpty()
            tty.setraw(self.slave)
            os.set_blocking(self.file, False)
            self.name = os.ttyname(self.slave)

    def readable(self):
        return [d for d in (self.listener, self.file) if d is not None]

    def read(self, ready):
        if self.listener in ready:
            connection, _ = self.listener.accept()
            connection.setblocking(False)
            self.file = connection
            return b""
        if self.file is None or self.file not in ready:
            return b""
        try:
            data = self.file.recv(65536) if self.listener else os.read(self.file, 65536)
        except (BlockingIOError, InterruptedError):
            return b""
        except OSError:
            data = b""
        if not data and self.listener:
            self.file.close()
            self.file = None
        return data

    def write(self, data):
        if self.file is None:
            return len(data)
        try:
            return self.file.send(data) if self.listener else os.write(self.file, data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            return len(data)


def airtime(node, payload):
    factor, bandwidth, rate = node.settings[0x04], node.settings[0x02], node.settings[0x05]
    symbol = 2 ** factor / bandwidth
    de = 2 if (1 << factor) // max(1, bandwidth // 1000) > 16 else 0
    blocks = max(0, -(-(8 * (len(payload) + 1) - 4 * factor + 44) // (4 * (factor - de))))
    return (18 + 4.25 + 8 + blocks * rate) * symbol


def main():
    o = options(sys.argv[1:])
    generator = random.Random(o.seed)
    nodes = [RNode(o, o.side == "a"), RNode(o, o.side == "b")]
    lines = [Line(o.tcp), Line(False)]
    print(json.dumps({"a": lines[0].name, "b": lines[1].name}), flush=True)
    busy_until = 0.0
    while True:
        wanted = [d for line in lines for d in line.readable()]
        blocked = [l.file for l, n in zip(lines, nodes) if n.out and l.file is not None]
        waiting = any(n.sent for n in nodes)
        timeout = max(0, min(0.05, busy_until - time.monotonic())) if waiting else 1.0
        ready, _, _ = select.select(wanted, blocked, [], timeout)
        for line, node in zip(lines, nodes):
            data = line.read(ready)
            if node.options.lose_bytes:
                data = bytes(b for b in data if generator.random() >= node.options.lose_bytes)
            node.feed(data)
        for sender, receiver in (nodes, nodes[::-1]):
            while sender.sent and time.monotonic() >= busy_until:
                payload = sender.sent.pop(0)
                sender.queued -= 1
                if o.airtime:
                    busy_until = time.monotonic() + airtime(sender, payload)
                same = all(sender.settings[k] == receiver.settings[k] for k in (0x01, 0x02, 0x04))
                if same and generator.random() >= o.loss:
                    receiver.hear(payload, o.rssi, o.snr)
        for index, (line, node) in enumerate(zip(lines, nodes)):
            if node.out:
                done = line.write(bytes(node.out))
                del node.out[:done]
            if node.options.vanish_after and node.heard >= node.options.vanish_after and not node.out:
                time.sleep(0.3)     # what the host has not read would vanish with the line
                if line.slave is not None:
                    os.close(line.slave)
                    os.close(line.file)
                    return
                line.file.close()
                line.file = None
                node.options.vanish_after = 0


if __name__ == "__main__":
    main()
