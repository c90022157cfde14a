/// What is left of the air time that the law grants in one sub-band.
package struct BudgetRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var account: DutyAccount
    /// µs used within the window.
    package var used: Int64
    /// µs of one packet, and when it may be sent; nil when no packet was asked about.
    package var packet: Packet?

    package struct Packet: Hashable, Sendable {
        package let airtime: Int64
        package let milliseconds: Double
        package let verdict: DutyLedger.Verdict

        package init(airtime: Int64, milliseconds: Double, verdict: DutyLedger.Verdict) {
            self.airtime = airtime
            self.milliseconds = milliseconds
            self.verdict = verdict
        }
    }

    package init(timestamp: Timestamp, account: DutyAccount, used: Int64, packet: Packet? = nil) {
        self.timestamp = timestamp
        self.account = account
        self.used = used
        self.packet = packet
    }

    package static let type: StaticString = "budget"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("region", .string),
        .required("subBand", .string),
        .optional("radio", .string, "whose budget; absent: all radios of this host together"),
        .required("windowMs", .integer(min: 1), "the sliding window, ms"),
        .required("dutyCycle", .ratio, "the share of the window that may be used"),
        .required("limitMs", .nullable(.number(min: 0)), "ms within the window; null: no limit"),
        .required("usedMs", .number(min: 0), "ms used within the window"),
        .required("remainingMs", .nullable(.number(min: 0))),
        .optional("packetMs", .number(min: 0), "one packet of the size that was asked about, ms"),
        .optional("packetsLeft", .nullable(.integer(min: 0)), "how many of it may go now"),
        .optional(
            "nextFreeMs", .nullable(.number(min: 0)),
            "ms until one may go; null: never, it is too long"),
    ]

    /// µs that are left; nil without a limit.
    package var remaining: Int64? { account.subBand.budget.map { max(0, $0 - used) } }

    package var packetsLeft: Int64? {
        guard let packet, let remaining, packet.airtime > 0 else { return nil }
        if case .never = packet.verdict { return 0 }
        return remaining / packet.airtime
    }

    package func write(to writer: inout JSONWriter) {
        let band = account.subBand
        writer.beginRecord(BudgetRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("region", account.region.name)
        writer.field("subBand", band.name)
        writer.optional("radio", account.radio)
        writer.field("windowMs", band.windowMs)
        writer.field("dutyCycle", band.dutyCycle)
        writer.nullable("limitMs", band.budget.map { Double($0) / 1000 })
        writer.field("usedMs", Double(used) / 1000)
        writer.nullable("remainingMs", remaining.map { Double($0) / 1000 })
        if let packet {
            writer.field("packetMs", packet.milliseconds)
            writer.nullable("packetsLeft", packetsLeft.map { Double($0) })
            switch packet.verdict {
            case .free: writer.field("nextFreeMs", 0)
            case .wait(let ms): writer.field("nextFreeMs", Int(ms))
            case .never: writer.nullField("nextFreeMs")
            }
        }
        writer.endRecord()
    }
}
