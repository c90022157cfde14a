/// An SDP offer or answer for one data channel association (RFC 8866; RFC 8841 for the `m=` line,
/// RFC 8839 for ICE, RFC 8122 and RFC 8842 for DTLS).
///
/// What else an offer wants (audio, video) is remembered by its `m=` line and refused.
package struct SessionDescription: Hashable, Sendable {
    /// Who opens DTLS (RFC 8842 §5).
    package enum Setup: String, Hashable, Sendable { case actpass, active, passive }

    package struct Fingerprint: Hashable, Sendable {
        /// In lower case: `sha-256`.
        package let algorithm: String
        package let octets: [UInt8]

        package init(algorithm: String, octets: [UInt8]) {
            self.algorithm = algorithm
            self.octets = octets
        }
    }

    package enum Flaw: String, Error, Hashable, Sendable, CaseIterable {
        case tooLong = "longer than a description may be"
        case notOne = "no session description"
        case noChannel = "no data channel over DTLS/SCTP is described"
        case noCredentials = "no ice-ufrag and ice-pwd"
        case noFingerprint = "no SHA-256 fingerprint"
        case badSetup = "no setup attribute that could be answered"
    }

    /// Another `m=` line, by its place.
    private struct Other: Hashable, Sendable {
        let place: Int
        let medium: String
        let rest: String
        let mid: String?
    }

    package static let maxOctets = 64 * 1024
    package static let maxCandidates = 32
    /// SCTP's port inside DTLS that everybody uses (RFC 8841 §5.1).
    package static let sctpPort = 5000

    package var credentials: ICECredentials
    package var fingerprint: Fingerprint
    package var setup: Setup
    package var candidates: [ICECandidate]
    package var isLite = false
    package var sctpPort = SessionDescription.sctpPort
    /// Octets; 0 for as many as one likes (RFC 8841 §6.1).
    package var maxMessage = 65536
    package var mid = "0"
    /// The `o=` line's number.
    package var session: UInt64 = 0
    private var others: [Other] = []

    package init(
        credentials: ICECredentials, fingerprint: Fingerprint, setup: Setup,
        candidates: [ICECandidate]
    ) {
        self.credentials = credentials
        self.fingerprint = fingerprint
        self.setup = setup
        self.candidates = candidates
    }

    // MARK: Reading

    package init(_ text: String) throws(Flaw) {
        guard text.utf8.count <= SessionDescription.maxOctets else { throw .tooLong }
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.first == "v=0" else { throw .notOne }
        var common = Section()
        var sections: [(line: Substring, section: Section)] = []
        for line in lines.dropFirst() {
            if line.hasPrefix("m=") {
                guard sections.count < 32 else { throw .tooLong }
                sections.append((line.dropFirst(2), Section()))
            } else if sections.isEmpty {
                common.take(line)
            } else {
                sections[sections.count - 1].section.take(line)
            }
        }
        let isChannel: ((line: Substring, section: Section)) -> Bool = {
            let words = $0.line.split(separator: " ")
            return words.count == 4 && words[0] == "application" && words[1] != "0"
                && words[2].hasSuffix("DTLS/SCTP") && words[3] == "webrtc-datachannel"
        }
        guard let place = sections.firstIndex(where: isChannel) else { throw .noChannel }
        let own = sections[place].section
        guard let fragment = own.fragment ?? common.fragment,
            let password = own.password ?? common.password,
            let credentials = ICECredentials(fragment: fragment, password: password)
        else { throw .noCredentials }
        guard let fingerprint = own.fingerprint ?? common.fingerprint else {
            throw .noFingerprint
        }
        guard let setup = (own.setup ?? common.setup).flatMap({ Setup(rawValue: $0) }) else {
            throw .badSetup
        }
        self.init(
            credentials: credentials, fingerprint: fingerprint, setup: setup,
            candidates: own.candidates + common.candidates)
        isLite = common.isLite
        sctpPort = own.sctpPort ?? SessionDescription.sctpPort
        maxMessage = own.maxMessage ?? 65536
        mid = own.mid ?? ""
        for (index, (line, section)) in sections.enumerated() where index != place {
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3 else { throw .notOne }
            others.append(
                Other(
                    place: index, medium: String(words[0]), rest: String(words[2]),
                    mid: section.mid))
        }
    }

    /// The attributes of one part of a description.
    private struct Section {
        var fragment: String?
        var password: String?
        var fingerprint: Fingerprint?
        var setup: String?
        var mid: String?
        var sctpPort: Int?
        var maxMessage: Int?
        var isLite = false
        var candidates: [ICECandidate] = []

        mutating func take(_ line: Substring) {
            guard line.hasPrefix("a=") else { return }
            let parts = line.dropFirst(2).split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            switch parts[0] {
            case "ice-ufrag": fragment = value
            case "ice-pwd": password = value
            case "fingerprint":
                if let found = Fingerprint(value), found.algorithm == "sha-256" {
                    fingerprint = found
                }
            case "setup": setup = value
            case "mid" where value.utf8.count <= 64: mid = value
            case "sctp-port": sctpPort = Int(value).flatMap { (1...65535).contains($0) ? $0 : nil }
            case "max-message-size": maxMessage = Int(value).map { max(0, $0) }
            case "ice-lite": isLite = true
            case "candidate":
                if candidates.count < SessionDescription.maxCandidates,
                    let candidate = ICECandidate(value)
                {
                    candidates.append(candidate)
                }
            default: break
            }
        }
    }

    /// Candidates of an SDP fragment (RFC 8840), where it belongs to this session.
    package static func candidates(
        fragment text: String, of credentials: ICECredentials
    ) -> [ICECandidate]? {
        guard text.utf8.count <= maxOctets else { return nil }
        var section = Section()
        for line in text.split(whereSeparator: \.isNewline) { section.take(line) }
        guard section.fragment == nil || section.fragment == credentials.fragment else {
            return nil
        }
        return section.candidates
    }

    // MARK: Writing

    /// The description that answers this one: its other `m=` lines are refused.
    package func answer(
        credentials: ICECredentials, fingerprint: Fingerprint, candidates: [ICECandidate],
        isLite: Bool
    ) -> SessionDescription {
        // RFC 5763 §5 prefers `active`; who has to be proven to be there first waits for the other.
        let setup: Setup =
            self.setup == .passive
            ? .active
            : self.setup == .active || isLite
                ? .passive : .active
        var answer = SessionDescription(
            credentials: credentials, fingerprint: fingerprint, setup: setup,
            candidates: candidates)
        answer.isLite = isLite
        answer.mid = mid
        answer.others = others
        return answer
    }

    package var text: String {
        var lines = [
            "v=0", "o=- \(session) 2 IN IP4 127.0.0.1", "s=-", "t=0 0",
        ]
        if !mid.isEmpty { lines.append("a=group:BUNDLE \(mid)") }
        lines.append("a=msid-semantic:WMS *")
        if isLite { lines.append("a=ice-lite") }
        var sections = others.map { ($0.place, refused($0)) }
        let place = (0...others.count).first { index in !others.contains { $0.place == index } }
        sections.append((place ?? 0, channel))
        for (_, section) in sections.sorted(by: { $0.0 < $1.0 }) { lines += section }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    private func refused(_ other: Other) -> [String] {
        ["m=\(other.medium) 0 \(other.rest)", "c=IN IP4 0.0.0.0"]
            + (other.mid.map { ["a=mid:\($0)"] } ?? []) + ["a=inactive"]
    }

    private var channel: [String] {
        let first = candidates.first?.address
        var lines = [
            "m=application \(first?.port ?? 9) UDP/DTLS/SCTP webrtc-datachannel",
            first.map { "c=IN \($0.ip.isIPv6 ? "IP6" : "IP4") \($0.ip)" } ?? "c=IN IP4 0.0.0.0",
        ]
        if !mid.isEmpty { lines.append("a=mid:\(mid)") }
        lines += candidates.map { "a=candidate:\($0.text)" }
        lines += [
            "a=end-of-candidates", "a=ice-ufrag:\(credentials.fragment)",
            "a=ice-pwd:\(credentials.password)",
            "a=fingerprint:\(fingerprint.text)", "a=setup:\(setup.rawValue)",
            "a=sctp-port:\(sctpPort)", "a=max-message-size:\(LinkTraits.maxPacket)",
        ]
        return lines
    }
}

extension SessionDescription.Fingerprint {
    /// `sha-256 AB:CD:…`; nil for what has not the length of its algorithm.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2 else { return nil }
        let pairs = words[1].split(separator: ":", omittingEmptySubsequences: false)
        let sizes = ["sha-256": 32, "sha-384": 48, "sha-512": 64, "sha-1": 20]
        let algorithm = words[0].lowercased()
        guard pairs.count == sizes[algorithm] else { return nil }
        var octets: [UInt8] = []
        for pair in pairs {
            guard pair.utf8.count == 2, let octet = UInt8(pair, radix: 16) else { return nil }
            octets.append(octet)
        }
        self.init(algorithm: algorithm, octets: octets)
    }

    package var text: String {
        let digits = octets.map { octet in
            (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
        }
        return "\(algorithm) \(digits.joined(separator: ":"))"
    }
}
