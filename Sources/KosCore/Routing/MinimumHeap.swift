/// A four-ary heap: the smallest element first. No decrease; stale entries are the caller's to
/// skip.
package struct MinimumHeap<Element: Comparable & Sendable>: Sendable {
    private var elements: [Element] = []

    package init() {}

    package var isEmpty: Bool { elements.isEmpty }
    package var count: Int { elements.count }
    package var first: Element? { elements.first }

    package mutating func removeAll() { elements.removeAll(keepingCapacity: true) }

    @inline(__always)
    package mutating func push(_ element: Element) {
        var hole = elements.count
        elements.append(element)
        while hole > 0 {
            let parent = (hole - 1) >> 2
            guard element < elements[parent] else { break }
            elements[hole] = elements[parent]
            hole = parent
        }
        elements[hole] = element
    }

    @inline(__always)
    package mutating func pop() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let first = elements.first else { return last }
        let count = elements.count
        var hole = 0
        while true {
            let child = hole << 2 + 1
            guard child < count else { break }
            var least = child
            let end = min(child + 4, count)
            var next = child + 1
            while next < end {
                if elements[next] < elements[least] { least = next }
                next += 1
            }
            guard elements[least] < last else { break }
            elements[hole] = elements[least]
            hole = least
        }
        elements[hole] = last
        return first
    }
}
