"""Two emulated modems of any two kinds that hear each other, each on a pseudo-terminal.

modem_pair.py KIND KIND; kinds: rylr rui3 rn2xx3 rf95 ebyte kiss meshcore. Prints one JSON line with
the paths, then serves until killed. --lie NAME=VALUE makes side b read a setting back wrongly.
"""
import argparse, json, os, select, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rnode_pair import Line, escape

RSSI, SNR = -60, 8


class Text:
    end = b"\r\n"

    def __init__(self, lies):
        self.out, self.buffer, self.sent, self.values, self.lies = bytearray(), b"", [], {}, lies

    def feed(self, data):
        self.buffer += data
        while b"\n" in self.buffer:
            line, self.buffer = self.buffer.split(b"\n", 1)
            line = line.strip(b"\r")
            if line:
                self.line(line.decode("latin-1"))

    def say(self, text):
        self.out += text.encode("latin-1") + self.end

    def value(self, name):
        return self.lies.get(name, self.values.get(name, "0"))


class Rylr(Text):
    def line(self, text):
        if text == "AT":
            return self.say("+OK")
        body = text[3:]
        if body.startswith("SEND="):
            address, length, data = body[5:].split(",", 2)
            if len(data) != int(length):
                return self.say("+ERR=5")
            if len(data) > 240:
                return self.say("+ERR=13")
            self.sent.append(data.encode("latin-1"))
            return self.say("+OK")
        if body.endswith("?"):
            return self.say("+%s=%s" % (body[:-1], self.value(body[:-1])))
        name, _, value = body.partition("=")
        if not value:
            return self.say("+ERR=4")
        self.values[name] = value
        self.say("+OK")

    def hear(self, data):
        self.out += b"+RCV=50,%d,%s,%d,%d\r\n" % (len(data), data, RSSI, SNR)


class Rui3(Text):
    busy = 1

    def line(self, text):
        body = text[3:]
        if body == "P2P=?":
            self.say("AT+P2P=" + self.value("P2P"))
        elif body.startswith("P2P="):
            self.values["P2P"] = body[4:]
        elif body.startswith("PSEND="):
            if self.busy:
                self.busy -= 1
                return self.say("AT_BUSY_ERROR")
            self.say("OK")
            self.sent.append(bytes.fromhex(body[6:]))
            return self.say("+EVT:TXP2P DONE")
        elif body.startswith("PRECV="):
            self.values["PRECV"] = body[6:]
        elif text != "AT" and body != "NWM=0":
            return self.say("AT_COMMAND_NOT_FOUND")
        self.say("OK")

    def hear(self, data):
        if self.values.get("PRECV") in ("65533", "65534"):
            self.say("+EVT:RXP2P:%d:%d:%s" % (RSSI, SNR, data.hex().upper()))


class Rn2xx3(Text):
    listening = False

    def line(self, text):
        words = text.split()
        if text == "mac pause":
            return self.say("4294967245")
        if words[:2] == ["radio", "set"]:
            self.values[words[2]] = words[3]
            return self.say("ok")
        if words[:2] == ["radio", "get"]:
            return self.say(str(SNR) if words[2] == "snr" else self.value(words[2]))
        if text == "radio rxstop":
            self.listening = False
            return self.say("ok")
        if words[:2] == ["radio", "rx"]:
            if self.listening:
                return self.say("busy")
            self.listening = True
            return self.say("ok")
        if words[:2] == ["radio", "tx"]:
            if self.listening:
                return self.say("busy")
            self.say("ok")
            self.sent.append(bytes.fromhex(words[2]))
            return self.say("radio_tx_ok")
        self.say("invalid_param")

    def hear(self, data):
        if self.listening:
            self.listening = False
            self.say("radio_rx  " + data.hex().upper())


class Rf95(Text):
    end = b"\n"

    def line(self, text):
        body = text[3:]
        if body.startswith("TX="):
            data = bytes.fromhex(body[3:])
            self.sent.append(data)
            return self.say("+SENT %d bytes." % len(data))
        if body.startswith("FREQ="):
            return self.say("+FREQ: %.2f" % float(self.lies.get("freq", body[5:])))
        if body.startswith(("MODE=", "RX=")):
            return self.say("+OK")
        self.say("+FAIL: Unknown command: " + text)

    def hear(self, data):
        self.say("+RX %d,%s,%d,%d" % (len(data), data.hex(), RSSI, SNR))


class Ebyte(Text):
    """Transparent: what is written at one side comes out of the other, in pieces."""

    def feed(self, data):
        for start in range(0, len(data), 11):
            self.sent.append(data[start:start + 11])

    def hear(self, data):
        self.out += data


class Kiss(Text):
    hardware = False

    def __init__(self, lies):
        super().__init__(lies)
        self.radio, self.power = bytes(10), 0

    def feed(self, data):
        self.buffer += data
        *frames, self.buffer = self.buffer.split(b"\xc0")
        for frame in frames:
            frame = frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
            if frame:
                self.frame(frame[0], frame[1:])

    def put(self, command, data):
        self.out += b"\xc0" + bytes([command]) + escape(bytes(data)) + b"\xc0"

    def frame(self, command, data):
        if command & 15 == 0:
            self.sent.append(data)
            if self.hardware:
                self.put(6, [0xF8, 1])
        elif command == 6 and self.hardware:
            self.set(data[0], data[1:])

    def set(self, sub, data):
        if sub == 0x09:
            self.radio = data
            self.put(6, [0xF0])
        elif sub == 0x0A:
            self.power = data[0]
            self.put(6, [0xF0])
        elif sub == 0x0B:
            radio = bytearray(self.radio)
            radio[8] = int(self.lies.get("sf", radio[8]))
            self.put(6, b"\x8b" + bytes(radio))
        elif sub == 0x0C:
            self.put(6, [0x8C, self.power])
        elif sub in (0x11, 0x17):
            self.put(6, [sub | 0x80, 3])
        else:
            self.put(6, [0xF0])

    def hear(self, data):
        self.put(0, data)
        if self.hardware:
            self.put(6, [0xF9, SNR * 4, RSSI & 0xFF])


class Meshcore(Kiss):
    hardware = True


KINDS = dict(rylr=Rylr, rui3=Rui3, rn2xx3=Rn2xx3, rf95=Rf95, ebyte=Ebyte, kiss=Kiss, meshcore=Meshcore)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("a", choices=KINDS)
    parser.add_argument("b", choices=KINDS)
    parser.add_argument("--lie", action="append", default=[])
    o = parser.parse_args()
    lies = dict(lie.split("=", 1) for lie in o.lie)
    modems, lines = [KINDS[o.a]({}), KINDS[o.b](lies)], [Line(False), Line(False)]
    print(json.dumps({"a": lines[0].name, "b": lines[1].name}), flush=True)
    while True:
        ready, _, _ = select.select([l.file for l in lines], [], [], 0.2)
        for line, modem in zip(lines, modems):
            modem.feed(line.read(ready))
        for sender, receiver in (modems, modems[::-1]):
            while sender.sent:
                receiver.hear(sender.sent.pop(0))
        for line, modem in zip(lines, modems):
            if modem.out:
                del modem.out[:line.write(bytes(modem.out))]


if __name__ == "__main__":
    main()
