import KosCapture
import KosCore
import KosTool

/// The way of one kOS packet through captures: its frames, the packet on each hop, and the path.
struct PacketTrail {
    private let io: ToolIO
    private let which: FilterOptions
    private let keys: CaptureKeys?

    init(_ io: ToolIO, _ which: FilterOptions, _ keys: CaptureKeys?) {
        self.io = io
        self.which = which
        self.keys = keys
    }

    func follow(_ id: String, in files: [String]) throws -> ExitStatus {
        let source = try FrameSource(io, which)
        try source.confine(opening: files)
        var merge = CaptureMerge(key: .id, captures: files)
        var text = FrameText()
        var count = 0
        for (number, file) in files.enumerated() {
            var finder = PacketFinder(keys: keys)
            try source.each(of: file) { _, frame, interface, bytes in
                merge.add(frame, bytes, to: number)
                for packet in finder.find(in: frame, bytes) where packet.head.id == id {
                    count += 1
                    guard !io.output.isText else { continue }
                    text.open(frame, interface: interface)
                    try io.output.write(FrameRecord(text: text.bytes))
                    try io.output.withWriter {
                        packet.write(frame, interface: interface, to: &$0)
                    }
                }
            }
        }
        guard count > 0, let path = MergeResult(merge).path(of: id) else {
            return source.status.merged(with: .no)
        }
        try io.output.write(path)
        return source.status.merged(with: path.outcome == .lost ? .no : .yes)
    }
}
