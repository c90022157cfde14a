import Glibc
import KosCore
import KosSimulation

/// `mesh [MINUTES] [SEEDS]`: meshes of 20 relays in virtual time, the first 20 seconds with faults
/// and traffic, the rest of the time quiet; CPU of each. The limit is one second for ten minutes.
@main struct MeshBench {
    static func main() {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let minutes = numbers.first ?? 10
        var settings = MeshTrial.Settings()
        settings.calm = .seconds(60 * minutes) - settings.trouble
        for seed in 1...UInt64(numbers.dropFirst().first ?? 3) {
            let before = cpu()
            let outcome = MeshTrial.run(seed: seed, settings: settings)
            let used = cpu() - before
            print(
                #"{"benchmark":"mesh","nodes":\#(settings.nodes),"virtualMinutes":\#(minutes),"#
                    + #""seed":\#(seed),"events":\#(outcome.events),"lawsBroken":"#
                    + #"\#(outcome.violations.count),"cpuSeconds":\#(used),"limit":1}"#)
        }
    }

    /// Seconds of CPU that this process has used.
    static func cpu() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
