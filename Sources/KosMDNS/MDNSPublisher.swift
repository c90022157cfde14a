import CAvahi
package import KosCore

extension MDNSClient {
    /// Announces the service; called whenever the daemon is up. A name that another host has
    /// already is changed as RFC 6763 appendix D does: `name #2`.
    func publish() {
        guard let library, let client, var announcing, group == nil else { return }
        let context = Unmanaged.passUnretained(self).toOpaque()
        group = library.groupNew(
            client,
            { group, state, context in
                guard let context else { return }
                Unmanaged<MDNSClient>.fromOpaque(context).takeUnretainedValue().groupChanged(
                    group, state)
            }, context)
        guard let group else { return publishFailed(lastError(client)) }
        let list = announcing.txt.list
        defer { avahi_string_list_free(list) }
        var code: Int32 = 0
        for _ in 0..<8 {
            code = library.groupAdd(
                group, publishInterface, Avahi.anyVersion, Avahi.publishPlainly, announcing.name,
                announcing.type, announcing.domain, nil, UInt16(clamping: announcing.port), list)
            guard code == Avahi.collision else { break }
            announcing.name = MDNSClient.alternative(to: announcing.name)
        }
        self.announcing = announcing
        if code >= 0 { code = library.groupCommit(group) }
        if code < 0 { publishFailed(MDNSClient.text(code)) }
    }

    /// Replaces the TXT record in place.
    package func update(txt: TXTRecord) {
        announcing?.txt = txt
        guard let library, let group, let announcing else { return }
        let list = txt.list
        defer { avahi_string_list_free(list) }
        let code = library.groupUpdate(
            group, publishInterface, Avahi.anyVersion, Avahi.publishPlainly, announcing.name,
            announcing.type, announcing.domain, list)
        if code < 0 { publishFailed(MDNSClient.text(code)) }
    }

    /// Takes the announcement back; the daemon says goodbye for us.
    package func withdraw() {
        announcing = nil
        if let group { _ = library?.groupFree(group) }
        group = nil
    }

    private func groupChanged(_ group: OpaquePointer?, _ state: AvahiEntryGroupState) {
        switch state {
        case AVAHI_ENTRY_GROUP_ESTABLISHED: events.append(.published(name: announcing?.name ?? ""))
        case AVAHI_ENTRY_GROUP_COLLISION:
            guard let name = announcing?.name else { return }
            announcing?.name = MDNSClient.alternative(to: name)
            if let group { _ = library?.groupFree(group) }
            self.group = nil
            publish()
        case AVAHI_ENTRY_GROUP_FAILURE: publishFailed(lastError(client))
        default: break
        }
    }

    private func publishFailed(_ reason: String) {
        events.append(.publishFailed(reason: reason))
    }

    private static func alternative(to name: String) -> String {
        guard let text = avahi_alternative_service_name(name) else { return name }
        defer { avahi_free(text) }
        return String(cString: text)
    }
}
