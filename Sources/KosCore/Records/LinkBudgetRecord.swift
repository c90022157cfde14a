/// What a radio link can bridge, computed.
package struct LinkBudgetRecord: Record, Hashable {
    package var budget: LinkBudget
    /// m; nil when no distance was asked about.
    package var distanceMeters: Double?

    package init(_ budget: LinkBudget, distanceMeters: Double? = nil) {
        self.budget = budget
        self.distanceMeters = distanceMeters
    }

    package static let type: StaticString = "linkBudget"
    package static let fields: [Field] = [
        .required("frequencyHz", .integer(min: 0)),
        .required("spreadingFactor", .integer(min: 5, max: 12)),
        .required("bandwidthHz", .integer(min: 0)),
        .required("powerDbm", .number()),
        .required("senderGainDb", .number()),
        .required("receiverGainDb", .number()),
        .required("noiseFigureDb", .number()),
        .required("pathLossExponent", .number(min: 0), "2 in free space"),
        .required("snrFloorDb", .number(), "least SNR at which the demodulator works"),
        .required("sensitivityDbm", .number()),
        .required("maximumPathLossDb", .number()),
        .required("bitRateBps", .number(min: 0)),
        .required("rangeMeters", .nullable(.number(min: 0)), "where the margin is used up"),
        .optional("distanceMeters", .number(min: 0)),
        .optional("pathLossDb", .number()),
        .optional("receivedDbm", .number()),
        .optional("marginDb", .number(), "below 0 the link does not work"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(LinkBudgetRecord.type)
        writer.field("frequencyHz", budget.frequencyHz)
        writer.field("spreadingFactor", budget.modulation.spreadingFactor)
        writer.field("bandwidthHz", budget.modulation.bandwidthHz)
        writer.field("powerDbm", budget.powerDbm)
        writer.field("senderGainDb", budget.senderGainDb)
        writer.field("receiverGainDb", budget.receiverGainDb)
        writer.field("noiseFigureDb", budget.noiseFigureDb)
        writer.field("pathLossExponent", budget.pathLossExponent)
        writer.field("snrFloorDb", budget.modulation.snrFloorDb)
        writer.field("sensitivityDbm", hundredths(budget.sensitivityDbm))
        writer.field("maximumPathLossDb", hundredths(budget.maximumPathLossDb))
        writer.field("bitRateBps", hundredths(budget.modulation.bitRate))
        let range = budget.rangeMeters
        writer.nullable("rangeMeters", range.isFinite ? range.rounded() : nil)
        if let distance = distanceMeters {
            writer.field("distanceMeters", distance)
            writer.field("pathLossDb", hundredths(budget.pathLossDb(meters: distance)))
            writer.field("receivedDbm", hundredths(budget.receivedDbm(meters: distance)))
            writer.field("marginDb", hundredths(budget.marginDb(meters: distance)))
        }
        writer.endRecord()
    }

    private func hundredths(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
