// Measures the kernels of each tier that take a model's time beside the machine's limits, as CSV.

import ArgumentParser
import Foundation
import JanusEngine
import JanusLite
import JanusMeasure
import JanusSystem
import SIMDKernels

@main
struct KernelBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernel-bench",
    abstract: "Measures quantised matrix products and attention beside the machine's limits.")

  @Option(help: "A tier by its name instead of all that the processor can run.")
  var isa: String?
  @Option(help: "int8, int4 or int4-coded, again for more.")
  var format: [PanelMatmul.Format] = PanelMatmul.Format.allCases
  @Option(help: "Numbers of tokens, with commas between.")
  var tokens: Counts = [1, 2, 8, 32, 64, 576]
  @Option(help: "Numbers of threads, with commas between.")
  var threads: Counts = [1, 2]
  @Option(help: "Rows of the one matrix to measure.")
  var rows: Int?
  @Option(help: "Columns of that matrix, a multiple of 32.")
  var columns: Int?
  @Option(help: "Seconds that each measurement may take.")
  var seconds = 0.3

  private var shapes: [(rows: Int, columns: Int)] {
    if rows == nil && columns == nil {
      return [(2048, 2048), (5632, 2048), (2048, 5632), (102_400, 2048)]
    }
    return [(rows ?? 2048, columns ?? 2048)]
  }

  /// Bytes of all copies of a matrix.
  private static let byteCount = 256 << 20

  func validate() throws {
    guard (rows ?? 1) > 0, (columns ?? 32) > 0, (columns ?? 32) % 32 == 0, seconds > 0 else {
      throw ValidationError("expected positive sizes, and columns that are a multiple of 32")
    }
    // Panels of 16 rows and 32 columns, of which int8's take 544 bytes.
    let (most, sizes) = (1 << 24, (rows: rows ?? 102_400, columns: columns ?? 2_048))
    guard max(sizes.rows, sizes.columns) <= most,
      (sizes.rows + 15) / 16 * (sizes.columns / 32) * 544 <= Self.byteCount
    else {
      throw ValidationError("expected a matrix of at most \(Self.byteCount) bytes")
    }
  }

  func run() throws {
    for (name, value) in BLAS.environment { setenv(name, value, 1) }
    let tiers = try isa.map { [try Kernels.select($0)] } ?? available()
    let memory = Buffer(count: Self.byteCount)
    print("isa,format,rows,columns,tokens,threads,ms,gb_per_s,gmac_per_s,gb_of_roof,gmac_of_roof")
    for kernels in tiers {
      for threads in threads.values {
        let roof = Roof(kernels, on: WorkerPool(threadCount: threads))
        print(
          String(
            format: "%@,roof,,,,%d,,%.2f,%.1f,1.00,1.00", kernels.isa.rawValue, threads,
            roof.bytesPerSecond / 1e9, roof.operationsPerSecond / 1e9))
        for format in format {
          for (rows, columns) in shapes {
            for tokens in tokens.values {
              let work = PanelMatmul(
                kernels: kernels, format: format, rows: rows, columns: columns, tokens: tokens,
                memory: memory)
              let time = work.measure(threads: threads, seconds: seconds)
              report(
                kernels, format.rawValue, rows, columns, tokens, threads, time, bytes: work.bytes,
                products: work.products, roof)
            }
          }
        }
      }
      for verb in Attention.Verb.allCases {
        for rows in [1, 64] {
          let work = Attention(kernels: kernels, verb: verb, rows: rows, memory: memory)
          let time = work.measure(seconds: seconds)
          report(
            kernels, verb.rawValue, Attention.positions, Attention.dim, rows, 1, time,
            bytes: work.bytes, products: work.products, nil)
        }
      }
    }
  }

  private func available() throws -> [Kernels] {
    try InstructionSet.available.map { try Kernels.select($0.rawValue) }
  }

  /// The roof is for integer products. It does not apply to attention.
  private func report(
    _ kernels: Kernels, _ what: String, _ rows: Int, _ columns: Int, _ tokens: Int, _ threads: Int,
    _ time: Double, bytes: Int, products: Int, _ roof: Roof?
  ) {
    let bytesPerSecond = Double(bytes) / time
    let operationsPerSecond = Double(products) / time
    let shares =
      roof.map {
        String(
          format: "%.2f,%.2f", bytesPerSecond / $0.bytesPerSecond,
          operationsPerSecond / $0.operationsPerSecond)
      } ?? ","
    print(
      String(
        format: "%@,%@,%d,%d,%d,%d,%.4f,%.2f,%.1f,%@", kernels.isa.rawValue, what, rows, columns,
        tokens, threads, time * 1e3, bytesPerSecond / 1e9, operationsPerSecond / 1e9, shares))
  }
}

extension PanelMatmul.Format: ExpressibleByArgument {}

/// Positive numbers, on the command line with commas between.
struct Counts: ExpressibleByArgument, ExpressibleByArrayLiteral {
  let values: [Int]

  init(arrayLiteral values: Int...) { self.values = values }

  init?(argument: String) {
    values = argument.split(separator: ",").compactMap { Int($0) }.filter { $0 > 0 }
    if values.isEmpty || values.count != argument.split(separator: ",").count { return nil }
  }

  var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}
