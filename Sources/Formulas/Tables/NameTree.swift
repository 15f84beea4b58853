/// Names as a tree of letters, to be walked byte by byte.
///
/// Each node tells the roles of all names that begin so: a half-written name is a prefix of a valid
/// formula where one of these is allowed.
struct NameTree: Sendable {
  private var letters: [UInt8] = [0]
  private var firstChild: [UInt16] = [0]
  private var nextSibling: [UInt16] = [0]
  private(set) var value: [UInt16] = [NameTree.none]
  private(set) var roles: [UInt32] = [0]
  static let none = UInt16.max
  static let root: UInt16 = 0

  mutating func insert(_ name: String, value id: UInt16, roles bits: UInt32) {
    var node = Self.root
    roles[0] |= bits
    for byte in name.utf8 {
      if let next = child(of: node, byte) {
        node = next
      } else {
        let new = UInt16(letters.count)
        letters.append(byte)
        firstChild.append(0)
        nextSibling.append(firstChild[Int(node)])
        value.append(Self.none)
        roles.append(0)
        firstChild[Int(node)] = new
        node = new
      }
      roles[Int(node)] |= bits
    }
    value[Int(node)] = id
  }

  func child(of node: UInt16, _ byte: UInt8) -> UInt16? {
    var child = firstChild[Int(node)]
    while child != 0 {
      if letters[Int(child)] == byte { return child }
      child = nextSibling[Int(child)]
    }
    return nil
  }

  /// What the shortest continuation of a node is, among names whose roles meet `allowed`.
  func shortestEnd(from node: UInt16, where allowed: (UInt16) -> Bool) -> [UInt8]? {
    var level: [(UInt16, [UInt8])] = [(node, [])]
    while !level.isEmpty {
      for (node, path) in level {
        let id = value[Int(node)]
        if id != Self.none, allowed(id) { return path }
      }
      var next: [(UInt16, [UInt8])] = []
      for (node, path) in level {
        var child = firstChild[Int(node)]
        while child != 0 {
          next.append((child, path + [letters[Int(child)]]))
          child = nextSibling[Int(child)]
        }
      }
      level = next
    }
    return nil
  }

  /// Whether some name begins so.
  func begins(with part: some Sequence<UInt8>) -> Bool {
    var node = Self.root
    for byte in part {
      guard let next = child(of: node, byte) else { return false }
      node = next
    }
    return true
  }

  /// The number of the name, nil where there is none.
  func find(_ name: some Sequence<UInt8>) -> UInt16? {
    var node = Self.root
    for byte in name {
      guard let next = child(of: node, byte) else { return nil }
      node = next
    }
    let id = value[Int(node)]
    return id == Self.none ? nil : id
  }
}
