/// One captured frame as a line: when, where, how long, who to whom, and of which protocols.
package struct FrameRecord: Record {
    /// The line without its end, as KosCapture's FrameText makes it.
    package var text: [UInt8]

    package init(text: [UInt8]) {
        self.text = text
    }

    package static let type: StaticString = "frame"
    package static let fields: [Field] = [
        .required("timestamp", .nullable(.time), "null when the capture has no time for it"),
        .optional("timestampNanos", .integer(min: 0, max: 999_999), "ns behind timestamp"),
        .required("number", .integer(min: 1), "place in the capture"),
        .required("interface", .nullable(.string)),
        .required("lengthBytes", .integer(min: 0), "on the wire"),
        .required("capturedBytes", .integer(min: 0), "kept in the capture"),
        .optional("direction", .oneOf(["in", "out"])),
        .required("protocols", .array(.string), "outermost first, Wireshark's short names"),
        .optional("source", .string, "address of the innermost IP layer, else of the link"),
        .optional("destination", .string),
        .optional("sourcePort", .integer(min: 0, max: 65535)),
        .optional("destinationPort", .integer(min: 0, max: 65535)),
        .required("protocol", .string, "the innermost named"),
        .optional("flowId", .string, "the conversation, the same in both directions"),
        .optional("rssiDbm", .number(), "from the radio header"),
        .optional("snrDb", .number(), "from the radio header"),
        .optional("malformed", .string, "the protocol that is cut off or makes no sense"),
        .optional("dns", .map(.any), "with mdns, llmnr: id, response, questions, records"),
        .optional("mdns", .map(.any)),
        .optional("llmnr", .map(.any)),
        .optional("bt-dht", .map(.any), "kind, query, transaction, id, target, nodes"),
        .optional("memberlist", .map(.any), "kind, node, parts, label"),
        .optional("olsr", .map(.any), "messages"),
        .optional("aodv", .map(.any), "kind and its fields"),
        .optional("dsr", .map(.any), "nextHeader, options"),
        .optional("babel", .map(.any), "tlvs"),
        .optional("hwmp", .map(.any), "802.11s path selection: kind and its fields"),
        .optional("lorawan", .map(.any), "kind, device, counter, port"),
        .optional("reticulum", .map(.any), "kind, destination, hops, transport"),
        .optional("meshtastic", .map(.any), "from, to, id, hopLimit, hopStart, channel"),
        .optional("kosFrame", .map(.any), "of a radio link: kind, transfer, index, count"),
        .optional("fragments", .integer(min: 2), "IP: this frame completed so many fragments"),
        .optional("tshark", .map(.any), "--dissect-with: the layers that tshark names"),
        .optional("comments", .array(.string), "what the capture says of this packet"),
        .optional("truncatedAt", .oneOf(["depth"]), "why taking apart stopped early"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.append(text.span)
        writer.endRecord()
    }
}
