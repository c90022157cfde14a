import ArgumentParser
import KosCore
import KosTool

@main struct Main {
    static func main() { ToolMain.run(KosRoute.self) }
}

struct KosRoute: Tool {
    static let configuration = CommandConfiguration(commandName: "kos-route", version: Version.toolkit)
    @OptionGroup var common: CommonOptions
    @Argument var file: String?

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let input = try io.input(file)
        while true {
            switch try input.next() {
            case .end: return .yes
            case .bad(let number, let error): try io.report(error, line: number, of: input)
            case .line(_, let range): try input.withText(range) { try io.output.pass($0) }
            }
        }
    }
}
