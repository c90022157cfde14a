import KosCore
import KosNet
import KosTool

/// `--stdin`: packet records become packets that came over a link of their own.
final class PacketInput {
    private let io: ToolIO
    private let host: NodeHost
    private var author: Author
    private let signer: NodeIdentity
    private var reader: NDJSONReader
    private var source: OctetSource?
    private var link: LinkID?

    init(_ io: ToolIO, _ host: NodeHost, _ identity: NodeIdentity) {
        self.io = io
        self.host = host
        signer = identity
        let now = SystemClock.now
        author = Author(
            signer: identity, epoch: SystemClock.timestamp + .nanoseconds(-now.nanoseconds),
            seed: SystemClock.seed)
        reader = NDJSONReader(maxLine: io.common.maxLine, isStrict: io.common.strict)
    }

    func start() {
        let traits = LinkTraits(
            transport: .tcp, remote: Endpoint(transport: .tcp, host: "stdin", port: 0),
            isOutgoing: false, place: "stdin")
        link = host.driver.opened(InputConduit(), traits)
        let source = OctetSource(0, on: host.driver.loop) { [unowned self] octets in
            host.guarded { try take(octets) }
        }
        self.source = source
        source.start()
    }

    private func take(_ octets: [UInt8]) throws {
        if !octets.isEmpty { reader.append(octets.span) }
        while let event = octets.isEmpty ? reader.finish() : reader.next() {
            switch event {
            case .bad(let number, let error): try io.report(error, line: number, of: "stdin")
            case .line(let number, let range): try use(Array(reader.buffer[range]), number)
            }
        }
    }

    private func use(_ line: [UInt8], _ number: Int) throws {
        do throws(RecordError) {
            guard try RecordHead(line.span).type == PacketRecord.type.description else {
                return foreign(line)
            }
            let record = try PacketDraft.complete(
                RecordFields(parsing: line.span), author: &author, at: SystemClock.now)
            var packet = record.packet
            if packet.source == signer.node, packet.signature == nil {
                packet = packet.signed(by: signer)
            }
            if let link { host.driver.received(packet.wire + [0x0A], on: link) }
        } catch {
            try io.report(error, line: number, of: "stdin")
        }
    }

    private func foreign(_ line: [UInt8]) { host.guarded { try io.pass(line) } }
}
