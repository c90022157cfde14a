/// A modem: where it is, what it is, and how it is set. Members that it did not tell are absent.
package struct RadioRecord: Record, Hashable {
    package enum Event: String, Sendable, CaseIterable {
        /// A port where a modem may be; one that answers; one that went away; a setting it refused.
        case present, ready, lost, mismatch
    }
    package var timestamp: Timestamp
    package var event: Event
    package var port: String
    package var driver: String?
    package var model: String?
    package var firmware: String?
    package var description: String?
    package var usbId: String?
    package var byId: String?
    package var settings: LoRaSettings?
    package var mtuBytes: Int?
    package var batteryPercent: Int?
    package var temperatureC: Double?
    package var noiseFloorDbm: Double?
    package var reason: String?

    package init(timestamp: Timestamp, event: Event, port: String) {
        self.timestamp = timestamp
        self.event = event
        self.port = port
    }

    package static let type: StaticString = "radio"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("event", .oneOf(Event.allCases.map(\.rawValue))),
        .required("port", .string, "device path or URI"),
        .optional("driver", .string, "dialect that the modem speaks"),
        .optional("model", .string),
        .optional("firmware", .string),
        .optional("description", .string, "what the system says of the port"),
        .optional("usbId", .string, "vendor:product in hexadecimal"),
        .optional("byId", .string, "path that stays when ports are renumbered"),
        .optional("frequencyHz", .integer(min: 0)),
        .optional("spreadingFactor", .integer(min: 5, max: 12)),
        .optional("bandwidthHz", .integer(min: 0)),
        .optional("codingRate", .string),
        .optional("powerDbm", .integer()),
        .optional("syncWord", .integer(min: 0, max: 255)),
        .optional("mtuBytes", .integer(min: 0), "largest payload of one frame"),
        .optional("batteryPercent", .integer(min: 0, max: 100)),
        .optional("temperatureC", .number()),
        .optional("noiseFloorDbm", .number()),
        .optional("reason", .string, "why it was lost or refused"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(RadioRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("event", event.rawValue)
        writer.field("port", port)
        writer.optional("driver", driver)
        writer.optional("model", model)
        writer.optional("firmware", firmware)
        writer.optional("description", description)
        writer.optional("usbId", usbId)
        writer.optional("byId", byId)
        if let settings {
            writer.field("frequencyHz", settings.frequencyHz)
            writer.field("spreadingFactor", settings.modulation.spreadingFactor)
            writer.field("bandwidthHz", settings.modulation.bandwidthHz)
            writer.field("codingRate", settings.modulation.codingRateText)
            writer.field("powerDbm", settings.powerDbm)
            writer.field("syncWord", Int(settings.syncWord))
        }
        writer.optional("mtuBytes", mtuBytes)
        writer.optional("batteryPercent", batteryPercent)
        writer.optional("temperatureC", temperatureC)
        writer.optional("noiseFloorDbm", noiseFloorDbm)
        writer.optional("reason", reason)
        writer.endRecord()
    }
}
