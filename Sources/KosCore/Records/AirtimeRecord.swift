/// How long one frame occupies the air, and every setting that this depends on.
package struct AirtimeRecord: Record, Hashable {
    package var airtime: TimeOnAir

    package init(_ airtime: TimeOnAir) { self.airtime = airtime }

    package static let type: StaticString = "airtime"
    package static let fields: [Field] = [
        .required("spreadingFactor", .integer(min: 5, max: 12)),
        .required("bandwidthHz", .integer(min: 0), "occupied bandwidth, Hz"),
        .required("codingRate", .oneOf(["4/5", "4/6", "4/7", "4/8"])),
        .required("preambleSymbols", .integer(min: 0), "without the chip's own 4.25 or 6.25"),
        .required("explicitHeader", .boolean),
        .required("crc", .boolean),
        .required("lowDataRateOptimize", .boolean, "the DE bit; both ends must agree"),
        .required("payloadBytes", .integer(min: 0, max: 255)),
        .required("payloadSymbols", .integer(min: 8), "header, payload and checksum"),
        .required("symbolMs", .number(min: 0), "ms of one symbol"),
        .required("airtimeMs", .number(min: 0), "the whole frame, ms"),
    ]

    package func write(to writer: inout JSONWriter) {
        let modulation = airtime.modulation
        writer.beginRecord(AirtimeRecord.type)
        writer.field("spreadingFactor", modulation.spreadingFactor)
        writer.field("bandwidthHz", modulation.bandwidthHz)
        writer.field("codingRate", modulation.codingRateText)
        writer.field("preambleSymbols", modulation.preambleSymbols)
        writer.field("explicitHeader", modulation.explicitHeader)
        writer.field("crc", modulation.crc)
        writer.field("lowDataRateOptimize", modulation.lowDataRateOptimize)
        writer.field("payloadBytes", airtime.payloadBytes)
        writer.field("payloadSymbols", airtime.payloadSymbols)
        writer.field("symbolMs", modulation.symbolMilliseconds)
        writer.field("airtimeMs", airtime.milliseconds)
        writer.endRecord()
    }
}
