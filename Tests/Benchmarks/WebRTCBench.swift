// Connects to an echo over WebRTC and sends messages there and back, a bounded number on the way:
// WebRTCBench URI COUNT OCTETS WINDOW SETUPS
import Glibc
import KosCore
import KosCrypto
import KosNet
import KosWebRTC
import NIOCore
import NIOPosix

private func processor() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

private func instant() -> Instant {
    Instant(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds))
}

/// One run: `setups` connections one after the other, the last one with the messages.
private final class Run {
    let endpoint: Endpoint
    let count: Int
    let size: Int
    let window: Int
    var left: Int
    var setups: [Double] = []
    let host: NodeHost
    let transport: WebRTCTransport
    var begun = instant()
    var used = 0.0
    var sent = 0
    var back = 0

    init(_ arguments: [String], _ host: NodeHost, _ transport: WebRTCTransport) throws {
        guard arguments.count == 6, let endpoint = Endpoint(arguments[1]),
            let count = Int(arguments[2]), let size = Int(arguments[3]),
            let window = Int(arguments[4]), let setups = Int(arguments[5])
        else { throw Transports.Failure("URI COUNT OCTETS WINDOW SETUPS") }
        self.endpoint = endpoint
        self.count = count
        self.size = size
        self.window = window
        left = setups
        self.host = host
        self.transport = transport
    }

    func next() {
        begun = instant()
        transport.channelOpened = { [unowned self] channel in opened(channel) }
        transport.connect(endpoint, driver: host.driver).assumeIsolated().whenFailure { error in
            print("\(error)")
            exit(1)
        }
    }

    private func opened(_ channel: DataChannel) {
        setups.append((instant() - begun).milliseconds)
        channel.tap = { [unowned self] _, _ in came(channel) }
        left -= 1
        guard left == 0 else {
            let bound = NIOLoopBound((self, channel), eventLoop: host.driver.loop)
            host.driver.loop.scheduleTask(in: .milliseconds(5)) {
                let (run, channel) = bound.value
                channel.close()
                run.next()
            }
            return
        }
        begun = instant()
        used = processor()
        for _ in 0..<min(window, count) { send(channel) }
    }

    private func send(_ channel: DataChannel) {
        sent += 1
        channel.enqueue([UInt8](repeating: 0x78, count: size), .text)
    }

    private func came(_ channel: DataChannel) {
        back += 1
        if sent < count { send(channel) }
        guard back == count else { return }
        let seconds = (instant() - begun).seconds
        let sorted = setups.sorted()
        print(
            """
            {"messages":\(count),"perSecond":\(Int(Double(count) / seconds)),\
            "clientCpuMicroseconds":\((processor() - used) / Double(count) * 1e6),\
            "setupMs":\(sorted[sorted.count / 2]),"setups":\(setups.count)}
            """)
        exit(0)
    }
}

@main struct WebRTCBench {
    static func main() throws {
        let identity = NodeIdentity()
        let node = MeshNode(
            signer: identity, verifier: SignatureVerifier(), settings: MeshNode.Settings(),
            epoch: Timestamp(milliseconds: Int64(time(nil)) * 1000), at: instant(), seed: 1)
        var run: Run?
        try NodeHost.run(node, now: instant) { host in
            let transport = WebRTCTransport(identity) {
                Timestamp(milliseconds: Int64(time(nil)) * 1000)
            }
            let made = try Run(CommandLine.arguments, host, transport)
            run = made
            made.next()
        }
        _ = run
    }
}
