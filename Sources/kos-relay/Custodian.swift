import KosCore
import KosNet
import KosStore
import KosTool

/// `--custody`: the journal of a relay that keeps packets for nodes that are away.
final class Custodian {
    let settings: Custody.Settings
    private let folder: String
    private let io: ToolIO
    private var journal: Journal?

    init(_ folder: String, _ options: Run, _ io: ToolIO) throws {
        self.io = io
        var settings = Custody.Settings()
        settings.lifetime = options.custodyTime.duration
        settings.quota = options.custodyQuota
        self.settings = settings
        if folder == "-" {
            let file = try io.directories.prepared("custody.sqlite", in: .state)
            self.folder = String(file.dropLast("/custody.sqlite".count))
        } else {
            self.folder = folder
        }
    }

    /// Opens the journal, tells what an earlier life kept and what of it is lost.
    func start(_ driver: NodeDriver) throws {
        let post = driver.mailbox
        let journal: Journal
        let recovery: Journal.Recovery
        do throws(Journal.Failure) {
            (journal, recovery) = try Journal.open(folder: folder) { post(.journal($0)) }
        } catch {
            throw ToolFailure(
                error.isInUse ? .locked : .failure, code: "custody", error.message,
                hint: error.isInUse ? "another relay keeps its packets there" : nil)
        }
        self.journal = journal
        if let damage = recovery.damage {
            io.errors.say(
                "custody: \(damage); \(recovery.items.count) packets are there, \(recovery.lost.count) are lost"
            )
        }
        for id in recovery.lost {
            try io.output.write(
                RelayEventRecord(
                    timestamp: SystemClock.timestamp, event: .dropped, packetId: id,
                    from: "journal", to: nil, reason: "damaged", hops: 0, ttl: 0))
        }
        driver.post(.journal(.recovered(recovery.items)))
    }

    func take(_ request: Custody.Request) { journal?.take(request) }

    func close() {
        journal?.close()
        journal = nil
    }
}
