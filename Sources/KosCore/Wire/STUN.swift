/// STUN binding, the server's side (RFC 8489): a node learns from a relay which address and port
/// the world sees it under.
package enum STUN {
    // USERNAME, MESSAGE-INTEGRITY and PRIORITY (ICE) need no answer of ours.
    private static let known: Set<UInt16> = [
        STUNMessage.Name.username, STUNMessage.Name.messageIntegrity, 0x001C,
        STUNMessage.Name.priority, STUNMessage.Name.useCandidate,
    ]

    /// The answer to a binding request that came from `remote`: XOR-MAPPED-ADDRESS, or an error 420
    /// that lists comprehension-required attributes we do not know (§6.3.1). Nil for what is no
    /// binding request.
    package static func answer(to octets: [UInt8], from remote: ContactAddress) -> [UInt8]? {
        guard let request = STUNMessage(octets), request.kind == .request,
            request.method == STUNMessage.binding
        else { return nil }
        return answer(to: request, from: remote)
    }

    package static func answer(to request: STUNMessage, from remote: ContactAddress) -> [UInt8] {
        let unknown = unknownAttributes(request)
        if !unknown.isEmpty {
            let types = unknown.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
            return STUNMessage.encode(
                .failure, transaction: request.transaction,
                [
                    STUNMessage.error(420, "Unknown Attribute"),
                    STUNMessage.Attribute(STUNMessage.Name.unknownAttributes, types),
                ])
        }
        return STUNMessage.encode(
            .success, transaction: request.transaction,
            [STUNMessage.xorMapped(remote, request.transaction)])
    }

    /// Types below 0x8000 that are not understood here.
    package static func unknownAttributes(_ request: STUNMessage) -> [UInt16] {
        request.attributes.map(\.type).filter { $0 < 0x8000 && !known.contains($0) }
    }
}
