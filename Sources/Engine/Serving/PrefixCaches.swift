import JanusSystem

/// Sequences that were answered, kept for requests that begin alike: the next turn of a conversation,
/// the same words of the system, the same picture.
struct PrefixCaches {
  /// Shorter beginnings take less time to compute than to look after.
  static let fewestPositions = 16

  private struct Entry {
    let keys: [PositionKey]
    let cache: KVCache
  }

  /// Bytes of keys and values to keep at most; those that entries share count for each.
  let capacity: Int
  /// The one used last is the last.
  private var entries: [Entry] = []

  init(capacity: Int) { self.capacity = capacity }

  var byteCount: Int { entries.reduce(0) { $0 + $1.cache.byteCount } }

  /// Keeps a sequence; shorter ones that it begins with go.
  mutating func keep(_ keys: [PositionKey], _ cache: KVCache) {
    let keys = Array(keys.prefix(cache.count))
    guard keys.count >= Self.fewestPositions, cache.byteCount <= capacity else { return }
    entries.removeAll { $0.keys.count <= keys.count && keys.starts(with: $0.keys) }
    entries.append(Entry(keys: keys, cache: cache))
    while byteCount > capacity { entries.removeFirst() }
  }

  mutating func removeAll() { entries = [] }

  /// A cache with the longest known beginning of `request`, all of it but one position at most, and how
  /// long that is; nil where none is worth it. Those that are under way may lend theirs, too.
  mutating func fork(
    for request: TextRequest, among running: [TextAnswer]
  ) throws(MemoryError) -> (cache: KVCache, count: Int)? {
    let most = request.items.count - 1
    let keys = (0..<most).map(request.key)
    var best: (cache: KVCache, count: Int, entry: Int?)?
    func consider(_ other: [PositionKey], _ cache: KVCache, _ entry: Int?) {
      var count = 0
      let end = min(most, other.count, cache.count)
      while count < end, other[count] == keys[count] { count += 1 }
      if count > best?.count ?? (Self.fewestPositions - 1) { best = (cache, count, entry) }
    }
    for (index, entry) in entries.enumerated() { consider(entry.keys, entry.cache, index) }
    for answer in running { consider(answer.keys, answer.cache, nil) }
    guard let best else { return nil }
    if let index = best.entry { entries.append(entries.remove(at: index)) }
    return (
      try best.cache.fork(first: best.count, reserving: request.items.count), best.count
    )
  }
}
