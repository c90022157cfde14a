"""A TCP proxy that does harm: latency, slices, bandwidth, resets, slow closes, a black hole. One thread for each direction
of each connection; what it does can be changed while it runs."""
import contextlib
import socket
import struct
import threading
import time


class Proxy:
    def __init__(self, port):
        self.target = port
        self.latency = 0.0       # seconds for each piece
        self.slice = 0           # octets of the pieces that go on one by one; 0 for as they come
        self.bandwidth = 0       # octets a second; 0 for no limit
        self.swallows = False    # takes everything, hands on nothing
        self.close_delay = 0.0   # seconds between one side's end and the other's
        self.accepts = True
        self.carried = 0         # octets on the way to the target since somebody set it to 0
        self.connections = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def uri(self, scheme="tcp"):
        return f"{scheme}://127.0.0.1:{self.port}" + ("/" if scheme != "tcp" else "")

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if not self.accepts:
                reset(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                reset(client)
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections.append((client, server))
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    def pump(self, source, sink, counts):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                if counts:
                    self.carried += len(octets)
                if self.swallows:
                    continue
                if self.latency:
                    time.sleep(self.latency)
                step = self.slice or len(octets)
                for place in range(0, len(octets), step):
                    piece = octets[place:place + step]
                    sink.sendall(piece)
                    if self.bandwidth:
                        time.sleep(len(piece) / self.bandwidth)
            time.sleep(self.close_delay)
            sink.shutdown(socket.SHUT_WR)

    def reset(self):
        """Every connection ends with RST, at both ends."""
        with self.lock:
            gone, self.connections = self.connections, []
        for pair in gone:
            for end in pair:
                reset(end)

    def close(self):
        self.listener.close()
        self.reset()


def reset(connection):
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    connection.close()
