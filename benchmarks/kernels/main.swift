// Measures the quantised matrix products of each tier beside the machine's limits, as CSV.

import Foundation
import SIMDKernels

do {
  let arguments = try Arguments(CommandLine.arguments.dropFirst())
  let memory = Buffer(count: 256 << 20)
  print("isa,format,rows,columns,tokens,threads,ms,gb_per_s,gmac_per_s,gb_of_roof,gmac_of_roof")
  for name in arguments.tiers {
    let kernels = try Kernels.select(name)
    for threads in arguments.threads {
      let roof = Roof(kernels, threads: threads, memory: memory)
      print(
        String(
          format: "%@,roof,,,,%d,,%.2f,%.1f,1.00,1.00", name, threads, roof.gigabytes, roof.gmacs))
      for format in arguments.formats {
        for (rows, columns) in arguments.shapes {
          for tokens in arguments.tokens {
            let work = PanelMatmul(
              kernels: kernels, format: format, rows: rows, columns: columns, tokens: tokens,
              memory: memory)
            let time = work.measure(threads: threads, seconds: arguments.seconds)
            let gigabytes = Double(work.bytes) / time / 1e9
            let gmacs = Double(work.products) / time / 1e9
            print(
              String(
                format: "%@,%@,%d,%d,%d,%d,%.4f,%.2f,%.1f,%.2f,%.2f", name, format, rows, columns,
                tokens, threads, time * 1e3, gigabytes, gmacs, gigabytes / roof.gigabytes,
                gmacs / roof.gmacs))
          }
        }
      }
    }
  }
} catch {
  FileHandle.standardError.write(Data("kernel-bench: \(error)\n".utf8))
  exit(1)
}
