/// The environments that a text has begun and not ended, the innermost last.
struct OpenEnvironments: Sendable {
  /// An environment under the name that the text gives it.
  struct Entry: Sendable {
    var name: String
    /// Whether it was left out of the formula.
    var isDropped: Bool
  }

  private var entries: [Entry] = []
  /// How many of each name are open, so that a name that is not is known without a search.
  private var counts: [String: Int] = [:]
  /// How many are part of the formula.
  private(set) var keptCount = 0

  var isEmpty: Bool { entries.isEmpty }
  var last: Entry? { entries.last }

  mutating func append(name: String, isDropped: Bool) {
    entries.append(Entry(name: name, isDropped: isDropped))
    counts[name, default: 0] += 1
    if !isDropped { keptCount += 1 }
  }

  mutating func removeLast() {
    Work.add(1)
    if let entry = entries.popLast() { forget(entry) }
  }

  func contains(_ name: String) -> Bool { counts[name] != nil }

  /// Removes the innermost one that is part of the formula.
  mutating func removeLastKept() {
    guard keptCount > 0, let index = entries.lastIndex(where: { !$0.isDropped }) else { return }
    Work.add(entries.count - index)
    forget(entries.remove(at: index))
  }

  /// Removes those that were left out, down to the innermost one that was not.
  mutating func removeDropped() {
    while last?.isDropped == true { removeLast() }
  }

  private mutating func forget(_ entry: Entry) {
    if !entry.isDropped { keptCount -= 1 }
    if let count = counts[entry.name] { counts[entry.name] = count > 1 ? count - 1 : nil }
  }
}
