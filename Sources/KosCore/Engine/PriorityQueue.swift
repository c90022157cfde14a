/// Elements in order of arrival within eight priorities, 0 the most urgent. What is gone elsewhere
/// is passed over when it comes up, and swept when it has become more than half.
package struct PriorityQueue<Element: Sendable>: Sendable {
    private struct Lane: Sendable {
        var elements: [Element] = []
        var head = 0
    }
    private var lanes = Array(repeating: Lane(), count: 8)
    private var total = 0
    private var stale = 0

    package init() {}

    package mutating func append(_ element: Element, _ priority: Int) {
        lanes[min(7, max(0, priority))].elements.append(element)
        total += 1
    }

    /// Takes out the oldest of the most urgent for which `isThere` holds.
    package mutating func popMostUrgent(where isThere: (Element) -> Bool) -> Element? {
        for lane in lanes.indices {
            if let element = pop(lane, isThere) { return element }
        }
        return nil
    }

    /// Takes out the oldest of the least urgent for which `isThere` holds, of priorities less
    /// urgent than `limit`.
    package mutating func popLeastUrgent(
        below limit: Int, where isThere: (Element) -> Bool
    ) -> Element? {
        for lane in lanes.indices.reversed() where lane > limit {
            if let element = pop(lane, isThere) { return element }
        }
        return nil
    }

    /// One element is gone elsewhere; `isThere` tells those that are not.
    package mutating func removed(_ isThere: (Element) -> Bool) {
        stale += 1
        guard stale > 64, stale > total / 2 else { return }
        stale = 0
        total = 0
        for lane in lanes.indices {
            lanes[lane].elements = lanes[lane].elements[lanes[lane].head...].filter(isThere)
            lanes[lane].head = 0
            total += lanes[lane].elements.count
        }
    }

    private mutating func pop(_ lane: Int, _ isThere: (Element) -> Bool) -> Element? {
        while lanes[lane].head < lanes[lane].elements.count {
            let element = lanes[lane].elements[lanes[lane].head]
            lanes[lane].head += 1
            total -= 1
            if lanes[lane].head > 64, lanes[lane].head > lanes[lane].elements.count / 2 {
                lanes[lane].elements.removeFirst(lanes[lane].head)
                lanes[lane].head = 0
            }
            if isThere(element) { return element }
        }
        lanes[lane].elements.removeAll(keepingCapacity: true)
        lanes[lane].head = 0
        return nil
    }
}
