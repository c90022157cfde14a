import KosTool

@main struct Main {
    static func main() { ToolMain.run(KosDiscover.self) }
}
