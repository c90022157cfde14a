import KosCapture
import KosCore
import KosPcap
import KosTool

/// Several captures as one: their frames in the order of their times.
extension FrameSource {
    /// Captures merged at most: each has a window and a file of its own.
    static let maxLanes = 256

    private struct Lane {
        let file: CaptureFile
        var reader = CaptureReader()
        var interfaceNames: [[UInt8]] = []
        var section = 0
        /// The next packet, which stands in the reader's window; nil at the end.
        var packet: CapturedPacket?
        /// Its time; that of the one before where it has none.
        var time = Int64.min
    }

    /// Hands out the frames of all captures. `ended` is told of each capture when it is through,
    /// as `reader`.
    func eachMerged(
        of paths: [String], ended: () throws -> Void = {},
        _ body: (CapturedPacket, CapturedFrame, [UInt8], borrowing Span<UInt8>) throws -> Void
    ) throws {
        guard paths.count <= FrameSource.maxLanes else {
            throw ToolFailure.usage("--merge takes \(FrameSource.maxLanes) captures at most")
        }
        fragments = FragmentTable()
        var lanes = try paths.map { Lane(file: try takeOpened($0)) }
        for place in lanes.indices { try advance(&lanes[place], ended) }
        var number = 0
        while !isStopped, let place = FrameSource.first(of: lanes),
            var packet = lanes[place].packet
        {
            number += 1
            packet.number = number
            lane = place
            do {
                enter(&lanes[place])
                defer { enter(&lanes[place]) }
                try take(packet, body)
            }
            try advance(&lanes[place], ended)
        }
        lane = 0
    }

    /// Changes places: what the lane has read is what this source reads, and back.
    private func enter(_ lane: inout Lane) {
        swap(&reader, &lane.reader)
        swap(&interfaceNames, &lane.interfaceNames)
        swap(&section, &lane.section)
    }

    private static func first(of lanes: [Lane]) -> Int? {
        var found: Int?
        for (place, lane) in lanes.enumerated() where lane.packet != nil {
            if let best = found, lanes[best].time <= lane.time { continue }
            found = place
        }
        return found
    }

    private func advance(_ lane: inout Lane, _ ended: () throws -> Void) throws {
        lane.packet = nil
        var isAtEnd = false
        while true {
            switch lane.reader.next() {
            case .packet(let packet):
                if lane.reader.position > limit {
                    try tell(tooLong(lane.reader), lane.file.name)
                    return try end(&lane, ended)
                }
                lane.packet = packet
                lane.time = packet.time ?? lane.time
                return
            case .statistics(let number): try onStatistics?(lane.reader.interfaces[number])
            case .custom(let block):
                let window = lane.reader.window
                try onCustom?(window.span.extracting(block), lane.reader.isBigEndian)
            case .damaged(let damage):
                try tell(damage, lane.file.name)
                return try end(&lane, ended)
            case .more:
                if isAtEnd {
                    if let damage = lane.reader.finish() { try tell(damage, lane.file.name) }
                    return try end(&lane, ended)
                }
                isAtEnd = try !fill(&lane.reader, from: lane.file)
            }
        }
    }

    private func end(_ lane: inout Lane, _ ended: () throws -> Void) throws {
        enter(&lane)
        defer { enter(&lane) }
        try ended()
    }
}
