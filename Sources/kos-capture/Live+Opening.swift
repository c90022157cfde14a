import KosPcap
import KosTool

/// Interfaces, and the rights that they need.
extension Live {
    func dropPrivileges(_ io: ToolIO, _ copy: CaptureCopy?) throws {
        do {
            guard
                let name = try Privileges.drop(
                    to: user, giving: [copy?.file].compactMap { $0 })
            else { return }
            io.errors.note("capturing as \(name)")
            if let copy, !copy.canRotate {
                throw ToolFailure(
                    .failure, code: "cannotRotate",
                    "\(name) may not make files in the folder of \(write ?? "")",
                    hint: "choose another folder, or another user with -Z")
            }
        } catch let failure as Privileges.Failure {
            throw ToolFailure(.failure, code: "privileges", failure.message)
        }
    }

    /// The group that the package makes.
    private static let group = "kos"

    func open(_ name: String) throws -> LiveCapture {
        guard !Privileges.isRefused(byGroup: Live.group) else {
            throw ToolFailure(
                .failure, code: "noPermission",
                "\(name): only members of the group \(Live.group) may capture",
                hint: "sudo adduser $USER \(Live.group), and log in anew")
        }
        var settings = LiveCapture.Settings()
        settings.isImmediate = latency
        settings.snapshotLength = Int32(clamping: snapshot ?? (latency ? 2048 : 262_144))
        settings.bufferBytes = Int32(clamping: (latency ? 32 : max(1, buffer)) << 20)
        settings.filter = filter.isEmpty ? nil : filter.joined(separator: " ")
        do {
            return try LiveCapture(name, settings)
        } catch let failure as LiveCapture.Failure {
            switch failure.cause {
            case .badFilter:
                throw ToolFailure.usage("filter: \(failure.message)", hint: "see pcap-filter(7)")
            case .noPermission:
                throw ToolFailure(
                    .failure, code: "noPermission", failure.message,
                    hint: "sudo setcap cap_net_raw+ep \(CommandLine.arguments[0])")
            case .noLibrary:
                throw ToolFailure(
                    .failure, code: "noLibrary", failure.message, hint: "apt-get install libpcap0.8"
                )
            case .noInterface, .other:
                throw ToolFailure(
                    .failure, code: "noInterface", failure.message,
                    hint: "'ip -br link' lists the interfaces")
            }
        }
    }
}
