import KosCore
import KosRadio
import KosTool

/// `--pcap FILE`: every frame heard, with LoRaTap's header.
struct CaptureFile {
    private let capture: FrameCapture

    init(_ path: String, version: Int) throws {
        guard version == 0 || version == 1 else {
            throw ToolFailure.usage("--loratap is 0 or 1")
        }
        do {
            capture = try FrameCapture(path, version: version)
        } catch {
            throw Station.failure("capture", error.description, error.errno)
        }
    }

    func write(_ frame: ReceivedFrame, of station: Station) throws {
        do {
            try capture.write(frame, station.loop.address.settings, at: SystemClock.timestamp)
        } catch {
            throw Station.failure("capture", error.description, error.errno)
        }
    }
}
