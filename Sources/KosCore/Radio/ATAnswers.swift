// What the text modems answer.

extension ATDialect {
    package func meaning(of line: [UInt8], _ text: String) -> Meaning {
        switch self {
        case .rylr:
            if text.hasPrefix("+RCV="), let frame = receivedRYLR(line) { return .received(frame) }
        case .rui3:
            if text.hasPrefix("+EVT:TXP2P DONE") { return .sent }
            if text.hasPrefix("+EVT:RXP2P RECEIVE TIMEOUT") { return .rearm }
            if text.hasPrefix("+EVT:RXP2P:"), let frame = receivedRUI3(text) {
                return .received(frame)
            }
        case .rn2xx3:
            if text == "radio_tx_ok" { return .sent }
            if text == "radio_err" { return .notSent("radio_err") }
            if text.hasPrefix("radio_rx "), let octets = Hexadecimal.decode(trimmed(text, 9)) {
                return .received(ReceivedFrame(payload: octets))
            }
        case .rf95:
            if text.hasPrefix("+RX "), let frame = receivedRF95(text) { return .received(frame) }
        }
        return .answer
    }

    /// `+RCV=addr,len,data,rssi,snr`, cut by the length: the data may have commas in it.
    private func receivedRYLR(_ line: [UInt8]) -> ReceivedFrame? {
        let body = line.dropFirst(5)
        guard let first = body.firstIndex(of: 0x2C),
            let second = body[(first + 1)...].firstIndex(of: 0x2C),
            let length = Int(String(decoding: body[(first + 1)..<second], as: UTF8.self)),
            (0...240).contains(length), body.endIndex - second - 1 > length
        else { return nil }
        let start = second + 1
        let data = Array(body[start..<start + length])
        let rest = String(decoding: body[(start + length)...], as: UTF8.self)
            .split(separator: ",").map { Double($0) }
        guard rest.count == 2, let rssi = rest[0], let snr = rest[1] else { return nil }
        // Text of another program is handed on as it is.
        let isOurs = data.first == 0x7E
        let ours = isOurs ? Base64.decode(String(decoding: data[1...], as: UTF8.self)) : nil
        let octets = ours ?? data
        var frame = ReceivedFrame(payload: octets, rssiDbm: rssi, snrDb: snr)
        frame.station = String(decoding: body[..<first], as: UTF8.self)
        return frame
    }

    /// `+EVT:RXP2P:rssi:snr:HEX`.
    private func receivedRUI3(_ text: String) -> ReceivedFrame? {
        let parts = text.split(separator: ":")
        guard parts.count == 5, let rssi = Double(parts[2]), let snr = Double(parts[3]),
            let octets = Hexadecimal.decode(String(parts[4]))
        else { return nil }
        return ReceivedFrame(payload: octets, rssiDbm: rssi, snrDb: snr)
    }

    /// `+RX len,HEX,rssi,snr`.
    private func receivedRF95(_ text: String) -> ReceivedFrame? {
        let parts = trimmed(text, 4).split(separator: ",")
        guard parts.count == 4, let octets = Hexadecimal.decode(String(parts[1])),
            Int(parts[0]) == octets.count, let rssi = Double(parts[2]), let snr = Double(parts[3])
        else { return nil }
        return ReceivedFrame(payload: octets, rssiDbm: rssi, snrDb: snr)
    }

    private func trimmed(_ text: String, _ count: Int) -> String {
        String(text.dropFirst(count).drop { $0 == " " })
    }

    /// What a line says to the command that waits.
    package func judge(_ text: String, _ step: ATStep) -> Verdict {
        switch self {
        case .rylr: judgeRYLR(text, step)
        case .rui3: judgeRUI3(text, step)
        case .rn2xx3: judgeRN2xx3(text, step)
        case .rf95: judgeRF95(text, step)
        }
    }

    private func judgeRYLR(_ text: String, _ step: ATStep) -> Verdict {
        if text.hasPrefix("+ERR=") {
            let code = trimmed(text, 5)
            return code == "17" ? .busy : .refused("error \(code)")
        }
        if step.asked != nil {
            guard let mark = text.firstIndex(of: "="), text.hasPrefix("+") else { return .nothing }
            return .value(String(text[text.index(after: mark)...]))
        }
        return text.hasPrefix("+OK") ? .accepted : .nothing
    }

    private func judgeRUI3(_ text: String, _ step: ATStep) -> Verdict {
        if text == "AT_BUSY_ERROR" { return .busy }
        if text.hasPrefix("AT_") { return .refused(text) }
        if step.asked != nil {
            guard text.hasPrefix("AT+P2P=") else { return .nothing }
            return .value(trimmed(text, 7))
        }
        return text == "OK" ? .accepted : .nothing
    }

    private func judgeRN2xx3(_ text: String, _ step: ATStep) -> Verdict {
        if text == "busy" { return .busy }
        if step.command == "mac pause" { return Int(text) != nil ? .accepted : .nothing }
        // Stopping what does not run is no fault.
        if step.command == "radio rxstop" { return .accepted }
        if text == "invalid_param" { return .refused(text) }
        if step.asked != nil { return .value(text) }
        return text == "ok" ? .accepted : .nothing
    }

    private func judgeRF95(_ text: String, _ step: ATStep) -> Verdict {
        if text.hasPrefix("+FAIL") { return .refused(trimmed(text, 5)) }
        if step.asked != nil {
            // AT+FREQ answers with what it has set, in older firmware only that it has.
            if text.hasPrefix("+FREQ:") { return .value(trimmed(text, 6)) }
            return text.hasPrefix("+OK") ? .accepted : .nothing
        }
        if step.isTransmit { return text.hasPrefix("+SENT ") ? .accepted : .nothing }
        return text.hasPrefix("+") ? .accepted : .nothing
    }

    /// Whether a reading is what was asked: numbers as numbers, the rest as it is written.
    package func agrees(_ asked: String, _ got: String, _ step: ATStep) -> Bool {
        if asked.lowercased() == got.lowercased() { return true }
        guard let one = Double(asked), let other = Double(got) else { return false }
        return one == other
    }
}
