extension Transmission {
    /// The ledger's line, newline included.
    package var line: [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.beginRecord("transmission")
        writer.field("timestamp", sent.wall)
        writer.field("bootId", sent.boot)
        writer.field("bootMs", Int(sent.sinceBootMs))
        writer.field("radio", radio)
        writer.field("region", region)
        writer.field("subBand", subBand)
        writer.field("frequencyHz", frequencyHz)
        writer.field("airtimeMs", Double(airtime) / 1000)
        writer.endRecord()
        return writer.bytes
    }

    /// Nil for a line that is none of the ledger's: cut off, or written by a later release.
    package init?(line: borrowing Span<UInt8>) {
        guard let fields = try? RecordFields(parsing: line),
            let wall = try? fields.time("timestamp"),
            let region = try? fields.string("region"),
            let subBand = try? fields.string("subBand"),
            let milliseconds = try? fields.number("airtimeMs", in: 0...3.6e6)
        else { return nil }
        // What does not say when since the boot it was sent is dated by the wall clock alone.
        let boot = (try? fields.optionalString("bootId")) ?? ""
        let sinceBoot = (try? fields.optionalInteger("bootMs")) ?? 0
        self.init(
            sent: LedgerTime(wall: wall, boot: boot, sinceBootMs: Int64(sinceBoot)),
            radio: (try? fields.optionalString("radio")) ?? "", region: region, subBand: subBand,
            frequencyHz: (try? fields.optionalInteger("frequencyHz")) ?? 0,
            airtime: Int64((milliseconds * 1000).rounded()))
    }
}
