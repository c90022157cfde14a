import Glibc
import KosCore

/// Options that the command line leaves open, from the environment (`KOS_*`) and the configuration
/// files: command line > environment > user file > system file > built-in (kos-config(5)).
struct Settings {
    struct Setting {
        let option: Declaration
        let values: [String]
        let origin: String
    }
    private let shape: CommandShape
    private(set) var settings: [Setting] = []

    /// Options that make no sense as a habit.
    private static let excluded: Set<String> = [
        "help", "version", "config", "no-config", "print-config", "schema",
        "generate-completion-script",
    ]
    private static let systemFile = "/etc/kos/config.json"

    /// Whether anything but the command line has a say: a cheap look, for the common case of no.
    static func areNeeded(_ arguments: [String]) -> Bool {
        if arguments.contains("--print-config") || configFlag(arguments) != nil { return true }
        var entry = environ
        while let variable = entry.pointee {
            if strncmp(variable, "KOS_", 4) == 0 { return true }
            entry += 1
        }
        guard !arguments.contains("--no-config") else { return false }
        let user = StateDirectories().path(.config).map { $0 + "/config.json" }
        return [user, systemFile].contains { $0.map { access($0, F_OK) == 0 } ?? false }
    }

    /// `arguments` were read into `shape`; what they leave open is looked for.
    init(
        _ arguments: [String], of shape: CommandShape, root: any ParsableCommand.Type
    ) throws(ToolFailure) {
        self.shape = shape
        let tool = shape.path[0]
        let files = try Settings.files(arguments)
        for option in shape.options
        where option.given.isEmpty && !Settings.excluded.contains(option.name) {
            if let setting = Settings.fromEnvironment(option) {
                settings.append(setting)
                continue
            }
            for (path, object) in files {
                let sources = [object[tool]?.object, object].compactMap(\.self)
                guard
                    let value = sources.lazy.compactMap({ Settings.value(of: option, in: $0) })
                        .first
                else { continue }
                let values = try Settings.texts(value, of: option, path)
                settings.append(Setting(option: option, values: values, origin: path))
                break
            }
        }
        try Settings.checkNames(files, tool: tool, root)
    }

    /// Gives the options what the settings say.
    func apply() throws(ToolFailure) {
        for setting in settings {
            guard setting.option.takesValue else {
                Settings.apply(setting)
                continue
            }
            for text in setting.values where !setting.option.take(text) {
                throw .usage(
                    "\(setting.origin): \(setting.option.title) cannot be '\(text)'",
                    hint: CommandReader.hint(text, for: setting.option))
            }
        }
    }

    /// A flag is on, or off if there is a name for that.
    private static func apply(_ setting: Setting) {
        if isYes(setting.values.first) {
            _ = setting.option.take(setting.option.name)
        } else if let name = setting.option.longNames.first(where: { $0.hasPrefix("no-") }) {
            _ = setting.option.take(name)
        }
    }

    /// The same complaint with the origin of the setting that it is about.
    func located(_ failure: ToolFailure) -> ToolFailure {
        let guilty = settings.first { setting in
            let values = setting.values.joined(separator: ",")
            return failure.message.contains("--\(setting.option.name)") && !values.isEmpty
                && failure.message.contains(values)
        }
        guard let guilty else { return failure }
        return ToolFailure(
            failure.status, code: failure.code, "\(guilty.origin): \(failure.message)",
            hint: failure.hint)
    }

    /// One row an option: its value and who said so.
    func rows(tool: String) -> [SettingRecord] {
        shape.options.filter { !Settings.excluded.contains($0.name) }.map { option in
            var value = option.builtIn
            var origin = "built-in"
            if !option.given.isEmpty {
                origin = "command line"
                let given = option.isRepeating ? option.given[...] : option.given.suffix(1)
                value =
                    option.takesValue
                    ? given.joined(separator: ",")
                    : "\(!(option.given.last?.hasPrefix("no-") ?? false))"
            } else if let setting = settings.first(where: { $0.option === option }) {
                origin = setting.origin
                value =
                    option.takesValue
                    ? setting.values.joined(separator: ",")
                    : "\(Settings.isYes(setting.values.first))"
            }
            return SettingRecord(tool: tool, name: option.name, value: value, origin: origin)
        }
    }

    private static func isYes(_ value: String?) -> Bool {
        !["", "0", "false", "no", "off", nil].contains(value?.lowercased())
    }

    // MARK: Environment

    private static func fromEnvironment(_ option: Declaration) -> Setting? {
        var variables = [
            "KOS_" + option.name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
        ]
        // The name of this node is where a route starts.
        if option.name == "from" { variables.append("KOS_NODE") }
        if option.name == "node" { return nil }
        for variable in variables {
            guard let text = getenv(variable) else { continue }
            let value = String(cString: text)
            if value.isEmpty, option.takesValue { continue }
            return Setting(option: option, values: [value], origin: "environment \(variable)")
        }
        return nil
    }

    // MARK: Files

    /// `--config FILE` as it stands in the arguments.
    private static func configFlag(_ arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return nil }
            if argument == "--config" {
                return index + 1 < arguments.count ? arguments[index + 1] : nil
            }
            if argument.hasPrefix("--config=") { return String(argument.dropFirst(9)) }
        }
        return nil
    }

    private static func files(_ arguments: [String]) throws(ToolFailure) -> [(String, JSONObject)] {
        guard !arguments.contains("--no-config") else { return [] }
        var files: [(String, JSONObject)] = []
        let named = configFlag(arguments) ?? getenv("KOS_CONFIG").map { String(cString: $0) }
        if let named, !named.isEmpty {
            guard let object = try read(named) else {
                throw ToolFailure(.usage, code: "badConfig", "no configuration at \(named)")
            }
            files.append((named, object))
        } else if let path = StateDirectories().path(.config).map({ $0 + "/config.json" }),
            let object = try read(path)
        {
            files.append((path, object))
        }
        if let object = try read(systemFile) { files.append((systemFile, object)) }
        return files
    }

    /// Nil where there is no file; a file that is there must be one JSON object.
    private static func read(_ path: String) throws(ToolFailure) -> JSONObject? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw ToolFailure(
                .usage, code: "badConfig", "\(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while octets.count <= 1 << 20 {
            let count = chunk.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { break }
            octets += chunk.prefix(count)
        }
        do throws(JSONError) {
            return try JSONObject(parsing: octets.span)
        } catch {
            throw ToolFailure(.usage, code: "badConfig", "\(path): \(error)")
        }
    }

    /// Names are the long options', as they are or in camel case: `max-line` or `maxLine`.
    private static func value(of option: Declaration, in object: JSONObject) -> JSONValue? {
        object[option.name] ?? object[camelCase(option.name)]
    }

    private static func camelCase(_ name: String) -> String {
        let parts = name.split(separator: "-")
        return parts.prefix(1).joined()
            + parts.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    private static func texts(
        _ value: JSONValue, of option: Declaration, _ path: String
    ) throws(ToolFailure) -> [String] {
        let elements = option.isRepeating ? value.array ?? [value] : [value]
        var texts: [String] = []
        for element in elements {
            switch element {
            case .string(let text): texts.append(text)
            case .number, .boolean: texts.append(element.text)
            default:
                throw ToolFailure(
                    .usage, code: "badConfig",
                    "\(path): \(option.name) is neither text nor a number")
            }
        }
        return texts
    }

    /// A name in the tool's own section that no verb of it knows is a mistake.
    private static func checkNames(
        _ files: [(String, JSONObject)], tool: String, _ root: any ParsableCommand.Type
    ) throws(ToolFailure) {
        for (path, object) in files {
            let members = object[tool]?.object?.members ?? []
            guard !members.isEmpty else { continue }
            let shape = CommandShape(root)
            let known = Set(([shape] + shape.verbs).flatMap(\.options).flatMap(\.longNames))
            for member in members {
                let isKnown = known.contains { $0 == member.name || camelCase($0) == member.name }
                guard !isKnown else { continue }
                let near = NearestName.of(member.name, among: known.map(camelCase))
                throw ToolFailure(
                    .usage, code: "badConfig", "\(path): \(tool) has no option \(member.name)",
                    hint: near.map { "did you mean \($0)?" })
            }
        }
    }
}
