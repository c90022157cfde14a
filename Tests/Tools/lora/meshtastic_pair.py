"""Two emulated Meshtastic devices that hear each other: the client API on TCP and on a pty.

Built of the meshtastic package's own protobufs, so that both its command line client and kos-lora
talk to what neither of them wrote. Prints one JSON line with the places; serves until killed.
--lie FIELD=VALUE changes a LoRa setting that side b tells, --mute says nothing, --refuse answers
each packet with an error, --full N says so often that the queue is full, --noise puts console text
between the frames.
"""
import argparse, json, os, select, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rnode_pair import Line
from meshtastic.protobuf import channel_pb2, config_pb2, mesh_pb2, portnums_pb2


class Device:
    def __init__(self, number, options, faulty):
        self.number, self.options, self.faulty = number, options, faulty
        self.out, self.buffer, self.sent = bytearray(), b"", []
        self.full = options.full if faulty else 0

    def say(self, **fields):
        message = mesh_pb2.FromRadio()
        for name, value in fields.items():
            if hasattr(value, "CopyFrom"):
                getattr(message, name).CopyFrom(value)
            else:
                setattr(message, name, value)
        data = message.SerializeToString()
        if self.faulty and self.options.noise:
            self.out += b"DEBUG | 12:00:00 [Router] \x94 text \xc3 and so on\r\n"
        self.out += b"\x94\xc3" + len(data).to_bytes(2, "big") + data

    def feed(self, data):
        self.buffer += data
        while True:
            start = self.buffer.find(b"\x94\xc3")
            if start < 0 or len(self.buffer) < start + 4:
                return
            length = int.from_bytes(self.buffer[start + 2:start + 4], "big")
            if len(self.buffer) < start + 4 + length:
                return
            message = mesh_pb2.ToRadio.FromString(self.buffer[start + 4:start + 4 + length])
            self.buffer = self.buffer[start + 4 + length:]
            if not (self.faulty and self.options.mute):
                self.take(message)

    def take(self, message):
        kind = message.WhichOneof("payload_variant")
        if kind == "want_config_id":
            self.introduce(message.want_config_id)
        elif kind == "packet":
            self.transmit(message.packet)

    def introduce(self, nonce):
        self.say(my_info=mesh_pb2.MyNodeInfo(my_node_num=self.number))
        for number in (0xA0000001, 0xA0000002):
            node = mesh_pb2.NodeInfo(num=number)
            node.user.id, node.user.long_name = "!%08x" % number, "node %x" % (number & 15)
            node.user.short_name = "n%x" % (number & 15)
            self.say(node_info=node)
        self.say(metadata=mesh_pb2.DeviceMetadata(firmware_version="2.7.11.emulated", hw_model=43))
        for index in range(8):
            channel = channel_pb2.Channel(index=index, role=1 if index == 0 else 0)
            channel.settings.psk = b"\x01"
            self.say(channel=channel)
        config = config_pb2.Config()
        lora = config.lora
        lora.use_preset, lora.modem_preset, lora.region, lora.hop_limit = True, 0, 3, 3
        lora.tx_enabled, lora.tx_power = True, 14
        for lie in self.options.lie if self.faulty else []:
            name, value = lie.split("=")
            setattr(lora, name, type(getattr(lora, name))(float(value)))
        self.say(config=config)
        self.say(config_complete_id=nonce)

    def transmit(self, packet):
        status = mesh_pb2.QueueStatus(free=16, maxlen=16, mesh_packet_id=packet.id)
        if self.faulty and self.options.refuse:
            status.res = 33
        else:
            setattr(packet, "from", self.number)
            self.sent.append(packet.SerializeToString())
        if self.full > 0:
            self.full -= 1
            status.free = 0
        self.say(queueStatus=status)
        if status.free == 0:
            self.say(queueStatus=mesh_pb2.QueueStatus(free=4, maxlen=16))
        if packet.want_ack:
            answer = mesh_pb2.MeshPacket(to=self.number, id=packet.id ^ 1)
            setattr(answer, "from", packet.to)
            answer.decoded.portnum = portnums_pb2.ROUTING_APP
            answer.decoded.request_id = packet.id
            answer.decoded.payload = mesh_pb2.Routing(error_reason=0).SerializeToString()
            self.say(packet=answer)

    def hear(self, data):
        packet = mesh_pb2.MeshPacket.FromString(data)
        packet.rx_rssi, packet.rx_snr, packet.rx_time = -97, 6.25, int(time.time())
        packet.hop_limit = max(0, packet.hop_limit - 1)
        self.say(packet=packet)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lie", action="append", default=[])
    for name in ("mute", "refuse", "noise"):
        parser.add_argument("--" + name, action="store_true")
    parser.add_argument("--full", type=int, default=0)
    o = parser.parse_args()
    devices = [Device(0xA0000001, o, False), Device(0xA0000002, o, True)]
    lines = [Line(True), Line(False)]
    print(json.dumps({"a": lines[0].name, "b": lines[1].name}), flush=True)
    while True:
        ready, _, _ = select.select([f for l in lines for f in l.readable()], [], [], 0.2)
        for line, device in zip(lines, devices):
            device.feed(line.read(ready))
        for sender, receiver in (devices, devices[::-1]):
            while sender.sent:
                receiver.hear(sender.sent.pop(0))
        for line, device in zip(lines, devices):
            if device.out:
                del device.out[:line.write(bytes(device.out))]


if __name__ == "__main__":
    main()
