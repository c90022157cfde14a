/// The forms in which a whole topology can be written.
package enum GraphFormat: String, Sendable, CaseIterable {
    case netjson, dot, graphml, geojson
}
