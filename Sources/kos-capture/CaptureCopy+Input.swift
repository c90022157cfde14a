import KosCapture
import KosCore
import KosTool

/// Copies of captures: what a capture says besides its packets goes with them.
extension CaptureCopy {
    /// Another capture is copied from now on.
    func startInput() { mappedSection = -1 }

    /// Copies the packet that `reader` has just given, with what its block says of it.
    func add(
        _ packet: CapturedPacket, from reader: borrowing CaptureReader,
        _ bytes: borrowing Span<UInt8>
    ) throws {
        if mappedSection != reader.sections {
            mapping = []
            mappedSection = reader.sections
        }
        if section == nil { section = reader.sectionOptions }
        while mapping.count <= packet.interface {
            mapping.append(try number(of: reader.interfaces[mapping.count]))
        }
        try add(packet, number: mapping[packet.interface], reader.optionsOfPacket, bytes)
    }

    /// Copies a custom block.
    func addCustom(_ body: borrowing Span<UInt8>, isBigEndian: Bool) {
        writer.addCustom(body, isBigEndian: isBigEndian)
    }

    /// What stands behind the packets of a capture: interfaces that heard nothing, counters, names.
    func finishInput(_ reader: CaptureReader) throws {
        if section == nil { section = reader.sectionOptions }
        for interface in reader.interfaces {
            if format == .pcap, !interfaces.isEmpty { break }
            let number = try number(of: interface)
            guard interface.received != nil || interface.dropped != nil else { continue }
            writer.addStatistics(
                interface: number, time: SystemClock.timestamp.milliseconds * 1_000_000,
                received: interface.received, dropped: interface.dropped)
        }
        writer.add(names: reader.names)
    }
}
