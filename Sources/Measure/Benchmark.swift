import JanusEngine
import JanusLite
import JanusModelFile
import JanusSystem
import JanusWords
import SIMDKernels

/// Measures the stages of a model beside the limits of the machine.
package struct Benchmark {
  /// One thing to measure.
  package struct Stage: Sendable {
    /// What limits it.
    enum Bound: Sendable {
      case bytes(Int)
      case operations(Int)
      case none
    }

    /// One of `allNames`.
    package let name: String
    /// The name, and what distinguishes stages of one name: `decode-600`, `paint-2`.
    package let key: String
    package let title: String
    /// What `unitsPerRun` counts.
    package let unit: String
    let unitsPerRun: Int
    /// What one run reads or computes at least.
    let bound: Bound
    let run: @Sendable (Workbench) -> Double?

    package static let allNames = [
      "first-token", "encode", "prefill", "decode", "batch", "grammar", "paint", "vq",
    ]
  }

  package struct Result: Sendable {
    package let stage: Stage
    /// Seconds of a run.
    package let median: Double
    package let fastest: Double
    package let slowest: Double
    /// Units a second at the median.
    package let rate: Double
    /// The share of the roof that was reached, 0 to 1; nil where no roof applies.
    package let ofRoof: Double?
  }

  private let model: Janus
  private let workbench: Workbench
  private let repetitions: Int

  package init(_ model: Janus, repetitions: Int = 5) {
    self.model = model
    self.repetitions = repetitions
    workbench = Workbench(model)
  }

  /// The stages that this model has.
  package var stages: [Stage] {
    let prompt = model.vision.patchCount + 50
    var stages = [
      Stage(
        name: "first-token", key: "load-to-first-token", title: "load to first token",
        unit: "answers", unitsPerRun: 1, bound: .none
      ) { $0.firstToken() },
      Stage(
        name: "encode", key: "encode", title: "vision encode", unit: "pictures", unitsPerRun: 1,
        bound: .operations(workbench.operationsPerPicture)
      ) { $0.encodePicture() },
      Stage(
        name: "prefill", key: "prefill", title: "prefill of \(prompt) tokens", unit: "tokens",
        unitsPerRun: prompt, bound: .operations(workbench.operations(segments: 1, rows: prompt))
      ) { $0.prefill(tokens: prompt) },
    ]
    for depth in [0, 600] {
      let steps = 32
      let bytes = (0..<steps).reduce(0) {
        $0 + workbench.bytesPerToken + workbench.cacheBytes(depth: depth + $1)
      }
      stages.append(
        Stage(
          name: "decode", key: "decode-\(depth)", title: "decode at depth \(depth)",
          unit: "tokens", unitsPerRun: steps, bound: .bytes(bytes)
        ) { $0.decode(steps: steps, depth: depth) })
    }
    stages.append(
      Stage(
        name: "batch", key: "batch-8", title: "decode of 8 answers at depth 600", unit: "tokens",
        unitsPerRun: 8 * 8, bound: .none
      ) { $0.decode(together: 8, steps: 8, depth: 600) })
    stages.append(
      Stage(
        name: "grammar", key: "grammar", title: "holding an answer to the grammar", unit: "tokens",
        unitsPerRun: workbench.formulaTokens, bound: .none
      ) { $0.grammar() })
    guard model.painting != nil else { return stages }
    for rows in [2, 16, 32] {
      stages.append(
        Stage(
          name: "paint", key: "paint-\(rows)", title: "paint step, \(rows) rows at depth 300",
          unit: "rows", unitsPerRun: rows,
          bound: .operations(workbench.operations(segments: rows, rows: 1))
        ) { $0.paint(rows: rows, depth: 300, steps: 5) })
    }
    stages.append(
      Stage(
        name: "vq", key: "vq", title: "VQ decode", unit: "pictures", unitsPerRun: 1, bound: .none
      ) { $0.decodeCodes() })
    return stages
  }

  /// Runs a stage once to warm up, then as often as asked; nil where it cannot run.
  package func measure(_ stage: Stage, _ roof: Roof) -> Result? {
    _ = stage.run(workbench)
    var times: [Double] = []
    var shares: [Double] = []
    let reading: MemoryReading? = if case .bytes = stage.bound { try? MemoryReading() } else { nil }
    for _ in 0..<repetitions {
      let before = reading?.bytesPerSecond(on: model.pool)
      guard let time = stage.run(workbench) else { continue }
      times.append(time)
      switch stage.bound {
      case .bytes(let count):
        guard let before, let after = reading?.bytesPerSecond(on: model.pool) else { continue }
        shares.append(Double(count) / time / ((before + after) / 2))
      case .operations(let count): shares.append(Double(count) / time / roof.operationsPerSecond)
      case .none: break
      }
    }
    guard !times.isEmpty else { return nil }
    times.sort()
    shares.sort()
    let median = (times[(times.count - 1) / 2] + times[times.count / 2]) / 2
    return Result(
      stage: stage, median: median, fastest: times[0], slowest: times[times.count - 1],
      rate: Double(stage.unitsPerRun) / median,
      ofRoof: shares.isEmpty ? nil : shares[shares.count / 2])
  }

  /// Seconds of a single run. The first one of a stage takes longer than those after it.
  package func time(_ stage: Stage) -> Double? { stage.run(workbench) }

  /// Bytes of weights that a decoded token read, and the share of the text head's panels that were read whole; nil where the
  /// head has no planes, or nothing was decoded yet.
  package var bytesPerToken: Int { workbench.bytesPerToken }
  package var headShare: Double? { workbench.headShare }

  /// The machine on the model's threads; measuring takes about a second.
  package func roof() -> Roof { Roof(model.kernels, on: model.pool) }
}
