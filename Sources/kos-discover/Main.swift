import KosTool
@main struct M { static func main() {} }
