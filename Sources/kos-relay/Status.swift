import KosCore
import KosTool

/// `kos-relay status`: the figures of the running relay, once or for as long as one looks.
struct Status: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Metrics of the running relay: the whole, then each connection.")
    @OptionGroup var common: CommonOptions
    @OptionGroup var control: ControlOptions

    @Flag(
        name: [.customShort("W"), .customLong("watch")],
        help: "Ask again and again; at a terminal one table that is drawn anew.")
    var isWatch = false

    @Option(help: ArgumentHelp("With -W, the time between (1s).", valueName: "dur"))
    var interval = DurationOption(.seconds(1))

    func validate() throws {
        guard interval.duration >= .milliseconds(100) else {
            throw ValidationError("--interval is 100ms or more")
        }
    }

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        if isWatch { try io.startWatching() }
        while true {
            guard let answer = try control.answer(to: "status", io) else { return .no }
            // A table calls neighbours by their names, which `who` knows.
            if io.output.isText, let known = try control.answer(to: "who", io) {
                ControlOptions.each(known) { io.output.learn(from: $0.span) }
            }
            if isWatch { try io.output.startPage() }
            try ControlOptions.each(answer) { try io.output.draw($0) }
            try io.output.flush()
            guard isWatch, let watch = io.watch else { return .yes }
            let next = min(SystemClock.now + interval.duration, io.deadline ?? .distantFuture)
            while SystemClock.now < next {
                watch.wait(next - SystemClock.now)
                if try io.takeSignals() { return .yes }
            }
            if let deadline = io.deadline, SystemClock.now >= deadline { return .yes }
        }
    }
}
