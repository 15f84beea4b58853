import JanusSystem
import Quant
import SIMDKernels

/// How many panels of a text head in two planes were read whole.
package struct PlaneCounts: Equatable, Sendable {
  package var panels = 0
  package var readWhole = 0

  package init() {}

  package var share: Double { panels > 0 ? Double(readWhole) / Double(panels) : 1 }
}

extension Ops {
  /// The most products of a row that are worth looking for.
  private static let mostLargest = 64

  /// `out = x · Wᵀ` for weights in two planes (`PlanePanel`).
  ///
  /// The bound: a row's low part is `Σ w·x` over its columns, at most `|w|·|x|` by Cauchy and Schwarz, with the norm of
  /// the stored weights and that of the quantised states. Sums of blocks are exact; rounding adds less than 2⁻¹⁰ of the
  /// bound, for up to 2¹³ blocks, and two roundings of the product.
  ///
  /// - Parameter largest: how many of each row's largest products must be exact; nil for all of them. The others are
  ///   then below all of these, and may lack what the low plane adds.
  func multiplyPlanes(
    _ x: Matrix, _ weight: Weight, largest: Int?, into out: Matrix
  ) throws(MemoryError) {
    precondition(weight.format == .int8Planes && x.rows > 0)
    try quantize(x, scales: ScalePrecision.threeBits)
    observe(x, weight, nil, nil)
    let tasks = (weight.panels + PlanePanel.group - 1) / PlanePanel.group
    let wanted = largest.flatMap { $0 <= Self.mostLargest && $0 < weight.rows ? $0 : nil }
    // Of each token: its norm, the least that counts, and the ends of each panel's logits.
    let bounds = try planeBounds.matrix(x.rows, 2 + 2 * weight.panels)
    for row in 0..<x.rows { bounds[row: row][0] = activations.norm(row, blocks: weight.blocks) }
    pool.run(
      tasks,
      PlaneJob(
        ops: self, weight: weight, out: out, bounds: bounds,
        pass: wanted == nil ? .whole : .high))
    planeCounts.panels += weight.panels
    guard let wanted else {
      planeCounts.readWhole += weight.panels
      return
    }
    for row in 0..<x.rows {
      let values = bounds[row: row]
      values[1] = Self.largest(wanted, values + 2, weight.panels)
    }
    for panel in 0..<weight.panels where PlaneJob.mayCount(panel, bounds, weight.panels) {
      planeCounts.readWhole += 1
    }
    pool.run(
      tasks,
      PlaneJob(ops: self, weight: weight, out: out, bounds: bounds, pass: .low))
  }

  /// The value that `count` of some values reach; −∞ where there are fewer.
  private static func largest(_ count: Int, _ values: UnsafePointer<Float>, _ valueCount: Int)
    -> Float
  {
    guard count <= valueCount else { return -.infinity }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { best in
      // Descending.
      best.initialize(repeating: -.infinity)
      for index in 0..<valueCount where values[index] > best[count - 1] {
        var place = count - 1
        while place > 0, best[place - 1] < values[index] {
          best[place] = best[place - 1]
          place -= 1
        }
        best[place] = values[index]
      }
      return best[count - 1]
    }
  }
}

/// The panels of a text head in two planes.
private struct PlaneJob: PoolJob {
  enum Pass {
    /// Both planes.
    case whole
    /// The high plane, and between what each panel's logits may lie.
    case high
    /// The low plane of the panels that may count.
    case low
  }

  let ops: Ops
  let weight: Weight
  let out: Matrix
  let bounds: Matrix
  let pass: Pass

  /// A task is a group of panels.
  func run(task: Int, thread: Int) {
    let first = task * PlanePanel.group
    let panels = first..<min(weight.panels, first + PlanePanel.group)
    switch pass {
    case .whole:
      multiply(panels, \.high, adding: false)
      multiply(panels, \.low, adding: true)
    case .high:
      multiply(panels, \.high, adding: false)
      for panel in panels { bound(panel) }
    case .low:
      // Neighbours in one run.
      var begin = first
      for panel in first...panels.upperBound {
        if panel < panels.upperBound, Self.mayCount(panel, bounds, weight.panels) { continue }
        if begin < panel { multiply(begin..<panel, \.low, adding: true) }
        begin = panel + 1
      }
    }
  }

  private func place(of panel: Int) -> PlanePanel.Place {
    PlanePanel.place(of: panel, panels: weight.panels, blocks: weight.blocks)
  }

  /// Panels of one group.
  private func multiply(
    _ panels: Range<Int>, _ part: KeyPath<PlanePanel.Place, Int>, adding: Bool
  ) {
    let first = panels.lowerBound * ElementFormat.panelRows
    let activations = ops.activations
    ops.kernels.matmulInt4Coded(
      weight.bytes + place(of: panels.lowerBound)[keyPath: part], weight.levels, weight.blocks,
      weight.blocks, 0, panels.count, weight.rows - first, activations.values, activations.scales,
      activations.offsets, activations.precision, activations.stride(weight.blocks), out.rows,
      nil, out.base + first, out.stride, adding)
  }

  /// Notes the largest logit that the panel has at least, and the largest that it may have.
  private func bound(_ panel: Int) {
    let norms = (weight.bytes + place(of: panel).norms).assumingMemoryBound(to: Float.self)
    let first = panel * ElementFormat.panelRows
    let count = min(ElementFormat.panelRows, weight.rows - first)
    for token in 0..<out.rows {
      let logits = out[row: token] + first
      let values = bounds[row: token]
      var (least, most) = (-Float.infinity, -Float.infinity)
      for lane in 0..<count {
        let width = norms[lane] * values[0] * (1 + 0x1p-10) + logits[lane].magnitude * 0x1p-21
        // What is NaN somewhere must be looked at.
        least = max(least, logits[lane] - width)
        let upper = logits[lane] + width
        most = upper <= most ? most : upper
        if !(upper < .infinity) { most = .infinity }
      }
      values[2 + panel] = least
      values[2 + weight.panels + panel] = most
    }
  }

  /// Whether the low plane may change what any of the tokens' largest logits are.
  static func mayCount(_ panel: Int, _ bounds: Matrix, _ panels: Int) -> Bool {
    for token in 0..<bounds.rows {
      let values = bounds[row: token]
      if !(values[2 + panels + panel] < values[1]) { return true }
    }
    return false
  }
}

extension QuantizedActivations {
  /// An upper bound of the length of a token's vector.
  func norm(_ token: Int, blocks: Int) -> Float {
    let (values, scales) = (
      values + token * stride(blocks) * 32, scales + token * stride(blocks)
    )
    var sum = 0.0
    for block in 0..<blocks {
      var squares: Int32 = 0
      for column in 0..<32 {
        let value = Int32(values[block * 32 + column])
        squares &+= value &* value
      }
      sum += Double(scales[block]) * Double(scales[block]) * Double(squares)
    }
    return Float(sum.squareRoot()).nextUp.nextUp
  }
}
