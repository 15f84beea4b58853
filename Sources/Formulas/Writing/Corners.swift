/// The scripts of an empty atom, as `\sideset` has them on either side of an operator.
struct Corners {
  var below: [Node]?
  var above: [Node]?
  var primes = 0

  init(below: [Node]? = nil, above: [Node]? = nil) {
    self.below = below
    self.above = above
  }

  init(_ nodes: [Node]) {
    for node in nodes {
      guard case .scripts(nil, let sub, let sup, let marks) = node.kind else { continue }
      if let sub { below = sub }
      if let sup { above = sup }
      if marks > 0, sup == nil { primes = marks }
    }
  }
}
