import KosCapture
import KosCore
import KosTool

/// Writes frames, and the kOS packets in them, as records or as lines for people.
struct FramePrinter {
    let decodes: Bool
    private let io: ToolIO
    private var text = FrameText()
    private var finder: PacketFinder
    private var packetLines = JSONWriter()
    private let secrets: GossipSecrets?
    private let fields: FieldList?
    private let isTable: Bool
    /// Whom to ask for what is not known here.
    var tshark: TsharkQueue?
    /// kOS packets written.
    private(set) var packetCount = 0

    init(
        _ io: ToolIO, decodes: Bool, keys: CaptureKeys? = nil, secrets: GossipSecrets? = nil,
        fields: FieldList? = nil
    ) throws {
        self.io = io
        self.decodes = decodes
        self.secrets = secrets
        self.fields = fields
        isTable = io.format == "tsv"
        finder = PacketFinder(keys: keys)
        if isTable, let fields { try io.output.write(octets: fields.header.span) }
    }

    /// `--fields`, or with `-f tsv` those that every frame has.
    static func fields(_ list: String?, _ io: ToolIO) throws -> FieldList? {
        guard list != nil || io.format == "tsv" else { return nil }
        let names = list?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard let fields = FieldList(names ?? FieldList.frame) else {
            throw ToolFailure.usage(
                "--fields \(list ?? "") is no list of names", hint: "timestamp,source,dns.id")
        }
        return fields
    }

    mutating func print(
        _ packet: CapturedPacket, _ frame: CapturedFrame, _ interface: [UInt8],
        _ bytes: borrowing Span<UInt8>, comments: [String] = [],
        octets: () -> (CaptureInterface, [UInt8])
    ) throws {
        if io.output.isText {
            try io.output.write(text: FrameLine.text(frame, interface))
        } else if let fields {
            text.open(frame, interface: interface)
            try choose(fields) { line in
                line.append(text.bytes.span)
                FrameDetails.write(frame, bytes, secrets, to: &line)
                if !comments.isEmpty { line.field("comments", comments) }
                line.endRecord()
            }
        } else {
            text.open(frame, interface: interface)
            if let tshark {
                var line = JSONWriter()
                line.append(text.bytes.span)
                FrameDetails.write(frame, bytes, secrets, to: &line)
                if !comments.isEmpty { line.field("comments", comments) }
                if FrameLine.isUnknown(frame) {
                    let (interface, window) = octets()
                    try tshark.ask(line.bytes, packet, interface, window.span)
                } else {
                    line.endRecord()
                    try tshark.add(line.bytes)
                }
            } else {
                try io.output.withWriter { writer in
                    writer.append(text.bytes.span)
                    FrameDetails.write(frame, bytes, secrets, to: &writer)
                    if !comments.isEmpty { writer.field("comments", comments) }
                    writer.endRecord()
                }
            }
        }
        if decodes { try printPackets(frame, interface, bytes) }
    }

    private func choose(_ fields: FieldList, _ write: (inout JSONWriter) -> Void) throws {
        var line = JSONWriter()
        write(&line)
        guard let record = try? JSONObject(parsing: line.bytes.span) else { return }
        guard !isTable else { return try io.output.write(octets: fields.row(of: record).span) }
        try io.output.withWriter { writer in
            writer.write(.object(fields.object(of: record)))
            writer.newline()
        }
    }

    private mutating func printPackets(
        _ frame: CapturedFrame, _ interface: [UInt8], _ bytes: borrowing Span<UInt8>
    ) throws {
        for packet in finder.find(in: frame, bytes) {
            packetCount += 1
            let head = packet.head
            if io.output.isText {
                let finding = packet.finding.map { " signature \($0.rawValue)" } ?? ""
                try io.output.write(
                    text: "    packet \(head.id) \(head.source) > \(head.destination) "
                        + "hops \(head.hops) ttl \(head.ttl) \(head.kind) \(head.control)"
                        + finding + "\n")
            } else if let fields {
                try choose(fields) { packet.write(frame, interface: interface, to: &$0) }
            } else {
                packet.write(frame, interface: interface, to: &packetLines)
                if let tshark {
                    try tshark.add(packetLines.bytes)
                } else {
                    try io.output.write(octets: packetLines.bytes.span)
                }
                packetLines.removeAll()
            }
        }
    }
}
