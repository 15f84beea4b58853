import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// What `bench` prints.
struct BenchReport: Encodable {
  struct Row: Encodable {
    let stage: String
    let median: Double
    let fastest: Double
    let slowest: Double
    let rate: Double
    let unit: String
    let ofRoof: Double?

    enum CodingKeys: String, CodingKey {
      case stage, rate, unit
      case median = "median_s"
      case fastest = "fastest_s"
      case slowest = "slowest_s"
      case ofRoof = "of_roof"
    }
  }

  let machine: Machine
  /// 10⁹ bytes a second.
  let readBandwidth: Double
  /// 10⁹ int8 multiply-accumulates a second.
  let integerPeak: Double
  /// Weights that a decoded token reads.
  let bytesPerToken: Int
  /// The share of the text head that was read in both planes.
  let headShare: Double?
  let stages: [Row]

  enum CodingKeys: String, CodingKey {
    case machine, stages
    case readBandwidth = "read_gb_per_s"
    case integerPeak = "integer_gmac_per_s"
    case bytesPerToken = "bytes_per_token"
    case headShare = "head_read_whole"
  }

  init(machine: Machine, roof: Roof, _ benchmark: Benchmark, results: [Benchmark.Result]) {
    self.machine = machine
    bytesPerToken = benchmark.bytesPerToken
    headShare = benchmark.headShare
    readBandwidth = roof.bytesPerSecond / 1e9
    integerPeak = roof.operationsPerSecond / 1e9
    stages = results.map { result in
      Row(
        stage: result.stage.title, median: result.median, fastest: result.fastest,
        slowest: result.slowest, rate: result.rate, unit: result.stage.unit + "/s",
        ofRoof: result.ofRoof)
    }
  }

  var csv: [String] {
    ["stage,median_s,fastest_s,slowest_s,rate,unit,of_roof"]
      + stages.map { row in
        let times = [row.median, row.fastest, row.slowest].map { Format.fixed($0, 5) }
        let roof = row.ofRoof.map { Format.fixed($0, 3) } ?? ""
        // Stages have commas in their names.
        return (["\"\(row.stage)\""] + times + [Format.fixed(row.rate, 3), row.unit, roof])
          .joined(separator: ",")
      }
  }

  var table: [String] {
    let head = [
      "\(machine.instructionSet), \(machine.threads) threads; "
        + "reads \(Format.fixed(readBandwidth, 1)) GB/s; "
        + "int8 peak \(Format.fixed(integerPeak, 0)) GMAC/s",
      "a token reads \(Format.bytes(bytesPerToken)) of weights"
        + (headShare.map { "; \(Format.fixed($0 * 100, 1)) % of the text head in both planes" }
          ?? ""),
      Self.line("stage", "median", "range", "rate", "of roof"),
    ]
    return head
      + stages.map { row in
        Self.line(
          row.stage, Self.time(row.median), "\(Self.time(row.fastest)) – \(Self.time(row.slowest))",
          "\(Format.fixed(row.rate, row.rate < 10 ? 2 : 1)) \(row.unit)",
          row.ofRoof.map { "\(Format.fixed($0 * 100, 0)) %" } ?? "")
      }
  }

  private static func time(_ seconds: Double) -> String {
    seconds < 1 ? "\(Format.fixed(seconds * 1000, 1)) ms" : "\(Format.fixed(seconds, 3)) s"
  }

  private static func line(_ fields: String...) -> String {
    let widths = [32, 10, 22, 18, 8]
    return zip(fields, widths).enumerated().map { index, field in
      let padding = String(repeating: " ", count: max(0, field.1 - field.0.count))
      return index == 0 ? field.0 + padding : padding + field.0
    }.joined(separator: "  ")
  }
}
