/// A radio frame as it was heard: the `frame` record of a capture, with what the radio said beside
/// it.
package struct RadioFrameRecord: Record {
    package var timestamp: Timestamp
    /// Place in this run, from 1.
    package var number: Int
    /// The modem that heard it.
    package var interface: String
    package var frame: ReceivedFrame
    package var radio: RadioReport

    package init(
        timestamp: Timestamp, number: Int, interface: String, frame: ReceivedFrame,
        radio: RadioReport
    ) {
        self.timestamp = timestamp
        self.number = number
        self.interface = interface
        self.frame = frame
        self.radio = radio
    }

    package static let type: StaticString = "frame"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("number", .integer(min: 1)),
        .required("interface", .string),
        .required("lengthBytes", .integer(min: 0)),
        .required("capturedBytes", .integer(min: 0)),
        .required("protocols", .array(.string)),
        .optional("source", .string),
        .required("protocol", .string),
        .optional("rssiDbm", .number()),
        .optional("snrDb", .number()),
        .required("payload", .any),
        .required("radio", .map(.any)),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(RadioFrameRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("number", number)
        writer.field("interface", interface)
        writer.field("lengthBytes", frame.payload.count)
        writer.field("capturedBytes", frame.payload.count)
        writer.field("protocols", ["lora"])
        writer.optional("source", frame.station)
        writer.field("protocol", "lora")
        writer.optional("rssiDbm", frame.rssiDbm)
        writer.optional("snrDb", frame.snrDb)
        writer.field("payload", JSONValue(octets: frame.payload))
        writer.field("radio", .object(radio.object))
        writer.endRecord()
    }
}

/// What a radio says of a frame: the `radio` member of packets and frames.
package struct RadioReport: Hashable, Sendable {
    package var settings: LoRaSettings
    package var frame: ReceivedFrame
    /// µs on the air.
    package var airtime: Int64

    package init(settings: LoRaSettings, frame: ReceivedFrame, airtime: Int64) {
        self.settings = settings
        self.frame = frame
        self.airtime = airtime
    }

    package var object: JSONObject {
        let modulation = frame.modulation ?? settings.modulation
        var object: JSONObject = [
            "frequencyHz": .number(Double(frame.frequencyHz ?? settings.frequencyHz)),
            "spreadingFactor": .number(Double(modulation.spreadingFactor)),
            "bandwidthHz": .number(Double(modulation.bandwidthHz)),
            "codingRate": .string(modulation.codingRateText),
        ]
        if let rssi = frame.rssiDbm { object["rssiDbm"] = .number(rssi) }
        if let snr = frame.snrDb {
            object["snrDb"] = .number(snr)
            object["marginDb"] = .number(snr - modulation.snrFloorDb)
        }
        object["airtimeMs"] = .number(Double(airtime) / 1000)
        object["lengthBytes"] = .number(Double(frame.payload.count))
        return object
    }
}
